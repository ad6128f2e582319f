"""Texts in, verdicts out: every signal looks at the same prepared text, and none at its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

from carecli.model import ANSWERED_IF_DIRECTED, ANSWERED_INTENTS, Intent, Sentiment, Verdict
from carecli.triage import intent as intents
from carecli.triage import sentiment, topics, urgency
from carecli.triage.prepare import Rules, prepare
from carecli.triage.sentiment import Feeling

# What an intent says of the feeling when the words do not: label and score, just over the thresholds.
_LEANING: dict[Intent, tuple[Sentiment, float]] = {
    "complaint": ("negative", -0.25),
    "emergency": ("negative", -0.25),
    "praise": ("positive", 0.3),
}
_LEANT = 0.5


def classify(
    texts: Sequence[str],
    rules: Rules,
    *,
    languages: Sequence[str | None] | None = None,
    directed: Sequence[bool] | None = None,
) -> list[Verdict]:
    """The verdict of each text, in order; a verdict depends on its own text alone.

    `languages` are what the platform declared (a hint), `directed` says which texts address the brand (False
    where not given). Raises ValueError when their lengths differ from that of `texts`.
    """
    hints = languages if languages is not None else [None] * len(texts)
    addressed = directed if directed is not None else [False] * len(texts)
    return [
        _verdict(text, rules, hint, directed=to_us) for text, hint, to_us in zip(texts, hints, addressed, strict=True)
    ]


def _verdict(text: str, rules: Rules, declared: str | None, *, directed: bool) -> Verdict:
    p = prepare(text, rules, declared)
    feeling = sentiment.decide(p)
    intent, sureness, wanted = intents.decide(p, feeling.score)
    feeling = in_the_light_of(feeling, intent)
    when, pressing = urgency.decide(p, intent)
    about, named = topics.match(p, rules.topics)
    return Verdict(
        language=p.language,
        sentiment=feeling.label,
        sentiment_score=feeling.score,
        intent=intent,
        topics=about,
        urgency=when,
        needs_reply=needs_reply(intent, directed=directed),
        confidence=min(feeling.confidence, sureness),
        why=(*feeling.why, *wanted, *pressing, *named),
    )


def in_the_light_of(feeling: Feeling, intent: Intent) -> Feeling:
    """The feeling where its words left it open: a complaint without a bad word is still one, and so is praise."""
    leaning = _LEANING.get(intent)
    if feeling.label != "neutral" or feeling.mixed or leaning is None:
        return feeling
    label, score = leaning
    return Feeling(label, score, min(feeling.confidence, _LEANT), (*feeling.why, f"{label} because of {intent}"))


def needs_reply(intent: Intent, *, directed: bool) -> bool:
    """Whether whoever writes with this intent expects an answer; spam never does."""
    return intent in ANSWERED_INTENTS or (directed and intent in ANSWERED_IF_DIRECTED)
