"""Posts of Bluesky that are known, looked at again: what the AppView leaves out and no repository holds is gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import ValidationError

from carecli.model import JSON, Mention
from carecli.platforms.base import Look
from carecli.platforms.bluesky.posts import POST, mention
from carecli.platforms.web.answers import Answer

NO_RECORD = ("RecordNotFound", "RepoNotFound")
# The AppView calls it an invalid request, and says more only to people.
NOT_FOUND = ("Could not locate record", "Could not find repo")
GET_RECORD = "com.atproto.repo.getRecord"

Views = Callable[[list[str]], Awaitable[dict[str, JSON]]]
Ask = Callable[[str, dict[str, Any]], Awaitable[Answer]]


async def look_again(
    known: Sequence[Mention], views: Views, ask: Ask, *, own_did: str, own_handles: frozenset[str] = frozenset()
) -> Look:
    """How `known` are now. `views` gives the posts that are shown, `ask` any query.

    A post that is not shown may be that of somebody who blocked us: only one without its record is gone.
    """
    shown = await views([one.external_id for one in known])
    found, gone = list[Mention](), list[str]()
    for one in known:
        view = shown.get(one.external_id)
        if view is None:
            if await _is_gone(one.external_id, ask):
                gone.append(one.external_id)
            continue
        try:
            found.append(mention(view, own_did=own_did, own_handles=own_handles))
        except ValidationError:
            continue  # it is there: that is all that can be said
    return Look(tuple(found), tuple(gone))


async def _is_gone(uri: str, ask: Ask) -> bool:
    did, _, key = uri.removeprefix("at://").partition(f"/{POST}/")
    answer = await ask(GET_RECORD, {"repo": did, "collection": POST, "rkey": key})
    if answer.status not in (400, 404):
        return False
    data = answer.json()
    if not isinstance(data, dict):
        return False
    return data.get("error") in NO_RECORD or str(data.get("message")).startswith(NOT_FOUND)
