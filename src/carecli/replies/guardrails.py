"""The guardrails: a reply's text in, findings out. A blocking finding stops it, a confirming one asks a person.

Adding a rule is one function that yields hits, and one line in RULES. Every rule reads in time linear in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from carecli.model import Finding
from carecli.replies import (
    asking,
    basics,
    citing,
    claims,
    languages,
    links,
    manner,
    privacy,
    similar,
    standing,
    wording,
)
from carecli.replies.rules import Context, Rule
from carecli.replies.seen import Seen, see

__all__ = ["RULES", "Context", "Rule", "blocks", "check", "confirms"]

RULES: tuple[Rule, ...] = (
    Rule("empty", "block", "the reply says nothing", basics.empty),
    Rule("placeholder", "block", "a template's slot is not filled", basics.placeholder),
    Rule("length", "block", "longer than the platform takes", basics.length),
    Rule("hidden-text", "block", "invisible, control or direction-changing characters", basics.hidden_text),
    Rule("personal-data", "block", "shows personal data in public (in private: confirm)", privacy.personal_data),
    Rule("asks-personal-data", "block", "asks for personal data in public", asking.asks_personal_data),
    Rule("asks-secret", "block", "asks for a password, PIN, card number or code", asking.asks_secret),
    Rule("asks-too-much", "confirm", "asks in private for more than guardrails.private_fields", asking.asks_too_much),
    Rule("link-host", "block", "links to a host outside guardrails.allowed_links", links.link_host),
    Rule("link-shortener", "block", "a shortened link hides where it leads", links.link_shortener),
    Rule("link-insecure", "note", "a link without encryption", links.link_insecure),
    Rule("promise", "confirm", "promises an outcome or a time", wording.promise),
    Rule("follow-up", "note", "says that more will come", wording.follow_up),
    Rule("compensation", "confirm", "speaks of money back, vouchers or discounts", wording.compensation),
    Rule("legal", "confirm", "words of law or liability", wording.legal),
    Rule("medical", "confirm", "words of medical advice", wording.medical),
    Rule("language", "confirm", "another language than the customer's", languages.same_language),
    Rule("repeat", "confirm", "nearly the same as a reply sent lately", similar.repeat),
    Rule("canned", "note", "a stock phrase", wording.canned),
    Rule("tone", "confirm", "emoji, exclamation marks or jokes where somebody is upset", wording.tone),
    Rule("emoji", "note", "emoji in a voice that uses none", wording.emoji),
    Rule("voice-avoid", "confirm", "words that the voice avoids", wording.voice_avoid),
    Rule("stale-article", "confirm", "cites an article whose review is overdue", citing.stale_article),
    Rule("unsupported", "confirm", "a model's claim for which no article stands", claims.unsupported),
    Rule("link-lands", "block", "a link does not show its page in one step", standing.link_lands),
    Rule("agent", "block", "this agent may not answer this", standing.barred),
    Rule("claimed", "block", "another agent has the case", standing.claimed),
    Rule("second-reply", "confirm", "we have answered, and nobody asked for more", standing.second_reply),
    Rule("pretending", "block", "speaks as if a customer wrote it", manner.pretending),
    Rule("mourning", "confirm", "cheerful where somebody has died", manner.mourning),
    Rule("formality", "confirm", "a form of address or slang that the voice does not use", manner.formality),
    Rule("voice-use", "note", "a word for which the voice has another", manner.voice_use),
    Rule("voice-language", "confirm", "the voice does not speak the customer's language", manner.voice_language),
    Rule("humour", "confirm", "a joke where the voice does not joke", manner.humour),
    Rule("signature", "note", "the voice signs, the reply does not", manner.signature),
    Rule("answered", "confirm", "nobody is waiting for an answer", basics.answered),
    Rule("own-post", "block", "the reply would go under our own post", basics.own_post),
    Rule("deleted", "block", "the post that is answered is gone", basics.deleted),
    Rule("emergency", "confirm", "a public reply to an emergency", basics.emergency),
)

_WEIGHT = {"block": 0, "confirm": 1, "note": 2}


def check(text: str, context: Context) -> list[Finding]:
    """What the guardrails say of the reply `text`: findings by place, those of the whole text first.

    `context.rules.severity` re-weights a rule by its id; `off` removes its findings.
    """
    seen = see(text)
    found = dict.fromkeys(finding for rule in RULES for finding in _findings(rule, seen, context))
    return sorted(found, key=lambda f: (-1 if f.start is None else f.start, _WEIGHT[f.severity], f.end or 0, f.rule))


def _findings(rule: Rule, seen: Seen, context: Context) -> Iterator[Finding]:
    chosen = context.rules.severity.get(rule.id)
    if chosen == "off":
        return
    for hit in rule.find(seen, context):
        start, end = hit.span or (None, None)
        yield Finding(rule.id, chosen or hit.severity or rule.severity, hit.message, start, end)


def blocks(findings: Iterable[Finding]) -> bool:
    """Whether one of `findings` stops the reply."""
    return any(finding.severity == "block" for finding in findings)


def confirms(findings: Iterable[Finding]) -> bool:
    """Whether a person has to say yes before the reply goes out."""
    return any(finding.severity == "confirm" for finding in findings)
