"""Rules about links: every host is one that the team has vetted, reached without detours and encrypted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from carecli.replies.rules import Context, Hit, excerpt
from carecli.replies.seen import Seen, Span

# What a platform would turn into a link: any scheme with "//", and bare names under the endings that people write.
_ENDINGS = (
    "com|net|org|info|biz|edu|gov|io|co|app|dev|ai|me|ly|gl|gd|cc|tv|eu|uk|pl|il|cn|tw|hk|sg|de|fr|es|it|nl|at|ch|cz|sk|ua|ru|us|ca|au"
    "|jp|kr|in|br|shop|store|online|site|xyz|link|blog|cloud|social|example|test"
)
_LETTER = "A-Za-z0-9\u00c0-\u024f\u0370-\u04ff"  # Chinese stands around names without spaces, so it is in none
_BARE = (
    rf"(?:[{_LETTER}](?:[{_LETTER}_-]{{0,61}}[{_LETTER}])?\.){{1,8}}(?:{_ENDINGS})(?![{_LETTER}_-])(?!\.[{_LETTER}])"
)
_LINK = re.compile(
    r"(?<![A-Za-z0-9])(?P<scheme>(?i:[a-z][a-z0-9+.-]{1,15})):(?P<slashes>[/\\]{2})(?P<rest>[^\s<>\"'“”„«»（）【】]+)"
    r"|(?<![A-Za-z0-9])(?P<active>(?i:javascript|vbscript|data)):[^\s]{3,}"
    rf"|(?<![{_LETTER}@._/-])(?P<bare>{_BARE}(?::\d+)?(?:[/?#][^\s<>\"'“”]*)?)"
)
_TRAILING = ".,;:!?)]}'\"*_~…，。！？；：、）】》"
# fmt: off
_SHORTENERS = frozenset((
    "bit.ly", "t.co", "tinyurl.com", "goo.gl", "ow.ly", "is.gd", "v.gd", "buff.ly", "lnkd.in", "rebrand.ly",
    "cutt.ly", "t.ly", "rb.gy", "shorturl.at", "tiny.cc", "s.id", "dlvr.it", "fb.me", "trib.al", "bl.ink",
    "short.io", "qr.ae", "adf.ly", "t.cn", "url.cn", "dwz.cn", "suo.im", "suo.nz", "u.nu", "did.li",
    "katzr.net", "tiny.pl", "krotki.pl", "reurl.cc", "lihi.cc", "ppt.cc",
))
# fmt: on


@dataclass(frozen=True)
class Link:
    """A link in a text: its scheme ("" for a bare name), its host in ASCII ("" where it has none) and its path."""

    span: Span
    scheme: str
    host: str
    path: str


def links(text: str) -> Iterator[Link]:
    """The links of `text` in order, as a browser would read them."""
    for match in _LINK.finditer(text):
        whole = match[0].rstrip(_TRAILING)
        span = match.start(), match.start() + len(whole)
        if match["active"]:
            yield Link(span, match["active"].lower(), "", "")
            continue
        scheme = (match["scheme"] or "").lower()
        address = whole[match.start("rest") - match.start() :] if scheme else whole
        host, path = _target(address)
        yield Link(span, scheme, host, path)


def _target(address: str) -> tuple[str, str]:
    """Host and path of what stands behind "//"; a backslash is a slash, as browsers read it."""
    try:
        parts = urlsplit("//" + address.replace("\\", "/"))
        host = (parts.hostname or "").rstrip(".")
        return (host if host.isascii() else host.encode("idna").decode()), parts.path
    except ValueError:
        return "", ""


def allowed(link: Link, entries: Sequence[str]) -> bool:
    """Whether one of `entries` covers the link: a host with its sub-domains, or a host and how the path begins."""
    return any(_covers(entry, link) for entry in entries)


def _covers(entry: str, link: Link) -> bool:
    bare = entry.strip().lower().split("//")[-1].removeprefix("*.").removeprefix("www.")
    host, _, path = bare.partition("/")
    if not host or not (link.host == host or link.host.endswith("." + host)):
        return False
    wanted = "/" + path.rstrip("/")
    return wanted == "/" or link.path.lower() == wanted or link.path.lower().startswith(wanted + "/")


def link_host(seen: Seen, context: Context) -> Iterator[Hit]:
    """A link to a host that the team has not vetted; while no host is vetted at all, a person looks at each."""
    for link in links(seen.text):
        shown = excerpt(link.host or seen.text[slice(*link.span)], 60)
        if link.scheme not in ("", "http", "https"):
            yield Hit(f"“{shown}” is no web link: take it out.", link.span)
        elif not link.host:
            yield Hit(f"“{shown}” cannot be read as a link: correct it.", link.span)
        elif not allowed(link, context.rules.allowed_links) and link.host not in _SHORTENERS:
            yield _unvetted(link, shown, context)


def _unvetted(link: Link, shown: str, context: Context) -> Hit:
    if context.rules.allowed_links:
        return Hit(f"{shown} is not among guardrails.allowed_links: link to a vetted page, or add the host.", link.span)
    message = f"No host is vetted yet: open {shown} once more, and list good hosts in guardrails.allowed_links."
    return Hit(message, link.span, "confirm")


def link_shortener(seen: Seen, context: Context) -> Iterator[Hit]:
    """A shortened link hides where it leads."""
    for link in links(seen.text):
        if link.host.removeprefix("www.") in _SHORTENERS and not allowed(link, context.rules.allowed_links):
            yield Hit(f"{link.host} hides where the link leads: give the page's own address.", link.span)


def link_insecure(seen: Seen, _context: Context) -> Iterator[Hit]:
    """A link without encryption."""
    for link in links(seen.text):
        if link.scheme == "http":
            yield Hit("The link is not encrypted: write https:// if the page has it.", link.span)
