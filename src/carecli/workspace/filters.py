"""The words of a filter: `care triage` takes what `care queue` takes as options, and words to search for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args

from carecli.errors import UsageError
from carecli.model import INTENTS, SENTIMENTS, STATUSES, SlaState
from carecli.store import search
from carecli.store.cases import Filter


@dataclass(frozen=True, slots=True)
class Query:
    """Which cases the queue shows; `text` is what was typed."""

    which: Filter = field(default_factory=Filter)
    sla: str | None = None
    text: str = ""
    brand: str | None = None


_ALLOWED: dict[str, tuple[str, ...] | None] = {
    "status": STATUSES,
    "language": None,
    "sentiment": SENTIMENTS,
    "intent": INTENTS,
    "topic": None,
    "assignee": None,
    "sla": get_args(SlaState),
    "brand": None,
}


def parse_query(text: str, *, agent: str) -> Query:
    """A filter in the words of `care queue`: `--language he`, `language:he` or `language=he`; `all` or `--all`.

    Words that are no option are searched for in the messages, "quoted words" together; `assignee:me` are one's own,
    `brand:"Other Air"` has a value of two words.
    Raises UsageError.
    """
    options: dict[str, Any] = {}
    everything, words = False, list[str]()
    pieces = _pieces(text)
    while pieces:
        piece = pieces.pop(0)
        name, sign, value = _option(piece)
        if name == "all" and not sign:
            everything = True
        elif name is None:
            words.append(piece)
        else:
            given = value or (pieces.pop(0) if pieces and (not sign or pieces[0].startswith('"')) else "")
            options[name] = _value(name, given.strip('"'), agent)
    sought = search.expression(" ".join(words)) if words else None
    if words and not sought:
        raise UsageError(f"there is no word to search for in {' '.join(words)}")
    sla, brand = options.pop("sla", None), options.pop("brand", None)
    return Query(Filter(**options, everything=everything, words=sought), sla, " ".join(text.split()), brand)


def _pieces(text: str) -> list[str]:
    """Words, with "quoted ones" kept together."""
    found: list[str] = []
    for index, part in enumerate(text.split('"')):
        found += [f'"{part}"'] if index % 2 and part.strip() else part.split()
    return found


def _option(piece: str) -> tuple[str | None, str, str]:
    """The option that a word names, how its value is joined to it, and the value. Raises UsageError."""
    for sign in (":", "="):
        name, found, value = piece.removeprefix("--").partition(sign)
        if found and name in _ALLOWED:
            return name, sign, value
        if found and value and not piece.startswith('"') and (meant := _nearly(name)):
            raise UsageError(
                f"{piece}: is {meant}{sign}{value} meant?", hint=f'"{name} {value}" searches for the words'
            )
    dashed = piece.startswith("--")
    name = piece.removeprefix("--")
    if (dashed and name in _ALLOWED) or name == "all":
        return name, "", ""
    if dashed:
        import difflib

        near = difflib.get_close_matches(name, [*_ALLOWED, "all"], n=1, cutoff=0.5)
        hint = f"is --{near[0]} meant?" if near else f"there are: --{', --'.join(_ALLOWED)}, --all"
        raise UsageError(f"{piece} is no option of the queue", hint=hint)
    return None, "", ""


def _nearly(name: str) -> str | None:
    """The option that somebody meant who wrote `lang` or `topics`."""
    begun = [option for option in _ALLOWED if len(name) >= 3 and (option.startswith(name) or name == f"{option}s")]
    import difflib

    near = begun or difflib.get_close_matches(name, _ALLOWED, n=1, cutoff=0.8)
    return near[0] if near else None


def _value(name: str, value: str, agent: str) -> str:
    allowed = _ALLOWED[name]
    if not value or (allowed is not None and value not in allowed):
        raise UsageError(f"{name} {value}: one of {', '.join(allowed)}" if allowed else f"{name}: give a value")
    return agent if name == "assignee" and value == "me" else value
