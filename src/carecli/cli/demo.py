"""`care demo`: the whole loop on sample mentions, through the same stages as every day's work."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from carecli import act, data, listen, report, respond
from carecli.casework import casefile
from carecli.cli import output
from carecli.cli.context import Context
from carecli.cli.fetch import outcomes_table
from carecli.cli.queue import cases_table, full, sheet
from carecli.cli.reply import findings_lines
from carecli.errors import CareError, UsageError
from carecli.model import iso
from carecli.reports.render import render
from carecli.store.cases import Filter
from carecli.text import counted

AGENT = "you"

NEXT = """\
That was the loop: listen, triage, reply, report. With your own accounts:

  care init                                     your brand, handles, languages, time zone → care.toml
  care source add mastodon support --set base_url=https://mastodon.example
  care login support                            its access token, into the system's keyring
  care fetch && care triage                     every working day
  care report --period week                     every Monday

Mentions in a file? `care import mentions.csv`. Other platforms: care source platforms"""


def tour(now: datetime, keep: Path | None) -> None:
    """Show every step with the command that does it. Raises UsageError when `keep` has a demo already."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="care-demo-") as folder:
            _walk(Path(folder), now)
        output.lines(f"\n{NEXT}")
        return
    if (keep / "care.db").exists():
        raise UsageError(f"{keep / 'care.db'} exists already", hint="name an empty folder")
    _walk(keep, now)
    output.lines(
        f"\n{NEXT}\n\nThe demo is yours to play with: care --db {keep / 'care.db'} --config {keep / 'care.toml'} queue"
    )


def _walk(folder: Path, now: datetime) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "care.toml"
    config.write_text(_with_clock(data.text("demo.toml"), now), encoding="utf-8")
    run = Context(folder / "care.db", config)
    run.__dict__["now"] = now
    try:
        _listen(run)
        case = _look(run)
        _answer(run, case)
        _report(run)
    finally:
        run.close()


def _with_clock(toml: str, now: datetime) -> str:
    """The sample's mentions end at this run's present."""
    return toml.replace('sample = "demo"', f'sample = "demo"\nnow = "{iso(now)}"')


def _step(command: str, words: str) -> None:
    output.lines(f"\n$ {command}\n  {words}\n")


def _fetch(run: Context) -> None:
    outcomes = listen.fetch(run.store, run.config, now=run.now)
    act.triage_new(run.store, run.config, now=run.now)
    for outcome in outcomes:
        if outcome.error:
            raise CareError(f"the demo's source {outcome.source} failed: {outcome.error}")
    outcomes_table(outcomes)


def _listen(run: Context) -> None:
    output.lines("carecli's tour: an airline and a mobile operator, both invented; four languages; no network.")
    _step("care fetch", "Pull what is new, classify it, open cases. Every source resumes where it stopped.")
    _fetch(run)


def _look(run: Context) -> int:
    _step(
        "care queue --limit 12",
        "What waits for an answer, most pressing first: the emergency is on top, at any hour.",
    )
    waiting = casefile.queue(run.store, run.config, Filter(), now=run.now)
    cases_table(waiting[:12], run.now)
    output.lines(f"  … {counted(len(waiting), 'case')} waiting.")
    case: int = next(c["case"] for c in waiting if c["intent"] == "complaint" and c["directed"])
    _step(f"care claim {case} --as {AGENT}", "Take one, so that nobody else answers it.")
    act.claim(run.store, case, agent=AGENT, now=run.now, config=run.config)
    _step(f"care show {case}", "The conversation, the verdict and why, the customer's history, the log.")
    sheet(full(run, case), casefile.describe_short, run.now)
    return case


def _answer(run: Context, case: int) -> None:
    voice = _voice(run, case)
    _step(
        f"care draft {case} --voice {voice}",
        "Proposals that name the problem, in the customer's language and the brand's voice.",
    )
    drafts = respond.draft(run.store, run.config, case, now=run.now, voice=voice, agent=AGENT)
    for draft in drafts:
        output.lines(f"Draft {draft.draft_id}: {draft.text}")
        findings_lines(draft.findings)
    canned = "Send us your card number and we promise a full refund by tomorrow: http://bit.ly/x"
    _step(f'care reply {case} "{canned}" --dry-run', "The guardrails stop what must not go out (exit status 3).")
    findings_lines(respond.check(run.store, run.config, case, canned, now=run.now, voice=voice))
    chosen = drafts[0]
    _step(
        f"care reply {case} --draft {chosen.draft_id} --dry-run",
        "What would be sent, and what the guardrails say of it.",
    )
    output.lines(chosen.text)
    findings_lines(chosen.findings)
    _step(
        f"care reply {case} --draft {chosen.draft_id} --yes",
        "Written down first, then posted: once, also over a crash.",
    )
    reply = respond.approve(run.store, case, chosen.text, now=run.now, agent=AGENT, draft=chosen.draft_id)
    row = respond.send(run.store, run.config, [reply], now=run.now)[0]
    act.triage_new(run.store, run.config, now=run.now)
    output.lines(f"reply {reply} is {row['status']}: {row['url']}")
    after: dict[str, Any] = full(run, case)
    output.lines(f"case {case} is now {after['status']}, SLA {after['sla']['state']}")


def _voice(run: Context, case: int) -> str:
    """Each brand's source has a voice of its name."""
    source: str = casefile.case_file(run.store, run.config, case, now=run.now).mentions[-1]["source"]
    return source if source in run.config.voices else next(iter(run.config.voices))


def _report(run: Context) -> None:
    _step("care report", "What was said, how it was answered, how fast: text, JSON, CSV or Markdown.")
    value = report.summary(run.store, run.config, since=None, until=run.so_far, now=run.now)
    output.raw(render(value, "text", width=output.width()).rstrip("\n"))
