"""What untrusted text may look like on a terminal, and how it is measured, turned and compared."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.text import (
    clip,
    counted,
    fold,
    grapheme_count,
    graphemes,
    guarded,
    inert,
    is_rtl,
    single_line,
    unguarded,
    visual,
    wants_visual,
    width,
    words,
    wrap,
)

FAMILY = "👨‍👩‍👧‍👦"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
NIQQUD = "שָׁלוֹם"
HONEST = (
    "Hello, world!\nSecond line – “quoted”, 20 €…",
    "Zażółć gęślą jaźń",
    "שלום (עולם) צה״ל",
    NIQQUD,
    "你好，世界！你好世界",
    "नमस्ते क्षत्रिय",
    "สวัสดี",
    "می‌خواهم",  # a joiner between Persian letters
    f"{FAMILY}👩🏽‍🚀❤️🇵🇱1️⃣😀🫨",
    SCOTLAND,
    "한국어 각각 e\u0301",
)

# Of the characters that Unicode calls controls or formats: line feed, joiners, and the ones that are visible.
ALLOWED = "\n\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"

# Everything that can be nasty, next to what it could hide in; surrogates too.
NASTY = (
    "\x1b\x00\r\n\t\x7f\x9b\x85\u200b\u200c\u200d\u200e\u200f\u202e\u2066\u2069\u2028\u2029\u061c\u00ad\ufeff"
    "\ud800\udfff\U000e0001\U000e0067\U000e0062\U000e0065\U000e006e\U000e007f🏴\ue000\U0010ffff\u0378\u3164"
    "\u0301\u0489\ufe0f\U000e0100\u20e3 \u3000\u00a0abAZ09#.()«»שו\u05b8\u05c1ץ׳״با١"
    "你，。「」😀👩🏽🇵🇱❤각ᄀ\u1161क\u094dष\u0903"
)
hostile = st.text(st.sampled_from(NASTY), max_size=40) | st.text(max_size=40)
cells = st.integers(2, 30)


def is_harmless(character: str) -> bool:
    """Nothing that moves, hides, turns or separates: by category, for what Python's Unicode data knows."""
    if character in ALLOWED or 0xE0020 <= ord(character) <= 0xE007F:  # tags: only flags keep them, tested below
        return True
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


# --- safe to show ---


@pytest.mark.parametrize("text", HONEST)
def test_honest_text_is_shown_as_it_is(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]52;c;aGk=\x07", r"\x1b[2J\x1b]52;c;aGk=\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\x00b\x7fc\x08", r"a\x00b\x7fc\x08"),
        ("one\r\ntwo\rthree", "one\ntwo\\x0dthree"),
        ("a\tb", "a    b"),
        ("a\x85b\u2028c", r"a\x85b<U+2028>c"),
        ("exe\u202egpj\u2066x\u2069", "exe<U+202E>gpj<U+2066>x<U+2069>"),
        ("שלום\u200f!\u200e", "שלום!"),
        ("pay\u200bpal\ufeff", "pay<U+200B>pal<U+FEFF>"),
        ("pay\u200dpal", "pay<U+200D>pal"),
        ("\ud83d!", "<U+D83D>!"),
        ("\U000e0068\U000e0069", "<U+E0068><U+E0069>"),
        ("🏴\U000e0068\U000e007f", "🏴<U+E0068><U+E007F>"),
        ("\ue000\U0010ffff\u0378", "<U+E000><U+10FFFF><U+0378>"),
        ("\u3164", "<U+3164>"),
        ("\u0301a", "\u25cc\u0301a"),
        ("a\n\u0301", "a\n\u25cc\u0301"),
        ("a" + "\u0301" * 8 + "b", "a" + "\u0301" * 8 + "b"),
        ("a" + "\u0301" * 1000 + "b", "a" + "\u0301" * 8 + "<+992 marks>b"),
        ("❤" + "\ufe0f" * 20, "❤" + "\ufe0f" * 8 + "<+12 marks>"),
    ],
)
def test_hostile_text_is_shown_inert(text: str, shown: str) -> None:
    assert inert(text) == shown


@settings(max_examples=300)
@given(hostile)
def test_inert_text_is_harmless_printable_and_stays_so(text: str) -> None:
    shown = inert(text)
    assert all(map(is_harmless, shown)), ascii(shown)
    shown.encode("utf-8")
    assert inert(shown) == shown


@settings(max_examples=300)
@given(hostile)
def test_a_single_line_is_inert_and_one(text: str) -> None:
    line = single_line(text)
    assert "\n" not in line
    assert line.split() == line.split(" ") or not line
    assert inert(line) == line == single_line(line)


def test_whitespace_of_every_kind_folds() -> None:
    assert single_line("  a \n\n b\t\tc\u3000d\u00a0\r\n") == "a b c d"


def test_every_code_point_is_harmless_or_visible() -> None:
    """Held against Unicode's own data, between letters."""
    for start in range(0, sys.maxunicode + 1, 4096):
        shown = inert("".join(chr(code) + "a" for code in range(start, start + 4096)))
        assert all(map(is_harmless, set(shown))), hex(start)
        assert not any("\U000e0000" <= character <= "\U000e007f" for character in set(shown))


def test_every_plain_character_is_one_grapheme_of_its_width() -> None:
    """Text is measured without wcwidth where it is plain; both must agree, whatever the neighbours."""
    from wcwidth import iter_graphemes, wcwidth

    from carecli.text.plain import is_plain

    plain = [character for character in map(chr, range(0x20, sys.maxunicode + 1)) if is_plain(character)]
    assert len(plain) > 80_000
    assert [c for c in plain if width(c) != wcwidth(c)] == []
    for row in ("".join(plain), "".join(reversed(plain)), "".join(c + c for c in plain)):
        assert list(iter_graphemes(row)) == list(row)


@pytest.mark.parametrize(
    "text", ["a" + "\u0301" * 100_000, "e\u0301" * 50_000, "\x1b[31m" * 20_000, "a\u0301\u200e" * 33_000]
)
def test_long_hostile_text_comes_through(text: str) -> None:
    inert(text)
    width(text)
    clip(text, 40)
    fold(text)


# --- cells and graphemes ---


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("a\r\nb", 3),
        (FAMILY, 1),
        ("👩🏽‍🚀❤️‍🔥", 2),
        ("🇵🇱🇺🇦🇮", 3),
        (SCOTLAND, 1),
        ("1️⃣2", 2),
        ("각각", 2),
        ("क्षत्रिय", 3),
        (NIQQUD, 4),
        ("你好😀", 3),
    ],
)
def test_graphemes_are_counted_as_readers_do(text: str, count: int) -> None:
    assert grapheme_count(text) == len(graphemes(text)) == count


@given(hostile)
def test_graphemes_lose_nothing(text: str) -> None:
    assert "".join(graphemes(text)) == text
    assert grapheme_count(text) == len(graphemes(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", 3),
        ("你好", 4),
        (NIQQUD, 4),
        ("😀", 2),
        (FAMILY, 2),
        ("🇵🇱", 2),
        ("e\u0301", 1),
        ("a\nb", 2),
        ("ｗ", 2),
    ],
)
def test_widths(text: str, expected: int) -> None:
    assert width(text) == expected


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("hello", 5, "hello"),
        ("hello", 4, "hel…"),
        ("hello", 1, "…"),
        ("hello", 0, ""),
        ("", 3, ""),
        ("你好世界", 8, "你好世界"),
        ("你好世界", 6, "你好…"),
        ("你好世界", 7, "你好世…"),
        (f"a{FAMILY}b", 3, "a…"),
        ("e\u0301" * 4, 3, "e\u0301e\u0301…"),
    ],
)
def test_clip(text: str, room: int, expected: str) -> None:
    assert clip(text, room) == expected


@given(hostile.map(single_line), cells)
def test_clipped_text_fits_and_begins_with_whole_graphemes(text: str, room: int) -> None:
    clipped = clip(text, room)
    assert width(clipped) <= room
    if width(text) <= room:
        assert clipped == text
    else:
        kept = graphemes(clipped.removesuffix("…"))
        assert kept == graphemes(text)[: len(kept)]


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("", 5, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one  two three", 9, ["one  two", "three"]),
        ("one\n\ntwo", 5, ["one", "", "two"]),
        ("abcdefgh ij", 3, ["abc", "def", "gh", "ij"]),
        ("你好世界", 5, ["你好", "世界"]),
        ("我的订单，还没到。", 8, ["我的订", "单，还没", "到。"]),
        ("他说「好」了", 6, ["他说", "「好」", "了"]),
        ("买iPhone手机", 7, ["买", "iPhone", "手机"]),
        ("😀😀😀", 4, ["😀😀", "😀"]),
        ("你好", 1, ["你", "好"]),
        ("a    🏽 b", 3, ["a", " 🏽", "b"]),  # the last space and the modifier are one grapheme
        ("a\u00a0b c", 3, ["a\u00a0b", "c"]),
    ],
)
def test_wrap(text: str, room: int, lines: list[str]) -> None:
    assert wrap(text, room) == lines


@settings(max_examples=300)
@given(hostile.map(inert), cells)
def test_wrapped_lines_fit_and_lose_only_whitespace(text: str, room: int) -> None:
    lines = wrap(text, room)
    assert all(width(line) <= room or grapheme_count(line) == 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert len(lines) >= len(text.split("\n"))


def test_wrapping_needs_a_cell() -> None:
    with pytest.raises(ValueError, match="0 cells"):
        wrap("a", 0)


# --- right to left ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("שלום", True),
        ("123 – שלום abc", True),
        ("abc שלום", False),
        ("مرحبا", True),
        ("123!", False),
        ("😀 é", False),
        ("@acme המזוודה שלי AC 12", True),
        ("RT @zoe: @acme #fail https://acme.example/a שלום", True),
        ("@acme lost my שלום", False),
        ("@שלום lost my bag", False),
        ("#acme @שלום", False),
    ],
)
def test_the_first_strong_character_decides(text: str, expected: bool) -> None:
    assert is_rtl(text) is expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – text", "plain – text"),
        ("שלום", "םולש"),
        ("אבג 123 abc", "abc 123 גבא"),
        ("abc אבג 12", "abc 12 גבא"),
        ("אב (גד)!", "!(דג) בא"),
        ("x (אב) y", "x (בא) y"),
        ("אב\nab", "בא\nab"),
        ("אּב", "באּ"),
        (NIQQUD, "םוֹלשָׁ"),
        (f"א{FAMILY}ב", f"ב{FAMILY}א"),
        ("א👍🏽❤️ב", "ב❤️👍🏽א"),
    ],
)
def test_lines_are_turned_for_terminals_that_do_not(text: str, shown: str) -> None:
    assert visual(text) == shown


def test_the_direction_of_a_paragraph_can_be_given() -> None:
    assert visual("abc!", rtl=True) == "!abc"
    assert visual("abc!", rtl=False) == "abc!"
    assert visual("אב!", rtl=False) == "בא!"


@settings(max_examples=200)
@given(hostile.map(inert), st.sampled_from([None, True, False]))
def test_turning_keeps_every_grapheme(text: str, rtl: bool | None) -> None:
    def parts(shown: str) -> list[str]:
        return sorted(character for character in shown if not unicodedata.mirrored(character))

    turned = visual(text, rtl=rtl)
    assert turned.count("\n") == text.count("\n")
    assert len(turned) == len(text)
    assert parts(turned) == parts(text)


@settings(max_examples=300)
@given(st.text("אבש3ab12 ()[]<>.,-!?%", max_size=30))
def test_the_order_is_that_of_the_standard_and_brackets_face_their_text(text: str) -> None:
    from bidi import get_display

    def faceless(shown: str) -> str:
        return shown.translate(str.maketrans(")]>", "([<"))

    assert faceless(visual(text)) == faceless(str(get_display(text)))


@given(st.text("אבגד ()[]", min_size=1, max_size=20))
def test_a_line_in_one_direction_is_its_mirror_image(text: str) -> None:
    mirror_image = text[::-1].translate(str.maketrans("()[]", ")(]["))
    assert visual(text, rtl=True) == mirror_image


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, True),
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7603"}, False),
        ({"VTE_VERSION": "5202"}, True),
        ({"VTE_VERSION": "new"}, True),
        ({"KONSOLE_VERSION": "230804"}, False),
        ({"MLTERM": "3.9.3"}, False),
        ({"TERM": "mlterm-256color"}, False),
        ({"TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"TERM_PROGRAM": "mintty"}, False),
        ({"TERM_PROGRAM": "iTerm.app"}, True),
        ({"KITTY_WINDOW_ID": "1"}, False),
        ({"TERM": "alacritty"}, True),
    ],
)
def test_terminals_that_turn_lines_themselves(env: dict[str, str], expected: bool) -> None:
    assert wants_visual(env) is expected


# --- comparing ---


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Łódź", "lodz"),
        ("ZAŻÓŁĆ GĘŚLĄ JAŹŃ", "zazolc gesla jazn"),
        ("Straße", "STRASSE"),
        ("Ørsted Đoković Æsir", "orsted dokovic aesir"),
        ("ＩＢＡＮ", "iban"),
        ("ﬁne", "fine"),
        ("don’t “go”", 'don\'t "go"'),
        (NIQQUD, "שלום"),
        ("צה״ל ג׳ירפה", "צה\"ל ג'ירפה"),
        ("ΣΊΣΥΦΟΣ", "σισυφος"),
        ("İstanbul ısı", "istanbul isi"),
        ("sc\u200bam \u202escam", "scam scam"),
        ("e\u0301", "é"),
        ("한국어", unicodedata.normalize("NFD", "한국어")),
        ("❤️", "❤"),
        ("A–B", "a-b"),
    ],
)
def test_equal_when_folded(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("が", "か"), ("a  b", "a b"), ("क", "क\u094d"), ("café", "cafes")])
def test_different_when_folded(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@settings(max_examples=400)
@given(hostile)
def test_folding_twice_changes_nothing_and_case_and_accents_do_not_matter(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text)) == folded


def test_folding_every_code_point_twice_changes_nothing() -> None:
    assigned = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) not in {"Cn", "Co"}]
    assert [c for c in assigned if fold(fold(c)) != fold(c)] == []


def test_ascii_takes_the_same_road() -> None:
    everything = "".join(map(chr, range(128)))
    assert fold(everything + "é") == fold(everything) + "e"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Hello, World! It's 24/7.", ["hello", "world", "it's", "24", "7"]),
        ("snake_case 'quoted'", ["snake", "case", "quoted"]),
        ("Gdzie jest moja paczka?!", ["gdzie", "jest", "moja", "paczka"]),
        ("L’été, ça va", ["l'ete", "ca", "va"]),
        ("צה״ל אמר: “שלום”", ['צה"ל', "אמר", "שלום"]),
        ("你好iPhone手机，2部", ["你", "好", "iphone", "手", "机", "2", "部"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("カード 한국어", ["カード", "한국어"]),
        ("😀 !!! …", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == [unicodedata.normalize("NFC", word) for word in expected]


@settings(max_examples=300)
@given(hostile)
def test_words_are_folded_pieces_of_the_text(text: str) -> None:
    found = words(text)
    assert found == words(fold(text))
    rest = fold(text)
    for word in found:
        assert word
        assert not any(character.isspace() for character in word)
        _, met, rest = rest.partition(word)
        assert met == word


# --- start-up ---


def test_importing_and_plain_text_load_nothing_heavy() -> None:
    """`care queue` shows plain text in any script without paying for wcwidth or python-bidi."""
    program = (
        "import sys, json, carecli.text as t, carecli.hours\n"
        "for text in ('abc', 'Łódź – 5 €', '你好 😀', 'a\\x1bb'):\n"
        "    t.width(t.clip(t.single_line(text), 9)); t.is_rtl(text); t.visual(text); t.words(text)\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    loaded = set(json.loads(answer.stdout))
    assert "carecli.text" in loaded
    assert loaded.isdisjoint({"wcwidth", "bidi", "zoneinfo", "rich", "httpx", "pydantic", "sqlite3"})


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 replies"), (1, "1 reply"), (2, "2 replies"), (1204, "1,204 replies")]
)
def test_counts_in_words(number: int, said: str) -> None:
    assert counted(number, "reply", "replies") == said
    assert counted(number, "mention") == said.replace("replies", "mentions").replace("reply", "mention")


@given(st.text(st.sampled_from("'=+-@\t\r\n＝＋－＠a1 "), max_size=6))
def test_no_cell_is_a_formula_and_each_comes_back(cell: str) -> None:
    written = guarded(cell)
    assert written[:1] not in set("=+-@\t\r\n＝＋－＠")
    assert unguarded(written) == cell
