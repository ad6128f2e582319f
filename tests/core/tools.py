"""What the tests of the core share: a brand, a clock, and mentions in few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from carecli import act
from carecli.config import Brand, Config
from carecli.model import Author, Mention
from carecli.store import Store, intake

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ACME = Config(brand=Brand(name="Acme", handles=["@acme"]))
LOST = "@acme my bag is lost and nobody answers me!"


def minute(number: float) -> datetime:
    """`number` minutes after ten o'clock."""
    return datetime(2026, 11, 20, 10, 0, tzinfo=UTC) + timedelta(minutes=number)


def said(
    external_id: str,
    at: float,
    *,
    to: str | None = None,
    ours: bool = False,
    text: str = LOST,
    who: str | None = None,
    directed: bool = True,
) -> Mention:
    """A post at minute `at`, by a customer or by us."""
    return Mention(
        platform="x",
        external_id=external_id,
        text=text,
        created_at=minute(at),
        author=Author(who or ("acme" if ours else "zoe")),
        in_reply_to=to,
        inbound=not ours,
        directed=directed and not ours,
    )


def arrive(store: Store, *page: Mention, source: str = "s", config: Config = ACME) -> None:
    """Store a page and triage it."""
    intake.save_page(store, source, page, now=NOW)
    act.triage_new(store, config, now=NOW)
