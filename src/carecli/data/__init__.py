"""Files that travel with the program: the demo's mentions and its care.toml."""

from __future__ import annotations

import json
from importlib.resources import files

from carecli.model import JSON


def text(name: str) -> str:
    """The content of the bundled file `name`, as UTF-8 text."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def sample(name: str) -> list[JSON]:
    """The records of the bundled file `name`.jsonl, in its order.

    Each has id, minutes_ago, author_handle, author_name, author_followers, text, language, in_reply_to,
    brand, directed, inbound, url and likes; a customer's also what a person expects of triage (`expect`).
    `after_reply_to` marks a post that is written only once the brand has answered the post of that id.
    """
    return [json.loads(line) for line in text(f"{name}.jsonl").split("\n") if line.strip()]
