"""Colours by role: dark, light, high contrast, and none at all; every text has a contrast of at least 4.5 to 1.

Colour only repeats what words and signs say already, so the screen reads the same in monochrome.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from carecli.tui.paint import Palette

_DARK = {
    "text": "#e4e4e4 on #16181d",
    "dim": "#a2a8b3",
    "title": "bold #ffffff on #2f3a4f",
    "idle": "#c8ccd4 on #262a33",
    "bar": "#e4e4e4 on #262a33",
    "cursor": "bold #ffffff on #1f4f8a",
    "quiet": "#ffffff on #343b48",
    "bad": "bold #ff9d9d",
    "warn": "#ffd479",
    "good": "#9be09b",
    "accent": "#8fc7ff",
    "key": "bold #ffd479",
}
_LIGHT = {
    "text": "#1c1c1c on #fbfbf8",
    "dim": "#5a5a5a",
    "title": "bold #ffffff on #35507a",
    "idle": "#2b2b2b on #dfe3ea",
    "bar": "#1c1c1c on #e8eaef",
    "cursor": "bold #0b2545 on #bcd7fa",
    "quiet": "#0b2545 on #dbe6f5",
    "bad": "bold #8f1010",
    "warn": "#6b4300",
    "good": "#0f5a1d",
    "accent": "#0b4a8f",
    "key": "bold #6b4300",
}
_CONTRAST = {
    "text": "#ffffff on #000000",
    "dim": "#ffffff",
    "title": "bold #000000 on #ffff00",
    "idle": "#ffffff on #000000 underline",
    "bar": "#ffffff on #000000",
    "cursor": "bold #000000 on #ffffff",
    "quiet": "bold underline #ffffff on #000000",
    "bad": "bold underline",
    "warn": "bold",
    "good": "",
    "accent": "bold",
    "key": "bold underline",
}
_MONO = {
    "text": "",
    "dim": "",
    "title": "bold reverse",
    "idle": "underline",
    "bar": "",
    "cursor": "bold reverse",
    "quiet": "bold",
    "bad": "bold",
    "warn": "bold",
    "good": "",
    "accent": "bold",
    "key": "bold",
}
_ROLES = {"dark": _DARK, "light": _LIGHT, "contrast": _CONTRAST, "mono": _MONO}
PALETTES: Mapping[str, Palette] = {
    name: {role: Style.parse(style or "none") for role, style in roles.items()} for name, roles in _ROLES.items()
}
NAMES = tuple(PALETTES)


def chosen(setting: str, env: Mapping[str, str] | None = None) -> str:
    """The theme: NO_COLOR wins, then care.toml, then what COLORFGBG says of the terminal's background."""
    env = os.environ if env is None else env
    if env.get("NO_COLOR") or env.get("TERM") == "dumb":
        return "mono"
    if setting != "auto":
        return setting
    ground = env.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if ground in ("7", "15") else "dark"


def textual_theme(name: str) -> Theme:
    """The same colours for Textual's own inputs and its command palette."""
    if name == "mono":
        return BUILTIN_THEMES["ansi-dark"]  # the terminal's own colours, which NO_COLOR then takes away
    roles = {role: Style.parse(style or "none") for role, style in _ROLES[name].items()}
    text, accent = roles["text"], roles["accent"].color or roles["text"].color
    return Theme(
        f"care-{name}",
        primary=_hex(accent),
        accent=_hex(accent),
        warning=_hex(roles["warn"].color or text.color),
        error=_hex(roles["bad"].color or text.color),
        success=_hex(roles["good"].color or text.color),
        foreground=_hex(text.color),
        background=_hex(text.bgcolor),
        surface=_hex(text.bgcolor),
        panel=_hex(roles["bar"].bgcolor),
        dark=name != "light",
        text_alpha=1.0,
    )


def _hex(colour: object) -> str:
    return str(getattr(colour, "name", "#808080"))
