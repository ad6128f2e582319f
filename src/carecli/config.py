"""care.toml as typed values: read with the standard library, checked by pydantic once per change.

The dataclasses below are the reference: a key of care.toml is a field here. `carecli.config_check` validates the
file when its content is new to this database; reading alone builds the same values without importing pydantic.
"""

from __future__ import annotations

import os
import tomllib
import types
import typing
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from carecli.errors import ConfigError
from carecli.hours import Hours
from carecli.model import Severity

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Brand:
    """Who we are: what customers call us, and what our own accounts are called."""

    name: str = ""
    handles: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=lambda: ["en"])
    timezone: str = "UTC"


@dataclass(frozen=True)
class OpeningHours:
    """`monday = ["09:00-13:00", "14:00-17:30"]` and so on; a day left out is closed, nothing at all is 24/7."""

    monday: list[str] = field(default_factory=list)
    tuesday: list[str] = field(default_factory=list)
    wednesday: list[str] = field(default_factory=list)
    thursday: list[str] = field(default_factory=list)
    friday: list[str] = field(default_factory=list)
    saturday: list[str] = field(default_factory=list)
    sunday: list[str] = field(default_factory=list)
    holidays: list[date] = field(default_factory=list)


@dataclass(frozen=True)
class Sla:
    """First-response targets, as durations like `15m`, `4h`, `1d`; by urgency, then the default.

    An emergency's clock runs around the clock; the others run in business hours when `business_hours` is true.
    A case is `due` when less than `due_soon` of its target is left.
    """

    first_response: str = "4h"
    urgency: dict[str, str] = field(default_factory=lambda: {"emergency": "15m", "today": "1h"})
    business_hours: bool = True
    due_soon: float = 0.25


@dataclass(frozen=True)
class Voice:
    """How one brand, partner or stream sounds. Templates: language → intent → phrasings."""

    greeting: dict[str, str] = field(default_factory=dict)
    signature: str = ""
    formality: str = "formal"
    avoid: list[str] = field(default_factory=list)
    emoji: bool = False
    templates: dict[str, dict[str, list[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Guardrails:
    """What a reply may do; `severity` re-weights a rule by its id (`off` switches it off)."""

    allowed_links: list[str] = field(default_factory=list)
    private_fields: list[str] = field(default_factory=lambda: ["name", "postcode"])
    similarity: float = 0.85
    severity: dict[str, typing.Literal["block", "confirm", "note", "off"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """One account, feed or folder that is listened to; `settings` is what its platform's page in docs/ says."""

    name: str
    platform: str
    enabled: bool = True
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Display:
    """`rtl`: `auto` reorders right-to-left text where the terminal does not do it itself, `logical` never, `visual` always."""

    rtl: typing.Literal["auto", "logical", "visual"] = "auto"


@dataclass(frozen=True)
class Network:
    """`allow_private`: feeds may be fetched from this machine and its private network."""

    allow_private: bool = False
    timeout: float = 20.0


@dataclass(frozen=True)
class Config:
    """The whole of care.toml; every table is optional."""

    brand: Brand = field(default_factory=Brand)
    hours: OpeningHours = field(default_factory=OpeningHours)
    sla: Sla = field(default_factory=Sla)
    topics: dict[str, list[str]] = field(default_factory=dict)
    voices: dict[str, Voice] = field(default_factory=dict)
    guardrails: Guardrails = field(default_factory=Guardrails)
    display: Display = field(default_factory=Display)
    network: Network = field(default_factory=Network)
    sources: dict[str, Source] = field(default_factory=dict)
