"""What the engine knows before its user has taught it anything: weights that `scripts/train_prior.py` made.

Two layers. A hashed linear model (`linear`) learnt words and runs of characters from our seed sentences. The
combination (`combination.py`) weighs its logits and the evidence of the rules; it was fitted on logits that the linear
model gave to seeds which it had not seen. Emergencies have a threshold of their own, below a half.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np

from carecli.model import INTENTS, SENTIMENTS, URGENCIES
from carecli.triage import combination, linear
from carecli.triage.linear import Floats, Head, Linear

HEADS = (
    Head("sentiment", SENTIMENTS),
    Head("intent", INTENTS),
    Head("urgency", URGENCIES),
    Head("needs_reply", ("no", "yes")),
)
SENTIMENT, INTENT, URGENCY, NEEDS_REPLY = (
    slice(sum(len(head.labels) for head in HEADS[:i]), sum(len(head.labels) for head in HEADS[: i + 1]))
    for i in range(len(HEADS))
)
WIDTH = NEEDS_REPLY.stop
FILE = "prior.npz"
# Logits are rounded to these shares before they are weighed.
_LOGIT_STEPS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """`mix` weighs each output of `linear` and each number of evidence.

    `emergency` is the probability from which a text is one, `reply` that from which an answer is expected;
    `sources` are the fingerprints of the files that it was made from.
    """

    linear: Linear
    mix: combination.Combination
    emergency: float
    reply: float
    sources: dict[str, str]

    @property
    def fingerprint(self) -> str:
        """Twelve letters that change when a source or a threshold does."""
        made_of = [self.sources, self.emergency, self.reply, self.linear.unit, self.mix.straight.bias.tolist()]
        return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:12]

    def words(self, logits: Floats, known: Floats) -> Floats:
        """The linear model's logits, rounded; `known` is 0 where the language is none that it learnt."""
        return combination.rounded(logits, _LOGIT_STEPS) * known[:, None]

    def combined(self, words: Floats, evidence: Floats) -> Floats:
        """The combination's logits, one row a text."""
        return self.mix(np.concatenate([words, evidence], axis=1))


def dumped(prior: Prior) -> bytes:
    """The content of the shipped file."""
    meta = {"emergency": prior.emergency, "reply": prior.reply, "sources": prior.sources}
    file = BytesIO()
    np.savez_compressed(
        file,
        **linear.packed(prior.linear),
        rarity=prior.linear.rarity,
        **combination.packed(prior.mix),
        meta=np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8),
    )
    return file.getvalue()


def loaded(content: bytes) -> Prior:
    """The prior that `dumped` wrote."""
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        meta = json.loads(arrays["meta"].tobytes())
        words, mix = linear.unpacked(arrays, arrays["rarity"]), combination.unpacked(arrays)
        return Prior(words, mix, meta["emergency"], meta["reply"], meta["sources"])


@cache
def shipped() -> Prior:
    """The prior that came with the package."""
    return loaded(files("carecli.triage").joinpath("data", FILE).read_bytes())
