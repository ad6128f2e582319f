"""A short, harmless piece of what a customer wrote: the clause that tells most, without personal data or links."""

from __future__ import annotations

import re
from collections.abc import Iterator

from carecli.model import Intent
from carecli.replies.basics import HANDLE
from carecli.replies.guardrails import blocks, check
from carecli.replies.lexicon import known, pattern
from carecli.replies.links import links
from carecli.replies.privacy import personal
from carecli.replies.rules import Context
from carecli.replies.seen import see
from carecli.text import graphemes

_LONGEST = 72  # graphemes of a quotation
_READ = 4000  # characters of a mention that are looked at: the point is made by then
_PIECES = re.compile(r"[^.!?;…。！？；\n]+[?？]?|[?？]")
_PARTS = re.compile(r"[^,，:：\u2013\u2014()（）]+")
_UNSAFE = re.compile(r"[^\w\s'’%$€£₪¥+,.:?？，、°/-]|[\x00-\x1f]|_")
_DIGITS = re.compile(r"\d{5}")


def telling_clause(text: str, language: str, intent: Intent | None = None) -> str | None:
    """The clause of `text` that names the matter best, at most 72 graphemes; None where nothing is fit to repeat.

    Nothing in it can fill a template or format anything: braces, brackets, quotation marks, markup, emoji,
    handles, links and hidden characters are taken out, and a clause with personal data or insults is passed over.
    """
    code = known(language) or "en"
    ranked = sorted(enumerate(_clauses(text[:_READ])), key=lambda item: (-_score(item[1], code, intent), item[0]))
    for _, clause in ranked[:12]:
        short = _shortened(_without_greeting(clause, code))
        if _score(clause, code, intent) > 0 and harmless(clause, code) and harmless(short, code):
            return short
    return None


def _clauses(text: str) -> Iterator[str]:
    for link in reversed(list(links(text))):
        text = text[: link.span[0]] + "\n" + text[link.span[1] :]
    text = HANDLE.sub(" ", text).replace("#", " ")
    for piece in _PIECES.finditer(text):
        sentence = _clean(piece[0])
        if len(graphemes(sentence)) <= _LONGEST:
            yield sentence
        else:
            yield from (_clean(part) for part in _PARTS.findall(piece[0]))


def _clean(text: str) -> str:
    return " ".join(_UNSAFE.sub(" ", text).split()).strip(" ,.:'’-/，、")


def _score(clause: str, language: str, intent: Intent | None) -> float:
    """How much a clause tells: its telling words, a question where one is asked, and a length that says something."""
    seen = see(clause)
    size = len(seen.folded) if language == "zh" else len(seen.folded.split())
    least, most = (4, 40) if language == "zh" else (3, 16)
    hollow, telling = (pattern(language, "draft", key) for key in ("hollow", "telling"))
    if size < least or (hollow is not None and hollow.fullmatch(seen.folded)):
        return 0.0
    score = 1.0 + (len(telling.findall(seen.folded)) if telling else 0) - (1.0 if size > most else 0.0)
    if intent in ("question", "request") and clause.endswith(("?", "？")):
        score += 3.0
    return score - (0.5 if hollow is not None and hollow.match(seen.folded) else 0.0)


def _without_greeting(clause: str, language: str) -> str:
    """`clause` without a greeting or thanks that it begins with, where a comma divides them."""
    hollow = pattern(language, "draft", "hollow")
    seen = see(clause)
    match = hollow.match(seen.folded) if hollow is not None else None
    if match is None:
        return clause
    rest = clause[seen.original(match.start(), match.end())[1] :]
    return rest.strip(" ,，") if rest[:1] in (",", "，") else clause


def _shortened(clause: str) -> str:
    clusters = graphemes(clause)
    if len(clusters) <= _LONGEST:
        return clause
    cut = "".join(clusters[: _LONGEST - 1])
    whole, space, _ = cut.rpartition(" ")
    return (whole if space and len(whole) > len(cut) // 2 else cut).rstrip(" ,.:'’-/，、") + "…"


def harmless(clause: str, language: str) -> bool:
    """Whether the brand may repeat `clause`: no insult, no personal data, nothing that the guardrails block."""
    rude = pattern(known(language) or "en", "draft", "unquotable")
    if rude is not None and rude.search(see(clause).folded):
        return False
    return not (_DIGITS.search(clause) or personal(clause) or blocks(check(clause, Context())))
