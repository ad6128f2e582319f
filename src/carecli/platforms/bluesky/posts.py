"""Bluesky's posts as mentions: what the AppView gives is checked at this door. Pure functions, no network."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, ValidationError, field_validator

from carecli.model import JSON, Author, Mention, Visibility, parse_iso

POST = "app.bsky.feed.post"
WEB = "https://bsky.app/profile"
INVALID_HANDLE = "handle.invalid"

Did = Annotated[str, StringConstraints(pattern=r"^did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,500}$")]
PostUri = Annotated[
    str,
    StringConstraints(
        pattern=r"^at://did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,500}/app\.bsky\.feed\.post/[A-Za-z0-9._~:-]{1,512}$"
    ),
]
HANDLE = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class Ref(BaseModel):
    """A strong reference: an address and the content's hash."""

    uri: Annotated[str, StringConstraints(pattern=r"^at://[!-~]{1,8000}$")]
    cid: str


class ReplyRef(BaseModel):
    """The post that is answered, and the one that its thread began with."""

    root: Ref
    parent: Ref


class AuthorView(BaseModel):
    """An account, as posts and notifications show it."""

    did: Did
    handle: str = INVALID_HANDLE
    displayName: str | None = None  # noqa: N815 - the protocol's names
    labels: list[Any] = []


class Record(BaseModel):
    """A post as its author wrote it. Facets and embeds are read leniently, part by part."""

    text: str
    createdAt: str | None = None  # noqa: N815
    langs: Any = None
    facets: Any = None
    embed: Any = None
    reply: ReplyRef | None = None


class Stored(BaseModel):
    """A post as its repository holds it: what getRecord answers."""

    uri: PostUri
    cid: str = ""
    record: Record = Field(validation_alias="value")


class PostView(BaseModel):
    """A post with what the AppView knows of it."""

    uri: PostUri
    cid: str
    author: AuthorView
    record: Record
    indexedAt: str  # noqa: N815
    likeCount: int | None = None  # noqa: N815
    repostCount: int | None = None  # noqa: N815
    replyCount: int | None = None  # noqa: N815
    viewer: dict[str, Any] = {}

    @field_validator("indexedAt")
    @classmethod
    def _a_moment(cls, value: str) -> str:
        if moment(value) is None:
            raise ValueError("not a moment")
        return value


class NotificationView(BaseModel):
    """Why the account was notified, and by which record."""

    uri: str
    reason: str
    indexedAt: str  # noqa: N815


def moment(text: str | None) -> datetime | None:
    """ISO 8601 text as a moment, None where it is none."""
    try:
        return parse_iso(text) if text else None
    except (ValueError, OverflowError):
        return None


def written_at(post: PostView, now: datetime) -> datetime:
    """When `post` was written, which is also the AppView's own order: authors choose `createdAt` freely."""
    known = [at for at in (moment(post.record.createdAt), moment(post.indexedAt), now) if at is not None]
    return min(known)


def complaint(error: ValidationError) -> str:
    """What is wrong with an item, by field; never its content."""
    parts = [f"{'.'.join(map(str, part['loc'])) or 'item'}: {part['msg']}" for part in error.errors()[:3]]
    return "; ".join(parts)


def mention(
    view: JSON,
    *,
    own_did: str,
    own_handles: frozenset[str] = frozenset(),
    notified: bool = False,
    followers: int | None = None,
    now: datetime | None = None,
) -> Mention:
    """The post view `view` as a mention; `notified`: it is said to address us. Raises ValidationError."""
    post = PostView.model_validate(view)
    author = post.author
    outbound = author.did == own_did or author.handle.lower() in own_handles
    reply = post.record.reply
    return Mention(
        platform="bluesky",
        external_id=post.uri,
        text=full_text(post.record.text, post.record.facets),
        created_at=written_at(post, now or datetime.now(UTC)),
        author=Author(
            handle_of(author),
            _sound(author.displayName) or None,
            author.did,
            followers,
            f"{WEB}/{author.did}",
        ),
        url=web_url(post.uri, author),
        in_reply_to=reply.parent.uri if reply else None,
        thread_root=reply.root.uri if reply else None,
        language=_language(post.record.langs),
        visibility=_visibility(author),
        inbound=not outbound,
        directed=None if outbound else notified or names(post.record, own_did),
        automatic=_labelled(author, "bot"),
        likes=post.likeCount,
        reposts=post.repostCount,
        replies=post.replyCount,
        raw=json.dumps(view, ensure_ascii=False).encode("utf-8", "backslashreplace").decode(),
    )


def handle_of(author: AuthorView) -> str:
    """The account's handle; its DID where the handle is broken, so that two such accounts stay apart."""
    good = author.handle != INVALID_HANDLE and HANDLE.fullmatch(author.handle)
    return author.handle if good else author.did


def web_url(uri: str, author: AuthorView) -> str:
    """Where people read the post."""
    return f"{WEB}/{handle_of(author)}/post/{uri.rpartition('/')[2]}"


def names(record: Record, did: str) -> bool:
    """Whether `record` addresses the account `did`: mentions it, answers it or its thread, or quotes it."""
    reply = record.reply
    if reply and any(ref.uri.startswith(f"at://{did}/") for ref in (reply.parent, reply.root)):
        return True
    if any(feature.get("did") == did for _, _, feature in _features(record.facets)):
        return True
    return _quoted(record.embed).startswith(f"at://{did}/")


def full_text(text: str, facets: Any) -> str:
    """`text` with the links that the app has shortened for display written out.

    Offsets are in UTF-8 bytes and untrusted: what does not fall on whole characters, or on a text that is the
    beginning of its link, is left as it is.
    """
    data = text.encode("utf-8", "surrogatepass")
    pieces, done = [], 0
    for start, end, feature in sorted(_features(facets), key=lambda found: found[:2]):
        link = feature.get("uri")
        if not isinstance(link, str) or not done <= start < end <= len(data):
            continue
        if not _shortens(_slice(data, start, end), link):
            continue
        pieces += [data[done:start], link.encode("utf-8", "replace")]
        done = end
    return b"".join([*pieces, data[done:]]).decode("utf-8", "replace")


def _slice(data: bytes, start: int, end: int) -> str:
    try:
        return data[start:end].decode()
    except UnicodeDecodeError:
        return ""


def _shortens(shown: str, link: str) -> bool:
    begin = shown.removesuffix("…").removesuffix("...")
    if begin == shown or len(begin) < 4 or not link.startswith(("http://", "https://")):
        return False
    return any(form.startswith(begin) for form in (link, link.partition("://")[2], link.partition("://www.")[2]))


def _features(facets: Any) -> list[tuple[int, int, JSON]]:
    """Each well-formed feature with the bytes [start, end) that it is about."""
    found = []
    for facet in facets if isinstance(facets, list) else ():
        index = facet.get("index") if isinstance(facet, dict) else None
        start, end = (index.get("byteStart"), index.get("byteEnd")) if isinstance(index, dict) else (None, None)
        if type(start) is not int or type(end) is not int:
            continue
        features = facet.get("features")
        found += [
            (start, end, feature)
            for feature in (features if isinstance(features, list) else ())
            if isinstance(feature, dict)
        ]
    return found


def _sound(text: str | None) -> str:
    """`text` without half characters, which no file and no terminal takes."""
    return (text or "").encode("utf-8", "replace").decode()


def _quoted(embed: Any) -> str:
    """The address of the post that is quoted: in `record.uri`, or in `record.record.uri` beside media."""
    inner = embed.get("record") if isinstance(embed, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get("record"), dict):
        inner = inner["record"]
    return str(inner.get("uri", "")) if isinstance(inner, dict) else ""


def _language(langs: Any) -> str | None:
    first = langs[0] if isinstance(langs, list) and langs else None
    return first if isinstance(first, str) and LANGUAGE.fullmatch(first) else None


def _labelled(author: AuthorView, value: str) -> bool:
    return any(isinstance(label, dict) and label.get("val") == value for label in author.labels)


def _visibility(author: AuthorView) -> Visibility:
    return "unlisted" if _labelled(author, "!no-unauthenticated") else "public"
