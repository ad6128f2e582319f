"""Statuses that are known, looked at again one by one: most servers have no other way, and streams repeat nothing."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from carecli.errors import BadAnswer
from carecli.model import Mention
from carecli.platforms.base import Look
from carecli.platforms.mastodon.api import Mapper, Status, read
from carecli.platforms.web.gone import MISSING, says_gone
from carecli.platforms.web.http import Client


async def look_again(client: Client, mapper: Mapper, known: Sequence[Mention]) -> Look:
    """How `known` are now. A server answers 404 for what was deleted, and for what we may not see."""
    found, gone = list[Mention](), list[str]()
    for mention in known:
        address = f"/api/v1/statuses/{quote(mention.external_id, safe='')}"
        answer = await client.get(address, ok=(200, *MISSING))
        if says_gone(answer, mention.visibility):
            gone.append(mention.external_id)
        if answer.status != 200:
            continue
        value = answer.json()
        status = read(Status, value)
        if isinstance(status, str):
            raise BadAnswer(f"{answer.where} did not answer with a post: {status}")
        found.append(mapper.mention(status, value, directed=False))
    return Look(tuple(found), tuple(gone))
