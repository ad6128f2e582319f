"""The rule about a model's claims: what no article says, and the customer did not say either, is marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carecli.replies.lexicon import data, known, pattern
from carecli.replies.rules import Context, Hit, excerpt
from carecli.replies.seen import Seen
from carecli.text import fold, terms

_SUPPORTED = 0.6  # of a sentence's words that one article has to have
_LEAST = 2  # words that a sentence must have of its own to claim anything
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True)
class Support:
    """What a model's draft may rest on: the texts of articles, and what was said in the conversation."""

    articles: Sequence[str]
    said: Sequence[str] = ()


def unsupported(seen: Seen, context: Context) -> Iterator[Hit]:
    """A sentence of a model's draft that states something for which no article stands."""
    support = context.support
    if support is None:
        return
    code = known(context.language) or "en"
    for start, end in seen.clauses:
        sentence = seen.folded[start:end]
        if seen.folded[end : end + 1] in ("?", "？") or _courtesy(sentence, code, support):
            continue
        if not _stands(sentence, support, code):
            span = seen.original(start + len(sentence) - len(sentence.lstrip()), end)
            shown = excerpt(seen.text[slice(*span)].strip(), 60)
            yield Hit(f"No article says “{shown}”: is it so? Add an article, or take it out.", span)


def _courtesy(sentence: str, code: str, support: Support) -> bool:
    """Whether a sentence is a greeting, thanks, an apology or what we are going to do, without figures of its own."""
    courtesy = pattern(code, "claims", "courtesy")
    figures = set(_NUMBER.findall(sentence)) - set(_NUMBER.findall(fold(" ".join(support.said))))
    return courtesy is not None and courtesy.search(sentence) is not None and not figures


def _stands(sentence: str, support: Support, code: str) -> bool:
    small = {fold(word) for word in data(code)["stopwords"]}
    heard = " ".join(support.said)
    numbers = set(_NUMBER.findall(sentence))
    own = set(terms(sentence)) - small - set(terms(heard))
    unheard = numbers - set(_NUMBER.findall(fold(heard)))
    if len(own) < _LEAST and not unheard:
        return True
    for text in support.articles:
        words, figures = set(terms(text)), set(_NUMBER.findall(fold(text)))
        if unheard <= figures and len(own & words) >= _SUPPORTED * len(own):
            return True
    return False
