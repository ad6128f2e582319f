"""The triage engine: how good, how fast, beside vaderSentiment alone on the same texts in the same run.

`python benchmarks/engine.py [--data FOLDER] [--semantic] [--speed]`: FOLDER holds public labelled sets (default:
../shared/data beside the project); what isn't there is left out. benchmarks/care holds our own test sets, which
nothing was trained on: of `care_*` (and tests/triage/emergencies_*) two thirds are judged; `second_*` and `danger_*`
were written before the seeds that they judge, `fresh_*` after them, `short_*` by somebody who saw no seed; nobody read
the mistakes in these two.
`--semantic` judges the engine with embeddings.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import measure
import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from carecli.triage import Rules, classify, semantic
from carecli.triage.engine import Judgement, Meaning, judge
from carecli.triage.evaluation import Judged, measured

HERE = Path(__file__).parent
LANGUAGES = ("en", "he", "pl", "zh")
RULES = Rules(languages=LANGUAGES)
SIGNALS = ("sentiment", "intent", "urgency", "needs_reply")
# vaderSentiment's own thresholds for its compound score.
_EDGE = 0.05
_MOST = 1000
ROUNDS = 7
MANY = 2_000  # short texts, those of our own sets again and again
# Their languages, and the columns with a sentiment.
PUBLIC: dict[str, tuple[str, str | None]] = {
    "goemotions.csv": ("en", "topic"),
    "banking77.csv": ("en", None),
    "clinc150.csv": ("en", None),
    "hebrew_onlplab_dedup.csv": ("he", "label"),
    "hebrew_hebert_news.csv": ("he", "label"),
    "polish_wccrs.csv": ("pl", "label"),
    "zh_hant_openrice.csv": ("zh", "label"),
}


class Row(NamedTuple):
    """A labelled text; labels by signal."""

    text: str
    language: str
    directed: bool
    labels: dict[str, str]


def unseen(text: str) -> bool:
    """Whether a test text is in the two thirds of which nobody who built the engine saw a single mistake."""
    return zlib.crc32(text.encode()) % 3 != 0


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a test set."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def care(name: str = "care") -> Iterator[Row]:
    """Our own test set, without the third of the first one that was used for development."""
    for language in LANGUAGES:
        for row in table(HERE / "care" / f"{name}_{language}.tsv"):
            labels = {signal: row[signal] for signal in SIGNALS}
            if name != "care" or unseen(row["text"]):
                yield Row(row["text"], language, row["directed"] == "yes", labels)


def public(folder: Path, name: str) -> list[Row]:
    """The first texts of a public set that the engine was not fitted on (scripts/background.py has the others)."""
    language, column = PUBLIC[name]
    with (folder / name).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if zlib.crc32(row["text"].encode()) % 2]
    if column is None:
        return [Row(row["text"], language, False, {}) for row in rows[:_MOST]]
    rated = [row for row in rows if row[column] in {"negative", "neutral", "positive"}]
    return [Row(row["text"], language, False, {"sentiment": row[column]}) for row in rated[:_MOST]]


def vader_says(rows: Sequence[Row]) -> list[str]:
    """vaderSentiment's label for each text."""
    analyzer = SentimentIntensityAnalyzer()
    scores = [analyzer.polarity_scores(row.text)["compound"] for row in rows]
    return ["positive" if score >= _EDGE else "negative" if score <= -_EDGE else "neutral" for score in scores]


@cache
def embedding(text: str) -> bytes:
    """One text's embedding, made once in this run."""
    return next(semantic.embedded([text])).tobytes()


def vectors(texts: Sequence[str]) -> semantic.Vectors:
    """The embeddings of texts, one row each."""
    return np.frombuffer(b"".join(map(embedding, texts)), np.int8).reshape(len(texts), semantic.SIZE)


def quality(rows: Sequence[Row], meaning: Meaning | None = None) -> list[Judgement]:
    """The engine's judgements of the rows; with `meaning` those of the semantic engine."""
    return judge([row.text for row in rows], RULES, directed=[row.directed for row in rows], meaning=meaning)


def sentiment_line(name: str, rows: Sequence[Row], meaning: Meaning | None = None) -> list[object]:
    """Macro-F1 and recall of negatives, vaderSentiment's first."""
    judged = [
        Judged(row.labels["sentiment"], each.verdict.sentiment, max(each.sentiment), row.language)
        for row, each in zip(rows, quality(rows, meaning), strict=True)
    ]
    theirs = [one._replace(said=said) for one, said in zip(judged, vader_says(rows), strict=True)]
    figures = [measured("sentiment", each) for each in (theirs, judged)]
    cells = [value for each in figures for value in (each["macro_f1"], each["per_class"]["negative"]["recall"])]
    return [name, len(rows), *cells, figures[1]["ece"]]


def signal_lines(rows: Sequence[Row], meaning: Meaning | None = None) -> Iterator[list[object]]:
    """The other signals by language."""
    judgements = quality(rows, meaning)
    for language in LANGUAGES:
        pairs = [(row, each) for row, each in zip(rows, judgements, strict=True) if row.language == language]
        for signal in SIGNALS[1:]:
            judged = [_judged(signal, row, each) for row, each in pairs]
            found = measured(signal, judged)
            wanted = {"intent": "emergency", "urgency": "today", "needs_reply": "yes"}[signal]
            recall = found["per_class"].get(wanted, {}).get("recall")
            share = "none" if recall is None else f"{recall:.2f}"
            yield [language, signal, found["accuracy"], found["macro_f1"], f"{wanted} {share}", found["ece"]]


def _judged(signal: str, row: Row, each: Judgement) -> Judged:
    said = getattr(each.verdict, signal)
    said = ("no", "yes")[said] if signal == "needs_reply" else said
    return Judged(row.labels[signal], said, max(getattr(each, signal)), row.language)


def emergencies(meaning: Meaning | None = None) -> Iterator[list[object]]:
    """Recall and precision on the emergencies and what only sounds like them."""
    for name in ("emergencies", "danger", "fresh", "short"):
        for language in LANGUAGES:
            first = name == "emergencies"
            folder = HERE.parent / "tests" / "triage" if first else HERE / "care"
            rows = [row for row in table(folder / f"{name}_{language}.tsv") if not first or unseen(row["text"])]
            judged = judge([row["text"] for row in rows], RULES, meaning=meaning)
            said = [each.verdict.intent == "emergency" for each in judged]
            true = [row["emergency"] == "yes" for row in rows]
            found = sum(one and other for one, other in zip(said, true, strict=True))
            yield [f"{name} {language}", len(rows), found / sum(true), found / max(sum(said), 1)]


def alarms(name: str, rows: Sequence[Row], meaning: Meaning | None = None) -> list[object]:
    """In how many texts of which nobody is in danger an emergency is seen."""
    calm = [row for row in rows if row.labels.get("intent") != "emergency"]
    seen = [each.verdict.intent == "emergency" for each in quality(calm, meaning)]
    return [name, len(calm), sum(seen) / len(calm)]


def cpu(work: Callable[[], object]) -> float:
    """The CPU seconds of a piece of work."""
    started = time.process_time()
    work()
    return time.process_time() - started


def side_by_side(texts: Sequence[str], analyzer: SentimentIntensityAnalyzer) -> list[float]:
    """Texts a CPU second, vaderSentiment's and ours, and the ratio: medians of rounds in which they take turns."""
    rounds = []
    classify(texts, RULES)
    for _ in range(ROUNDS):
        theirs = cpu(lambda: [analyzer.polarity_scores(text) for text in texts])
        ours = cpu(lambda: classify(texts, RULES))
        rounds.append((len(texts) / theirs, len(texts) / ours, theirs / ours))
    return [statistics.median(figures) for figures in zip(*rounds, strict=True)]


def first_time(texts: Sequence[str], analyzer: SentimentIntensityAnalyzer) -> list[float]:
    """The same of texts that come up for the first time, after as many others as are classified at once."""
    theirs = ours = 0.0
    classify(texts[:MANY], RULES)
    for start in range(MANY, len(texts), MANY):
        some = texts[start : start + MANY]
        theirs += cpu(lambda: [analyzer.polarity_scores(text) for text in some])  # noqa: B023 - it is called at once
        ours += cpu(lambda: classify(some, RULES))  # noqa: B023
    return [(len(texts) - MANY) / theirs, (len(texts) - MANY) / ours, theirs / ours]


def seeds(language: str) -> list[str]:
    """Our seed sentences, in a mixed order that is always the same."""
    rows = table(HERE.parent / "src" / "carecli" / "triage" / "data" / f"seeds_{language}.tsv")
    return sorted((row["text"] for row in rows), key=lambda text: zlib.crc32(text.encode()))


def speed_lines(rows: Sequence[Row], data: Path) -> Iterator[list[object]]:
    """Texts a CPU second, vaderSentiment's and ours, by language, and on longer and longer texts."""
    analyzer = SentimentIntensityAnalyzer()
    own = {language: [row.text for row in rows if row.language == language] for language in LANGUAGES}
    texts = {language: list(islice(cycle(some), MANY)) for language, some in own.items()}
    texts["all"] = list(islice(cycle([row.text for row in rows]), MANY))
    if (data / "goemotions.csv").exists():
        texts["English forum comments"] = [row.text for row in public(data, "goemotions.csv")]
    words = " ".join(own["en"])
    for length in (140, 280, 500, 1000, 2000, 4000):
        starts = range(0, len(words) - length, 25 if length < 1000 else 300)
        texts[f"{length} characters"] = [words[start : start + length] for start in starts]
    texts["en, 500 texts"], texts["en, 150 texts"], texts["en, one text"] = (
        texts["en"][:size] for size in (500, 150, 1)
    )
    texts["9 KB of sentiment"] = ["terrible awful horrible great " * 300]
    texts["280 emoji"] = ["😡" * 280]
    texts |= {f"8 KB of {word!r}": [f"{word} " * (8_000 // len(word))] for word in ("beaten", "钱催", "רובה")}
    for name, some in texts.items():
        yield [name, *side_by_side(some, analyzer)]
    for language in LANGUAGES:
        yield [f"{language}, never seen before", *first_time(seeds(language), analyzer)]


def print_speed(rows: Sequence[Row], data: Path) -> None:
    """How fast, and how much memory a process takes that does nothing else."""
    measure.table(("texts a CPU second", "vaderSentiment", "engine", "ratio"), list(speed_lines(rows, data)))
    subprocess.run([sys.executable, HERE / "engine_memory.py", data], check=True)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    parser.add_argument("--speed", action="store_true", help="how fast, nothing else")
    parser.add_argument("--semantic", action="store_true", help="the semantic engine on our own test set, nothing else")
    arguments = parser.parse_args()
    rows, second = list(care()), list(care("second"))
    print(measure.versions())
    if arguments.speed:
        print_speed(rows, arguments.data)
        return
    meaning = vectors if arguments.semantic else None
    columns = ("sentiment", "texts", "vader F1", "vader recall −", "F1", "recall −", "calibration error")
    lines = [
        sentiment_line(f"{name} {code}", [row for row in some if row.language == code], meaning)
        for name, some in (("care", rows), ("second", second))
        for code in LANGUAGES
    ]
    others = {
        name: public(arguments.data, name) for name in PUBLIC if (arguments.data / name).exists() and meaning is None
    }
    lines += [sentiment_line(name, some) for name, some in others.items() if PUBLIC[name][1]]
    measure.table(columns, lines)
    signals = ("lang", "signal", "accuracy", "F1", "recall of", "calibration error")
    for some in (rows, second):
        measure.table(signals, list(signal_lines(some, meaning)))
        by_language = [(code, [row for row in some if row.language == code]) for code in LANGUAGES]
        measure.table(("nobody in danger", "texts", "alarms"), [alarms(*each, meaning) for each in by_language])
    measure.table(("nobody in danger", "texts", "alarms"), [alarms(*each) for each in others.items()])
    measure.table(("emergencies", "texts", "recall", "precision"), list(emergencies(meaning)))
    if meaning is None:
        print_speed(rows, arguments.data)


if __name__ == "__main__":
    main()
