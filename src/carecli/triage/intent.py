"""What the writer wants: evidence from cues, marks and the feeling is weighed, and the heaviest intent wins.

Danger is looked for first, because missing it costs most. Spam comes next, unless somebody reports a fraud. What is
left is weighed: a thank-you beside a problem is a complaint, a question in anger too; praise of a competitor is
no praise. In languages without cues only question marks and the feeling speak, and the confidence says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from carecli.model import Intent
from carecli.triage import cues
from carecli.triage.cues import Hit, Hits
from carecli.triage.prepare import Prepared

# A text that says nothing else is chatter; whatever is heavier than this wins.
_CHATTER = 1.0
_NEGATIVE, _POSITIVE = -0.15, 0.25
_LAUGHTER = re.compile(
    r"[😂🤣😆😹💀😝😜😛]|\b(?:lol|lmao|rofl|(?:ha){2,10}h?|(?:he){2,10}h?|xd+)\b|ח{3,40}|[哈呵嘿]{2,40}|笑死|hh{2,40}"
)
_QUESTION_MARK = re.compile(r"[?؟⁇⁈]")
_OUTRAGE = re.compile(r"\?\s?!|!\s?\?|\?{3,}|‽")
_SMIRK = frozenset("🙃🙄👏👍🥳🎉")
_LETTER = re.compile(r"[^\W\d_]")
_MOST_QUOTED = 3

# Ties go to what costs more when it is missed.
_ORDER: tuple[Intent, ...] = ("complaint", "request", "lead", "suggestion", "question", "praise", "chatter")


def decide(p: Prepared, score: float) -> tuple[Intent, float, tuple[str, ...]]:
    """The intent of a prepared text whose sentiment is `score` (−1…1), the confidence (0…1) and the reasons."""
    hits = cues.find(p.folded, p.language)
    known = p.language in cues.LANGUAGES
    if danger := _danger(p, hits, score):
        return "emergency", 0.9 if known else 0.5, (_because("danger", danger),)
    if (spam := _spam(p, hits)) is not None:
        return "spam", 0.85 if known else 0.5, spam
    weights = _weigh(p, hits, score)
    best = max(_ORDER, key=lambda intent: (weights[intent], -_ORDER.index(intent)))
    others = max(weight for intent, weight in weights.items() if intent != best)
    return best, _confidence(weights[best], others, known=known), _reasons(p, best, hits, score)


def laughs(p: Prepared) -> bool:
    """Whether the writer laughs, in letters or emoji."""
    return _LAUGHTER.search(p.folded) is not None


def _danger(p: Prepared, hits: Hits, score: float) -> tuple[Hit, ...]:
    sure = hits.get("emergency", ())
    if sure:
        return sure
    maybe = hits.get("emergency_maybe", ())
    return maybe if maybe and score < _POSITIVE and not laughs(p) else ()


def _spam(p: Prepared, hits: Hits) -> tuple[str, ...] | None:
    """Why the text is spam, None when it is not."""
    if p.links and not _LETTER.search(p.masked):
        return ("spam: nothing but a link",)
    if "spam_report" in hits:
        return None
    strong, weak = hits.get("spam", ()), hits.get("spam_weak", ())
    if strong and (p.links or weak or len(strong) > 1 or not _about_service(hits)):
        return (_because("spam", strong + weak),)
    if len({hit.text for hit in weak}) + (p.links > 0) >= 3:
        return (_because("spam", weak),)
    return None


def _about_service(hits: Hits) -> bool:
    return any(kind in hits for kind in ("problem", "complaint", "again", "request"))


def _weigh(p: Prepared, hits: Hits, score: float) -> dict[Intent, float]:
    """How much speaks for each intent; the weights are ours, judged on care texts of four languages."""
    rival = "rival" in hits
    complaint = _complaint(p, hits, score)
    praise = 0.0 if rival else _praise(p, hits, score)
    if _turns(hits):
        praise *= 0.3
    if "sarcasm" in hits or (complaint >= 2.0 and "problem" in hits and score < _POSITIVE):
        praise *= 0.4
    question = 2.1 * _any(hits, "question") + 1.2 * (_QUESTION_MARK.search(p.folded) is not None)
    request = 3.1 * _any(hits, "request")
    lead = 3.6 * _any(hits, "lead")
    if "again" in hits and ("problem" in hits or "complaint" in hits):
        question *= 0.6
    suggestion = 3.4 * _any(hits, "suggestion")
    return {
        "complaint": complaint,
        "request": request,
        "lead": lead,
        "suggestion": suggestion,
        "question": question,
        "praise": praise,
        "chatter": _CHATTER,
    }


def _turns(hits: Hits) -> bool:
    """Whether a "but" leads from kind words to a problem."""
    blamed = [hit.start for kind in ("problem", "complaint", "again") for hit in hits.get(kind, ())]
    return any(max(blamed, default=-1) >= hit.start for hit in hits.get("but", ()))


def _any(hits: Hits, kind: str) -> bool:
    return kind in hits


def _complaint(p: Prepared, hits: Hits, score: float) -> float:
    strong, problems = len(hits.get("complaint", ())), len(hits.get("problem", ()))
    asked = "question" in hits or "request" in hits or "suggestion" in hits or "lead" in hits
    weight = 4.5 if "sarcasm" in hits else 0.0
    if strong:
        weight += 2.4 + 0.7 * min(strong - 1, 2)
    if problems:
        # A problem told calmly in a question or a request is its background.
        calm = asked and score > _NEGATIVE and not strong
        weight += (1.0 if calm else 1.8) + 0.5 * min(problems - 1, 2)
    if problems or strong or score <= _NEGATIVE:
        weight += 0.9 * _any(hits, "again") + 0.8 * bool(_OUTRAGE.search(p.folded))
    if score <= _NEGATIVE:
        weight += 1.1 + 1.2 * -score
        if "request" in hits and not strong and "again" not in hits and "sarcasm" not in hits:
            # Who says what is wrong and what to do about it wants it done.
            weight = min(weight, 3.0)
    elif score >= _POSITIVE and not strong and "sarcasm" not in hits:
        weight -= 1.2 * score
    if problems and score > _NEGATIVE and any(smirk in p.text for smirk in _SMIRK):
        weight += 1.5
    return max(weight, 0.0)


def _praise(p: Prepared, hits: Hits, score: float) -> float:
    weight = 2.2 * _any(hits, "praise") + 1.8 * _any(hits, "thanks")
    if "praise" not in hits and ("question" in hits or "request" in hits or "problem" in hits):
        # Courtesy is not joy.
        weight *= 0.4
    if score >= _POSITIVE:
        weight += 0.7 + score if weight else 0.0
        if not weight and ("service" in hits or p.handles) and not laughs(p):
            weight = 0.6 + 0.8 * score
    elif score <= _NEGATIVE:
        weight *= 0.6
    return weight


def _confidence(best: float, second: float, *, known: bool) -> float:
    margin = (best - second) / (best + second) if best + second else 0.0
    sureness = 0.45 + 0.5 * min(1.0, 1.6 * margin)
    return round(sureness if known else 0.5 * sureness, 3)


_NAMED: dict[Intent, tuple[tuple[str, str], ...]] = {
    "complaint": (("sarcasm", "sarcasm"), ("complaint", "complains"), ("problem", "problem"), ("again", "not the first time")),
    "request": (("request", "asks for an action"),),
    "lead": (("lead", "wants to buy or switch"),),
    "suggestion": (("suggestion", "suggests"),),
    "question": (("question", "asks"),),
    "praise": (("praise", "praises"), ("thanks", "thanks")),
    "chatter": (("rival", "about somebody else"),),
}  # fmt: skip


def _reasons(p: Prepared, intent: Intent, hits: Hits, score: float) -> tuple[str, ...]:
    reasons = [_because(name, hits[kind]) for kind, name in _NAMED[intent] if kind in hits]
    if intent == "question" and _QUESTION_MARK.search(p.folded):
        reasons.append("a question mark")
    if intent == "complaint" and score <= _NEGATIVE:
        reasons.append("the tone is negative")
    if intent == "praise" and score >= _POSITIVE:
        reasons.append("the tone is positive")
    return tuple(reasons) or (f"nothing points to more than {intent}",)


def _because(name: str, hits: Sequence[Hit]) -> str:
    quoted = list(dict.fromkeys(hit.text.strip() for hit in hits))[:_MOST_QUOTED]
    return f"{name}: " + ", ".join(f"'{text}'" for text in quoted)
