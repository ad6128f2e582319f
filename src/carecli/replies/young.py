"""Somebody says of themselves that they are a minor, in any of the four languages: an age, or a school."""

from __future__ import annotations

import re

_AGE = r"(?:[5-9]|1[0-7])"
_AM = r"\bi(?:'|’)?\s?a?m "
_YEARS = r"[ -]?(?:years?|yrs?)[ -]?(?:old|young)"
_SIGNS = re.compile(
    "|".join((
        rf"{_AM}(?:only |just |a )?{_AGE}(?:{_YEARS}|[ -]?y/?o)?(?=\s*(?:$|[.,!?;)]|and\b|so\b|but\b))",
        rf"\b{_AGE}{_YEARS} (?:here|girl here|boy here)\b",
        rf"{_AM}(?:a minor|underage|in (?:[4-9]th|1[01]th|elementary|middle|junior high) (?:grade|school))\b",
        r"\bmy (?:mum|mom|mother|dad|father|parents) (?:(?:won|doesn|don)(?:'|’)t let|said i can(?:'|’)t)\b",
        rf"\bmam (?:dopiero |tylko |już |skończone )?{_AGE} (?:lat|latka)\b",
        rf"\bjestem {_AGE}[ -]?lat(?:ką|kiem)\b|\bjestem (?:nieletni|niepełnoletni)",
        r"\bchodzę do (?:podstawówki|szkoły podstawowej|gimnazjum)\b",
        rf"אני (?:רק )?(?:בן|בת) {_AGE}(?!\d)|אני (?:קטין|קטינה)",
        r"אני (?:לומד |לומדת )?בכיתה (?:[א-ט]|י['׳]?|יא|יא['׳])(?![א-ת])",
        rf"我(?:今年|才|只有|刚|现在)*{_AGE}岁|我(?:是|还是)?未成年",
        r"我(?:今年|才|刚|现在|还)?(?:是|在|上)(?:个)?(?:小学|初中|中学|高中)",
    )),
    re.IGNORECASE,
)  # fmt: skip
_READ = 2_000  # characters that are looked at


def says_minor(text: str) -> bool:
    """Whether the writer seems to be under 18 by their own words. Doubt is no: most people say nothing of their age."""
    return _SIGNS.search(text[:_READ]) is not None
