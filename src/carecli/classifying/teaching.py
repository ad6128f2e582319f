"""What the corrections in the store teach the engine: made from them, kept beside them, made again when they change.

Corrections are the data; what was learnt from them is a cache under one key of the store's notes. It names the
corrections, the rules and the prior that it was made from, so an upgrade or a new correction makes it anew and nothing
is lost.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from carecli.model import JSON, iso
from carecli.store import triaged
from carecli.store.connect import Store
from carecli.triage import Rules

if TYPE_CHECKING:
    from carecli.triage.engine import Meaning
    from carecli.triage.learning import Correction, Learnt, Lesson

_CACHE, _FORGOTTEN = "engine learnt", "engine forgot"
# From so few corrections nothing can be learnt that isn't chance; of more than so many the newest teach, as time and
# memory grow with the square of their number.
FEWEST, MOST = 10, 4_000


def learnt(store: Store, rules: Rules, *, relearn: bool = True, meaning: Meaning | None = None) -> Learnt | None:
    """What the engine has to add for this user, None for nothing; made anew where corrections or rules changed.

    Without `relearn` it is what was learnt last, for somebody who waits for one mention; but never what another
    engine was taught, as before an upgrade.
    """
    if triaged.corrected_count(store) < FEWEST:
        return None
    if relearn:
        return lesson(store, rules, meaning=meaning).learnt
    from carecli.triage import learning

    made_from, _, content = (store.remembers(_CACHE) or "").partition(" ")
    if not content:
        return None
    if made_from.partition("-")[0] != _engine(semantic=meaning is not None):
        return lesson(store, rules, meaning=meaning).learnt
    return learning.loaded(base64.b85decode(content)).learnt


def lesson(store: Store, rules: Rules, *, anew: bool = False, meaning: Meaning | None = None) -> Lesson:
    """The lesson of the corrections since the engine was last reset; `anew` does not look into the cache."""
    from carecli.triage import learning

    corrections = _corrections(store)
    if len(corrections) < FEWEST:
        if store.remembers(_CACHE):
            store.remember(_CACHE, "")
        return learning.Lesson(None, len(corrections), 0, None, None)
    fingerprint = _fingerprint(corrections, rules, semantic=meaning is not None)
    kept = None if anew else store.remembers(_CACHE)
    if kept is not None:
        made_from, _, content = kept.partition(" ")
        if made_from == fingerprint:
            return learning.loaded(base64.b85decode(content))
    found = learning.learn(corrections, rules, meaning)
    store.remember(_CACHE, f"{fingerprint} {base64.b85encode(learning.dumped(found)).decode()}")
    return found


def _fingerprint(corrections: Sequence[Correction], rules: Rules, *, semantic: bool) -> str:
    """The engine, and what it is taught by whose rules."""
    known = [sorted((each.text, json.dumps(each.signals, sort_keys=True), each.declared or "") for each in corrections)]
    return f"{_engine(semantic=semantic)}-{_hash([rules.languages, rules.brand_names, rules.handles, known])}"


def _engine(*, semantic: bool) -> str:
    """What is taught: a lesson only fits the engine that it was made for."""
    from carecli.triage import learning, prior

    made: list[Any] = [learning.VERSION, prior.shipped().fingerprint]
    if semantic:
        from carecli.triage.semantic import shipped

        made += [shipped().sources, shipped().emergency, shipped().reply, shipped().mix.straight.bias.tolist()]
    return _hash(made)


def _hash(made_of: Any) -> str:
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def _corrections(store: Store) -> list[Correction]:
    from carecli.triage.learning import Correction

    rows = triaged.all_corrections(store, since=store.remembers(_FORGOTTEN), newest=MOST)
    return [Correction(row["text"], json.loads(row["signals"]), row["declared_language"]) for row in rows]


def status(store: Store, rules: Rules, *, meaning: Meaning | None = None) -> JSON:
    """What the engine is made of, what it was taught, and whether that helps."""
    from carecli.triage import prior

    found = lesson(store, rules, meaning=meaning)
    return {
        "engine": "default" if meaning is None else "semantic",
        "prior": prior.shipped().fingerprint,
        "corrections": triaged.corrected_count(store),
        "forgotten_before": store.remembers(_FORGOTTEN),
        "taught": found.taught,
        "watching": found.watching,
        "fewest": FEWEST,
        "loss_before": found.loss_before,
        "loss_after": found.loss_after,
        "used": found.useful,
    }


def reset(store: Store, *, now: datetime) -> None:
    """Learn nothing from the corrections so far; they stay, and go on to outrank the engine."""
    store.remember(_FORGOTTEN, iso(now))
    store.remember(_CACHE, "")


def recall(store: Store) -> None:
    """Learn from all corrections again, those from before a reset too."""
    store.forget(_FORGOTTEN)


def exported(store: Store) -> list[dict[str, Any]]:
    """Every corrected text with its labels, as `care eval` and other tools read them."""
    return [
        {"text": row["text"], "lang": row["language"], **json.loads(row["signals"])}
        for row in triaged.all_corrections(store, since=None)
    ]
