"""A world whose customers can be answered: a network of this process, and somebody who writes to one of them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from carecli.model import parse_iso
from carecli.platforms.memory import Network, close, network
from tests.tui.sitting import Sitting, sitting
from tests.world import NOW, World


@dataclass
class Town:
    """A world whose mentions come from a network of this process, which can be answered."""

    world: World
    network: Network


@contextmanager
def founded(world: World) -> Iterator[Town]:
    """A town with two customers."""
    world.init()
    name = f"tui-{uuid.uuid4().hex}"
    text = world.config.read_text(encoding="utf-8")
    source = f'\n[sources.town]\nplatform = "memory"\nnetwork = "{name}"\nhandle = "acme"\n'
    world.config.write_text(text + source, encoding="utf-8")
    crowd = network(name)
    crowd.clock = lambda: parse_iso(NOW) - timedelta(hours=1)
    crowd.account("zoe", name="Zoe Quinn")
    crowd.say("zoe", "@acme my luggage is lost and nobody answers!", language="en")
    crowd.say("bob", "@acme when do you open on Sunday?", language="en")
    yield Town(world, crowd)
    close(name)


def ours(town: Town) -> list[str]:
    return [post.text for post in town.network.posts.values() if post.author.handle == "acme"]


async def at(person: Sitting, name: str) -> None:
    """Fetch, and go to the case of somebody."""
    await person.press("F", "home")
    while name not in person.app.shown.case["customer"]["handle"]:  # type: ignore[union-attr]
        await person.press("j")


def heading(person: Sitting) -> str:
    return next(line for line in person.lines if "Reply to" in line)


async def clear(person: Sitting) -> None:
    person.app.editor.area.select_all()
    await person.press("backspace")


@asynccontextmanager
async def writing(town: Town, words: str = "") -> AsyncIterator[Sitting]:
    """A reply to zoe is open, with these words in place of the draft."""
    async with sitting(town.world, size=(130, 40)) as person:
        await at(person, "zoe")
        await person.press("r")
        await clear(person)
        await person.type(words)
        yield person
