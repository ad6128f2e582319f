"""What is looked for in many texts at once is what each word, each text has alone."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carecli.triage import cues
from carecli.triage.automaton import PAUSE, STOP, WORD, Automaton, Clue, Drawing, draw
from carecli.triage.columns import Ints, Runs
from carecli.triage.labels import Forms, Label, Labels
from carecli.triage.lexicon import Entry, Keys, Lexicon
from carecli.triage.phrases import Graph
from carecli.triage.vocabulary import numbered

DATA = files("carecli.triage").joinpath("data")
LETTERS = st.text("ab1", max_size=5)
LABELS = st.lists(st.tuples(st.text("ab#", min_size=1, max_size=3), st.sampled_from(["", "*", "~"])), unique=True)
WORDS = ["a", "b", "ab", "abb", "ba", "c"]
# Texts as their words; with commas and full stops, and few words, so that phrases go over them.
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=8), min_size=1, max_size=4)
MARKED = st.lists(st.lists(st.sampled_from(["a", "b", "ab", ",", "."]), max_size=8), min_size=1, max_size=4)
PHRASES = st.lists(st.lists(st.sampled_from(["a", "b", "a*", "~"]), min_size=1, max_size=3), min_size=1, max_size=5)


def has(word: str, label: Label) -> bool:
    """Whether a word may have a label, digits being "#"."""
    text, ending = label
    shaped = word.replace("111", "1").replace("11", "1").replace("1", "#") if "1" in word else word
    return any(
        form == text if not ending else form.startswith(text) and (ending == "*" or len(form) > len(text))
        for form in (word, shaped)
    )


@given(LABELS, st.lists(LETTERS, max_size=6))
def test_a_word_has_the_labels_that_fit_it(labels: list[Label], words: list[str]) -> None:
    words = [word for word in words if "1111" not in word]
    found = Labels.of(labels)
    sets = found.sets(Forms.of(words))
    numbers, whose = found.runs.of(sets)
    for place, word in enumerate(words):
        ours = sorted(numbers[whose == place].tolist())
        assert ours == [number for number, label in enumerate(labels) if has(word, label)]


def test_the_whole_word_is_first_and_the_longest_beginning_next() -> None:
    labels = [("a", "*"), ("abc", ""), ("ab", "*"), ("abc", "*")]
    found = Labels.of(labels)
    assert found.runs.of(found.sets(Forms.of(["abc", "abcd", "b"])))[0].tolist() == [1, 3, 2, 0, 3, 2, 0]


def matches(entries: Sequence[str], words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The longest entries from left to right."""
    at = 0
    while at < len(words):
        lengths = [
            len(entry.split())
            for entry in entries
            if len(words) - at >= len(entry.split())
            and all(
                word.startswith(part[:-1]) if part.endswith("*") else word == part
                for part, word in zip(entry.split(), words[at:], strict=False)
            )
        ]
        if lengths:
            yield at, at + max(lengths)
        at += max(lengths, default=1)


@given(st.lists(st.lists(st.sampled_from([*WORDS, "a*", "ab*"]), min_size=1, max_size=3), min_size=1), TEXTS)
def test_a_lexicon_finds_the_longest_entries(written: list[list[str]], texts: list[list[str]]) -> None:
    entries = sorted({" ".join(words) for words in written if words[0] != "~"})
    lexicon = Lexicon([Entry(entry, "valence", 1.0) for entry in entries], "pl")
    keys = Keys(lexicon)
    words = [word for text in texts for word in (*text, "")]
    keys.extend(words)
    found = lexicon.matches(np.arange(len(words)), keys)
    expected, start = [], 0
    for text in texts:
        expected += [(start + first, start + end) for first, end in matches(entries, text)]
        start += len(text) + 1
    assert list(zip(found.start.tolist(), found.end.tolist(), strict=True)) == expected


def test_hebrew_words_are_known_with_what_hangs_before_them() -> None:
    keys = Keys(Lexicon([Entry("לא", "not", 0.0), Entry("עיכוב", "valence", -1.0)], "he"))
    keys.extend(["לא", "ולא", "שלא", "הלא", "עיכוב", "העיכוב", "שבעיכוב", "ושהעיכוב", "ולשהעיכוב", "קעיכוב"])
    assert keys.opens.all.tolist() == [True, True, True, False, True, True, True, True, False, False]


def test_more_letters_hang_before_long_words_only() -> None:
    book = cues.build({"prefixes": "מהב", "praise": ["ירה", "ירות"]})
    words = ["ירה", "הירה", "מהירה", "מהירות", "במהירות"]
    assert book.find_all(numbered([[word] for word in words])).count("praise").tolist() == [1, 1, 0, 1, 0]


def ends(phrase: Sequence[str], words: Sequence[str], start: int) -> Iterator[int]:
    """The last word of a phrase that begins at a word; commas don't count, a full stop ends everything."""
    at, last = start, start
    for part in phrase:
        while at > start and at < len(words) and words[at] == ",":
            at += 1
        if at >= len(words) or words[at] in {",", "."}:
            return
        fits = part == "~" or (words[at].startswith("a") if part == "a*" else words[at] == part)
        if not fits:
            return
        at, last = at + 1, at
    yield last


@given(PHRASES, MARKED)
def test_an_automaton_finds_every_phrase(written: list[list[str]], texts: list[list[str]]) -> None:
    phrases = [phrase for phrase in written if phrase[0] != "~"]
    graph = Graph(spaced=True)
    for number, phrase in enumerate(phrases):
        graph.add(" ".join(phrase), number)
    automaton = Automaton(draw(graph), [Clue("any", anchored=False)] * len(phrases))
    words = [word for text in texts for word in (*text, ".")]
    kinds = np.array([STOP if word == "." else PAUSE if word == "," else WORD for word in words])
    sets = automaton.labels.sets(Forms.of(["" if word in {",", "."} else word for word in words]))
    nodes, starts = automaton.starts(sets)
    found = automaton.follow(nodes, starts, kinds, sets)
    ours = {
        (int(starts[beginning]), clue, last)
        for beginning, clue, last in zip(*map(np.ndarray.tolist, found), strict=True)
    }
    assert ours == {
        (start, number, last)
        for number, phrase in enumerate(phrases)
        for start in range(len(words))
        for last in ends(phrase, words, start)
    }


def test_what_was_added_to_runs_by_half_is_not_there() -> None:
    runs = Runs(int)
    runs.extend([(1, 2), ()])
    runs._values.extend([7])  # what Ctrl-C left: an entry, and where its run starts
    runs._first.extend([2])
    runs.extend([(3,), (4, 5)])
    assert len(runs) == 4
    assert runs.of(np.array([3, 2, 1, 0]))[0].tolist() == [4, 5, 3, 1, 2]


def test_letters_that_no_label_has_lead_nowhere() -> None:
    found = Labels.of([("ab" * count, "*") for count in range(1, 31)])
    letters = [chr(code) for code in (*range(0x80, 0xD800), *range(0x10000, 0x11000))]
    assert not found.runs.counts[found.sets(Forms.of(letters))].any()
    assert found.runs.counts[found.sets(Forms.of([f"ab{letter}" for letter in letters]))].tolist() == [1] * len(letters)


@pytest.mark.parametrize("subject", cues.SUBJECTS)
@pytest.mark.parametrize("language", cues.LANGUAGES)
def test_the_shipped_drawings_are_those_of_the_phrases_beside_them(subject: str, language: str) -> None:
    source = DATA.joinpath(f"{subject}_{language}.toml").read_bytes()
    drawn = cues.planned(tomllib.loads(source.decode()))
    kept = cues.loaded(DATA.joinpath(f"{subject}_{language}.npz").read_bytes(), source)
    assert kept is not None, f"{subject}_{language}.toml changed: run scripts/draw_cues.py"
    assert (kept.clues, kept.spaced, kept.prefixes) == (drawn.clues, drawn.spaced, drawn.prefixes)
    for ours, theirs in zip(numbers(kept.drawing), numbers(drawn.drawing), strict=True):
        assert np.array_equal(ours, theirs), f"the drawing of {subject}_{language} is old: run scripts/draw_cues.py"


def numbers(drawing: Drawing) -> list[Ints]:
    return [*drawing.tree, *drawing[1:]]


def test_no_process_draws_what_is_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cues, "draw", None)
    for subject, language in product(cues.SUBJECTS, cues.LANGUAGES):
        assert cues.load.__wrapped__(language, subject).kinds


@pytest.mark.parametrize("kept", [True, False])
def test_a_phrase_that_somebody_adds_is_found_at_once(
    kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    phrases = DATA.joinpath("cues_en.toml").read_text(encoding="utf-8")
    folder.joinpath("cues_en.toml").write_text(phrases.replace("\npraise = [", '\npraise = ["top hole",'), "utf-8")
    if kept:
        folder.joinpath("cues_en.npz").write_bytes(DATA.joinpath("cues_en.npz").read_bytes())
    monkeypatch.setattr(cues, "files", lambda _: tmp_path)
    book = cues.load.__wrapped__("en")
    assert book.find_all(numbered([["simply", "top", "hole"]])).count("praise").tolist() == [1]
