"""What runs by itself, as crontab lines or systemd user timers: fetching, alerts, reports.

Cron gives a command next to nothing: no PATH, no locale, another folder. So every line names the program, the
database and the configuration by whole paths, and has its own log. Secrets are never in it.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from carecli.errors import CareError

BEGIN, END = "# >>> care: {} (written by `care cron install`)", "# <<< care: {}"


@dataclass(frozen=True)
class Job:
    """One thing that runs by itself: its name, its five fields of cron, systemd's calendar, and care's arguments."""

    name: str
    cron: str
    calendar: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Installation:
    """Whose jobs they are: the command that starts care, and its files."""

    program: tuple[str, ...]
    db: Path
    config: Path
    log: Path


def jobs(minutes: int, *, fetch: bool, reports: bool) -> list[Job]:
    """Fetching and alerts every so many minutes, reports every hour: what is not due costs nothing."""
    often = (f"*/{minutes} * * * *", f"*:0/{minutes}")
    found = [Job("fetch", *often, ("--quiet", "fetch"))] if fetch else []
    found.append(Job("alert", *often, ("--quiet", "alert")))
    if reports:
        found.append(Job("report", "7 * * * *", "*:07", ("--quiet", "report", "--due")))
    return found


def command(job: Job, where: Installation) -> list[str]:
    """The words of a job's command: whole paths, UTF-8 whatever the locale is."""
    files = ("--db", str(where.db), "--config", str(where.config))
    return ["/usr/bin/env", "PYTHONUTF8=1", *where.program, *files, *job.arguments]


def block(found: Sequence[Job], where: Installation) -> str:
    """The lines of a crontab, between two marks by which they are found again."""
    lines = [BEGIN.format(where.config)]
    for job in found:
        words = f"{shlex.join(command(job, where))} >> {shlex.quote(str(where.log))} 2>&1"
        lines.append(f"{job.cron} {words.replace('%', chr(92) + '%')}")  # cron reads % as a line's end
    return "\n".join([*lines, END.format(where.config), ""])


def without(table: str, where: Installation) -> str:
    """A crontab without our lines; every other line stays as it is."""
    kept, ours = [], False
    for line in table.splitlines(keepends=True):
        ours = ours or line.rstrip("\n") == BEGIN.format(where.config)
        if not ours:
            kept.append(line)
        ours = ours and line.rstrip("\n") != END.format(where.config)
    return "".join(kept)


def read() -> str:
    """The user's crontab; empty where there is none. Raises CareError without a crontab program."""
    done = _crontab(["-l"])
    none = ("no crontab", "no such file")  # the second is BusyBox's way to say it
    if done.returncode and not any(words in done.stderr.lower() for words in none):
        raise CareError(f"crontab -l: {' '.join(done.stderr.split())[:200]}")
    return "" if done.returncode else done.stdout


def write(table: str) -> None:
    """Replace the user's crontab. Raises CareError."""
    done = _crontab(["-"], table)
    if done.returncode:
        raise CareError(f"crontab does not take the lines: {' '.join(done.stderr.split())[:200]}")


def _crontab(arguments: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - cron's own program
            ["crontab", *arguments],  # noqa: S607 - wherever the system has it
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=30,
        )
    except FileNotFoundError:
        hint = "`care cron install --systemd`, or paste `care cron show` where your scheduler wants it"
        raise CareError("there is no crontab program here", hint=hint) from None


# systemd


def units(found: Sequence[Job], where: Installation) -> dict[str, str]:
    """File name → text of the units: a service and a timer for every job; missed runs are made up for."""
    files = {}
    for job in found:
        words = " ".join(_systemd_word(word) for word in command(job, where))
        files[f"care-{job.name}.service"] = (
            f"[Unit]\nDescription=care {job.name}\n\n[Service]\nType=oneshot\nExecStart={words}\n"
            f"StandardOutput=append:{_escaped(str(where.log))}\nStandardError=append:{_escaped(str(where.log))}\n"
            "SuccessExitStatus=5 6\n"
        )
        files[f"care-{job.name}.timer"] = (
            f"[Unit]\nDescription=care {job.name}, regularly\n\n[Timer]\nOnCalendar={job.calendar}\nPersistent=true\n\n"
            "[Install]\nWantedBy=timers.target\n"
        )
    return files


def _escaped(word: str) -> str:
    return word.replace("%", "%%")


def _systemd_word(word: str) -> str:
    """One argument as systemd reads it: % and $ begin specifiers and variables."""
    plain = _escaped(word).replace("$", "$$")
    if plain and not set(plain) & set(" \t\"'\\;"):
        return plain
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def install_units(folder: Path, files: dict[str, str]) -> None:
    """Write the units and start their timers. Raises CareError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CareError(f"cannot write {error.filename or folder}: {error.strerror}") from error
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", *(name for name in files if name.endswith(".timer")))


def remove_units(folder: Path, names: Sequence[str]) -> list[str]:
    """Stop our timers and take the units away; returns what there was. Raises CareError."""
    there = [name for name in names if (folder / name).exists()]
    timers = [name for name in there if name.endswith(".timer")]
    if timers:
        _systemctl("disable", "--now", *timers)
    for name in there:
        (folder / name).unlink(missing_ok=True)
    if there:
        _systemctl("daemon-reload")
    return there


def _systemctl(*arguments: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - systemd's own program
            ["systemctl", "--user", *arguments],  # noqa: S607 - wherever the system has it
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
    except FileNotFoundError:
        raise CareError("there is no systemd here", hint="`care cron install` writes crontab lines") from None
    if done.returncode:
        raise CareError(f"systemctl --user {arguments[0]}: {' '.join(done.stderr.split())[:200]}")
