"""Right-to-left text on terminals: who reorders it, and the reordering for those that do not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from carecli.text.cells import clusters
from carecli.text.plain import compiled

_RIGHT_TO_LEFT = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"

# Marks that no text needs: a tracer follows its character through the reordering and tells which way it went.
# One stands for each tail of a grapheme, the last one ends it.
_FIRST_TRACER, _LAST_TRACER, _END = 0xE0100, 0xE01EE, "\U000e01ef"
_TRACER = f"[{chr(_FIRST_TRACER)}-{chr(_LAST_TRACER)}]"
_TRACED = f"(?s:(.)({_TRACER}){_END}|{_END}({_TRACER})(.))"

_ADDRESSED = r"^(?:\s*(?:RT\b|[@#][\w.@-]+|https?://\S+|www\.\S+)[\s:,]*)+"
_REORDERING_PROGRAMS = frozenset({"Apple_Terminal", "mintty"})
_REORDERING_TERMS = ("mlterm", "konsole", "xterm-kitty")
_VTE_WITH_BIDI = 5800


def is_rtl(text: str) -> bool:
    """Whether the first strong character of `text` is written from right to left (Hebrew, Arabic …).

    Whom a message begins by addressing, its hashtags and links say nothing of the language of its sentence.
    """
    if not _has_rtl(text):
        return False
    sentence = compiled(_ADDRESSED).sub("", text, count=1)
    for character in sentence + text:
        direction = unicodedata.bidirectional(character)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


def visual(text: str, *, rtl: bool | None = None) -> str:
    """`text` reordered for a terminal that draws every line from left to right, whatever the script.

    Each line is a paragraph of its own (wrap and clip first); `rtl` is its direction, None: by its first
    strong character. Unicode Standard Annex 9 by python-bidi, and what a terminal needs besides: brackets are
    mirrored, and a grapheme stays whole, its marks after its letter. `text` should be inert.
    """
    if not rtl and not _has_rtl(text):
        return text
    return "\n".join(_visual_line(line, rtl) for line in text.split("\n"))


def _has_rtl(text: str) -> bool:
    return not text.isascii() and compiled(_RIGHT_TO_LEFT).search(text) is not None


def _visual_line(line: str, rtl: bool | None) -> str:
    if not rtl and not _has_rtl(line):
        return line
    from bidi import get_display
    from bidi.mirror import MIRRORED

    tails: dict[str, str] = {}
    encodable = line.encode("utf-8", "replace").decode("utf-8")
    traced = "".join(_with_tracer(cluster, tails) for cluster in clusters(encodable))
    direction = None if rtl is None else "R" if rtl else "L"
    tail_of = {tracer: tail for tail, tracer in tails.items()}

    def settled(match: re.Match[str]) -> str:
        base, tracer, turned_tracer, turned_base = match.groups()
        if base:
            return f"{base}{tail_of[tracer]}"
        return f"{MIRRORED.get(turned_base, turned_base)}{tail_of[turned_tracer]}"

    return compiled(_TRACED).sub(settled, str(get_display(traced, base_dir=direction)))


def _with_tracer(cluster: str, tails: dict[str, str]) -> str:
    """The first code point of `cluster`, and a tracer in place of the others where their order matters.

    More different tails on one line than there are tracers are left out.
    """
    base, tail = cluster[0], cluster[1:]
    if _FIRST_TRACER <= ord(base) <= ord(_END):
        return ""
    if not tail and not unicodedata.mirrored(base):
        return base
    if tail not in tails:
        code = _FIRST_TRACER + len(tails)
        if code > _LAST_TRACER:
            return base
        tails[tail] = chr(code)
    return f"{base}{tails[tail]}{_END}"


def wants_visual(env: Mapping[str, str]) -> bool:
    """Whether right-to-left text must be reordered by us for the terminal that `env` describes.

    No for terminals that reorder by themselves: GNOME Terminal and others on VTE 0.58 or later, Konsole,
    mlterm, mintty, Apple Terminal; and no for kitty, which turns every right-to-left word around but not
    their order, so that our reordering would make the words unreadable. Yes for all others. These variables
    rarely travel over ssh: `display.rtl` in care.toml settles such cases.
    """
    if any(env.get(name) for name in ("KONSOLE_VERSION", "MLTERM", "KITTY_WINDOW_ID")):
        return False
    if env.get("TERM_PROGRAM") in _REORDERING_PROGRAMS or env.get("TERM", "").startswith(_REORDERING_TERMS):
        return False
    vte = env.get("VTE_VERSION", "")
    return not (vte.isascii() and vte.isdecimal() and int(vte[:9]) >= _VTE_WITH_BIDI)
