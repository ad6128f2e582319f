"""The client against a real server that lies, hangs, cuts and redirects."""

from __future__ import annotations

import asyncio
import gzip
import logging
import unicodedata
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.errors import (
    AuthError,
    BadAnswer,
    ConfigError,
    NotProcessed,
    PlatformError,
    RateLimited,
    Unreachable,
)
from carecli.platforms.web.answers import Answer, printable, retry_after
from carecli.platforms.web.guard import is_public
from carecli.platforms.web.http import Client, redact_url
from tests.platforms.servers import LyingServer, Script, json_script

TOKEN = "s3cr3t-token-value"
NOW = 1_800_000_000.0


def use(base_url: str, work: Callable[[Client], Awaitable[Answer]], **options: object) -> tuple[Answer, list[float]]:
    """What `work` returns with its own client, and the seconds slept between attempts."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def main() -> Answer:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with Client(base_url, **{"headers": headers, "sleep": sleep, **options}) as client:  # type: ignore[arg-type]
            return await work(client)

    return asyncio.run(main()), slept


def get(base_url: str, path: str = "/x", *, ask: dict[str, object] | None = None, **options: object) -> Answer:
    return use(base_url, lambda client: client.get(path, **(ask or {})), **options)[0]  # type: ignore[arg-type]


def post(base_url: str, path: str = "/x", **options: object) -> Answer:
    return use(base_url, lambda client: client.send("POST", path, json={"a": 1}), **options)[0]


def test_get_sends_query_token_and_a_neutral_agent(lying: LyingServer) -> None:
    lying.on("/api/x", json_script({"ok": True}))
    answer = get(lying.url + "/api/", "x", ask={"params": {"types[]": ["mention", "quote"], "limit": 80}})
    assert answer.json() == {"ok": True}
    seen = lying.requests[0]
    assert seen.query == {"types[]": ["mention", "quote"], "limit": ["80"]}
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["user-agent"].startswith("carecli/")


def test_send_posts_json_and_form(lying: LyingServer) -> None:
    lying.on("/x", json_script({"id": "1"}, 201))
    assert post(lying.url).json() == {"id": "1"}
    use(lying.url, lambda client: client.send("POST", "/x", form={"a b": "ä&=c"}))
    first, second = lying.requests
    assert (first.method, first.headers["content-type"], first.body) == (
        "POST",
        "application/json",
        b'{"a": 1}',
    )
    assert second.headers["content-type"] == "application/x-www-form-urlencoded"
    assert dict(httpx.QueryParams(second.body.decode())) == {"a b": "ä&=c"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_names_the_host_and_what_to_do_but_never_the_token(
    lying: LyingServer, status: int
) -> None:
    lying.on("/x", json_script({"error": f"bad token {TOKEN}\x1b[31m"}, status))
    for call in (get, post):
        with pytest.raises(AuthError) as caught:
            call(lying.url)
        assert caught.value.status == status
        assert "127.0.0.1" in caught.value.message
        assert "care login" in (caught.value.hint or "")
        assert TOKEN not in caught.value.message
        assert "\x1b" not in caught.value.message
        assert "bad token HIDDEN" in caught.value.message


def test_what_a_refusal_repeats_of_a_secret_is_hidden_before_anybody_reads_it(lying: LyingServer) -> None:
    secrets = ('with "marks" and ü', "error")  # the second is so short that it stands elsewhere, too
    lying.on("/x", json_script({"error": f"no {secrets[0]}, {TOKEN}"}, 400))

    def ask(client: Client) -> Awaitable[Answer]:
        for secret in secrets:
            client.hide(secret)
        return client.get("/x", headers={"Authorization": f"Bearer {TOKEN}"}, ok=(400,))

    answer, _ = use(lying.url, ask)
    assert answer.json() == {"error": "no HIDDEN, HIDDEN"}


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_client_errors_are_not_retried_and_a_write_was_surely_not_done(lying: LyingServer, status: int) -> None:
    lying.on("/x", Script(status, b"<html><h1>Nope</h1></html>", {"Content-Type": "text/html"}))
    with pytest.raises(PlatformError) as read:
        get(lying.url)
    assert type(read.value) is PlatformError
    assert read.value.status == status
    assert "Nope" in read.value.message
    assert "<h1>" not in read.value.message
    with pytest.raises(NotProcessed) as written:
        post(lying.url)
    assert written.value.status == status
    assert len(lying.requests) == 2


def test_a_status_that_is_expected_is_returned(lying: LyingServer) -> None:
    lying.on("/x", Script(304, headers={"ETag": 'W/"a"'}))
    answer = get(lying.url, ask={"ok": (200, 304)})
    assert (answer.status, answer.headers["etag"], answer.body) == (304, 'W/"a"', b"")


def test_a_short_wait_is_waited_and_the_read_tried_again(lying: LyingServer) -> None:
    lying.on(
        "/x",
        Script(429, headers={"Retry-After": "7"}),
        Script(503, headers={"Retry-After": "2"}),
        json_script([]),
    )
    answer, slept = use(lying.url, lambda client: client.get("/x"))
    assert answer.json() == []
    assert slept == [7, 2]


def test_a_long_or_unknown_wait_is_the_callers(lying: LyingServer) -> None:
    lying.on("/long", Script(429, headers={"Retry-After": "300"}))
    lying.on("/none", Script(429, b"<html>slow down</html>"))
    lying.on("/busy", Script(503, headers={"Retry-After": "3600"}))
    for path, wait in (("/long", 300), ("/none", None), ("/busy", 3600)):
        with pytest.raises(RateLimited) as caught:
            get(lying.url, path)
        assert caught.value.retry_after == wait
    assert len(lying.requests) == 3


def test_a_write_is_never_repeated(lying: LyingServer) -> None:
    lying.on("/limit", Script(429, headers={"Retry-After": "1"}))
    lying.on("/broken", Script(500), json_script({}))
    lying.on("/busy", Script(503, headers={"Retry-After": "1"}), json_script({}))
    with pytest.raises(RateLimited) as caught:
        post(lying.url, "/limit")
    assert caught.value.retry_after == 1
    for path in ("/broken", "/busy"):
        with pytest.raises(BadAnswer):
            post(lying.url, path)
    assert len(lying.requests) == 3


def test_server_errors_are_retried_with_growing_pauses(lying: LyingServer) -> None:
    lying.on("/x", Script(500), Script(502), json_script({"fine": 1}))
    answer, slept = use(lying.url, lambda client: client.get("/x"))
    assert answer.json() == {"fine": 1}
    assert 0.5 <= slept[0] <= 1 <= slept[1] <= 2
    lying.on("/y", Script(504, b"gateway"))
    with pytest.raises(BadAnswer) as caught:
        get(lying.url, "/y")
    assert caught.value.status == 504
    assert len(lying.asked("/y")) == 3


@pytest.mark.parametrize("body", [b'{"a": [1, 2', b"<html>Login</html>", b"", b"[" * 100_000, b"\xff\xfe\x00"])
def test_what_is_not_json_is_named(lying: LyingServer, body: bytes) -> None:
    lying.on("/api/x", Script(200, body))
    answer = get(lying.url, "/api/x?token=hidden")
    with pytest.raises(BadAnswer) as caught:
        answer.json()
    message = caught.value.message
    assert f"127.0.0.1:{lying.port}/api/x" in message
    assert "hidden" not in message
    assert len(message) < 200
    assert message.isprintable()


def test_a_cut_body_is_retried_for_reads_and_unknown_for_writes(lying: LyingServer) -> None:
    lying.on("/x", Script(200, b"[1, 2, 3]", cut=4), json_script([1]))
    assert get(lying.url).json() == [1]
    lying.on("/y", Script(200, b"[1, 2, 3]", cut=4))
    with pytest.raises(Unreachable):
        post(lying.url, "/y")
    assert len(lying.asked("/y")) == 1


def test_a_hanging_server_times_out(lying: LyingServer) -> None:
    lying.on("/x", Script(hang=True))
    with pytest.raises(Unreachable):
        get(lying.url, timeout=0.7, attempts=2)
    with pytest.raises(Unreachable):
        post(lying.url, timeout=0.7)
    for _ in range(100):  # a busy machine's server may notice a request after its client has gone
        if len(lying.requests) == 3:
            break
        lying.wait(0.1)
    assert len(lying.requests) == 3


def test_an_endless_body_ends_at_the_size_limit_or_at_the_deadline(lying: LyingServer) -> None:
    lying.on("/fast", Script(200, b"x" * 10_000, endless=True))
    with pytest.raises(BadAnswer, match="more than 100,000 bytes"):
        get(lying.url, "/fast", max_bytes=100_000)
    lying.on("/drip", Script(200, b"x", endless=True, pause=0.05))
    with pytest.raises(Unreachable, match="in time"):
        get(lying.url, "/drip", timeout=0.3)
    assert len(lying.requests) == 2


def test_compression_is_undone_within_the_size_limit(lying: LyingServer) -> None:
    packed = {"Content-Encoding": "gzip"}
    lying.on("/good", Script(200, gzip.compress(b'{"a": 1}'), packed))
    lying.on("/bomb", Script(200, gzip.compress(b"0" * 50_000_000), packed))
    lying.on("/torn", Script(200, gzip.compress(b"0123456789" * 20)[:-12], packed))
    lying.on("/junk", Script(200, b"no gzip at all", packed))
    lying.on("/zstd", Script(200, b"(\xb5/\xfd", {"Content-Encoding": "zstd"}))
    assert get(lying.url, "/good").json() == {"a": 1}
    for path in ("/bomb", "/torn", "/junk", "/zstd"):
        with pytest.raises(BadAnswer):
            get(lying.url, path, max_bytes=1_000_000)
        assert len(lying.asked(path)) == 1


def test_redirects_stay_on_the_server(lying: LyingServer) -> None:
    lying.on("/old", Script(301, headers={"Location": "/new"}))
    lying.on("/new", json_script("here"))
    lying.on("/loop", Script(302, headers={"Location": "/loop"}))
    answer = get(lying.url, "/old")
    assert (answer.json(), answer.url, answer.permanent) == ("here", f"{lying.url}/new", True)
    with pytest.raises(BadAnswer, match="without end"):
        get(lying.url, "/loop")
    for status, error in ((302, BadAnswer), (303, BadAnswer), (307, NotProcessed)):
        lying.on("/post", Script(status, headers={"Location": "/new"}))
        with pytest.raises(error):
            post(lying.url, "/post")
    assert len(lying.asked("/new")) == 1


def test_a_token_never_reaches_another_server(lying: LyingServer) -> None:
    with LyingServer() as other:
        other.on("/x", json_script("other"))
        lying.on("/x", Script(302, headers={"Location": f"{other.url}/x"}))
        with pytest.raises(BadAnswer, match="another server"):
            get(lying.url)
        with pytest.raises(BadAnswer, match="another server"):
            get(lying.url, f"{other.url}/x")
        with pytest.raises(NotProcessed, match="another server"):
            post(lying.url, f"{other.url}/x")
        assert other.requests == []
        answer = get(lying.url, ask={"follow": True, "headers": {"X-Api-Key": TOKEN, "If-None-Match": '"e"'}})
        assert (answer.json(), answer.permanent) == ("other", False)
        assert TOKEN not in str(other.requests[0].headers)
        assert other.requests[0].headers["if-none-match"] == '"e"'
        assert lying.requests[-1].headers["x-api-key"] == TOKEN


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://example.org/", "http://[", "javascript:1"])
def test_a_redirect_to_no_web_address_is_not_followed(lying: LyingServer, place: str) -> None:
    lying.on("/x", Script(302, headers={"Location": place}))
    with pytest.raises(BadAnswer):
        get(lying.url, ask={"follow": True})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "127.1",
        "2130706433",
        "169.254.169.254",
        "0.0.0.0",
    ],
)
def test_private_addresses_are_refused_unless_allowed(lying: LyingServer, host: str) -> None:
    with pytest.raises(NotProcessed) as caught:
        get(f"http://{host}:{lying.port}", allow_private=False)
    assert "allow_private = true" in (caught.value.hint or "")
    assert lying.requests == []


def test_a_redirect_to_a_private_address_is_refused(lying: LyingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 counts as public here, because a test has no other address to offer."""
    monkeypatch.setattr("carecli.platforms.web.guard.is_public", lambda address: address == "127.0.0.1")
    lying.on("/feed", Script(302, headers={"Location": f"http://[::1]:{lying.port}/inside"}))
    lying.on("/fine", json_script("pinned"))
    with pytest.raises(NotProcessed, match="private network"):
        get(lying.url, "/feed", ask={"follow": True}, allow_private=False)
    answer = get(lying.url, "/fine", allow_private=False)
    assert (answer.json(), answer.url) == ("pinned", f"{lying.url}/fine")
    assert lying.requests[-1].headers["host"] == f"127.0.0.1:{lying.port}"
    assert [request.path for request in lying.requests] == ["/feed", "/fine"]


def test_public_and_private_addresses() -> None:
    public = ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
    private = ["10.0.0.1", "192.168.1.1", "172.16.0.1", "127.0.0.1", "169.254.0.1", "100.64.0.1", "224.0.0.1"]
    private += ["240.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1"]
    private += ["::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::1"]
    assert [address for address in public if not is_public(address)] == []
    assert [address for address in private if is_public(address)] == []


def test_nobody_there_and_no_such_name() -> None:
    with LyingServer() as server:
        gone = server.url
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 cannot be reached"):
        get(gone)
    with pytest.raises(NotProcessed):
        post(gone)
    with pytest.raises(Unreachable, match="not known"):
        get("http://name.invalid", allow_private=False)


@pytest.mark.parametrize("base", ["", "https://", "ftp://example.org", "http://[", "https://exa mple.org:x"])
def test_a_base_url_that_is_none(base: str) -> None:
    with pytest.raises(ConfigError):
        Client(base)


def test_a_base_url_without_a_scheme_is_https() -> None:
    assert str(Client("social.example").base_url) == "https://social.example"


@pytest.mark.parametrize("token", ["a\nb", "tokén", "x\x00"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(AuthError) as caught:
        Client("https://a.example", headers={"Authorization": token})
    assert token not in caught.value.message


def test_the_log_has_no_secret(lying: LyingServer, caplog: pytest.LogCaptureFixture) -> None:
    lying.on("/x", json_script({}))
    with caplog.at_level(logging.DEBUG):
        get(lying.url, "/x?access_token=abcdefgh&limit=3")
    ours = [record.getMessage() for record in caplog.records if record.name == "carecli.http"]
    assert len(ours) == 1
    assert ours[0].startswith(f"GET {lying.url}/x?access_token=HIDDEN&limit=3 200 ")
    assert not any(TOKEN in record.getMessage() or "abcdefgh" in record.getMessage() for record in caplog.records)


def test_cookies_are_not_kept(lying: LyingServer) -> None:
    lying.on("/x", Script(200, b"1", {"Set-Cookie": "a=b; Path=/"}))

    async def twice(client: Client) -> Answer:
        await client.get("/x")
        return await client.get("/x")

    use(lying.url, twice)
    assert "cookie" not in lying.requests[1].headers


def answer(status: int = 429, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), body, "https://a.example/x")


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (answer(), None),
        (answer(Retry_After="12"), 12),
        (answer(Retry_After="1.5"), 1.5),
        (answer(Retry_After=format_datetime(at(90), usegmt=True)), 90),
        (answer(Retry_After=format_datetime(at(-90), usegmt=True)), 0),
        (answer(Retry_After="soon"), None),
        (answer(Retry_After="-5"), None),
        (answer(Retry_After="9" * 400), None),
        (answer(X_RateLimit_Reset=at(60).isoformat()), 60),
        (answer(X_RateLimit_Reset=at(60).isoformat().replace("+00:00", "Z")), 60),
        (answer(RateLimit_Reset=str(int(NOW + 45))), 45),
        (answer(X_RateLimit_Reset=str(int(NOW + 45) * 1000)), 45),
        (answer(RateLimit_Reset="30"), 30),
        (answer(body=b'{"retry_after_ms": 2500}'), 2.5),
        (answer(body=b'{"parameters": {"retry_after": 35}}'), 35),
        (answer(body=b'{"reset": 1800000010000}'), 10),
        (answer(body=b"<html>"), None),
        (answer(503, X_RateLimit_Reset=str(int(NOW + 45))), None),
        (answer(Date=format_datetime(at(1000), usegmt=True), RateLimit_Reset=str(int(NOW + 1005))), 5),
    ],
)
def test_the_wait_that_a_server_asks_for(given: Answer, seconds: float | None) -> None:
    assert retry_after(given, NOW) == (None if seconds is None else pytest.approx(seconds, abs=0.01))


@settings(max_examples=50)
@given(st.text(), st.binary(max_size=50))
def test_any_header_and_body_give_a_wait_or_none(header: str, body: bytes) -> None:
    given = Answer(429, httpx.Headers([(b"Retry-After", header.encode(errors="ignore"))]), body, "https://a.example")
    wait = retry_after(given, NOW)
    assert wait is None or wait >= 0


@settings(max_examples=50)
@given(st.text())
def test_shown_text_is_always_one_printable_line(text: str) -> None:
    shown = printable(text, 80)
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert len(shown) <= 80


def test_urls_are_shown_without_secrets() -> None:
    shown = redact_url("https://user:pass@a.example/p?token=abc&q=hello&api_key=def#frag")
    assert shown == "https://a.example/p?token=HIDDEN&q=hello&api_key=HIDDEN"


@given(st.dates(min_value=datetime(2000, 1, 1, tzinfo=UTC).date()))
@settings(max_examples=20)
def test_iso_resets_agree_with_their_difference(day: object) -> None:
    moment = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    now = (moment - timedelta(seconds=77)).timestamp()
    assert retry_after(answer(X_RateLimit_Reset=moment.isoformat()), now) == pytest.approx(77)
