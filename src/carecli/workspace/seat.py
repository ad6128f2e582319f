"""Where a person sits: `care triage` in both its forms looks at cases through a `Seat`.

`carecli.workspace.deeds` is what is done from here, `carecli.workspace.answering` how a case is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from carecli.casework import casefile, ranking
from carecli.casework.casefile import CaseFile
from carecli.config import Config
from carecli.errors import NotFound, UsageError
from carecli.model import JSON, iso
from carecli.store import cases, events, knowledge, mentions, unsent
from carecli.store.connect import Row, Store
from carecli.workspace.filters import Query

if TYPE_CHECKING:
    from carecli.workspace.overview import Overview

Clock = Callable[[], datetime]


class Seat:
    """One agent's place: a connection, the configuration, a clock. Belongs to the thread that opened `store`."""

    def __init__(self, store: Store, config: Config, agent: str, clock: Clock) -> None:
        self.store, self.config, self.agent, self._clock = store, config, agent, clock

    @property
    def now(self) -> datetime:
        """This moment."""
        return self._clock()

    @staticmethod
    def warm_up() -> None:
        """Import what only acting needs: reading comes first, and nobody shall wait for a first key."""
        from carecli import act, respond

        _ = act, respond

    # What is looked at

    def order(self, query: Query, limit: int | None = None) -> list[int]:
        """The numbers of the cases that fit, most pressing first."""
        which = query.which
        if query.brand is not None:
            from carecli.casework import brands

            which = replace(which, brand=brands.meant(self.store, self.config, query.brand))
        return ranking.order(self.store, self.config, which, now=self.now, sla=query.sla, limit=limit)

    def rows(self, numbers: Sequence[int]) -> dict[int, Row]:
        """The rows of these cases, for `describe`."""
        return {row["case_id"]: row for row in cases.by_numbers(self.store, numbers)}

    def file(self, case: int) -> CaseFile:
        """A case with all that hangs on it. Raises NotFound."""
        return casefile.case_file(self.store, self.config, case, now=self.now, brief=True)

    def overview(self) -> Overview:
        """How the day goes."""
        from carecli.workspace import overview

        return overview.look(self.store, self.config, now=self.now)

    def knowledge(self, words: str) -> list[JSON]:
        """The articles of the knowledge base that hold all these words, else those that share most with them."""
        from carecli.responding import knowledge as base

        found = knowledge.find(self.store, words, limit=20) or knowledge.about(self.store, words, limit=5)
        return [base.described(row, self.config, self.now) for row in found]

    def written(self, case: int, *kinds: str) -> set[int]:
        """The numbers of the events of these kinds that this agent has written for a case."""
        return {number for kind in kinds for number in events.numbers(self.store, case, kind, self.agent)}

    def changes(self) -> int:
        """A number that changes whenever another connection has written."""
        return self.store.changes()

    def begun(self) -> list[int]:
        """The cases to which this agent has a half-written reply."""
        return unsent.cases(self.store, self.agent)

    def next_begun(self, here: int | None) -> int:
        """The case of the half-written reply after that to `here`, the newest first. Raises NotFound."""
        begun = self.begun()
        if not begun:
            raise NotFound("you have begun no reply that is not sent", hint="r begins one")
        return begun[(begun.index(here) + 1) % len(begun)] if here in begun else begun[0]

    def experts(self, case: int) -> list[tuple[str, str]]:
        """To whom the desk hands such a case on, and why. Raises NotFound."""
        from carecli.casework import escalation

        return escalation.experts(self.config, cases.get(self.store, case), besides=self.agent)

    def gloss(self, case: int) -> dict[int, str]:
        """The newest messages of a case in the language of `[display] gloss`, by their numbers. Raises UsageError."""
        from carecli.workspace import glossing

        rows = mentions.of_case(self.store, case)[-glossing.MOST :]
        theirs = [row for row in rows if row["language"] != self.config.display.gloss and not row["deleted_at"]]
        if not theirs and rows and self.config.display.gloss:
            raise NotFound(f"case {case} is in that language already")
        found = glossing.gloss([row["text"] for row in theirs], self.config)
        return {row["mention_id"]: text for row, text in zip(theirs, found, strict=True) if text}

    def moment(self, words: str) -> datetime:
        """A time to come, in words such as `2h`, `tomorrow 9:00`. Raises UsageError."""
        from carecli.reports.period import parse_when

        try:
            moment = parse_when(words, self.now, self.config.brand.timezone, direction="future")
        except ValueError as error:
            raise UsageError(str(error)) from None
        if moment <= self.now:
            raise UsageError(f"{iso(moment)} is not in the future", hint="write 2h, tomorrow 9:00, monday")
        return moment


def page_address(file: CaseFile) -> str:
    """The web address of a case's newest message. Raises NotFound where it has none that a browser may open."""
    address = file.case["url"] or ""
    if not address.startswith(("https://", "http://")) or any(c.isspace() or not c.isprintable() for c in address):
        raise NotFound(f"case {file.case['case']} has no web address", hint="its platform gave none")
    return str(address)


def refreshed(rows: Sequence[Row], config: Config, now: datetime) -> list[JSON]:
    """Rows that were read before as cases with the clocks of `now`; reads nothing."""
    return [casefile.describe(row, config, now) for row in rows]


def open_page(address: str) -> bool:
    """Open an address in a browser with a window of its own: one that lives in a terminal would take ours.

    Whatever the browser has to say is not written over the screen. False where there is none.
    """
    import subprocess
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(browser) is webbrowser.GenericBrowser:
        return False
    if not isinstance(browser, webbrowser.BackgroundBrowser):
        return browser.open(address)
    command = [browser.name, *(part.replace("%s", address) for part in browser.args)]
    try:
        subprocess.Popen(  # noqa: S603 - what the person's own system names as their browser
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    return True
