"""Where customers speak: one file per platform, found by entry point."""

from __future__ import annotations

import functools
from importlib.metadata import EntryPoint, entry_points

from carecli import credentials
from carecli.config import Config, Source
from carecli.errors import CareError, NotFound
from carecli.platforms.base import Platform, Setup

GROUP = "carecli.platforms"


@functools.cache
def available() -> dict[str, EntryPoint]:
    """Every installed platform by name, ours and third parties', none of them imported yet."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def load(name: str) -> Platform:
    """The platform called `name`. Raises NotFound, or CareError when its package is broken."""
    point = available().get(name)
    if point is None:
        raise NotFound(f"no platform is called '{name}'", hint=f"installed: {', '.join(available())}")
    try:
        platform = point.load()
    except Exception as error:
        raise CareError(f"the platform '{name}' ({point.value}) cannot be loaded: {error}") from error
    if not isinstance(platform, Platform):
        raise CareError(f"the platform '{name}' ({point.value}) is not a carecli Platform")
    return platform


def setup(config: Config, source: Source) -> Setup:
    """What a platform needs to open this source."""
    settings = {
        "allow_private": config.network.allow_private,
        "timeout": config.network.timeout,
        "timezone": config.brand.timezone,
        **source.settings,
    }
    return Setup(
        source=source.name,
        settings=settings,
        secret=lambda kind: credentials.find(source.name, kind, source.settings),
        handles=config.own_handles,
        keywords=tuple(config.brand.keywords),
    )
