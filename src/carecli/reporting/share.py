"""Share of voice: the brand beside its competitors, where the same sources heard all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from carecli.errors import CareError
from carecli.reporting.material import Material
from carecli.reports import reach
from carecli.reports.tables import Part
from carecli.store import brands, part_metrics, prune
from carecli.text import fold, words


def share_of_voice(m: Material) -> Part:
    """The part `share-of-voice`. Raises CareError where it would not be comparable."""
    if not m.config.report.competitors:
        return _share_of_brands(m)
    brand = m.brand or m.config.brand.name or "the brand"
    own = [m.config.brand.name, *m.config.brand.keywords, *m.config.own_handles]
    names = {brand: own if brand == m.config.brand.name else [brand], **m.config.report.competitors}
    heard = [source.name for source in m.config.sources.values() if _hears_all(source.platform, source.settings, names)]
    if not heard:
        raise CareError(
            "share of voice is refused: no source searches for the brand and every competitor, so that the figures"
            " would tell where you listened, not who is talked about",
            hint="let the same source search for all of them: docs/reports.md",
        )
    pruned = prune.pruned_before(m.store)
    if pruned is not None and m.start < pruned:
        raise CareError(
            f"share of voice is refused: texts from before {pruned[:10]} are pruned, and names are counted in texts",
            hint=f"ask for what came later: --since {pruned}",
        )
    counts = dict.fromkeys(names, 0)
    for text in part_metrics.texts_of(m.store, heard, m.start, m.end):
        told = f" {' '.join(words(text))} "
        for name, meant in names.items():
            counts[name] += any(f" {' '.join(words(word))} " in told for word in meant if words(word))
    return reach.share_of_voice_part(m.frame, reach.share_of_voice(counts, heard), reach.VOICE)


def _share_of_brands(m: Material) -> Part:
    """The brands that rows name beside each other, on sources that have all of them."""
    rows = brands.heard(m.store, m.start, m.end)
    names = sorted({row["brand"] for row in rows}, key=lambda name: (name != m.brand, name))
    if len(names) < 2:
        hint = 'name them in care.toml: [report.competitors], Rival = ["rival", "@rival"]'
        raise CareError("share of voice is refused: no competitor is configured", hint=hint)
    of_source: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        of_source[row["source"]][row["brand"]] = row["mentions"]
    heard = [source for source, found in of_source.items() if len(found) == len(names)]
    if not heard:
        raise CareError(
            "share of voice is refused: no source has mentions of every brand in this period, so that the figures"
            " would tell where you listened, not who is talked about",
            hint="import one file with all of them: docs/reports.md",
        )
    counts = {name: sum(of_source[source][name] for source in heard) for name in names}
    return reach.share_of_voice_part(m.frame, reach.share_of_voice(counts, heard), reach.BRANDS)


def _hears_all(platform: str, settings: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> bool:
    """Whether a source looks for every name: by its search, or because it reads everything that there is."""
    if platform in ("feed", "file") and settings.get("match", "all") == "all":
        return True
    asked: list[str] = []
    for key in ("search", "hashtags", "keywords"):
        value = settings.get(key, ())
        asked += [value] if isinstance(value, str) else [str(each) for each in value]
    wanted = [fold(one) for one in asked]
    return all(any(fold(word) in one for word in meant if word for one in wanted) for meant in names.values())
