"""`care source test` on every platform that asks for a credential, when the platform refuses it.

Whatever is wrong (the key, a scope, a role, an approval), the message names what the credential must be and be
allowed and where to get it, in the platform's own words, and never shows it, although every refusal here repeats it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from carecli import listen, platforms
from carecli.config import Brand, Config, Source, variable
from carecli.errors import PlatformError
from tests.platforms import keys
from tests.platforms.fakes import Fake
from tests.platforms.servers import Script, json_script

# What every refusal repeats: the credentials, and the token that was granted for them.
HUSH = "hush-4711-"
GRANTED = f"{HUSH}granted"
SCOPES_OF_MASTODON = ("read:notifications", "write:statuses", "Preferences, Development")
PAGE = ("pages_read_engagement", "pages_read_user_content", "developers.facebook.com", "Graph API Explorer")
MEDIA = ("instagram_business_basic", "instagram_business_manage_comments", "developers.facebook.com")
THREADS = ("threads_basic", "threads_read_replies", "developers.facebook.com", "User token generator")
KEYS_OF_X = ("console.x.com", "Keys and tokens", "Read and Write")
REDDIT = ("Responsible Builder Policy", "feeds=true")
VIDEOS = ("youtube.force-ssl", "--browser")
FORUM = ("Admin, API", "read, write, notifications", "administrator")
ACCOUNT_KEY = ("App Store Connect", "Customer Support, App Manager or Admin", "Team Keys")
SERVICE_ACCOUNT = ("Play Console", "Users and permissions", "Reply to reviews")
APP_PASSWORD = ("app password", "Settings", "Privacy and security", "App passwords")


@dataclass(frozen=True)
class Refusal:
    """What is set, what the server answers to `METHOD path` (a pattern; {…} is JSON), and what has to be said."""

    platform: str
    answers: Sequence[tuple[str, int, Any]]
    says: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Sequence[str] = ("TOKEN",)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.platform} {self.answers[-1][1]} {self.says[0]}"


def graph(code: int) -> dict[str, Any]:
    return {"error": {"message": f"(#{code}) no {HUSH}", "type": "OAuthException", "code": code, "error_subcode": 463}}


def google(reason: str, status: str = "PERMISSION_DENIED") -> dict[str, Any]:
    return {"error": {"code": 403, "message": f"no {HUSH}", "errors": [{"reason": reason}], "status": status}}


SAID = {"error": "no", "message": f"no {HUSH}"}
TOKEN = ("POST /token", 200, {"access_token": GRANTED, "expires_in": 3600})
NO_TOKEN = ("POST /token", 400, {"error": "invalid_grant", "error_description": f"ended {HUSH}"})
ME = ("GET /me", 200, {"id": "17", "name": "Acme", "username": "acme"})
SESSION = {"did": "did:plc:abc", "handle": "acme.example", "accessJwt": GRANTED, "refreshJwt": f"{HUSH}refresh"}
PDS = {"handle": "acme.example", "pinned": True}
X_KEYS = ("KEY", "SECRET", "TOKEN", "TOKEN_SECRET")
TUBE = {"channel": "UCacme", "client_id": "acme.apps"}
TUBE_KEYS = ("TOKEN", "SECRET")
APPROVED = {"client_id": "a1b2", "handle": "acme"}
KEPT = ("SECRET", "TOKEN")

REFUSALS = [
    Refusal("mastodon", [("GET .*verify_credentials", 401, SAID)], SCOPES_OF_MASTODON),
    Refusal("mastodon", [("GET .*verify_credentials", 400, f"Bad {HUSH}")], SCOPES_OF_MASTODON),
    Refusal("mastodon", [("GET .*verify_credentials", 422, "")], SCOPES_OF_MASTODON),
    Refusal(
        "mastodon",
        [
            ("GET .*verify_credentials", 200, {"id": "7", "acct": "acme"}),
            ("GET .*/statuses", 200, []),
            ("GET .*/notifications", 403, {"error": f"outside the authorized scopes {HUSH}"}),
        ],
        ("needs the scope read:notifications", *SCOPES_OF_MASTODON),
    ),
    Refusal(
        "bluesky",
        [("POST .*createSession", 401, {"error": "AuthenticationRequired", "message": f"no {HUSH}"})],
        APP_PASSWORD,
        PDS,
        ("PASSWORD",),
    ),
    Refusal(
        "bluesky",
        [
            ("POST .*createSession", 200, SESSION),
            ("POST .*refreshSession", 400, {"error": "ExpiredToken"}),
            ("GET .*", 400, {"error": "ExpiredToken", "message": f"no {GRANTED}"}),
        ],
        APP_PASSWORD,
        PDS,
        ("PASSWORD",),
    ),
    Refusal(
        "bluesky",
        [("POST .*createSession", 200, SESSION), ("GET .*", 403, {"error": "Forbidden", "message": f"no {GRANTED}"})],
        APP_PASSWORD,
        PDS,
        ("PASSWORD",),
    ),
    Refusal("github", [("GET .*", 401, {"message": f"Bad credentials {HUSH}"})], ("Issues and Discussions: read",)),
    Refusal(
        "github",
        [("GET /user", 200, {"login": "acme"}), ("GET .*", 403, {"message": f"Resource not accessible {HUSH}"})],
        ("issues=read", "Fine-grained tokens", "Developer settings"),
        {"repos": ["acme/app"]},
        headers={"X-Accepted-GitHub-Permissions": "issues=read"},
    ),
    Refusal(
        "github",
        [("GET /user", 200, {"login": "acme"}), ("GET .*", 403, {"message": f"Resource not accessible {HUSH}"})],
        ("a classic token", "notifications", "Developer settings"),
        {"notifications": True},
    ),
    Refusal(
        "github",
        [("GET /user", 200, {"login": "acme"}), ("GET .*", 404, {"message": f"Not Found {HUSH}"})],
        ("the token was given access", "Fine-grained tokens"),
        {"repos": ["acme/app"]},
    ),
    Refusal(
        "github",
        [
            ("GET /user", 200, {"login": "acme"}),
            ("GET /repos/acme/app", 200, {"private": False, "has_discussions": True}),
            ("GET /repos/acme/app/issues", 200, []),
            ("POST /graphql", 200, {"errors": [{"type": "FORBIDDEN", "message": f"no {HUSH}"}]}),
        ],
        ("Discussions: read and write", "Developer settings"),
        {"repos": ["acme/app"]},
    ),
    Refusal("youtube", [NO_TOKEN], ("end after 7 days", *VIDEOS), TUBE, TUBE_KEYS),
    Refusal("youtube", [TOKEN, ("GET .*", 401, google("authError"))], VIDEOS, TUBE, TUBE_KEYS),
    Refusal("youtube", [TOKEN, ("GET .*", 403, google("insufficientPermissions"))], VIDEOS, TUBE, TUBE_KEYS),
    Refusal("youtube", [TOKEN, ("GET .*", 403, google("channelClosed"))], VIDEOS, TUBE, TUBE_KEYS),
    Refusal(
        "youtube",
        [TOKEN, ("GET .*", 403, google("accessNotConfigured"))],
        ("enable the YouTube Data API v3", "Google Cloud"),
        TUBE,
        TUBE_KEYS,
    ),
    Refusal(
        "youtube",
        [("GET .*", 400, google("API_KEY_INVALID", "INVALID_ARGUMENT"))],
        ("make an API key", "Google Cloud", "Credentials"),
        {"search": ["acme"]},
        ("KEY",),
    ),
    Refusal("googleplay", [NO_TOKEN], SERVICE_ACCOUNT, {"package": "com.acme"}, ()),
    Refusal("googleplay", [TOKEN, ("GET .*", 401, SAID)], SERVICE_ACCOUNT, {"package": "com.acme"}, ()),
    Refusal("googleplay", [TOKEN, ("GET .*", 403, SAID)], SERVICE_ACCOUNT, {"package": "com.acme"}, ()),
    Refusal(
        "googleplay",
        [TOKEN, ("GET .*", 403, google("permissionDenied"))],
        SERVICE_ACCOUNT,
        {"package": "com.acme"},
        (),
    ),
    Refusal(
        "googleplay",
        [TOKEN, ("GET .*", 403, google("accessNotConfigured"))],
        ("enable the Google Play Android Developer API", "Google Cloud"),
        {"package": "com.acme"},
        (),
    ),
    Refusal(
        "appstore",
        [("GET .*", 401, {"errors": [{"status": "401", "code": "NOT_AUTHORIZED", "detail": f"no {HUSH}"}]})],
        ACCOUNT_KEY,
        {"app": "42", "key_id": "K1", "issuer_id": "I1"},
        (),
    ),
    Refusal(
        "appstore",
        [("GET .*", 403, {"errors": [{"status": "403", "code": "FORBIDDEN_ERROR", "detail": f"no {HUSH}"}]})],
        ACCOUNT_KEY,
        {"app": "42", "key_id": "K1", "issuer_id": "I1"},
        (),
    ),
    Refusal(
        "discourse",
        [("GET .*", 403, {"errors": [f"You are not permitted {HUSH}"], "error_type": "invalid_access"})],
        FORUM,
        {"handle": "acme"},
        ("KEY",),
    ),
    Refusal("discourse", [("GET .*", 401, SAID)], FORUM, {"handle": "acme"}),
    Refusal(
        "stackexchange",
        [("GET .*", 400, {"error_id": 400, "error_message": f"`key` doesn't match {HUSH}", "error_name": "bad"})],
        ("KEY", "stackapps.com/apps/oauth/register"),
        {"tags": ["acme"]},
        ("KEY",),
    ),
    Refusal(
        "stackexchange",
        [("GET .*", 403, {"error_id": 403, "error_message": f"no {HUSH}", "error_name": "access_denied"})],
        ("KEY", "stackapps.com/apps/oauth/register"),
        {"tags": ["acme"]},
        ("KEY",),
    ),
    Refusal(
        "stackexchange", [("GET .*", 403, "<html>")], ("blocks addresses", "apps/oauth/register"), {"tags": ["acme"]}
    ),
    Refusal(
        "telegram",
        [("GET .*", 401, {"ok": False, "error_code": 401, "description": f"Unauthorized {HUSH}"})],
        ("bot's token", "@BotFather", "/newbot"),
    ),
    Refusal(
        "telegram",
        [("GET .*", 404, {"ok": False, "error_code": 404, "description": f"Not Found {HUSH}"})],
        ("bot's token", "@BotFather", "/newbot"),
    ),
    Refusal(
        "lemmy",
        [("GET /api/v4/site", 404, ""), ("POST .*login", 401, {"error": "incorrect_login", "message": f"no {HUSH}"})],
        ("password", "handle", "TOKEN"),
        {"handle": "acme"},
        ("PASSWORD",),
    ),
    Refusal(
        "lemmy",
        [("GET /api/v4/site", 404, ""), ("POST .*login", 400, {"error": "missing_totp_token"})],
        ("second factor", "TOKEN", "jwt"),
        {"handle": "acme"},
        ("PASSWORD",),
    ),
    Refusal(
        "lemmy",
        [("GET /api/v4/site", 404, ""), ("GET /api/v3/site", 400, {"error": "not_logged_in", "message": HUSH})],
        ("password", "jwt"),
    ),
    Refusal(
        "matrix",
        [("GET .*", 401, {"errcode": "M_UNKNOWN_TOKEN", "error": f"no {HUSH}"})],
        ("Access token", "Settings, Help and about"),
    ),
    Refusal(
        "matrix",
        [("POST .*login", 403, {"errcode": "M_FORBIDDEN", "error": f"no {HUSH}"})],
        ("refuses the password", "Access token", "PASSWORD"),
        {"user": "acme"},
        ("PASSWORD",),
    ),
    Refusal(
        "matrix",
        [("GET .*", 403, {"errcode": "M_FORBIDDEN", "error": f"no {HUSH}"})],
        ("may not", "Access token", "Settings, Help and about"),
    ),
    Refusal("facebook", [("GET .*", 400, graph(190))], ("the token has ended", *PAGE)),
    Refusal("facebook", [ME, ("GET .*", 403, graph(10))], ("a permission is missing", *PAGE), secrets=KEPT),
    Refusal("facebook", [ME, ("GET .*", 403, graph(200))], ("a permission is missing", *PAGE), secrets=KEPT),
    Refusal("instagram", [("GET .*", 400, graph(190))], ("the token has ended", *MEDIA)),
    Refusal("instagram", [ME, ("GET .*", 403, graph(10))], ("a permission is missing", *MEDIA), secrets=KEPT),
    Refusal("threads", [("GET .*", 400, graph(190))], ("the token has ended", *THREADS)),
    Refusal(
        "threads", [ME, ("GET /me/threads.*", 403, graph(10))], ("a permission is missing", *THREADS), secrets=KEPT
    ),
    Refusal(
        "threads",
        [ME, ("GET /me/mentions", 403, graph(10)), ("GET .*", 200, {"data": []})],
        ("threads_manage_mentions", "review", *THREADS),
        {"mentions": True},
    ),
    Refusal(
        "threads",
        [ME, ("GET /keyword_search", 403, graph(10)), ("GET .*", 200, {"data": []})],
        ("threads_keyword_search", "review", *THREADS),
        {"search": ["acme"]},
    ),
    Refusal("x", [("GET .*", 401, {"title": "Unauthorized", "detail": HUSH})], KEYS_OF_X, {}, X_KEYS),
    Refusal(
        "x",
        [("GET .*", 403, {"title": "Forbidden", "detail": f"client-not-enrolled {HUSH}"})],
        KEYS_OF_X,
        {},
        X_KEYS,
    ),
    Refusal(
        "x",
        [("GET .*", 402, {"title": "CreditsDepleted", "detail": f"no {HUSH}"})],
        ("credits", "console.x.com"),
        {},
        X_KEYS,
    ),
    Refusal("reddit", [("POST /token", 401, {"message": f"no {HUSH}", "error": 401})], REDDIT, APPROVED, KEPT),
    Refusal("reddit", [("POST /token", 200, {"error": "invalid_grant"})], REDDIT, APPROVED, ("SECRET", "PASSWORD")),
    Refusal("reddit", [TOKEN, ("GET .*", 403, SAID)], ("the scope identity", *REDDIT), APPROVED, KEPT),
    Refusal(
        "reddit",
        [TOKEN, ("GET /api/v1/me", 200, {"name": "acme"}), ("GET .*", 403, SAID)],
        ("the scope privatemessages", *REDDIT),
        APPROVED,
        KEPT,
    ),
]


def repeating(value: Any, secrets: Sequence[str]) -> Any:
    """`value` with every secret where it says HUSH and nothing more."""
    return json.loads(json.dumps(value).replace(f'{HUSH}"', f'{" ".join(secrets)}"'))


def server_for(refusal: Refusal, secrets: Sequence[str]) -> Fake:
    server = Fake()

    def answering(status: int, value: Any) -> Script:
        said = repeating(value, secrets)
        if isinstance(said, str):
            return Script(status, said.encode(), {"Content-Type": "text/plain"})
        return json_script(said, status, refusal.headers)

    for pattern, status, value in refusal.answers:
        method, _, path = pattern.partition(" ")
        made = answering(status, value)
        server.route(method, path, functools.partial(lambda script, *_: script, made))
    return server


def key_files(platform: str, folder: Path) -> dict[str, Any]:
    if platform == "googleplay":
        return {"key_file": str(keys.service_account_file(folder))}
    if platform == "appstore":
        path = folder / "key.p8"
        path.write_text(keys.pem(keys.ec_key()), encoding="utf-8")
        return {"key_file": str(path)}
    return {}


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_a_refused_credential_is_explained_and_never_shown(
    refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    given = {kind: f"{HUSH}{kind.lower().replace('_', '-')}" for kind in refusal.secrets}
    for kind, value in given.items():
        monkeypatch.setenv(variable("shop", kind), value)
    hushed = [*given.values(), *([GRANTED] if GRANTED in json.dumps(refusal.answers) else [])]
    caplog.set_level("DEBUG", logger="carecli")
    with server_for(refusal, hushed) as server:
        settings = {"base_url": server.url, **key_files(refusal.platform, tmp_path), **refusal.settings}
        if "token_url" in platforms.load(refusal.platform).settings:
            settings["token_url"] = f"{server.url}/token"
        source = Source("shop", refusal.platform, settings=settings)
        with pytest.raises(PlatformError) as caught:
            listen.test(Config(brand=Brand(name="Acme"), sources={"shop": source}), "shop")
        assert server.requests
    said = f"{caught.value.message}\n{caught.value.hint}"
    for words in refusal.says:
        assert words in said
    for word in (*hushed, "PRIVATE KEY"):
        assert word not in said + caplog.text


def test_every_platform_with_a_credential_is_here() -> None:
    asked = {name for name in platforms.available() if platforms.load(name).secrets}
    assert {refusal.platform for refusal in REFUSALS} >= asked | {"googleplay", "appstore"}


@pytest.mark.parametrize("platform", ["feed", "hackernews", "appstore"])
def test_where_no_credential_is_asked_for_none_is_blamed(platform: str) -> None:
    with Fake() as server:
        server.route("GET", ".*", lambda _request: json_script({"error": "no"}, 403))
        settings: dict[str, dict[str, Any]] = {
            "feed": {"url": f"{server.url}/feed", "allow_private": True},
            "appstore": {"app": "42", "base_url": server.url},
            "hackernews": {"search": ["acme"], "base_url": server.url},
        }
        source = Source("shop", platform, settings=settings[platform])
        with pytest.raises(PlatformError) as caught:
            listen.test(Config(brand=Brand(name="Acme"), sources={"shop": source}), "shop")
    assert "care login" not in str(caught.value.hint)
    assert "check the credential" not in str(caught.value.hint)
