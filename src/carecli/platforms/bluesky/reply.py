"""A reply as a Bluesky record: its key, its facets. Pure functions, no network."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from carecli.model import JSON, Reply, iso
from carecli.platforms.bluesky.posts import POST, PostView, Stored

TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
LINK = re.compile(r"https?://[^\s<>\"]+")
AT = re.compile(r"(?<![\w.@/-])@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)", re.ASCII)
TAG = re.compile(r"(?<!\S)[#＃]([^\s#＃]+)")
# What closes a sentence rather than belonging to a link or a tag.
TRAILING = ".,;:!?'\"…)]}»”。，！？：；、）」』"
LONGEST_TAG = 64


def record_key(key: str, at: datetime) -> str:
    """The record key of the reply `key` of the moment `at`: a valid TID, always the same.

    A TID is 53 bits of microseconds and 10 bits of clock id; the second is that of `at`, all below it comes
    from `key`. So a key holds over processes, and no two replies of a second meet (30 bits).
    """
    digest = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    micros, clock = divmod(digest % (1_000_000 * 1024), 1024)
    number = ((int(at.timestamp()) * 1_000_000 + micros) << 10) | clock
    return "".join(TID_LETTERS[number >> shift & 31] for shift in range(60, -1, -5))


def handles_in(text: str) -> list[str]:
    """The handles that `text` mentions."""
    return list(dict.fromkeys(found[1].lower() for found in AT.finditer(text)))


def record(reply: Reply, *, to: PostView | Stored, at: datetime, dids: Mapping[str, str]) -> JSON:
    """The record to put; `dids` are the accounts behind the handles of the text."""
    parent = {"uri": to.uri, "cid": to.cid}
    root = to.record.reply.root.model_dump() if to.record.reply else parent
    made: JSON = {
        "$type": POST,
        "text": reply.text,
        "createdAt": iso(at),
        "reply": {"root": root, "parent": parent},
    }
    if reply.language:
        made["langs"] = [reply.language]
    if found := facets(reply.text, dids):
        made["facets"] = found
    return made


def facets(text: str, dids: Mapping[str, str]) -> list[JSON]:
    """Links, mentions and tags of `text`, with offsets in UTF-8 bytes, none inside another."""
    found: list[tuple[int, int, JSON]] = []
    for match in LINK.finditer(text):
        link = _without_end(match[0])
        found.append((match.start(), match.start() + len(link), {"$type": _facet("link"), "uri": link}))
    found += [
        (*match.span(), {"$type": _facet("mention"), "did": dids[match[1].lower()]})
        for match in AT.finditer(text)
        if match[1].lower() in dids
    ]
    for match in TAG.finditer(text):
        tag = _without_end(match[1])
        if tag and not tag.isdigit() and len(tag) <= LONGEST_TAG:
            found.append((match.start(), match.start(1) + len(tag), {"$type": _facet("tag"), "tag": tag}))
    made, done = [], 0
    for start, end, feature in sorted(found, key=lambda entry: entry[:2]):
        if start >= done:
            index = {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())}
            made.append({"index": index, "features": [feature]})
            done = end
    return made


def _facet(kind: str) -> str:
    return f"app.bsky.richtext.facet#{kind}"


def _without_end(text: str) -> str:
    """`text` without the marks that end a sentence; a bracket that was opened inside stays."""
    while text and text[-1] in TRAILING:
        if text[-1] == ")" and text.count("(") >= text.count(")"):
            break
        text = text[:-1]
    return text
