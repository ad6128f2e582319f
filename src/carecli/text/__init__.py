"""Untrusted text, made safe to show, measured in terminal cells, and folded for comparing.

    safe      control and invisible characters become visible and harmless
    cells     graphemes, cell widths, clipping and wrapping
    emoji     sequences in parts, for terminals that do not draw them whole
    rtl       right-to-left lines for terminals that do not reorder them
    folding   what counts as the same word
    terms     what a text is about
    sheets    what a spreadsheet would run as a formula becomes text
    counting  how many of something there are, in words

Nothing here changes what is stored. Most text is plain (`plain.py`), and one search finds that out; only the
rest pays for Unicode's details, wcwidth and python-bidi, which are imported when first needed.
"""

from __future__ import annotations

from carecli.text.cells import clip, grapheme_count, graphemes, width, wrap
from carecli.text.counting import counted
from carecli.text.emoji import apart, wants_apart
from carecli.text.folding import fold, words
from carecli.text.rtl import is_rtl, visual, wants_visual
from carecli.text.safe import inert, single_line
from carecli.text.sheets import guarded, unguarded
from carecli.text.terms import terms

__all__ = [
    "apart",
    "clip",
    "counted",
    "fold",
    "grapheme_count",
    "graphemes",
    "guarded",
    "inert",
    "is_rtl",
    "single_line",
    "terms",
    "unguarded",
    "visual",
    "wants_apart",
    "wants_visual",
    "width",
    "words",
    "wrap",
]
