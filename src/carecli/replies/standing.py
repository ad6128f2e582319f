"""Rules about who answers whom, and when: claims, topics that go to named people, a second reply, links that land."""

from __future__ import annotations

from collections.abc import Iterator

from carecli.replies.links import links
from carecli.replies.rules import Context, Hit
from carecli.replies.seen import Seen


def barred(_seen: Seen, context: Context) -> Iterator[Hit]:
    """The agent may not answer this."""
    if context.barred:
        yield Hit(f"{context.barred[:1].upper()}{context.barred[1:]}: hand the case over (`care assign`).")


def claimed(_seen: Seen, context: Context) -> Iterator[Hit]:
    """Somebody else is at work on the case."""
    if context.claimed_by:
        yield Hit(f"{context.claimed_by} has this case: ask them, or take it over with `care assign`.")


def second_reply(_seen: Seen, context: Context) -> Iterator[Hit]:
    """Another answer to a message that was answered, by us, after nothing new was said."""
    if context.answers and context.answered:
        times = "once" if context.answers == 1 else f"{context.answers} times"
        yield Hit(f"We have answered this message {times}, and nobody asked for more: is there news?")


def link_lands(seen: Seen, context: Context) -> Iterator[Hit]:
    """A link that was tried and does not show its page at once."""
    for link in links(seen.text):
        problem = context.landings.get(seen.text[slice(*link.span)])
        if problem:
            yield Hit(f"The link {problem}: give the address of the page itself.", link.span)
