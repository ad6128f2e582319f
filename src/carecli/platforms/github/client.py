"""The client of GitHub: listings by REST, comments with a key inside."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from carecli.errors import AuthError, ConfigError, NotProcessed, PlatformError, RateLimited
from carecli.model import JSON, Mention, Page, Receipt, Reply, iso
from carecli.platforms.base import Look, Setup
from carecli.platforms.github import CLASSIC, HOW, LIMIT, MARKER, discussions, host, measure
from carecli.platforms.github.items import Eyes, Place, comment, issue, key_of
from carecli.platforms.github.looks import Looker
from carecli.platforms.web.answers import Answer, retry_after
from carecli.platforms.web.api import Api, a_list
from carecli.platforms.web.fields import Fields, digest, milliseconds, moment
from carecli.platforms.web.listings import Entry, Listing, Sheet, Until, beyond, one, pages, sheet
from carecli.text import fold

# How much the clocks may differ when a lost reply is looked for.
SKEW = timedelta(days=1)
MOST_FIND_PAGES = 20
# What a thread that notified us is asked for: comments of so long before.
RECENT = timedelta(days=2)
MakeEntry = Callable[[Fields], Entry | None]
REASONS = {"mention", "team_mention", "author", "comment", "manual", "assign"}


def judge(answer: Answer) -> PlatformError | None:
    """GitHub's own way to say no: limits as 403, and which permission is missing in a header."""
    if answer.status not in {401, 403}:
        return None
    said = answer.reason()
    spent = answer.headers.get("x-ratelimit-remaining") == "0" or "rate limit" in said.lower()
    if answer.status == 403 and (spent or "retry-after" in answer.headers):
        reset = answer.headers.get("x-ratelimit-reset", "") if spent else ""
        wait = float(reset) - time.time() if reset.isdigit() else None
        asked = retry_after(answer, time.time())
        known = asked if asked is not None else wait
        return RateLimited(f"GitHub's limit is reached: {said}", status=403, retry_after=known and max(known, 0))
    if answer.status == 401:
        return AuthError(f"GitHub refuses the token: {said}", hint=HOW, status=401)
    wanted = answer.headers.get("x-accepted-github-permissions") or answer.headers.get("x-accepted-oauth-scopes")
    hint = CLASSIC if answer.where.endswith("/notifications") else HOW
    hint = f"the token needs {wanted}: {hint}" if wanted else hint
    return AuthError(f"{answer.where} answered 403: {said}", hint=hint, status=403)


class GitHub:
    """Fetcher, Poster, Rereader and Checker of one account."""

    at_once = 1

    def __init__(self, api: Api, setup: Setup) -> None:
        self._api = api
        self._setup = setup
        self._repos = [repo.strip().lower() for repo in setup.texts("repos") if repo.strip()]
        self._size = setup.whole("page_size", 100, 1, 100)
        self._host = host(setup)
        self._eyes: Eyes | None = None
        if wrong := next((repo for repo in self._repos if repo.count("/") != 1), None):
            raise ConfigError(f"'{wrong}' of the source '{setup.source}' is no repository", hint="repos = owner/name")

    async def check(self) -> str:
        """Who is signed in, and what of each repository can be read. Raises PlatformError."""
        login = await self._login()
        found = []
        for repo in self._repos:
            private, talks = await self._about(repo)
            await self._api.get(f"repos/{repo}/issues", {"per_page": 1})
            if talks:
                await discussions.readable(self._api, repo)
            found.append(f"{repo}{' (private)' if private else ''}{', with discussions' if talks else ''}")
        if self._setup.flag("notifications"):
            await self._api.get("notifications", {"per_page": 1})
            found.append("notifications")
        return f"signed in as {login}" + (f"; {'; '.join(found)}" if found else "; no repos are set")

    async def fetch(self, cursor: JSON, *, since: datetime | None) -> AsyncIterator[Page]:
        """Issues, comments and discussions of own repositories, notifications, searches."""
        eyes = await self._see()
        listings = []
        for repo in self._repos:
            private, talks = await self._about(repo)
            listings += self._of_repo(repo, eyes, private=private, talks=talks)
        if self._setup.flag("notifications"):
            listings.append(self._notifications(eyes))
        listings += [self._search(query, eyes) for query in self._setup.searches("github", phrases=True)]
        async for page in pages(listings, cursor, since):
            yield page

    async def look_again(self, known: Sequence[Mention]) -> Look:
        """How these issues, discussions and comments are now."""
        return await Looker(self._api, await self._see()).look_again(known)

    async def post(self, reply: Reply, *, key: str) -> Receipt:
        """Comment below the issue or discussion, with `key` in an invisible comment."""
        receipt = await self._post(reply, key)
        return replace(receipt, host=self._host)

    async def _post(self, reply: Reply, key: str) -> Receipt:
        place = self._answerable(reply)
        body = reply.text + MARKER.format(key)
        if place.discussion or _is_discussion(reply):
            return await discussions.post(self._api, place, body)
        path = f"repos/{place.repo}/issues/{place.number}/comments"
        answer = await self._api.send("POST", path, json={"body": body})
        return _receipt(Fields(answer.json()), place)

    async def find(self, key: str, reply: Reply) -> Receipt | None:
        """The comment that carries `key`."""
        found = await self._find(key, reply)
        return replace(found, host=self._host) if found else None

    async def _find(self, key: str, reply: Reply) -> Receipt | None:
        place = self._answerable(reply)
        if place.discussion or _is_discussion(reply):
            return await discussions.find(self._api, place, key)
        since = (reply.created_at or reply.to.created_at) - SKEW
        path = f"repos/{place.repo}/issues/{place.number}/comments"
        for number in range(1, MOST_FIND_PAGES + 1):
            params: dict[str, str | int] = {"since": iso(since), "per_page": 100, "page": number}
            values = a_list(await self._api.get(path, params))
            for value in values:
                if isinstance(value, dict) and key_of(Fields(value).text("body")) == key:
                    return _receipt(Fields(value), place)
            if len(values) < 100:
                return None
        raise PlatformError("the issue has more comments since then than can be looked through")

    def _answerable(self, reply: Reply) -> Place:
        place = Place.parse(reply.to.external_id)
        if place is None:
            raise NotProcessed("this is no issue, discussion or comment of GitHub")
        if reply.private:
            raise NotProcessed("GitHub has no private messages", hint="answer in public, without personal data")
        if (length := measure(reply.text)) > LIMIT:
            raise NotProcessed(f"the reply has {length} characters; {LIMIT} are allowed")
        return place

    def _of_repo(self, repo: str, eyes: Eyes, *, private: bool, talks: bool) -> list[Listing]:
        async def issues(at: str | None) -> Sheet:
            params = {"state": "all", "sort": "updated", "direction": "asc"}
            return await self._since(f"repos/{repo}/issues", params, at, one_issue)

        async def comments(at: str | None) -> Sheet:
            params = {"sort": "updated", "direction": "asc"}
            return await self._since(f"repos/{repo}/issues/comments", params, at, one_comment)

        async def discussed(at: str | None) -> Sheet:
            return await discussions.read(self._api, eyes, repo, at, private=private)

        def one_issue(item: Fields) -> Entry:
            return _changed(item, issue(item, eyes, directed=True, private=private))

        def one_comment(item: Fields) -> Entry:
            return _changed(item, comment(item, eyes, directed=True, private=private))

        found = [
            Listing(f"issues:{repo}", issues, forward=True),
            Listing(f"comments:{repo}", comments, forward=True),
        ]
        return [*found, Listing(f"discussions:{repo}", discussed)] if talks else found

    async def _since(self, path: str, params: dict[str, str], at: str | None, entry: MakeEntry) -> Sheet:
        place = Until.parse(at) or Until(0)
        when = iso(datetime.fromtimestamp(place.second, UTC))
        answer = await self._api.get(path, {**params, "since": when, "per_page": self._size, "page": place.page})
        values = a_list(answer)
        return sheet(values, entry, path, beyond(place, values, "updated_at", self._size))

    def _search(self, query: str, eyes: Eyes) -> Listing:
        words = query
        if not re.search(r"\w:\S", query):  # else in GitHub's own syntax
            phrase = query if re.search('[ "]', query) else f'"{query}"'
            words = f"{phrase} in:title,body,comments"

        async def read(at: str | None) -> Sheet:
            place = Until.parse(at)
            until = f" created:<={iso(datetime.fromtimestamp(place.second, UTC))}" if place else ""
            params: dict[str, str | int] = {"q": f"{words} is:issue{until}", "sort": "created", "order": "desc"}
            params |= {"per_page": self._size, "page": place.page if place else 1}
            data = Fields(await self._api.json("search/issues", params))
            values = data.items("items")
            skipped = ("the search was cut short by GitHub",) if data.get("incomplete_results") is True else ()
            found = sheet(values, entry, f"search {query}", beyond(place, values, "created_at", self._size))
            return Sheet(found.entries, found.cursor, (*found.skipped, *skipped))

        def entry(item: Fields) -> Entry | None:
            made = issue(item, eyes, directed=False)
            covered = made is None or made.external_id.partition("#")[0] in self._repos
            return one(made) if made and not covered else None

        return Listing(f"search:{query}", read, own_limit=True)

    def _notifications(self, eyes: Eyes) -> Listing:
        async def read(at: str | None) -> Sheet:
            place = Until.parse(at)
            params: dict[str, str | int] = {"all": "true", "participating": "true", "per_page": min(self._size, 50)}
            if place:
                params |= {"before": iso(datetime.fromtimestamp(place.second + 1, UTC)), "page": place.page}
            values = a_list(await self._api.get("notifications", params))
            return sheet(values, entry, "notifications", beyond(place, values, "updated_at", min(self._size, 50)))

        def entry(item: Fields) -> Entry:
            changed = item.time("updated_at")
            return Entry(f"{item.id('id')}\0{changed}", milliseconds(changed), item=item)

        async def complete(entries: Sequence[Entry]) -> tuple[list[Mention], list[str]]:
            found, problems = list[Mention](), list[str]()
            for made in entries:
                item: Fields = made.item
                wanted = item.text("subject.type") == "Issue" and item.text("reason") in REASONS
                if wanted and item.text("repository.full_name").lower() not in self._repos:
                    await self._thread(item, eyes, found, problems)
            return found, problems

        return Listing("notifications", read, complete)

    async def _thread(self, item: Fields, eyes: Eyes, found: list[Mention], problems: list[str]) -> None:
        """The issue that notified us, and its latest comments."""
        address, private = item.text("subject.url"), item.get("repository.private") is True
        own = item.text("reason") == "author"
        since = iso(item.time("updated_at") - RECENT)
        try:
            about = Fields((await self._api.get(address)).json())
            comments = a_list(await self._api.get(f"{address}/comments", {"since": since, "per_page": 100}))
            made = [issue(about, eyes, directed=False, private=private)]
            made += [comment(Fields(value), eyes, directed=own, private=private) for value in comments]
        except (AuthError, RateLimited):
            raise
        except (PlatformError, ValueError) as error:
            problems.append(f"the thread {address}: {error}")
        else:
            found += [mention for mention in made if mention is not None]

    async def _login(self) -> str:
        return Fields(await self._api.json("user")).text("login")

    async def _see(self) -> Eyes:
        if self._eyes is None:
            names = (await self._login(), *self._setup.handles, self._setup.text("handle"))
            own = frozenset(fold(name.strip().lstrip("@")) for name in names if name.strip("@ "))
            self._eyes = Eyes(own, self._host)
        return self._eyes

    async def _about(self, repo: str) -> tuple[bool, bool]:
        """Whether the repository is private, and whether it has discussions."""
        try:
            about = Fields(await self._api.json(f"repos/{repo}"))
        except PlatformError as error:
            if error.status == 404:
                hint = f"check its name, and that the token was given access to it: {HOW}"
                raise AuthError(f"GitHub shows no repository {repo}", hint=hint, status=404) from error
            raise
        return about.get("private") is not False, about.get("has_discussions") is True


def _changed(item: Fields, mention: Mention | None) -> Entry:
    """An entry in the order of changes; a changed text makes another key, a new label or comment does not."""
    changed = milliseconds(item.time("updated_at"))
    if mention is None:
        return Entry(item.id("node_id"), changed)
    return Entry(f"{mention.external_id}\0{digest(mention.text)}", changed, (mention,))


def _is_discussion(reply: Reply) -> bool:
    return "/discussions/" in (reply.to.url or "")


def _receipt(made: Fields, place: Place) -> Receipt:
    external_id = f"{place.repo}#{place.number}:{made.id('id')}"
    return Receipt(external_id, made.note("html_url"), moment(made.get("created_at")))
