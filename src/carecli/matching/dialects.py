"""A query in the words of platforms that search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from carecli.matching.queries import Query
from carecli.matching.terms import Any, Node, Term


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a platform's own search understands; `either` and `without` are its words for OR and not, None: none.

    `quotes`: it knows phrases. `several`: it finds words that stand apart; else it is asked for the longest alone.
    """

    either: str | None = None
    without: str | None = None
    tags: bool = True
    quotes: bool = True
    several: bool = True
    longest: int = 500
    most: int = 10


DIALECTS: Mapping[str, Dialect] = {
    "words": Dialect(tags=False),
    "mastodon": Dialect(without="-"),
    "bluesky": Dialect(),
    "x": Dialect("OR", "-", longest=512),
    "reddit": Dialect("OR", "-", tags=False, longest=512),
    # OR binds weaker than the qualifiers that every search there needs.
    "github": Dialect(tags=False, longest=256),
    "threads": Dialect(tags=False, quotes=False),
    "lemmy": Dialect(tags=False, quotes=False, several=False),
}


def to_search(query: Query, dialect: str) -> tuple[str, ...]:
    """Searches in a platform's `dialect` that together find all that `query` fits, as far as the platform can.

    They may find more, never on purpose less: what they find is matched against the query again. Misspellings and
    endings are left to the platform. Raises ValueError for more alternatives than one should ask for.
    """
    spoken = DIALECTS[dialect]
    groups = [_clause(parts, without, spoken) for parts, without in _alternatives(query.root)]
    groups = list(dict.fromkeys(groups))
    if spoken.either and len(whole := f" {spoken.either} ".join(groups)) <= spoken.longest:
        return (whole,)
    if len(groups) > spoken.most:
        raise ValueError(f"the query has {len(groups)} alternatives, {spoken.most} can be searched for")
    for group in groups:
        if len(group) > spoken.longest:
            raise ValueError(f"a search is longer than {spoken.longest} characters: {group[:60]}…")
    return tuple(groups)


_Alternative = tuple[tuple[Term, ...], tuple[Node, ...]]
_MOST_ALTERNATIVES = 100


def _alternatives(node: Node) -> list[_Alternative]:
    """The query as groups of terms, one of which has to be there as a whole."""
    if isinstance(node, Term):
        return [((node,), ())]
    if isinstance(node, Any):
        return [found for part in node.parts for found in _alternatives(part)]
    product: list[_Alternative] = [((), node.without)]
    for part in node.parts:
        found = _alternatives(part)
        if len(product) * len(found) > _MOST_ALTERNATIVES:
            raise ValueError(f"the query has more than {_MOST_ALTERNATIVES} alternatives")
        product = [(have + more, bars + other) for have, bars in product for more, other in found]
    return product


def _clause(parts: Sequence[Term], without: Sequence[Node], spoken: Dialect) -> str:
    said = [_said(term, spoken) for term in dict.fromkeys(parts)]
    if not spoken.several:
        return max(said, key=len)
    if spoken.without:
        # a phrase that holds a word we look for is a false friend: only we can tell its occurrences apart
        wanted = {word for term in parts for word in term.words}
        plain = [node for node in without if isinstance(node, Term) and wanted.isdisjoint(node.words)]
        said += [spoken.without + _said(term, spoken) for term in plain]
    return " ".join(said)


def _said(term: Term, spoken: Dialect) -> str:
    if term.kind in ("tag", "handle"):
        mark = {"tag": "#", "handle": "@"}[term.kind] if spoken.tags else ""
        return mark + term.words[0]
    text = " ".join(term.words)
    return f'"{text}"' if spoken.quotes and (" " in text or term.kind == "link") else text
