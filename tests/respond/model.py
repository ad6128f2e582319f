"""A language model for tests: registered through the plug-in API of `llm`, it answers what it is told to and keeps
what it was asked. It can also obey the customer, as a bad model would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import llm
from llm.plugins import pm


class Parrot(llm.Model):
    """Deterministic: the next of `answers`."""

    model_id = "parrot"
    can_stream = False

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.asked: list[tuple[str, str]] = []

    def execute(self, prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[str]:
        self.asked.append((prompt.system, prompt.prompt))
        if not self.answers:
            raise RuntimeError("the model has run away")
        yield self.answers.pop(0)


@contextmanager
def parrot(*answers: str) -> Iterator[Parrot]:
    """Register the model for a while."""
    model = Parrot()
    model.answers.extend(answers)

    class Plugin:
        @llm.hookimpl
        def register_models(self, register: Any) -> None:
            register(model)

    plugin = Plugin()
    pm.register(plugin, name="parrot")
    try:
        yield model
    finally:
        pm.unregister(plugin)
