"""The actions of `care triage` and their keys: the screen, its footer, its help and care.toml's [keys] read this table.

A key is a character (`r`, `?`, `T`) or a name of Textual's (`space`, `f5`, `ctrl+f`, `shift+tab`, `page_down`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Group = Literal["move", "case", "label", "find", "screen"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a key does; `short` is for the footer ("": not there), `words` for help and the palette."""

    name: str
    keys: tuple[str, ...]
    short: str
    words: str
    group: Group


ACTIONS = (
    Action("next", ("j", "down"), "next", "The next case", "move"),
    Action("previous", ("k", "up"), "back", "The case before", "move"),
    Action("first", ("home",), "", "The first case", "move"),
    Action("last", ("end",), "", "The last case", "move"),
    Action("page_down", ("pagedown",), "", "A page further down", "move"),
    Action("page_up", ("pageup",), "", "A page up", "move"),
    Action("read_on", ("d", "ctrl+d"), "", "Scroll the conversation down", "move"),
    Action("read_back", ("D", "ctrl+u"), "", "Scroll the conversation up", "move"),
    Action("reply", ("r",), "reply", "Reply: drafts, your words, live findings", "case"),
    Action("claim", ("c",), "claim", "Claim: it is yours", "case"),
    Action("resolve", ("e",), "resolve", "Resolve: the problem is solved (end)", "case"),
    Action("pending", ("p",), "pending", "Set pending: the customer's turn", "case"),
    Action("snooze", ("z",), "snooze", "Snooze until a time", "case"),
    Action("reopen", ("o",), "", "Reopen: not solved after all", "case"),
    Action("undo", ("u",), "undo", "Undo what you did last; the log keeps both", "case"),
    Action("note", ("n",), "note", "Note for your colleagues", "case"),
    Action("tag", ("t",), "tag", "Tag; -word takes a tag off", "case"),
    Action("assign", ("a",), "assign", "Assign to somebody; empty: to nobody", "case"),
    Action("spam", ("x",), "spam", "Spam: every message of the case is", "case"),
    Action("escalate", ("E",), "escalate", "Escalate: hand on to somebody by name, with the reason", "case"),
    Action("sentiment", ("s",), "", "Correct the sentiment", "label"),
    Action("intent", ("i",), "label", "Correct the intent", "label"),
    Action("topics", ("T",), "", "Correct the topics", "label"),
    Action("language", ("l",), "", "Correct the language", "label"),
    Action("filter", ("/",), "find", "Filter and search, with the words of `care queue`", "find"),
    Action("jump", ("g", "#"), "go to", "Go to a case by its number; w: the reply that you have begun", "find"),
    Action("knowledge", ("K",), "", "Search the knowledge base", "find"),
    Action("gloss", ("G",), "", "Gloss: read the messages in your language", "find"),
    Action("browse", ("b",), "", "Open the message in your browser", "find"),
    Action("copy", ("y",), "", "Copy the message's link", "find"),
    Action("select", ("space",), "select", "Select this case, and go to the next", "find"),
    Action("select_all", ("*",), "", "Select all cases of the queue, or none", "find"),
    Action("queue_pane", ("1",), "", "To the queue", "screen"),
    Action("conversation_pane", ("2",), "", "To the conversation", "screen"),
    Action("context_pane", ("3",), "context", "To the context: customer, verdict, notes, log", "screen"),
    Action("zoom", ("f",), "", "This pane alone, or all again (full)", "screen"),
    Action("overview", ("v",), "overview", "Overview: volume, sentiment, SLA, topics, agents", "screen"),
    Action("fetch", ("F",), "", "Fetch what is new from all sources now", "screen"),
    Action("refresh", ("f5",), "", "Read everything again now", "screen"),
    Action("palette", ("ctrl+p", ":"), "", "Command palette: every action by name", "screen"),
    Action("help", ("?",), "all keys", "All keys", "screen"),
    Action("quit", ("q",), "", "Quit", "screen"),
)
NAMES = tuple(action.name for action in ACTIONS)

COMMANDS = {  # while a reply is written, keys that a text area leaves free: name, for the footer, for help
    "ctrl+s": ("send", "send", "Send: check again, links included, show it and ask"),
    "ctrl+n": ("next_draft", "draft", "The next draft in place of the text"),
    "ctrl+t": ("private", "private", "Private message, or public"),
    "escape": ("leave", "keep", "Back to the queue; the text is kept as it is"),
    "ctrl+r": ("thread", "thread", "As several posts where it is too long for one, or as one"),
    "ctrl+g": ("later", "later", "Go out later: 2h, tomorrow 9:00"),
    "ctrl+o": ("override", "override", "Override what blocks, with a reason that is logged"),
    "ctrl+l": ("throw_away", "throw away", "Throw the text away"),
    "f1": ("help", "all keys", "All keys"),
}


def bound(changes: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Each action's keys after care.toml's [keys]: `resolve = "w"`, `next = "j, down"`, "" for none.

    Raises ValueError for an unknown action, for what is no key, and where two actions have one key.
    """
    for name in changes:
        if name not in NAMES:
            import difflib

            near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.5)
            raise ValueError(f"no action is called '{name}'; " + (f"is '{near[0]}' meant?" if near else _all_names()))
    keys = {a.name: _keys(a.name, changes[a.name]) if a.name in changes else a.keys for a in ACTIONS}
    owner: dict[str, str] = {}
    for name, of_it in keys.items():
        for key in of_it:
            if key in owner:
                raise ValueError(f"'{key}' is the key of both '{owner[key]}' and '{name}'; give one of them another")
            owner[key] = name
    return keys


def _keys(name: str, text: str) -> tuple[str, ...]:
    if text in (",", ", "):
        return (",",)
    found = tuple(filter(None, (part.strip() for part in text.split(","))))
    for key in found:
        named = key.replace("+", "").replace("_", "")
        if len(key) > 1 and not (named.isascii() and named.isalnum() and key[-1] != "+"):
            raise ValueError(f"'{key}' for '{name}' is no key: write a character, or a name such as space, f5, ctrl+f")
    return found


def _all_names() -> str:
    return "there are " + ", ".join(NAMES)
