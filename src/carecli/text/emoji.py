"""Emoji sequences on terminals: one picture of two cells where it knows them, else as many as there are parts."""

from __future__ import annotations

from collections.abc import Mapping

from carecli.text.cells import clusters, width
from carecli.text.plain import is_plain

_PICTURE, _TONES = "\ufe0f", range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_DRAWN_WHOLE = frozenset({"WezTerm", "ghostty", "iTerm.app", "Apple_Terminal"})


def apart(text: str) -> str:
    """`text` with every emoji sequence in parts that all terminals draw equally wide.

    A family becomes its members, a flag its letters in brackets; skin tones and the sign that asks for a coloured
    picture go. All else comes back as it is.
    """
    if is_plain(text):
        return text
    return "".join(cluster if len(cluster) == 1 else _parts(cluster) for cluster in clusters(text))


def _parts(cluster: str) -> str:
    codes = [ord(character) for character in cluster]
    if codes[0] in _FLAG_LETTERS:
        return f"[{''.join(chr(ord('A') + code - _FLAG_LETTERS[0]) for code in codes if code in _FLAG_LETTERS)}]"
    emoji = _PICTURE in cluster or width(cluster[0]) == 2 or any(code in _TONES for code in codes)
    if not emoji or "\u0900" <= cluster[0] <= "\u2000":
        return cluster
    return "".join(one for one in cluster if one not in "\u200d\ufe0f\u20e3" and not _decoration(ord(one))) or cluster


def _decoration(code: int) -> bool:
    """A skin tone, or one of the invisible letters that spell a flag."""
    return code in _TONES or 0xE0020 <= code <= 0xE007F


def wants_apart(env: Mapping[str, str]) -> bool:
    """Whether the terminal that `env` describes may draw sequences wider than one picture: not known to be right.

    kitty, WezTerm, Ghostty, iTerm2, foot and Windows Terminal draw them whole, unless tmux or screen is between.
    """
    if env.get("TMUX") or env.get("STY") or env.get("TERM", "").startswith(("screen", "tmux")):
        return True
    known = env.get("TERM_PROGRAM") in _DRAWN_WHOLE or env.get("TERM", "").startswith(("xterm-kitty", "foot"))
    return not (known or env.get("WT_SESSION") or env.get("KITTY_WINDOW_ID"))
