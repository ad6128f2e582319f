"""Issues, discussions and comments that are known, looked at again one by one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from carecli.errors import BadAnswer
from carecli.model import Mention
from carecli.platforms.base import Look
from carecli.platforms.github import discussions
from carecli.platforms.github.items import Eyes, Place, comment, discussed, issue
from carecli.platforms.web.api import Api, an_object
from carecli.platforms.web.fields import Fields

SHOWN, MISSING, GONE = 200, 404, 410
ANSWERS = frozenset({SHOWN, MISSING, GONE})


@dataclass
class Looker:
    """Looks with the eyes of one account. GitHub says 404 to what is gone and to what a token may not see."""

    api: Api
    eyes: Eyes
    found: list[Mention] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How `known` are now."""
        for mention in known:
            place = Place.parse(mention.external_id)
            if place is not None and (place.discussion or "/discussions/" in (mention.url or "")):
                await self._discussed(mention, place)
            elif place is not None:
                await self._of_issue(mention, place)
        return Look(tuple(self.found), tuple(self.gone))

    async def _of_issue(self, mention: Mention, place: Place) -> None:
        comments = f"comments/{place.comment}" if place.comment else place.number
        answer = await self.api.get(f"repos/{place.repo}/issues/{comments}", ok=ANSWERS)
        if answer.status == SHOWN:
            item, private = Fields(an_object(answer)), mention.visibility == "internal"
            make = comment if place.comment else issue
            try:
                made = make(item, self.eyes, directed=False, private=private)
            except ValueError as error:
                raise BadAnswer(f"{answer.where}: {error}") from error
            self.found += [made] if made is not None else []
        # a deleted issue is a 410; one that was moved where we see nothing is a 404, as is a deleted comment
        elif answer.status == GONE or (place.comment and await self._is_open(place.repo)):
            self.gone.append(mention.external_id)

    async def _discussed(self, mention: Mention, place: Place) -> None:
        node = _node_of(mention)
        if node is None:
            return
        item = await discussions.one(self.api, node)
        if item is None:
            if await self._is_open(place.repo):
                self.gone.append(mention.external_id)
            return
        private = mention.visibility == "internal"
        made = discussed(item, self.eyes, mention.external_id, mention.in_reply_to, private=private)
        self.found.append(made)

    async def _is_open(self, repo: str) -> bool:
        """Whether the token still sees the repository: else nothing in it would be found."""
        return (await self.api.get(f"repos/{repo}", ok=ANSWERS)).status == SHOWN


def _node_of(mention: Mention) -> str | None:
    """GraphQL's name of a discussion or of a comment in one: it stands in what GitHub sent."""
    found = json.loads(mention.raw or "{}").get("id")
    return found if isinstance(found, str) else None
