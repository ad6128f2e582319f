"""Discussions, which have no REST API of their own: GraphQL, read and written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from carecli.errors import AuthError, BadAnswer, NotProcessed, PlatformError, RateLimited
from carecli.model import Receipt
from carecli.platforms.github import HOW
from carecli.platforms.github.items import Eyes, Place, discussed, key_of
from carecli.platforms.web.answers import retry_after
from carecli.platforms.web.api import Api, an_object
from carecli.platforms.web.fields import Fields, milliseconds, moment
from carecli.platforms.web.listings import Entry, Sheet, sheet_of_several

# Of a discussion that changed, so many of its newest comments, and of each so many replies, are read.
COMMENTS, REPLIES = 50, 20
WHO = "author { __typename login url ... on User { databaseId } }"
SAID = f"id databaseId body url createdAt lastEditedAt upvoteCount {WHO}"
THREAD = f"comments(last: {COMMENTS}) {{ nodes {{ {SAID} replies(last: {REPLIES}) {{ nodes {{ {SAID} }} }} }} }}"
LIST = f"""query($owner: String!, $name: String!, $size: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    discussions(first: $size, after: $after, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ id number title body url createdAt updatedAt lastEditedAt upvoteCount {WHO} {THREAD} }}
    }}
  }}
}}"""
ONE = f"""query($owner: String!, $name: String!, $number: Int!) {{
  repository(owner: $owner, name: $name) {{ discussion(number: $number) {{ id {THREAD} }} }}
}}"""
NODE = f"""query($id: ID!) {{
  node(id: $id) {{ ... on Discussion {{ title {SAID} }} ... on DiscussionComment {{ {SAID} }} }}
}}"""
ADD = """mutation($discussion: ID!, $body: String!, $parent: ID) {
  addDiscussionComment(input: {discussionId: $discussion, body: $body, replyToId: $parent}) {
    comment { databaseId url createdAt }
  }
}"""
PAGE = 20


async def read(api: Api, eyes: Eyes, repo: str, at: str | None, *, private: bool) -> Sheet:
    """A page of the repository's discussions with their comments, newest change first."""
    owner, _, name = repo.partition("/")
    data = await _ask(api, LIST, {"owner": owner, "name": name, "size": PAGE, "after": at})
    listing = Fields(data).get("repository.discussions")
    if not isinstance(listing, dict):
        raise BadAnswer(f"{repo} did not answer with discussions")
    fields = Fields(listing)
    following = fields.note("pageInfo.endCursor") if fields.get("pageInfo.hasNextPage") is True else None
    return sheet_of_several(
        fields.items("nodes"),
        lambda item: _entries(item, eyes, repo, private=private),
        f"{repo}, discussion",
        following,
    )


def _entries(item: Fields, eyes: Eyes, repo: str, *, private: bool) -> Iterator[Entry]:
    place = f"{repo}#{item.id('number')}"
    changed = milliseconds(moment(item.get("updatedAt")) or item.time("createdAt"))
    for fields, own, parent in _walked(item, place):
        mention = discussed(fields, eyes, own, parent, private=private)
        yield Entry(f"{own}\0{mention.edited_at}", changed, (mention,))


def _walked(item: Fields, place: str) -> Iterator[tuple[Fields, str, str | None]]:
    """The discussion, its comments and their replies, each with its place and that of what it answers."""
    yield item, place, None
    for top in map(Fields, item.items("comments.nodes")):
        above = f"{place}:d{top.id('databaseId')}"
        yield top, above, place
        for below in map(Fields, top.items("replies.nodes")):
            yield below, f"{place}:d{below.id('databaseId')}", above


async def post(api: Api, place: Place, body: str) -> Receipt:
    """Answer the discussion, or the comment in it: below the top comment that it belongs to."""
    try:
        thread = await _thread(api, place)
    except (AuthError, RateLimited):
        raise
    except PlatformError as error:
        raise NotProcessed(error.message, hint=error.hint, status=error.status) from error
    parent = _top_of(thread, place.comment)
    data = await _ask(api, ADD, {"discussion": thread.id("id"), "body": body, "parent": parent}, sends=True)
    made = Fields(data).get("addDiscussionComment.comment")
    if not isinstance(made, dict):
        raise BadAnswer("GitHub did not answer with the comment")
    return _receipt(Fields(made), place)


async def find(api: Api, place: Place, key: str) -> Receipt | None:
    """The comment that carries `key`."""
    thread = await _thread(api, place)
    for fields, _, parent in _walked(thread, ""):
        if parent is not None and key_of(fields.text("body")) == key:
            return _receipt(fields, place)
    return None


def _receipt(made: Fields, place: Place) -> Receipt:
    external_id = f"{place.repo}#{place.number}:d{made.id('databaseId')}"
    return Receipt(external_id, made.note("url"), moment(made.get("createdAt")))


async def readable(api: Api, repo: str) -> None:
    """Ask for one discussion. Raises AuthError, which names the permission that is missing."""
    owner, _, name = repo.partition("/")
    await _ask(api, LIST, {"owner": owner, "name": name, "size": 1, "after": None})


async def one(api: Api, node: str) -> Fields | None:
    """The discussion or comment with this name, None where there is none that we may see."""
    try:
        data = await _ask(api, NODE, {"id": node})
    except NotProcessed:
        return None
    found = Fields(data).get("node")
    return Fields(found) if isinstance(found, dict) and found else None


async def _thread(api: Api, place: Place) -> Fields:
    owner, _, name = place.repo.partition("/")
    data = await _ask(api, ONE, {"owner": owner, "name": name, "number": int(place.number)})
    found = Fields(data).get("repository.discussion")
    if not isinstance(found, dict):
        raise NotProcessed(f"the discussion {place.repo}#{place.number} is gone", status=404)
    return Fields(found)


def _top_of(thread: Fields, comment: str | None) -> str | None:
    """The node id of the top comment that `comment` is or stands below: replies are one level deep."""
    if comment is None:
        return None
    for top in map(Fields, thread.items("comments.nodes")):
        below = [Fields(node).text("databaseId") for node in top.items("replies.nodes")]
        if comment in (top.text("databaseId"), *below):
            return top.note("id")
    raise NotProcessed("the comment is gone, or too far back in its discussion", status=404)


async def _ask(api: Api, query: str, variables: dict[str, Any], *, sends: bool = False) -> dict[str, Any]:
    """The data of a GraphQL request; what it says is wrong comes with status 200."""
    answer = await api.send("POST", _address(api), json={"query": query, "variables": variables})
    data = an_object(answer)
    if not (errors := [error for error in data.get("errors") or () if isinstance(error, dict)]):
        return data.get("data") or {}
    kinds = {error.get("type") for error in errors}
    message = f"GitHub says: {api.client.reason(answer)}"
    if "RATE_LIMITED" in kinds:
        wait = retry_after(answer, time.time())
        raise RateLimited(message, retry_after=wait)
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        raise AuthError(message, hint=f"the token may not read discussions: {HOW}", status=answer.status)
    raise (NotProcessed if sends or "NOT_FOUND" in kinds else PlatformError)(message, status=answer.status)


def _address(api: Api) -> str:
    """GraphQL stands beside the REST API: /graphql, or /api/graphql where that is /api/v3."""
    base = str(api.client.base_url).rstrip("/")
    return f"{base.removesuffix('/v3')}/graphql"
