"""care.toml as typed values: read with the standard library, checked by pydantic once per change.

The dataclasses below are the reference: a key of care.toml is a field here. `carecli.config_check` validates the
file when its content is new to this database; reading alone builds the same values without importing pydantic.
"""

from __future__ import annotations

import re
import tomllib
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, is_dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from carecli.errors import ConfigError
from carecli.hours import Hours, parse_hours
from carecli.model import Intent, Urgency

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class _Table:
    """A table of care.toml: unknown keys are errors."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


@dataclass(frozen=True)
class Brand(_Table):
    """Who we are: what customers call us, and what our own accounts are called.

    `queries` are searches by name, in the language of carecli.matching; a source's `query` is one of these names, or a
    search itself.
    """

    name: str = ""
    handles: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    queries: dict[str, str] = field(default_factory=dict)
    languages: list[str] = field(default_factory=lambda: ["en"])
    timezone: str = "UTC"


@dataclass(frozen=True)
class OpeningHours(_Table):
    """`monday = ["09:00-13:00", "14:00-17:30"]` and so on; a day left out is closed, nothing at all is 24/7."""

    monday: list[str] = field(default_factory=list)
    tuesday: list[str] = field(default_factory=list)
    wednesday: list[str] = field(default_factory=list)
    thursday: list[str] = field(default_factory=list)
    friday: list[str] = field(default_factory=list)
    saturday: list[str] = field(default_factory=list)
    sunday: list[str] = field(default_factory=list)
    holidays: list[date] = field(default_factory=list)
    countries: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Team(_Table):
    """People with hours of their own; `timezone` is the brand's unless it is given."""

    timezone: str = ""
    hours: OpeningHours = field(default_factory=OpeningHours)


@dataclass(frozen=True)
class SlaPolicy(_Table):
    """Targets for some messages: every condition that is given must fit. What is left out is as in [sla]."""

    name: str = ""
    urgency: list[Urgency] = field(default_factory=list)
    intent: list[Intent] = field(default_factory=list)
    voice: list[str] = field(default_factory=list)
    priority: int = 0
    first_response: str | None = None
    next_response: str | None = None
    resolution: str | None = None
    business_hours: bool | None = None
    team: str | None = None


@dataclass(frozen=True)
class Sla(_Table):
    """Targets, as durations like `15m`, `4h`, `1d`: the first policy that fits, else by urgency, else the default.

    An emergency's clock runs around the clock; the others run in business hours when `business_hours` is true.
    A case is `due` when less than `due_soon` of its target is left. `next_response` left out is `first_response`.
    """

    first_response: str = "4h"
    urgency: dict[str, str] = field(default_factory=lambda: {"emergency": "15m", "today": "1h"})
    business_hours: bool = True
    due_soon: float = 0.25
    next_response: str | None = None
    resolution: str = ""
    policies: list[SlaPolicy] = field(default_factory=list)


@dataclass(frozen=True)
class Priority(_Table):
    """The points that each signal adds to a case's priority; `carecli.triage.priority` says how they are summed.

    The tables are laid over the built-in weights: a name that is left out keeps its points.
    """

    intent: dict[str, int] = field(default_factory=dict)
    urgency: dict[str, int] = field(default_factory=dict)
    negativity: int = 15
    directed: int = 10
    repeated_contact: int = 3
    earlier_cases: int = 5
    risk: dict[str, int] = field(default_factory=dict)
    audience: int = 0
    sla: dict[str, int] = field(default_factory=dict)
    waiting: float = 1.0
    waiting_most: int = 8


@dataclass(frozen=True)
class Voice(_Table):
    """How one brand, partner or stream sounds. Templates: language → intent → phrasings."""

    greeting: dict[str, str] = field(default_factory=dict)
    signature: str = ""
    formality: typing.Literal["formal", "informal"] = "formal"
    avoid: list[str] = field(default_factory=list)
    use: dict[str, str] = field(default_factory=dict)
    languages: list[str] = field(default_factory=list)
    emoji: bool = False
    team: str = ""
    emoji_only: list[str] = field(default_factory=list)
    humour: bool = False
    humour_topics: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)
    approval: bool = False
    templates: dict[str, dict[str, list[str]]] = field(default_factory=dict)


# The guardrails' rules, in the order in which they are tried: carecli.replies.guardrails has them
RULES = (
    "empty",
    "placeholder",
    "length",
    "hidden-text",
    "personal-data",
    "asks-personal-data",
    "asks-secret",
    "asks-too-much",
    "link-host",
    "link-shortener",
    "link-insecure",
    "promise",
    "follow-up",
    "compensation",
    "legal",
    "medical",
    "language",
    "repeat",
    "canned",
    "tone",
    "emoji",
    "voice-avoid",
    "stale-article",
    "unsupported",
    "link-lands",
    "agent",
    "claimed",
    "second-reply",
    "pretending",
    "mourning",
    "formality",
    "voice-use",
    "voice-language",
    "humour",
    "signature",
    "answered",
    "own-post",
    "deleted",
    "emergency",
)


@dataclass(frozen=True)
class Guardrails(_Table):
    """What a reply may do; `severity` re-weights a rule by its id (`off` switches it off).

    `check_links`: every link is opened before a reply goes out.
    """

    allowed_links: list[str] = field(default_factory=list)
    private_fields: list[str] = field(default_factory=lambda: ["name", "postcode"])
    similarity: float = 0.85
    check_links: bool = True
    severity: dict[str, typing.Literal["block", "confirm", "note", "off"]] = field(default_factory=dict)


@dataclass(frozen=True)
class Agent(_Table):
    """One person of the roster. Lists that are empty set no limit; `never` are topics that this agent may not answer.

    `name` signs replies. `hours` in the team's time zone; none: the team's. `approval`: somebody else has to agree.
    """

    name: str = ""
    languages: list[str] = field(default_factory=list)
    skills: list[str] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)
    never: list[str] = field(default_factory=list)
    hours: OpeningHours = field(default_factory=OpeningHours)
    approval: bool = False


@dataclass(frozen=True)
class Desk(_Table):
    """How the team works on cases. Durations like `30m`, `4h`, `7d`; "" is never.

    `lease`: a claim ends when its agent did nothing on the case for so long. `resolve_after`: a customer's silence
    that ends a pending case. `promise_due`: when a promise without a time is due. `emergency`: who alone answers
    emergencies; `named`: topic → who alone answers it. `approval`: topics whose replies need a second person.
    `per_minute`: at most so many replies go out in a minute, 0 for no limit. `threads`: long replies may go out as
    several posts. `private_link`: where customers reach you in private, where the platform has no messages.
    """

    lease: str = "8h"
    resolve_after: str = ""
    promise_due: str = "1d"
    emergency: list[str] = field(default_factory=list)
    named: dict[str, list[str]] = field(default_factory=dict)
    approval: list[str] = field(default_factory=list)
    per_minute: int = 0
    threads: bool = True
    private_link: str = ""


@dataclass(frozen=True)
class Llm(_Table):
    """Drafts by a language model: its name in the `llm` library ("" for that library's default), and your own words
    to it."""

    model: str = ""
    instructions: str = ""


@dataclass(frozen=True)
class Campaign(_Table):
    """People for whom we could do something though they did not ask us: how they are found, and how far we go.

    `query`: in the language of carecli.matching, or the name of one of the brand's. `sources`, `languages`: empty for
    all. `messages`: language → phrasings of the first message, with the slots of a voice's templates; none: the
    voice's own. `since`, `until`: the days on which it runs. `fresh`: how old a post may be. `per_person` messages at
    most within `person_within`, from all campaigns together; `per_day` from this one. `within`: how soon after the
    message it has to be fulfilled. `ignored_after`: so much silence is no interest. `category`: a query for what is
    measured besides (default: `query`).
    """

    query: str
    sources: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    voice: str = ""
    messages: dict[str, list[str]] = field(default_factory=dict)
    since: date | None = None
    until: date | None = None
    fresh: str = "2d"
    per_person: int = 1
    person_within: str = "30d"
    per_day: int = 10
    within: str = ""
    ignored_after: str = "3d"
    category: str = ""
    do_not_contact: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Source(_Table):
    """One account, feed or folder that is listened to; `settings` is what its platform's page in docs/ says.

    `brand`: whose it is, where one database has several."""

    name: str
    platform: str
    enabled: bool = True
    voice: str = ""
    brand: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CrisisRules(_Table):
    """When a burst of negative mentions is a crisis: so many in an hour, so many times the usual spread above it."""

    minimum: int = 5
    threshold: float = 4.0
    weeks: int = 8


@dataclass(frozen=True)
class Display(_Table):
    """How things look.

    `rtl`: `auto` reorders right-to-left text where the terminal does not, `logical` never, `visual` always.
    `emoji`: `whole` shows sequences as one picture, `parts` its parts, which every terminal draws equally wide.
    `theme`: the colours of `care triage`; `auto` asks the terminal's COLORFGBG.
    `gloss`: the language in which you read messages in others, by the model of `[llm]`; "": nothing is ever sent there.
    """

    rtl: typing.Literal["auto", "logical", "visual"] = "auto"
    emoji: typing.Literal["auto", "whole", "parts"] = "auto"
    theme: typing.Literal["auto", "dark", "light", "contrast", "mono"] = "auto"
    gloss: str = ""


@dataclass(frozen=True)
class Network(_Table):
    """`allow_private`: feeds may be fetched from this machine and its private network."""

    allow_private: bool = False
    timeout: float = 20.0


@dataclass(frozen=True)
class Reporting(_Table):
    """What reports cannot know by themselves; `competitors`: a name, and the words that mean it."""

    week_starts: typing.Literal["monday", "sunday", "saturday"] = "monday"
    competitors: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportJob(_Table):
    """A report that `care report --due` makes when its period is over; `output` may hold {since} and {until}."""

    period: typing.Literal["day", "week", "month"] = "week"
    report: str = "summary"
    format: typing.Literal["text", "json", "csv", "md", "html"] = "html"
    output: str = ""
    mail: list[str] = field(default_factory=list)
    webhook: str = ""
    anonymise: bool = False
    brand: str = ""


@dataclass(frozen=True)
class Mail(_Table):
    """The server that mails reports; `ca_file` are certificates to trust besides the system's."""

    host: str = ""
    port: int = 587
    security: typing.Literal["starttls", "tls"] = "starttls"
    user: str = ""
    sender: str = ""
    ca_file: str = ""
    password_command: str | list[str] = ""


@dataclass(frozen=True)
class Alerts(_Table):
    """When `care alert` speaks: `hook` is a command and its arguments, which gets the alert as JSON on stdin.

    `silent_after`: a source that brings nothing for so long, and for much longer than it ever did lately.
    `stuck_after`: a reply that is not out after so long.
    """

    hook: list[str] = field(default_factory=list)
    silent_after: str = "6h"
    stuck_after: str = "15m"


@dataclass(frozen=True)
class Engine(_Table):
    """What classifies: `default`, or `semantic` with the extra of that name; `llm` asks a model about the doubtful.

    `model` is a name that the `llm` library knows, `limit` the most texts that one run sends, `doubt` the confidence
    below which a verdict is doubtful.
    """

    use: typing.Literal["default", "semantic"] = "default"
    llm: bool = False
    model: str = ""
    limit: int = 20
    doubt: float = 0.45


@dataclass(frozen=True)
class Config(_Table):
    """The whole of care.toml; every table is optional."""

    brand: Brand = field(default_factory=Brand)
    hours: OpeningHours = field(default_factory=OpeningHours)
    teams: dict[str, Team] = field(default_factory=dict)
    sla: Sla = field(default_factory=Sla)
    priority: Priority = field(default_factory=Priority)
    topics: dict[str, list[str]] = field(default_factory=dict)
    topic_examples: dict[str, list[str]] = field(default_factory=dict)
    crisis: CrisisRules = field(default_factory=CrisisRules)
    engine: Engine = field(default_factory=Engine)
    voices: dict[str, Voice] = field(default_factory=dict)
    guardrails: Guardrails = field(default_factory=Guardrails)
    agents: dict[str, Agent] = field(default_factory=dict)
    desk: Desk = field(default_factory=Desk)
    llm: Llm = field(default_factory=Llm)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    display: Display = field(default_factory=Display)
    keys: dict[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    report: Reporting = field(default_factory=Reporting)
    reports: dict[str, ReportJob] = field(default_factory=dict)
    mail: Mail = field(default_factory=Mail)
    alerts: Alerts = field(default_factory=Alerts)
    sources: dict[str, Source] = field(default_factory=dict)

    @cached_property
    def team_hours(self) -> Hours:
        """The team's calendar. Raises ValueError for ranges or zones that do not exist."""
        return _calendar(self.hours, self.brand.timezone)

    @cached_property
    def calendars(self) -> dict[str, Hours]:
        """The calendar of each team, the brand's own under an empty name. Raises ValueError like `team_hours`."""
        of_teams = {
            name: _calendar(team.hours, team.timezone or self.brand.timezone) for name, team in self.teams.items()
        }
        return {"": self.team_hours, **of_teams}

    @cached_property
    def memory(self) -> dict[Any, Any]:
        """What is worked out from this configuration again and again."""
        return {}

    def voice_of(self, source: str | None) -> str:
        """The voice in which what came through `source` is answered: its own, or the first one."""
        key = ("voice of", source)
        if key not in self.memory:
            known = self.sources.get(source or "")
            self.memory[key] = known.voice if known is not None and known.voice else self.voice(None)[0]
        return str(self.memory[key])

    def brand_of(self, source: str | None) -> str | None:
        """Whose mentions `source` brings, where they do not say it themselves."""
        known = self.sources.get(source or "")
        return (known.brand if known is not None else "") or self.brand.name or None

    @cached_property
    def own_handles(self) -> tuple[str, ...]:
        """Every handle that is ours: the brand's, and the accounts that its sources sign in with."""
        accounts = (str(source.settings.get("handle") or "") for source in self.sources.values())
        return tuple(dict.fromkeys(handle for handle in (*self.brand.handles, *accounts) if handle))

    def voice(self, name: str | None) -> tuple[str, Voice]:
        """The voice called `name`, or the first one, or a plain one. Raises ConfigError for an unknown name."""
        if name is None:
            return next(iter(self.voices.items()), ("default", Voice()))
        if name not in self.voices and name != "default":
            raise ConfigError(f"no voice is called '{name}'", hint=f"care.toml has: {', '.join(self.voices) or 'none'}")
        return name, self.voices.get(name, Voice())


def _calendar(hours: OpeningHours, timezone: str) -> Hours:
    return parse_hours(timezone, {day: getattr(hours, day) for day in DAYS}, hours.holidays, hours.countries)


_SOURCE_KEYS = ("platform", "enabled", "voice", "brand")


def read(path: Path) -> str | None:
    """The text of care.toml, None when there is no such file. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}", hint="save the file as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def variable(source: str, kind: str = "") -> str:
    """The environment variable of a secret: source `my-shop`, kind TOKEN → `CARE_MY_SHOP_TOKEN`."""
    return f"CARE_{re.sub(r'[^A-Z0-9]', '_', source.upper())}_{kind}"


def same_variables(source: str, others: Iterable[str]) -> str | None:
    """What is wrong where another source's secrets would be this one's, too: their variables have one name."""
    for other in others:
        if other != source and variable(other) == variable(source):
            return f"'{source}' and '{other}' would share the variable {variable(source, 'TOKEN')} of their secrets"
    return None


def parse(text: str, path: Path) -> dict[str, Any]:
    """care.toml as plain data, sources with their settings apart. Raises ConfigError for what is not TOML."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    sources = data.get("sources")
    if isinstance(sources, dict):
        data["sources"] = {name: _source(name, table) for name, table in sources.items()}
    return data


def _source(name: str, table: Any) -> Any:
    if not isinstance(table, dict):
        return table
    settings = {key: value for key, value in table.items() if key not in _SOURCE_KEYS}
    return {"name": name, **{key: table[key] for key in _SOURCE_KEYS if key in table}, "settings": settings}


def build(data: Mapping[str, Any]) -> Config:
    """The values of data that was checked before. Raises ValueError (key, problem) for a day that does not exist."""
    config: Config = _built(Config, data)
    return config


def _built(kind: Any, value: Any, key: str = "") -> Any:
    inner = f"{key}." if key else ""
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _built(hints[name], item, inner + name) for name, item in value.items()})  # type: ignore[operator]
    arguments = typing.get_args(kind)
    if date in (kind, *arguments) and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(key, f"'{value}' is not a day; write YYYY-MM-DD") from None
    if isinstance(value, dict) and arguments:
        return {name: _built(arguments[1], item, inner + name) for name, item in value.items()}
    if isinstance(value, list) and arguments:
        return [_built(arguments[0], item, key) for item in value]
    return value
