"""Where customers speak: one file per platform, found by entry point."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from carecli import credentials
from carecli.config import Config, Source
from carecli.errors import CareError, ConfigError, NotFound
from carecli.matching import Query, parse
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
    except (Exception, SystemExit) as error:
        problem = f"{type(error).__name__}: {error}"
        raise CareError(f"the platform '{name}' ({point.value}) cannot be loaded: {problem}") from error
    if not isinstance(platform, Platform):
        raise CareError(f"the platform '{name}' ({point.value}) is not a carecli Platform")
    return platform


# What every source may set, whatever its platform.
COMMON = ("handle", "allow_private", "timeout", "timezone", "query", "looks")


def unknown_setting(platform: Platform, settings: Iterable[str]) -> tuple[str, str] | None:
    """The first key of `settings` that `platform` does not know, with a hint at what was meant; None: it knows all."""
    for key in settings:
        if key not in platform.settings and key not in COMMON and not key.endswith("_command"):
            near = difflib.get_close_matches(key, [*platform.settings, *COMMON], n=1, cutoff=0.5)
            return key, f"did you mean '{near[0]}'?" if near else f"known: {', '.join(platform.settings)}"
    return None


def setup(config: Config, source: Source) -> Setup:
    """What a platform needs to open this source. Raises ConfigError for a setting that the platform does not know."""
    if unknown := unknown_setting(load(source.platform), source.settings):
        key, hint = unknown
        raise ConfigError(f"care.toml: sources.{source.name}: unknown key '{key}' for {source.platform}", hint=hint)
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
        query=_query(config, source),
    )


def _query(config: Config, source: Source) -> Query | None:
    text = str(source.settings.get("query") or "")
    if not text:
        return None
    try:
        return parse(config.brand.queries.get(text, text))
    except ValueError as error:
        raise ConfigError(f"care.toml: sources.{source.name}.query: {error}") from None
