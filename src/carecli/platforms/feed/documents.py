"""The bytes of a feed as a document: its kind, its encoding, and what came if it is no feed at all."""

from __future__ import annotations

import codecs
import json
import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

from carecli.errors import BadAnswer
from carecli.platforms.feed.xml import START, Document, Entry, read_xml

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED = re.compile(rb"\s{0,100}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})")
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]{1,40})", re.IGNORECASE)
# Python knows encodings that are none of the web's, some of which take for ever.
_OF_THE_WEB = re.compile(
    r"utf-?8|utf-?16(?:le|be)?|(?:us-)?ascii|latin-?\d|iso-?8859-\d\d?|(?:windows|cp)-?\d{3,4}|koi8-[ru]|"
    r"gb2312|gbk|gb18030|big5(?:-hkscs)?|shift[_-]jis|euc-(?:jp|kr)|iso-2022-(?:jp|kr)|tis-620|macintosh",
    re.IGNORECASE,
)
_LINK = re.compile(r"<link\s([^>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"([a-z]{1,20})\s?=\s?(?:\"([^\"]{0,1500})\"|'([^']{0,1500})'|([^\s\"'>]{1,1500}))", re.IGNORECASE
)
_FEED_TYPES = ("rss+xml", "atom+xml", "feed+json")


def read_document(body: bytes, content_type: str, url: str) -> Document:
    """The feed in `body`, which came from `url`. BadAnswer says what came in its place."""
    text = decoded(body, content_type)
    start = text.lstrip("\ufeff \t\r\n")
    try:
        found = _read_json(start) if start[:1] == "{" else read_xml(text) if start[:1] == "<" else None
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"this feed is refused: {error}") from error
    if found is None:
        raise BadAnswer(f"this is not a feed but {_what(start, url)}")
    return found


def decoded(body: bytes, content_type: str) -> str:
    """The text of `body`: by its byte order mark, what it declares, what the server says; else UTF-8."""
    marked = next((name for bom, name in _BOMS if body.startswith(bom)), None)
    declared = _DECLARED.match(body)
    served = _CHARSET.search(content_type)
    names = [declared[1].decode("ascii", "replace") if declared else "", served[1] if served else ""]
    for name in [marked, *(name for name in names if _OF_THE_WEB.fullmatch(name)), "utf-8"]:
        if name:
            try:
                return body.decode("gb18030" if name.casefold() in {"gb2312", "gbk"} else name)
            except (UnicodeError, LookupError):
                continue
    return body.decode("utf-8", "replace")


def _what(text: str, url: str) -> str:
    """What `text` is, for a person; of an HTML page also the feeds that it names."""
    if not text:
        return "an empty answer"
    if not re.match(r"<(?:!doctype html|html|head|body)\b|<!--", text[:200], re.IGNORECASE):
        if text[0] == "<":
            return "broken or cut-off XML" if START.search(text) else "XML of another kind"
        return "JSON of another kind" if text[0] in "{[" else "text"
    feeds = [urljoin(url, link) for link in _feeds_of(text[:300_000])]
    shown = [repr(feed)[1:-1] for feed in feeds if feed.startswith(("http://", "https://"))]
    return "an HTML page" + (f"; its feed may be at {shown[0]}" if shown else "")


def _feeds_of(html: str) -> list[str]:
    found = []
    for link in _LINK.finditer(html):
        parts = _ATTRIBUTE.finditer(link[1])
        named = {part[1].lower(): part[2] or part[3] or part[4] or "" for part in parts}
        kind = named.get("type", "").lower()
        if "alternate" in named.get("rel", "").lower() and kind.endswith(_FEED_TYPES):
            found.append(unescape(named.get("href", "")))
    return found


def _read_json(text: str) -> Document | None:
    data = json.loads(text)
    if "jsonfeed.org/version" not in str(data.get("version")) or not isinstance(data.get("items"), list):
        return None
    language, author = _text(data, "language"), _json_author(data)
    items = (item for item in data["items"] if isinstance(item, dict))
    return Document(_text(data, "title"), tuple(_json_entry(item, language, author) for item in items))


def _json_entry(item: dict[str, Any], language: str, author: tuple[str, str]) -> Entry:
    html = _text(item, "content_html")
    name, url = _json_author(item)
    return Entry(
        id=_text(item, "id") or _text(item, "url"),
        title=_text(item, "title"),
        content=html or _text(item, "content_text") or _text(item, "summary"),
        content_html=bool(html),
        url=_text(item, "url"),
        author=name or author[0],
        author_url=url if name else author[1],
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
        language=_text(item, "language") or language,
        raw=item,
    )


def _json_author(data: dict[str, Any]) -> tuple[str, str]:
    """Version 1.1 has a list of authors, 1.0 had one."""
    authors = data.get("authors")
    one = authors[0] if isinstance(authors, list) and authors else data.get("author")
    return (_text(one, "name"), _text(one, "url")) if isinstance(one, dict) else ("", "")


def _text(data: dict[str, Any], name: str) -> str:
    """The text called `name`; a number becomes text, anything else nothing."""
    value = data.get(name)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
