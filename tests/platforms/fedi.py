"""A small Mastodon server with three people on it: the brand and two customers; one server for all tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Self

import httpx
from mastodon_mock.config import (
    DatabaseConfig,
    MastodonMockConfig,
    SeedAccount,
    SeedConfig,
    StreamingConfig,
)
from mastodon_mock.testing.server import MockServer

from carecli.platforms.base import Fetcher, Setup
from carecli.platforms.mastodon import MASTODON

PEOPLE = ("acme", "zoe", "omar")


def setup_for(base_url: str, token: str | None = "acme_token", **settings: object) -> Setup:
    """The settings of a source on the server at `base_url`."""
    return Setup(
        source="social",
        settings={"base_url": base_url, **settings},
        secret=lambda kind: token if kind == "TOKEN" else None,
    )


class Fediverse:
    """The server, and what people do there. `reset` empties it."""

    def __init__(self) -> None:
        seed = SeedConfig(
            accounts=[
                SeedAccount(username=name, display_name=name.title(), access_token=f"{name}_token") for name in PEOPLE
            ]
        )
        config = MastodonMockConfig(
            database=DatabaseConfig(path=":memory:"), seed=seed, streaming=StreamingConfig(enabled=False)
        )
        self._server = MockServer(config=config)

    def __enter__(self) -> Self:
        self._server.start()
        self._http = httpx.Client(base_url=self.url, timeout=60)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._server.stop()

    @property
    def url(self) -> str:
        return str(self._server.base_url)

    def reset(self) -> None:
        self._http.delete("/api/v1/_mock/faults").raise_for_status()
        self._http.post("/api/v1/_mock/reset").raise_for_status()

    def ask(self, method: str, path: str, who: str = "acme", **more: Any) -> Any:
        """What the server answers to `who`."""
        answer = self._http.request(method, path, headers={"Authorization": f"Bearer {who}_token"}, **more)
        answer.raise_for_status()
        return answer.json()

    def write(self, who: str, text: str, **more: str) -> str:
        """`who` posts `text`; the id."""
        return str(self.ask("POST", "/api/v1/statuses", who, json={"status": text, **more})["id"])

    def posts(self, who: str) -> list[dict[str, Any]]:
        """All posts of `who`, newest first."""
        account = self.ask("GET", "/api/v1/accounts/verify_credentials", who)["id"]
        found: list[dict[str, Any]] = self.ask("GET", f"/api/v1/accounts/{account}/statuses", who)
        return found

    @contextmanager
    def fault(self, effect: Mapping[str, object], *, path: str, method: str = "GET", count: int = 1) -> Iterator[None]:
        """The next `count` requests for `path` (with * for anything) go wrong."""
        rule = {"match": {"methods": [method], "path": path}, "effect": dict(effect), "count": count}
        self._http.post("/api/v1/_mock/faults", json=rule).raise_for_status()
        yield
        self._http.delete("/api/v1/_mock/faults").raise_for_status()

    def open(self, who: str = "acme", **settings: object) -> AbstractAsyncContextManager[Fetcher]:
        """A client of the source that `who` has there."""
        return MASTODON.open(setup_for(self.url, f"{who}_token", **settings))
