"""From what a user wrote to a query."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from carecli.matching.finding import Text, around, find
from carecli.matching.terms import TOKEN, UNSPACED, All, Any, Kind, Match, Node, Span, Term
from carecli.text import fold
from carecli.text.plain import compiled

LONGEST_QUERY = 2_000
_DEEPEST = 20


@dataclass(frozen=True)
class Query:
    """A parsed query; `text` is what the user wrote."""

    text: str
    root: Node

    def match(self, text: str, language: str | None = None) -> Match | None:
        """Why `text` fits, None when it does not. `language` is what its author declared, where that is known."""
        found = find(self.root, Text(text, language))
        if not found:
            return None
        seen = Text(text, language).folded
        firsts: dict[str, Span] = {}
        for span in found:
            firsts.setdefault(span.term.written, span)
        shown = [f"'{name}' in “{around(seen, span)}”" for name, span in firsts.items()]
        return Match("; ".join(shown[:3]), tuple(firsts))


_PIECE = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<minus>-)(?=[^\s)])|"(?P<phrase>[^"]*)"(?P<near>~?)|(?P<word>[^\s()"]+))'
)


def parse(text: str) -> Query:
    """The query that `text` is. Raises ValueError, with words for its author."""
    if len(text) > LONGEST_QUERY:
        raise ValueError(f"the query is longer than {LONGEST_QUERY:,} characters")
    parser = _Parser(text)
    root = parser.either(0)
    if parser.next is not None:
        raise ValueError("a ) closes nothing")
    return Query(text, root)


def any_of(words: Iterable[str]) -> Query | None:
    """The query that one of `words` is enough for, None without any. Raises ValueError.

    Each is a word or a phrase as somebody lists keywords, without quotation marks; one that is marked (#, @, =, ~,
    link:, quotation marks) means what it means in a query.
    """
    roots = list[Node]()
    for word in dict.fromkeys(filter(None, map(str.strip, words))):
        plain = len(word.split()) > 1 and '"' not in word
        roots.append(_words("word", word, word, misspelt=False) if plain else parse(word).root)
    if not roots:
        return None
    return Query(", ".join(words), roots[0] if len(roots) == 1 else Any(tuple(roots)))


class _Parser:
    """A query from left to right; `next` is the piece that comes now."""

    def __init__(self, text: str) -> None:
        if text.count('"') % 2:
            raise ValueError('a " is opened and never closed')
        self._pieces = _PIECE.finditer(text.strip())
        self.next: re.Match[str] | None = None
        self.advance()

    def advance(self) -> None:
        self.next = next(self._pieces, None)

    def either(self, depth: int) -> Node:
        """Groups with OR between them."""
        if depth > _DEEPEST:
            raise ValueError("the parentheses are nested too deep")
        parts = [self.group(depth)]
        while self.next is not None and self.next["word"] == "OR":
            self.advance()
            parts.append(self.group(depth))
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def group(self, depth: int) -> Node:
        """What has to be there together."""
        parts, without = list[Node](), list[Node]()
        while (piece := self.next) is not None and piece["close"] is None and piece["word"] != "OR":
            into = parts
            if piece["minus"] is not None:
                into = without
                self.advance()
            into.append(self.one(depth))
        if not parts:
            raise ValueError("there is nothing to look for" + (" beside what is excluded" if without else ""))
        return parts[0] if len(parts) == 1 and not without else All(tuple(parts), tuple(without))

    def one(self, depth: int) -> Node:
        piece = self.next
        if piece is None or piece["close"] is not None or piece["minus"] is not None:
            raise ValueError("a - stands before nothing")
        self.advance()
        if piece["open"] is None:
            return _term(piece)
        inside = self.either(depth + 1)
        if self.next is None or self.next["close"] is None:
            raise ValueError("a ( is never closed")
        self.advance()
        return inside


def _term(piece: re.Match[str]) -> Term:
    if piece["phrase"] is not None:
        return _words("word", piece["phrase"], piece["phrase"], misspelt=bool(piece["near"]))
    written: str = piece["word"]
    if written.startswith("link:"):
        address = fold(written[5:]).split("://")[-1].removeprefix("www.").rstrip("/")
        if "." not in address:
            raise ValueError(f"{written} names no site")
        return Term("link", (address,), written)
    if written.startswith("=") and len(written) > 1:
        return Term("exact", (unicodedata.normalize("NFC", written[1:]),), written)
    if written[0] in "#@" and len(written) > 1:
        return Term("tag" if written[0] == "#" else "handle", (fold(written[1:]),), written)
    return _words("word", written.removesuffix("~"), written, misspelt=written.endswith("~"))


def _words(kind: Kind, text: str, written: str, *, misspelt: bool) -> Term:
    folded = fold(text)
    if compiled(f"[{UNSPACED}]").search(folded):
        return Term(kind, ("".join(folded.split()),), written, misspelt=False)
    words = tuple(found["word"] for found in compiled(TOKEN).finditer(folded) if found["word"])
    if not words:
        raise ValueError(f"'{written}' has no word in it")
    return Term(kind, words, written, misspelt)
