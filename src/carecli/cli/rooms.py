"""Every command with its room and its line in `care --help`. A room is imported when one of its commands is run.

To build all commands takes twice as long as everything else that a start needs, and nobody runs more than one.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "init": ("setup", "Write care.toml and the database; asks for what is not given."),
    "login": ("setup", "Store a source's credential in the system's keyring."),
    "doctor": ("setup", "Look at everything that must be right, and say what is not."),
    "demo": ("setup", "A tour of the whole loop on sample mentions."),
    "source": ("source", "Sources: accounts, feeds and folders that are listened to."),
    "fetch": ("fetch", "Pull what is new from all or the named sources."),
    "import": ("fetch", "Read mentions from a file: the same road as a fetch."),
    "queue": ("queue", "What needs a reply or a decision, most pressing first."),
    "show": ("queue", "The whole conversation, the verdict and why, drafts, log."),
    "claim": ("cases", "Take a case: of two who try at once, one gets it."),
    "assign": ("cases", "Give a case to somebody."),
    "snooze": ("cases", "Hide a case until then."),
    "resolve": ("cases", "The customer's problem is solved."),
    "reopen": ("cases", "Not solved after all."),
    "undo": ("cases", "Take back what you did last to a case; the log keeps both."),
    "note": ("cases", "Write a note into the case's log."),
    "tag": ("cases", "Tag a case, or take tags off with --remove."),
    "triage": ("review", "Review the queue on the full screen: every action is one key."),
    "classify": ("review", "Verdicts for texts; nothing is stored."),
    "sla": ("sla", "Deadlines: what was promised, and how it is counted."),
    "topics": ("topics", "Topics that people write about and care.toml does not know yet."),
    "label": ("review", "Correct the engine: your word wins, for ever."),
    "eval": ("engine", "How good the engine is on a labelled file."),
    "engine": ("engine", "The engine: what it was taught, and whether that helps."),
    "draft": ("draft", "Propose replies that name the customer's problem."),
    "check": ("respond", "The guardrails alone."),
    "reply": ("reply", "Check a reply, ask, write it down, send it: once."),
    "outbox": ("respond", "Replies that are not out yet, or whose fate is unknown."),
    "customer": ("customer", "A customer's accounts and history; link accounts, forget a person."),
    "campaign": ("campaign", "People for whom we could do something unasked: find, propose, record, measure."),
    "promise": ("desk", "What we said we would do: open, kept, broken."),
    "agents": ("desk", "The roster: who is on duty, and who has which case."),
    "tidy": ("desk", "End claims of silent agents, resolve cases of silent customers."),
    "kb": ("kb", "The knowledge base: what was answered well, for the next answer."),
    "report": ("report", "What was said, how it was answered, how fast."),
    "alert": ("alert", "What needs somebody now: told once, with an all-clear."),
    "watch": ("alert", "Fetch in a loop, and tell what needs somebody."),
    "cron": ("cron", "What runs by itself: crontab lines or systemd timers."),
    "search": ("data", "Full text over all mentions in all languages."),
    "export": ("data", "Write every mention with its verdict."),
    "prune": ("prune", "Forget old texts; the figures of the past stay."),
    "backup": ("data", "Copy the database, whole and consistent."),
}


class Rooms(TyperGroup):
    """The group of all commands: it knows their names, and builds a room's when one of them is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": dict.fromkeys(COMMANDS)})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the base's signature
        if cmd_name in COMMANDS and self.commands[cmd_name] is None:
            room = typer.Typer(rich_markup_mode=None, add_completion=False)
            import_module(f"carecli.cli.{COMMANDS[cmd_name][0]}").add_to(room)
            self.commands.update(typer.main.get_group(room).commands)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the base's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])
