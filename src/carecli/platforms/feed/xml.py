"""RSS 0.9 to 2.0, RDF and Atom as entries: well-formed XML by the standard library, all else by feedparser.

Strictness is for the safe road only: what is broken in one of the usual ways is mended first, and what is
still no XML goes to feedparser, which is slower by twenty times and therefore gets no more than
`LARGEST_LOOSE` characters.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

LARGEST_LOOSE = 300_000
ROOTS = frozenset({"rss", "rdf", "feed", "channel"})
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_PREFIXES = {
    "": "",
    "http://www.w3.org/2005/Atom": "",
    "http://purl.org/atom/ns#": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://channel.netscape.com/rdf/simple/0.9/": "",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://purl.org/syndication/thread/1.0": "thr:",
    "http://purl.org/rss/1.0/modules/slash/": "slash:",
    "http://search.yahoo.com/mrss/": "media:",
}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&(?:(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)?")
# What stands before the first element is kept from feedparser: its patterns for it take quadratic time.
START = re.compile(r"<(?:rss|feed|rdf:RDF|channel)[\s>]", re.IGNORECASE)
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as its feed gave it; nothing is checked. `title` and `content` say whether they are HTML."""

    id: str = ""
    title: str = ""
    title_html: bool = False
    content: str = ""
    content_html: bool = True
    url: str = ""
    author: str = ""
    author_url: str = ""
    published: str = ""
    updated: str = ""
    language: str = ""
    in_reply_to: str = ""
    replies: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A feed: its title and its entries, newest first or not, as they came."""

    title: str
    entries: tuple[Entry, ...]


def read_xml(text: str) -> Document | None:
    """The feed that `text` is; None when it is none. ValueError for one that declares entities."""
    if "<!ENTITY" in text:
        _refuse_entities(text)
    root = _tree(text)
    if root is None:
        root = _tree(_mended(text))
    if root is None:
        start = START.search(text)
        loose = start is not None and len(text) <= LARGEST_LOOSE and "<!ENTITY" not in text
        return _loose(text[start.start() :]) if start is not None and loose else None
    if _local(root.tag).casefold() not in ROOTS:
        return None
    return _document(root)


def _refuse_entities(text: str) -> None:
    """An entity may be declared in terms of others, and a kilobyte of them can stand for terabytes."""

    def refuse(*_declaration: object) -> None:
        raise ValueError("it declares entities, which can be made to fill the memory")

    parser = expat.ParserCreate("utf-8")
    parser.EntityDeclHandler = refuse
    # The document type ends where the first element begins; nothing behind it has to be read.
    parser.StartElementHandler = lambda _name, _attributes: _stop()
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except (expat.ExpatError, StopIteration):
        return


def _stop() -> None:
    raise StopIteration


def _tree(text: str) -> ET.Element | None:
    try:
        return ET.fromstring(text)  # noqa: S314 - no entities, no size beyond the client's, see above
    except (ET.ParseError, ValueError):
        return None


def _mended(text: str) -> str:
    """`text` without what XML forbids, and with HTML's names of characters, and bare ampersands, escaped."""

    def escaped(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            return "&amp;"
        if name[0] == "#":
            number = int(f"0{name[1:]}", 16) if name[1] in "xX" else int(name[1:])
            fine = number < 0x110000 and not _NOT_XML.match(chr(number))
            return found[0] if fine else "\ufffd"
        return found[0] if name in _XML_NAMES else html5.get(f"{name};", f"&amp;{name};")

    return _REFERENCE.sub(escaped, _NOT_XML.sub("", text.lstrip()))


def _document(root: ET.Element) -> Document:
    channel = next((child for child in root if _local(child.tag) == "channel"), root)
    head = _parts(channel)
    language = root.get(_LANG) or channel.get(_LANG) or _words(head, "language", "dc:language")
    author = _person(head)
    entries = (
        _entry(element, _parts(element), language, author)
        for element in root.iter()
        if _local(element.tag) in {"item", "entry"}
    )
    return Document(_words(head, "title"), tuple(entries))


def _local(tag: Any) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _parts(element: ET.Element) -> dict[str, ET.Element]:
    """The children by their names with the usual prefixes; the first of each name, of links the page
    itself.
    """
    parts: dict[str, ET.Element] = {}
    for child in element:
        if not isinstance(child.tag, str):
            continue
        space, _, local = child.tag.rpartition("}")
        prefix = _PREFIXES.get(space[1:])
        if prefix is None or local in {"item", "entry"}:
            continue
        if prefix == "media:" and local == "group":
            parts = {**_parts(child), **parts}
        elif local != "link" or child.get("rel", "alternate") == "alternate":
            parts.setdefault(prefix + local, child)
    return parts


def _words(parts: dict[str, ET.Element], *names: str) -> str:
    """The text of the first of `names` that has any."""
    for name in names:
        element = parts.get(name)
        if element is not None:
            text = (element.text or "") if not len(element) else "".join(element.itertext())
            if text and not text.isspace():
                return text.strip()
    return ""


def _entry(element: ET.Element, parts: dict[str, ET.Element], language: str, author: tuple[str, str]) -> Entry:
    content, content_html = _content(parts)
    title, title_html = _rich(parts["title"]) if "title" in parts else ("", False)
    address = _address(parts)
    name, url = _person(parts)
    reply = parts.get("thr:in-reply-to")
    return Entry(
        id=_words(parts, "id", "guid") or address,
        title=title,
        title_html=title_html,
        content=content,
        content_html=content_html,
        url=address,
        author=name or author[0],
        author_url=url if name else author[1],
        published=_words(parts, "published", "pubDate", "issued", "dc:date", "dcterms:created", "created"),
        updated=_words(parts, "updated", "modified", "dcterms:modified"),
        language=element.get(_LANG) or _words(parts, "dc:language", "language") or language,
        in_reply_to="" if reply is None else reply.get("ref", ""),
        replies=_words(parts, "slash:comments"),
        raw={name: _source(part) for name, part in parts.items()},
    )


def _address(parts: dict[str, ET.Element]) -> str:
    """Where the entry is: Atom's `href`, RSS's text, or a guid, which is an address unless it says no."""
    link, guid = parts.get("link"), parts.get("guid")
    found = "" if link is None else link.get("href") or (link.text or "").strip()
    if not found and guid is not None and guid.get("isPermaLink", "true") == "true":
        return _words(parts, "guid")
    return found


def _source(part: ET.Element) -> Any:
    text = "".join(part.itertext()) if len(part) else part.text
    return {**part.attrib, "text": text} if part.attrib else text


def _content(parts: dict[str, ET.Element]) -> tuple[str, bool]:
    """The longest form of the text that the entry has, and whether it is HTML."""
    for name in ("content:encoded", "content", "description", "summary", "media:description"):
        if name in parts:
            text, html = _rich(parts[name])
            if text and not text.isspace():
                return text, html or name in {"content:encoded", "description"}
    return "", False


def _rich(element: ET.Element) -> tuple[str, bool]:
    """An Atom text, which names its type; RSS names none, and what has no `type` is left to the caller."""
    kind = element.get("type", "")
    if kind == "xhtml" or len(element):
        return _markup(element), True
    return element.text or "", "html" in kind


def _markup(element: ET.Element) -> str:
    """XHTML as HTML, whatever prefix its elements have."""
    for part in element.iter():
        part.tag = _local(part.tag) or "span"
        part.attrib = {_local(name): value for name, value in part.attrib.items()}
    try:
        return ET.tostring(element, encoding="unicode", method="html")
    except RecursionError:
        return " ".join(element.itertext())


def _person(parts: dict[str, ET.Element]) -> tuple[str, str]:
    """Name and address of the author. RSS writes `mail@a.example (Zoe)`, of which the name is taken."""
    author = parts.get("author")
    if author is not None and len(author):
        of_person = _parts(author)
        return _words(of_person, "name", "email"), _words(of_person, "uri", "url")
    name = _words(parts, "dc:creator", "author", "managingEditor")
    found = re.fullmatch(r"\S{1,200}@\S{1,200} \(([^()]{1,200})\)", name)
    return (found[1] if found else name), ""


def _loose(text: str) -> Document | None:
    """What feedparser makes of it. It gets a stream, for it opens what looks like a path or an address."""
    import feedparser

    try:
        parsed = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:
        # Whatever a hostile feed makes it raise: the feed is at fault.
        raise ValueError("it is broken beyond reading") from error
    entries = tuple(_loose_entries(parsed))
    return Document(str(parsed.feed.get("title", "")), entries) if entries else None


def _loose_entries(parsed: Any) -> Iterator[Entry]:
    language = str(parsed.feed.get("language") or "")
    for entry in parsed.entries:
        contents = [*entry.get("content", ()), entry.get("summary_detail") or {}]
        content = max(contents, key=lambda part: len(part.get("value") or ""))
        names = ("id", "title", "link", "author", "published", "updated")
        # Not feedparser's own `get`: it would give the date of publication as that of an update.
        found = {name: str(dict.get(entry, name) or "") for name in names}
        yield Entry(
            id=found["id"] or found["link"],
            title=found["title"],
            title_html="html" in str((entry.get("title_detail") or {}).get("type")),
            content=str(content.get("value") or ""),
            content_html=content.get("type") != "text/plain",
            url=found["link"],
            author=found["author"],
            published=found["published"],
            updated=found["updated"],
            language=str(content.get("language") or language),
            raw=found,
        )
