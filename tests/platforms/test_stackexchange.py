"""Stack Exchange against a server that plays its API: everything in one wrapper, its refusals too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any

import pytest

from carecli.errors import AuthError, BadAnswer, ConfigError, PlatformError, RateLimited
from carecli.platforms.stackexchange import STACKEXCHANGE
from carecli.platforms.testing import FetcherContract
from tests.platforms.fakes import Fake, Opened, check, fetch, inbound, source, until_error
from tests.platforms.servers import Request, Script, json_script

ACME = 77


class Stack(Fake):
    """Questions, answers and comments of one site."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.extra: dict[str, Any] = {}
        self.route("GET", "/search/advanced", self.search)
        self.route("GET", rf"/users/{ACME}", lambda r: self.wrapped([{"display_name": "Acme &amp; Sons"}], r))
        self.route("GET", "/info", lambda r: self.wrapped([{}], r))
        self.route("GET", rf"/users/{ACME}/(\w+)", self.of_user)
        self.route("GET", r"/posts/([\d;]+)/comments", self.below)

    def owned(self, user: int, text: str) -> dict[str, Any]:
        owner = {
            "user_id": user,
            "display_name": f"user &lt;{user}&gt;",
            "link": f"https://stackoverflow.com/users/{user}",
        }
        html = "<p>" + escape(text, quote=False) + "</p>"
        return {"owner": owner, "creation_date": int(self.tick().timestamp()), "body": html, "score": 1}

    def ask(self, user: int, text: str, tags: Sequence[str] = ("acme",), title: str = "") -> str:
        number = 790_000 + len(self.questions)
        link = f"https://stackoverflow.com/questions/{number}/x"
        more = {"question_id": number, "title": escape(title), "tags": list(tags), "link": link, "answer_count": 0}
        self.questions.append({**self.owned(user, text), **more})
        return f"stackoverflow:q{number}"

    def answer_to(self, question: str, user: int, text: str) -> str:
        number = 990_000 + len(self.answers)
        ids = {"answer_id": number, "question_id": int(question.partition(":q")[2])}
        self.answers.append({**self.owned(user, text), **ids})
        return f"stackoverflow:a{number}"

    def comment(self, post: str, user: int, text: str) -> str:
        number, kind = 5000 + len(self.comments), post.partition(":")[2]
        ids = {"comment_id": number, "post_id": int(kind[1:])}
        post_type = "answer" if kind[0] == "a" else "question"
        self.comments.append({**self.owned(user, text), **ids, "post_type": post_type})
        return f"stackoverflow:c{number}"

    def wrapped(self, items: list[dict[str, Any]], request: Request) -> dict[str, Any]:
        assert (request.first("site"), request.first("filter")) == ("stackoverflow", "withbody")
        until = int(request.first("todate", "9999999999"))
        found = [item for item in reversed(items) if item.get("creation_date", 0) <= until]
        size, page = int(request.first("pagesize", "30")), int(request.first("page", "1"))
        shown, more = found[(page - 1) * size : page * size], len(found) > page * size
        return {"items": shown, "has_more": more, "quota_max": 300, "quota_remaining": 290, **self.extra}

    def search(self, request: Request) -> object:
        words, tags = request.first("q").strip('"'), set(request.first("tagged").split(";")) - {""}
        found = [item for item in self.questions if tags <= set(item["tags"]) and words in item["body"]]
        return self.wrapped(found, request)

    def of_user(self, request: Request, what: str) -> object:
        def ours(item: dict[str, Any]) -> bool:
            return bool(item["owner"]["user_id"] == ACME)

        choose: dict[str, Callable[[], list[dict[str, Any]]]] = {
            "mentioned": lambda: [item for item in self.comments if "@acme" in item["body"]],
            "answers": lambda: [item for item in self.answers if ours(item)],
            "comments": lambda: [item for item in self.comments if ours(item)],
            "posts": lambda: [{**item, "post_id": item["answer_id"]} for item in self.answers if ours(item)],
        }
        return self.wrapped(choose[what](), request)

    def below(self, request: Request, ids: str) -> object:
        return self.wrapped([item for item in self.comments if str(item["post_id"]) in ids.split(";")], request)


@pytest.fixture
def stack() -> Iterator[Stack]:
    with Stack() as server:
        yield server


def opened(stack: Stack, secrets: dict[str, str] | None = None, **settings: Any) -> Opened:
    defaults = {"base_url": stack.url, "page_size": 10, "tags": "acme"}
    return STACKEXCHANGE.open(source(STACKEXCHANGE, {**defaults, **settings}, secrets))


class TestStackExchange(FetcherContract):
    many = 25

    @pytest.fixture(autouse=True)
    def _server(self, stack: Stack) -> None:
        self.stack = stack

    def open(self) -> Opened:
        return opened(self.stack, search="number")

    def write(self, texts: Sequence[str]) -> list[str]:
        return [self.stack.ask(5, text) for text in texts]


def test_a_question_as_it_is_stored(stack: Stack) -> None:
    stack.ask(5, "it crashes & burns", title="SDK <2> fails?")
    stack.questions[0]["last_edit_date"] = int(stack.tick().timestamp())
    (question,) = fetch(opened(stack))[0]
    assert question.external_id == "stackoverflow:q790000"
    assert question.text == "SDK <2> fails?\n\nit crashes & burns"
    assert (question.author.name, question.author.id, question.directed) == ("user <5>", "stackoverflow:5", False)
    assert question.edited_at is not None


def test_what_concerns_the_account(stack: Stack) -> None:
    question = stack.ask(5, "why?")
    ours = stack.answer_to(question, ACME, "because")
    below = stack.comment(ours, 5, "thanks, and now?")
    said = stack.comment(question, 6, "@acme knows")
    more = stack.comment(ours, ACME, "now you wait")
    stack.comment(question, 6, "nothing to do with it")
    mentions, cursor, _ = fetch(opened(stack, tags="", user_id=str(ACME)))
    found = {mention.external_id: mention for mention in mentions}
    assert found.keys() == {ours, below, said, more}
    assert (found[ours].inbound, found[ours].in_reply_to, found[ours].thread_root) == (False, question, question)
    assert (found[below].directed, found[below].in_reply_to) == (True, ours)
    assert (found[said].directed, found[said].in_reply_to) == (True, question)
    assert fetch(opened(stack, tags="", user_id=str(ACME)), cursor)[0] == []


def test_a_short_pause_is_kept_and_a_long_one_ends_the_fetch(stack: Stack) -> None:
    ids = [stack.ask(5, f"number {number}") for number in range(25)]
    stack.extra = {"backoff": 1}
    started = time.monotonic()
    assert len(fetch(opened(stack, page_size=20))[0]) == 25
    assert time.monotonic() - started >= 1
    stack.extra = {"backoff": 600}
    pages, caught = until_error(opened(stack))
    assert isinstance(caught, RateLimited)
    assert 590 < (caught.retry_after or 0) <= 600
    stack.extra = {}
    rest, _, _ = fetch(opened(stack), pages[-1].cursor)
    assert {*inbound(pages[0].mentions), *inbound(rest)} == set(ids)


@pytest.mark.parametrize(
    ("number", "name", "message", "error", "status"),
    [
        (502, "throttle_violation", "more requests available in 82216 seconds", RateLimited, 400),
        (502, "throttle_violation", "too many requests from this IP", RateLimited, 503),
        (403, "access_denied", "no", AuthError, 400),
        (400, "bad_parameter", "`key` doesn't match a known application", AuthError, 400),
        (400, "bad_parameter", "site", PlatformError, 400),
    ],
)
def test_errors_stand_in_the_body(
    stack: Stack, number: int, name: str, message: str, error: type[PlatformError], status: int
) -> None:
    body = {"error_id": number, "error_name": name, "error_message": message}
    stack.fault("GET", *[json_script(body, status)] * 2)
    _, caught = until_error(opened(stack, {"KEY": "key-000001"}))
    assert type(caught) is error
    assert message in str(caught)
    assert "key-000001" not in str(caught)
    if isinstance(caught, RateLimited):
        assert caught.retry_after == (82216 if status == 400 else None)


@pytest.mark.parametrize("script", [Script(200, b'{"items": ['), json_script({"has_more": False}), json_script([])])
def test_answers_that_are_none(stack: Stack, script: Script) -> None:
    stack.fault("GET", script)
    assert isinstance(until_error(opened(stack))[1], BadAnswer)


def test_check_and_what_a_source_needs(stack: Stack) -> None:
    assert check(opened(stack)) == "stackoverflow; 290 of 300 requests left today"
    found = check(opened(stack, user_id=str(ACME)))
    assert found == "stackoverflow, Acme & Sons; 290 of 300 requests left today"
    with pytest.raises(ConfigError, match="nothing to read"):
        check(opened(stack, tags=""))
    with pytest.raises(ConfigError, match="is no number"):
        check(opened(stack, user_id="acme"))
