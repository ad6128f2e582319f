"""What the engine knows before its user has taught it anything: weights that `scripts/train_prior.py` made.

Two layers. A hashed linear model (`linear`) learnt words and runs of characters from our seed sentences. The
combination adds its logits to the evidence of the rules, each times a weight: log-linear, fitted on logits that the
linear model gave to seeds which it had not seen. Emergencies have a threshold of their own, below a half.
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
from carecli.triage.linear import Floats, Head, Linear, packed, times, unpacked

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
# Logits and weights of the combination are rounded to these shares, so that their products add up exactly.
_LOGIT_STEPS, _WEIGHT_STEPS = 64, 1024


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """`mix` has a row for each output of `linear` and for each number of evidence, a column for each output.

    `emergency` is the probability from which a text is one, `reply` that from which an answer is expected;
    `sources` are the fingerprints of the files that it was made from.
    """

    linear: Linear
    mix: Floats
    bias: Floats
    emergency: float
    reply: float
    sources: dict[str, str]

    @property
    def fingerprint(self) -> str:
        """Twelve letters that change when a source or a threshold does."""
        made_of = [self.sources, self.emergency, self.reply, self.linear.unit, self.bias.tolist()]
        return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:12]

    def words(self, logits: Floats, known: Floats) -> Floats:
        """The linear model's logits, rounded; `known` is 0 where the language is none that it learnt."""
        learnt: Floats = np.rint(logits * _LOGIT_STEPS) / _LOGIT_STEPS * known[:, None]
        return learnt

    def combined(self, words: Floats, evidence: Floats) -> Floats:
        """The combination's logits, one row a text."""
        logits: Floats = times(np.concatenate([words, evidence], axis=1), self.mix) + self.bias
        return logits


def rounded_mix(mix: Floats) -> Floats:
    """The weights of a combination as they are kept."""
    shares: Floats = np.rint(mix * _WEIGHT_STEPS) / _WEIGHT_STEPS
    return shares


def dumped(prior: Prior) -> bytes:
    """The content of the shipped file."""
    meta = {"emergency": prior.emergency, "reply": prior.reply, "sources": prior.sources}
    file = BytesIO()
    np.savez_compressed(
        file,
        **packed(prior.linear),
        rarity=prior.linear.rarity,
        mix=np.rint(prior.mix * _WEIGHT_STEPS).astype(np.int32),
        mix_bias=prior.bias,
        meta=np.frombuffer(json.dumps(meta, sort_keys=True).encode(), np.uint8),
    )
    return file.getvalue()


def loaded(content: bytes) -> Prior:
    """The prior that `dumped` wrote."""
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        meta = json.loads(arrays["meta"].tobytes())
        linear = unpacked(arrays, arrays["rarity"])
        mix = arrays["mix"] / _WEIGHT_STEPS
        return Prior(linear, mix, arrays["mix_bias"], meta["emergency"], meta["reply"], meta["sources"])


@cache
def shipped() -> Prior:
    """The prior that came with the package."""
    return loaded(files("carecli.triage").joinpath("data", FILE).read_bytes())
