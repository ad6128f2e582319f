"""Which brands there are, and a report or the queue of one of them.

A brand is told by the `brand` of imported rows, else by that of their source in care.toml; what neither tells is
`[brand] name`. Names are compared without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from carecli.config import Config
from carecli.errors import UsageError
from carecli.reports import tables
from carecli.reports.tables import Part, Row
from carecli.store import brands
from carecli.store.brands import Brand
from carecli.store.connect import Store


def all_of(store: Store, config: Config) -> list[str]:
    """Every brand, the one of care.toml first."""
    names = [config.brand.name, *(source.brand for source in config.sources.values()), *brands.named(store)]
    distinct: dict[str, str] = {}
    for name in names:
        if name:
            distinct.setdefault(name.casefold(), name)
    return list(distinct.values())


def known(store: Store, config: Config, name: str | None) -> str | None:
    """`name` as it is written here. Raises UsageError for a brand that there is not."""
    if name is None:
        return None
    there = all_of(store, config)
    found = next((one for one in there if one.casefold() == name.casefold()), None)
    if found is None:
        raise UsageError(f"--brand {name}: no brand is called so", hint=f"there is: {', '.join(there) or 'none'}")
    return found


@contextmanager
def only(store: Store, config: Config, name: str | None) -> Iterator[None]:
    """Queries inside see this brand alone; None: all. Raises UsageError."""
    called = known(store, config, name)
    if called is None:
        yield
        return
    with brands.only(store, meant(store, config, called)):
        yield


def meant(store: Store, config: Config, called: str) -> Brand:
    """What tells the rows of the brand that is called so; of one that there is not, there are none."""

    def is_it(name: str) -> bool:
        return name.casefold() == called.casefold()

    names = [name for name in brands.named(store) if is_it(name)]
    sources = [source.name for source in config.sources.values() if is_it(source.brand)]
    if not is_it(config.brand.name):
        return Brand(names, sources)
    others = [source.name for source in config.sources.values() if source.brand and not is_it(source.brand)]
    return Brand(names, sources, others)


def labelled(part: Part, brand: str | None) -> Part:
    """`part` with the name of the brand that it is about, in every format."""
    if brand is None:
        return part
    first, *others = part.sections
    first = replace(first, rows=(Row("brand", (tables.words(brand),)), *first.rows))
    return replace(part, document={"brand": brand, **part.document}, sections=(first, *others))
