"""What the words of a text, and their letters, say of its language; English and Polish are known by their words."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from carecli.triage.many import each
from carecli.triage.scripts import CODES, HEBREW, LATIN, OTHER, SCRIPTS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from carecli.triage.columns import Flags, Ints

_ENGLISH_WORDS = (
    "the and you your is are was were this that these those with have has had my our not what when why how who "
    "it's i'm i've don't can't won't didn't isn't doesn't been from they them will would could should but just "
    "there here please because which where about any some its than then of for it get got we "
    "out his her she if back still never all after into too very im dont cant ive need know think being did does "
    "more other only really their said who's that's you're we're he's she's i'll i'd "
    "wasn't weren't haven't hasn't couldn't wouldn't shouldn't isnt didnt doesnt wont thats youre theyre they're "
    "people things thing something anything nothing someone everyone anyone everything yourself myself "
    "going went gone want wants wanted make makes made give given take takes took say says year years day days "
    "week weeks month months money many much such own same every each few both between through during without "
    "while until since yet always often maybe probably actually thanks thank happy great best better well good "
    "love hope guess wish read reading look looks looking tell talk way using used use having getting sure"
)
_POLISH_WORDS = (
    "nie się sie jest że ze jak czy dla ale mam już juz tylko co od po przez przy bardzo mnie moje moja mój moj "
    "gdzie kiedy dlaczego proszę prosze dziękuję dziekuje za pan pani jestem są może moze było bylo mogę moge "
    "dzieki czesc witam wasza wasze wasz waszej państwo państwa dzień dobry która które który oraz żeby zeby "
    "w był byla była były byly został została zostało można mozna też tez więc wiec gdy również rowniez niestety "
    "polecam dlatego jeszcze bym mnie mną nam nas was wam tego tym tych której którego które ktore ktory ktora "
    "jako bez nawet kiedyś pan pani dziś dzisiaj wczoraj ktoś coś cos ktos wszystko wszystkie zawsze nigdy"
)
ENGLISH, POLISH = frozenset(_ENGLISH_WORDS.split()), frozenset(_POLISH_WORDS.split())
# Short words that other languages of this script have too.
_SHARED_WORDS = "is was has had my our not do did so for be an in of all as after her he me into"
_ONLY_ENGLISH = ENGLISH - frozenset(_SHARED_WORDS.split())
# Other words that an English text may have, and any other language too.
_SMALL_WORDS = "a i to on no at by or up can am go see yes if may new one two us oh ok ask let old top act add man men"
_SMALL_ENGLISH = frozenset(_SMALL_WORDS.split()) - ENGLISH
_POLISH_LETTERS = frozenset("ąęłżźćśń")
# Letters that no other big language of this script has, and those that settle it beside one of them.
_ONLY_POLISH, _POLISH_PAIR = frozenset("łśź"), frozenset("ąężćń")
# Latin letters that neither English nor Polish writes its words with.
_STRANGE = re.compile("[^\\W\\d_a-ząęłżźćśńó]")
_HAN_LETTER, _KANA_LETTER = re.compile("[\u3400-\u9fff]"), re.compile("[\u3040-\u30ff]")
_AROUND_WORDS = " .,;:!?…()[]{}\"'“”„*_~#-/"


class _Codes:
    """What a rule says of each code point, asked once; a number from 0 on."""

    def __init__(self, rule: Callable[[int], int]) -> None:
        self._rule = rule
        self._known: Ints | None = None

    def of(self, text: str) -> Ints:
        """What it says of each character."""
        import numpy as np

        if self._known is None:
            self._known = np.full(sys.maxunicode + 1, -1, np.int16)
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        found = self._known[codes]
        if len(new := np.unique(codes[found < 0])):
            self._known[new] = list(map(self._rule, new.tolist()))
            found = self._known[codes]
        return found


class Votes(NamedTuple):
    """What one token says of the language of its text; those of a text are the sums.

    0 or 1: it is a word at all, one of the commonest words of English, one of those that only English has, one of the
    commonest of Polish; one that tells English, or Polish, from other languages; one that goes well with English.
    0 or 1: it has a letter that Polish has, that only Polish has, that settles it beside one of them, a Latin letter
    that neither of the two has. Then how many letters: Latin, Hebrew, others; Chinese and kana among these.
    """

    word: int = 0
    english: int = 0
    only_english: int = 0
    polish: int = 0
    tells_english: int = 0
    tells_polish: int = 0
    small_english: int = 0
    accent: int = 0
    only_polish: int = 0
    pair: int = 0
    strange: int = 0
    latin: int = 0
    hebrew: int = 0
    foreign: int = 0
    han: int = 0
    kana: int = 0


_LETTERS, _LATIN_LETTERS = Votes._fields.index("accent"), Votes._fields.index("latin")
# From here on votes say which script a text is in whose words come without spaces.
OF_SCRIPT = Votes._fields.index("han")
# Of a text whose script has to be looked at.
FOREIGN = Votes(foreign=1)


def votes(tokens: Sequence[str]) -> npt.NDArray[np.int32]:
    """What each token says, one row of `Votes` each."""
    import numpy as np

    words = [word.strip(_AROUND_WORDS) for word in each(_in_small_letters, tokens)]
    rows = np.zeros((len(tokens), len(Votes._fields)), np.int32)
    rows[:, 0] = [word != "" and not word.isdigit() for word in words]
    known = (ENGLISH, _ONLY_ENGLISH, POLISH, _telling("en"), _telling("pl"), _SMALL_ENGLISH)
    for column, listed in enumerate(known, 1):
        rows[:, column] = np.fromiter(map(listed.__contains__, words), np.bool_, len(words))
    rows[:, _LATIN_LETTERS] = list(map(len, tokens))
    others = [place for place, token in enumerate(tokens) if token and not (token.isalpha() and token.isascii())]
    if others:
        rows[others, _LETTERS:] = _letters([tokens[place] for place in others])
    return rows


def _letters(tokens: Sequence[str]) -> Ints:
    """The entries of `Votes` from `accent` on, one row a token; none is empty."""
    import numpy as np

    joined, sizes = "".join(tokens), np.fromiter(map(len, tokens), np.int64, len(tokens))
    starts = np.cumsum(sizes) - sizes
    looks = _LOOKS.of(joined)

    def count(which: Flags) -> Ints:
        found: Ints = np.add.reduceat(which, starts, dtype=np.int64)
        return found

    polish, only_polish, pair, strange = (np.bitwise_or.reduceat(looks, starts) >> bit & 1 for bit in range(4))
    han, kana, latin, hebrew, none = (count(looks >> bit & 1 == 1) for bit in range(4, 9))
    foreign = sizes - latin - hebrew - none
    columns = polish, only_polish, pair, strange * (latin > 0), latin, hebrew, foreign, han, kana
    return np.stack(columns, axis=1).astype(np.int64)


def _look(code: int) -> int:
    """What a letter says, as bits."""
    lower, script = chr(code).lower(), SCRIPTS[code]
    found = [not letters.isdisjoint(lower) for letters in (_POLISH_LETTERS, _ONLY_POLISH, _POLISH_PAIR)]
    found += [pattern.search(lower) is not None for pattern in (_STRANGE, _HAN_LETTER, _KANA_LETTER)]
    found += [script == one for one in (CODES[LATIN], CODES[HEBREW], OTHER)]
    return sum(is_so << bit for bit, is_so in enumerate(found))


_LOOKS = _Codes(_look)


def is_common(word: str) -> bool:
    """Whether this is one of the commonest words of English or Polish, in whatever case."""
    return word.lower() in ENGLISH or word.lower() in POLISH


def plain_word(token: str) -> str:
    """A token as the lists of words have it."""
    return _in_small_letters(token).strip(_AROUND_WORDS)


def _in_small_letters(text: str) -> str:
    return text.lower().replace("’", "'")


@cache
def _telling(language: str) -> frozenset[str]:
    """Words that tell a language from others: common ones, and a longer list (`scripts/common_words.py`)."""
    lines = files("carecli.triage").joinpath("data", f"words_{language}.txt").read_text(encoding="utf-8").splitlines()
    common = _ONLY_ENGLISH if language == "en" else POLISH - ENGLISH
    return common.union(line for line in lines if not line.startswith("#"))


def by_words(counted: Ints) -> Ints:
    """1 for English, 2 for Polish where words leave no doubt, else 0."""
    (
        word, english, only_english, polish, tells_english, tells_polish, small_english,
        accent, only_polish, pair, strange, *_,
    ) = counted.T  # fmt: skip
    by_small_words = (english >= 3) & (english * 6 >= word) & (polish * 4 <= english)
    by_small_words |= (only_english >= 2) & (english * 4 >= word) & (polish == 0) & (accent == 0)
    maybe_english = english + tells_english - only_english + small_english
    told = (tells_english >= 2) & (maybe_english * 2 >= word)
    told |= (tells_english >= 1) & (maybe_english * 4 >= word * 3) & (word >= 3)
    is_english = by_small_words | (told & (tells_polish + accent + strange == 0))
    by_letters = (english < 2) & (only_polish > 0) & ((polish > 0) | (only_polish > 1) | (pair > 0))
    by_small_words = (polish >= 2) & (polish * 6 >= word) & (english == 0) & ((accent > 0) | (polish > 2))
    told = (tells_polish >= 2) & (tells_polish > polish) & (tells_polish * 4 >= word)
    told |= (tells_polish >= 1) & (only_polish > 0)
    is_polish = by_letters | by_small_words | (told & (tells_polish > 2 * tells_english) & (strange == 0))
    found: Ints = is_english + 2 * (is_polish & ~is_english)
    return found
