"""HTML from servers and feeds as the plain text that a reader would see.

A tokenizer and no tree: a tree's nesting rules make a hostile megabyte of open tags cost minutes, one pass
over the text cannot. The regular expressions are possessive, so that none goes back over what it has read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

ATTRIBUTE = r"""=?[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])[^\s>]++)?+)?+"""
TAG = re.compile(rf"<(/?)([a-zA-Z][^\s/>]*+)((?:[\s/=]++|{ATTRIBUTE})*+)>")
NAMED = re.compile(r"""(=?[^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|((?!["'])[^\s>]++))?+)?+""")
MARKUP = re.compile(r"[a-zA-Z/!?]")
SPACE = re.compile(r"[ \t\n\r\f]+")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Python refuses to read numbers of thousands of digits; no character has so high a number.
ENDLESS_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{7,});?")

UNSEEN = {"script", "style", "template", "iframe", "noembed", "noframes", "title", "textarea", "xmp"}
PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "table", "dl"}
BLOCKS = PARAGRAPHS | {
    *("address", "article", "aside", "body", "dd", "div", "dt", "figcaption", "figure", "footer", "form"),
    *("header", "hr", "html", "li", "main", "nav", "section", "tr", "summary", "details"),
}


def sound(text: str) -> str:
    """`text` without what no database and no terminal can take: NUL and lone surrogates become U+FFFD."""
    return UNSTORABLE.sub("\ufffd", text)


def to_text(html: str) -> str:
    """The text of an HTML fragment: paragraphs with an empty line between, entities decoded once.

    What Mastodon hides (`invisible`) is left out, but a link that it shortens is given in full. A link with
    other words is followed by its address in parentheses; mentions and hashtags are not. Nothing else is
    interpreted: the text may hold anything, `<b>` as well, and is as untrusted as it was.
    """
    page = _Page()
    html = sound(html)
    position = 0
    while position < len(html):
        start = html.find("<", position)
        if start < 0:
            start = len(html)
        page.text(html[position:start])
        position = _after_markup(html, start, page)
    page.end_link()
    return _tidy("".join(page.parts))


def _after_markup(html: str, start: int, page: _Page) -> int:
    """Where the text goes on after the tag or comment at `start`; what never ends hides all the rest."""
    if start + 1 >= len(html) or not MARKUP.match(html, start + 1):
        page.text(html[start : start + 1])
        return start + 1
    if html.startswith("<!--", start):
        return _after(html, "-->", start + 2)
    tag = TAG.match(html, start)
    if tag is None:
        return _after(html, ">", start)
    closing, name, attributes = tag[1], tag[2].lower(), tag[3]
    if not closing and name in UNSEEN:
        end = re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE).search(html, tag.end())
        return _after(html, ">", end.start()) if end else len(html)
    if closing:
        page.close(name)
    else:
        page.open(name, attributes)
    return tag.end()


def _after(html: str, mark: str, start: int) -> int:
    found = html.find(mark, start)
    return len(html) if found < 0 else found + len(mark)


@dataclass
class _Page:
    """What is seen so far, and the little of the markup that decides what comes next."""

    parts: list[str] = field(default_factory=list)
    spans: list[bool] = field(default_factory=list)
    hidden: int = 0
    preformatted: bool = False
    href: str | None = None
    link_start: int = 0
    shortened: bool = False
    newlines: int = 2

    def text(self, raw: str) -> None:
        if raw and not self.hidden:
            seen = unescape(ENDLESS_REFERENCE.sub("\ufffd", raw))
            self.parts.append(seen if self.preformatted else SPACE.sub(" ", seen))
            if not seen.isspace():
                self.newlines = 0

    def open(self, name: str, attributes: str) -> None:
        if name == "br":
            self._end_lines(self.newlines + 1)
        elif name in BLOCKS:
            self._break(name)
            if name == "li":
                self.parts.append("- ")
        elif name in {"td", "th"}:
            self.parts.append(" ")
        elif name == "a":
            self.end_link()
            self.href, self.link_start = _attribute(attributes, "href"), len(self.parts)
        elif name == "span":
            self._open_span(_attribute(attributes, "class") or "")
        elif name == "img":
            self.text(_attribute(attributes, "alt", decoded=False) or "")
        self.preformatted = self.preformatted or name == "pre"

    def close(self, name: str) -> None:
        if name in BLOCKS:
            self._break(name)
            self.preformatted = self.preformatted and name != "pre"
        elif name == "a":
            self.end_link()
        elif name == "span" and self.spans:
            self.hidden -= self.spans.pop()

    def end_link(self) -> None:
        """Replace or complete the words of the link that ends here."""
        if self.href is None:
            return
        words, href = "".join(self.parts[self.link_start :]), self.href
        del self.parts[self.link_start :]
        self.href = None
        if href.startswith(("http://", "https://")) and not words.lstrip().startswith(("@", "#")):
            if self.shortened or _bare(words) == _bare(href):
                words = href
            elif words.strip():
                words = f"{words.rstrip()} ({href})"
        self.parts.append(words)
        self.shortened = False

    def _open_span(self, classes: str) -> None:
        unseen = "invisible" in classes.split()
        self.shortened = self.shortened or (self.href is not None and (unseen or "ellipsis" in classes.split()))
        self.spans.append(unseen)
        self.hidden += unseen

    def _break(self, name: str) -> None:
        """A new block ends what was left open in the one before."""
        if name in {"p", "div"}:
            self.end_link()
            self.spans.clear()
            self.hidden = 0
        self._end_lines(2 if name in PARAGRAPHS else 1)

    def _end_lines(self, newlines: int) -> None:
        """Bring the line breaks at the end of what is seen up to `newlines`."""
        if newlines > self.newlines:
            self.parts.append("\n" * (newlines - self.newlines))
            self.newlines = newlines


def _attribute(attributes: str, wanted: str, *, decoded: bool = True) -> str | None:
    for match in NAMED.finditer(attributes):
        if match[1].lower() == wanted:
            value = next((group for group in match.groups()[1:] if group is not None), "")
            return unescape(ENDLESS_REFERENCE.sub("\ufffd", value)).strip() if decoded else value
    return None


def _bare(address: str) -> str:
    return address.strip().removeprefix("https://").removeprefix("http://").rstrip("/")


def _tidy(text: str) -> str:
    """One space between words, no spaces around line breaks, at most one empty line."""
    lines = (re.sub(r"[ \t]+", " ", line).strip(" ") for line in re.split(r"\r\n|[\r\n\f]", text))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n ")
