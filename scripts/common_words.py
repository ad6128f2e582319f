"""Make src/carecli/triage/data/words_<language>.txt: `python scripts/common_words.py`, a minute.

The words of our own sentences (seeds and reviews) that tell English, or Polish, from the other languages of the Latin
script. A word is left out where py3langid, asked for the word alone or among neighbours, rather takes it for another
language, where it is `INTERNATIONAL`, and where a file given with `--elsewhere` (columns text and lang) has it in a
text of another language.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from carecli.triage.identifier import identifier
from carecli.triage.scripts import LATIN_CODES
from carecli.triage.votes import plain_word

DATA = Path(__file__).parent.parent / "src" / "carecli" / "triage" / "data"
LANGUAGES = ("en", "pl")
# Shorter words are in too many languages.
SHORTEST = 4
MOST = 3000
# The model takes these for English or Polish, but they travel, or another language has a word that looks the same.
_TRAVELLED = (
    "account accounts action admin agent airport album also application apps arena arms artist attention bald band "
    "bank banking bare batch bind bitter blind bold bonus boot born boss box brand brief bring browser bus business "
    "butter camping cash centre chair champion chance charger chat check chef chips chose client cloud club coach "
    "code coin collection come comfort comment comments commit community computer concert condition contact container "
    "content control cookies cool copy correct court cousin crash dame danger dank data date deal delivery depot "
    "design desk dessert destination detail dinner direct director document documents double download drag drama "
    "drink driver effect element else email entertainment error europe even event export express extra fake fall "
    "false fashion fast film final finale finance fine finger fire fitness five flash font force form format forum "
    "four free fresh front gang garage gast general gift glad global golf grand green group guide hand happy hard "
    "hardware help herd home horror hose host hotel hotels idea identity image information instagram install "
    "intelligent intern international internet journal kill kind land laptop large last lasting legal legend level "
    "license link links list live local login logo looks lounge lunch magic mail mailbox mails main manager manual "
    "market marketing master match maximum media medium memory menu message messages mild minibar minimum minor "
    "minute minutes mobile mode model modern moment monitor most music mute name news nice normal note notes number "
    "offer offline once online open operation operator option options order original outfit over pain panel park "
    "parka parking part partner party pass password patch patient pause pays person personal phone photo photos pilot "
    "place plan plans plate platform platforms player playlist plus police pool portal position post posts pour "
    "premium present president printer private problem problems process profile program project public pure radio "
    "range ranger rare real reception record records reference region register regular relations release remote rent "
    "reporter reservation reset respect rest restart restaurant restaurants result return ring roaming rock room "
    "route router routine sage sale sand sauna scan scanner screen screenshot seal second security selfie series "
    "server service services session shell shop shopping show signal simple situation slot smart smartphone software "
    "solution sorry sort sport spot staff standard standards star start station status stem stern stock stop store "
    "story stream streaming stress student studio super support sure system table tables tablet talent taste taxi "
    "team teamwork technical teller tennis term terminal terminals test text theatre ticket tickets time timer tint "
    "tips tire toll tort total tour tourist tracking train trainer training transaction transfer transport trend trip "
    "type under unit update updates upgrade urgent user vent version video videos view visa voucher wagon wand warm "
    "warning water website week weekend weeks widget wifi wild wind window windows winter wolf workshop worst"
)
INTERNATIONAL = frozenset(_TRAVELLED.split())
# So often a word has to come up, and so much likelier than in any other language it has to be, in each frame.
SEEN = 2
LIKELIER = {"en": 0.3, "pl": 1.0}
FRAMES = ("{0}", "{0} {0}", "a {0} b")


def main() -> None:
    """Write both lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elsewhere", type=Path, action="append", default=[], help="csv: text, lang")
    files = parser.parse_args().elsewhere
    for language in LANGUAGES:
        elsewhere = INTERNATIONAL.union(*(foreign(path, language) for path in files))
        words = [word for word in common(language) if word not in elsewhere and tells(word, language)][:MOST]
        lines = [
            f"# Words that tell {language} from other languages of the Latin script, made by scripts/common_words.py:",
            f"# those of seeds_{language}.tsv and reviews_{language}.tsv that py3langid takes for no other language,",
            "# lower-case, without what is international.",
            *sorted(words),
        ]
        (DATA / f"words_{language}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{language}: {len(words)} words")


def common(language: str) -> list[str]:
    """The words of our sentences, the most frequent first."""
    counts: Counter[str] = Counter()
    for name in (f"seeds_{language}.tsv", f"reviews_{language}.tsv"):
        lines = (DATA / name).read_text(encoding="utf-8").splitlines()[1:]
        counts.update(word for line in lines for word in map(plain_word, line.split("\t")[0].split()))
    kept = (word for word, count in counts.items() if count >= SEEN and is_plain(word))
    return sorted(kept, key=lambda word: (-counts[word], word))


def is_plain(word: str) -> bool:
    """Whether it consists of letters, and an apostrophe at most."""
    return len(word) >= SHORTEST and word.replace("'", "", 1).isalpha()


def tells(word: str, language: str) -> bool:
    """Whether the model takes it for a word of this language, whatever stands beside it."""
    model = identifier(frozenset(LATIN_CODES))
    for frame in FRAMES:
        shares = dict(zip(LATIN_CODES, model.shares([frame.format(word)], LATIN_CODES)[0].tolist(), strict=True))
        if shares.pop(language) < LIKELIER[language] * max(shares.values()):
            return False
    return True


def foreign(path: Path, language: str) -> Iterator[str]:
    """The words that a file has in other languages."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["lang"] != language:
                yield from map(plain_word, row["text"].split())


if __name__ == "__main__":
    main()
