"""Is this care.toml right? The one place that imports pydantic for it; an error names file, line, key and a way out."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from carecli import national
from carecli.config import DAYS, RULES, Config, build, same_variables
from carecli.errors import ConfigError
from carecli.hours import parse_duration, parse_hours
from carecli.matching import parse
from carecli.model import INTENTS, RISKS, URGENCIES
from carecli.workspace.keys import bound

_HEADER = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_Attempt = tuple[str, Callable[[Config], object]]
_KEY = re.compile(r"^\s*([^=#\[]+?)\s*=")


def check(data: dict[str, Any], text: str, path: Path) -> None:
    """Validate `data`, which `text` of the file `path` says. Raises ConfigError for the first thing that is wrong."""
    try:
        # as JSON, because only there pydantic is strict with values and still builds tables: "no" is not false
        TypeAdapter(Config).validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        raise _explained(error, text, path) from None
    for table, known in _NAMED:
        for name in _table(data, table):
            if name not in known:
                import difflib

                near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                where = f"{path}:{line_of(text, [*table.split('.'), name])}"
                hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(known)}"
                raise ConfigError(f"{where}: unknown key '{table}.{name}'", hint=hint)
    try:
        config = build(data)
    except ValueError as error:
        key, problem = error.args
        raise ConfigError(f"{path}:{line_of(text, key.split('.'))}: '{key}': {problem}") from None
    for key, attempt in (
        *_ATTEMPTS,
        *_promises(config),
        *_teams(config),
        *_weights(config),
        *_campaigns(config),
        *_queries(data),
        *_names(config),
    ):
        try:
            attempt(config)
        except ValueError as error:
            raise ConfigError(f"{path}:{line_of(text, key.split('.'))}: [{key}] {error}") from None


def _table(data: dict[str, Any], path: str) -> dict[str, Any]:
    for key in path.split("."):
        data = data.get(key, {})
    return data


def _between(value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # not a number is not either
        raise ValueError(f"{value} is not a number from {low:g} to {high:g}")


def _target(urgency: str) -> Callable[[Config], object]:
    return lambda config: parse_duration(config.sla.urgency.get(urgency, "0s"))


def _day(day: str) -> Callable[[Config], object]:
    return lambda config: parse_hours("UTC", {day: getattr(config.hours, day)}, ())


def _one_of(name: str, known: Iterable[str], what: str) -> None:
    if name not in known:
        raise ValueError(
            f"there is no {what} called '{name}': care.toml has {', '.join(filter(None, known)) or 'none'}"
        )


def _asked(attempt: Callable[..., object], *values: object) -> Callable[[Config], object]:
    return lambda _config: attempt(*values)


def _promises(config: Config) -> Iterator[_Attempt]:
    """What every policy of [sla] names: durations, teams and voices."""
    for number, policy in enumerate(config.sla.policies):
        where = f"sla.policies.{number}"
        for name in ("first_response", "next_response", "resolution"):
            yield f"{where}.{name}", _asked(parse_duration, getattr(policy, name) or "0s")
        yield f"{where}.priority", _asked(_between, policy.priority, 0, 100)
        yield f"{where}.team", _asked(_one_of, policy.team or "", ["", *config.teams], "team")
        for voice in policy.voice:
            yield f"{where}.voice", _asked(_one_of, voice, config.voices or ["default"], "voice")


def _teams(config: Config) -> Iterator[_Attempt]:
    """The hours of every team, and who is said to work in which."""
    for name, team in config.teams.items():
        where = f"teams.{name}"
        yield f"{where}.timezone", _asked(parse_hours, team.timezone or "UTC", {}, ())
        yield f"{where}.hours.countries", _asked(national.check, team.hours.countries)
        for day in DAYS:
            yield f"{where}.hours.{day}", _asked(parse_hours, "UTC", {day: getattr(team.hours, day)}, ())
    for name, voice in config.voices.items():
        yield f"voices.{name}.team", _asked(_one_of, voice.team, ["", *config.teams], "team")
    for name, source in config.sources.items():
        yield f"sources.{name}.voice", _asked(_one_of, source.voice, ["", *(config.voices or ["default"])], "voice")


def _weights(config: Config) -> Iterator[_Attempt]:
    for name, value in asdict(config.priority).items():
        for key, points in (value if isinstance(value, dict) else {"": value}).items():
            yield f"priority.{name}.{key}".rstrip("."), _asked(_between, points, 0, 100)


def _campaigns(config: Config) -> Iterator[_Attempt]:
    """What campaigns name, their queries, limits and durations."""
    for name, campaign in config.campaigns.items():
        where = f"campaigns.{name}"
        for key in ("query", "category"):
            text = getattr(campaign, key) or campaign.query
            yield f"{where}.{key}", _asked(parse, config.brand.queries.get(text, text))
        for key in ("fresh", "person_within", "within", "ignored_after"):
            yield f"{where}.{key}", _asked(parse_duration, getattr(campaign, key) or "0s")
        yield f"{where}.per_person", _asked(_between, campaign.per_person, 1, 100)
        yield f"{where}.per_day", _asked(_between, campaign.per_day, 1, 10_000)
        yield f"{where}.voice", _asked(_one_of, campaign.voice, ["", *(config.voices or ["default"])], "voice")
        if campaign.since and campaign.until and campaign.until < campaign.since:
            yield f"{where}.until", _asked(_ends_before_it_begins, name)
        for source in campaign.sources:
            yield f"{where}.sources", _asked(_one_of, source, config.sources, "source")


def _ends_before_it_begins(name: str) -> None:
    raise ValueError(f"the campaign '{name}' ends before it begins")


# Tables whose keys are a closed list, which the types of a table do not say.
_NAMED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sla.urgency", URGENCIES),
    ("priority.urgency", URGENCIES),
    ("priority.intent", INTENTS),
    ("guardrails.severity", RULES),
    ("priority.risk", RISKS),
    ("priority.sla", ("due", "breached")),
)

# What the types do not say: where in care.toml, and what raises ValueError when it is wrong.
_ATTEMPTS: tuple[_Attempt, ...] = (
    ("hours.holidays", lambda config: config.hours),
    ("hours.countries", lambda config: national.check(config.hours.countries)),
    ("brand.timezone", lambda config: parse_hours(config.brand.timezone, {}, ())),
    *((f"hours.{day}", _day(day)) for day in DAYS),
    ("sla.first_response", lambda config: parse_duration(config.sla.first_response or "0s")),
    *((f"sla.urgency.{urgency}", _target(urgency)) for urgency in URGENCIES),
    ("sla.next_response", lambda config: parse_duration(config.sla.next_response or "0s")),
    ("sla.resolution", lambda config: parse_duration(config.sla.resolution or "0s")),
    ("crisis.minimum", lambda config: _between(config.crisis.minimum, 1, 1_000_000)),
    ("crisis.threshold", lambda config: _between(config.crisis.threshold, 2, 1000)),
    ("crisis.weeks", lambda config: _between(config.crisis.weeks, 2, 52)),
    ("sla.due_soon", lambda config: _between(config.sla.due_soon, 0, 1)),
    ("guardrails.similarity", lambda config: _between(config.guardrails.similarity, 0, 1)),
    ("alerts.silent_after", lambda config: parse_duration(config.alerts.silent_after)),
    ("alerts.stuck_after", lambda config: parse_duration(config.alerts.stuck_after)),
    ("mail.port", lambda config: _between(config.mail.port, 1, 65535)),
    ("desk.lease", lambda config: parse_duration(config.desk.lease or "0s")),
    ("desk.resolve_after", lambda config: parse_duration(config.desk.resolve_after or "0s")),
    ("desk.promise_due", lambda config: parse_duration(config.desk.promise_due)),
    ("keys", lambda config: bound(config.keys)),
    ("network.timeout", lambda config: _between(config.network.timeout, 0.1, 3600)),
)


def _queries(data: dict[str, Any]) -> Iterator[tuple[str, Callable[[Config], object]]]:
    """Every query of the file: the brand's by name, and those that sources have of their own."""
    named = data.get("brand", {}).get("queries", {})
    for name, text in named.items():
        yield f"brand.queries.{name}", lambda _config, text=text: parse(text)  # type: ignore[misc]
    for name, source in data.get("sources", {}).items():
        text = source["settings"].get("query")
        if text is not None and text not in named:
            yield f"sources.{name}.query", lambda _config, text=text: parse(str(text))  # type: ignore[misc]


def _names(config: Config) -> Iterator[_Attempt]:
    """Sources with names of their own also as environment variables."""
    names = list(config.sources)
    for place, name in enumerate(names):
        yield f"sources.{name}", _asked(_own_variables, name, names[:place])


def _own_variables(name: str, before: list[str]) -> None:
    if problem := same_variables(name, before):
        raise ValueError(f"{problem}: rename one of them")


def _explained(error: ValidationError, text: str, path: Path) -> ConfigError:
    first = error.errors(include_url=False)[0]
    keys = [str(part) for part in first["loc"] if part != "settings"]
    where = f"{path}:{line_of(text, keys)}"
    name = ".".join(keys)
    if first["type"] == "unexpected_keyword_argument":
        import difflib

        near = difflib.get_close_matches(keys[-1], _known(keys[:-1]), n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(_known(keys[:-1]))}"
        return ConfigError(f"{where}: unknown key '{name}'", hint=hint)
    if first["type"] == "missing":
        return ConfigError(f"{where}: '{name}' is missing")
    problem = first["msg"].replace("an object", "a table")
    return ConfigError(f"{where}: '{name}': {problem[0].lower()}{problem[1:]}")


def _known(keys: list[str]) -> list[str]:
    """The keys that may stand in the table at `keys`."""
    kind: Any = Config
    for key in keys:
        kind = get_type_hints(kind).get(key) if is_dataclass(kind) else (get_args(kind) or (None,))[-1]
    return [f.name for f in fields(kind)] if is_dataclass(kind) else []


def line_of(text: str, keys: list[str]) -> int:
    """The line on which the key path stands, or the nearest table above it; 1 when nothing of it is there."""
    best, best_length, table, seen = 1, 0, list[str](), Counter[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _path(header[1])
            if line.lstrip().startswith("[["):  # one of a list of tables: its place in the list is a key
                table.append(str(seen[header[1]]))
                seen[header[1]] += 1
            found = table
        elif key := _KEY.match(line):
            found = table + _path(key[1])
        else:
            continue
        if found == keys[: len(found)] and len(found) > best_length:
            best, best_length = number, len(found)
    return best


def _path(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
