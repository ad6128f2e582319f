"""What is seen: every size, every theme, right-to-left, wide characters, and nothing that could steer a terminal."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.color_triplet import ColorTriplet

from carecli.config import Display
from carecli.tui import themes
from carecli.tui.paint import Painter
from tests.cli.terminal import STEERING
from tests.cli.test_hostile import BIDI, ESCAPES, HIDDEN, HOSTILE, MARKUP
from tests.tui.sitting import Sitting, run, sitting
from tests.world import World

GOLDEN = Path(__file__).parent / "golden"
SIZES = {"80x24": (80, 24), "120x32": (120, 32), "200x50": (200, 50), "60x20": (60, 20), "40x12": (40, 12)}
LABELS = {1: ("complaint", "negative"), 2: ("question", "neutral"), 3: ("complaint", "negative")}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Four scripts, a thread, a note, a tag, a claim; labelled by hand, so that no change of the engine shows."""
    world = World(tmp_path_factory.mktemp("screen"))
    world.init("--timezone", "Europe/Warsaw")
    same = ", ".join(f'{urgency} = "4h"' for urgency in ("emergency", "today", "week", "whenever"))
    text = world.config.read_text(encoding="utf-8")
    assert "\n[sla]" not in text
    world.config.write_text(f"{text}\n[sla]\nurgency = {{ {same} }}\n", encoding="utf-8")
    world.mentions(
        {"id": "1", "text": "@acme my luggage is lost and nobody answers!\nFlight AC 12.", "author_name": "Zoe Q"},
        {"id": "2", "author": "acme", "in_reply_to": "1", "text": "Sorry, Zoe. We are looking for it."},
        {"id": "3", "in_reply_to": "2", "text": "And now? 👨‍👩‍👧 👍🏽", "created_at": "2026-11-20T11:30:00Z"},
        {"id": "4", "author": "dana", "text": "@acme המזוודה שלי אבדה (AC 12) ואין מענה", "author_name": "דנה לוי"},
        {"id": "5", "author": "li", "text": "@acme 我的行李丢了，没有人回答！", "author_name": "李小龙"},
        {"id": "6", "author": "ola", "text": "@acme zgubiliście mój bagaż, to skandal!", "language": "pl"},
    )
    for mention in (1, 4, 5, 6):
        label = ("--intent", "complaint", "--sentiment", "negative", "--topic", "baggage")
        world.run("label", str(mention), *label)
    world.run("label", "3", "--intent", "question", "--sentiment", "neutral", "--topic", "")
    world.run("note", "1", "she flies on to Rome")
    world.run("tag", "1", "vip")
    world.run("claim", "3", "--as", "kim")
    return world


@pytest.fixture
def fixed(shop: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The shop to do with as one likes, on a terminal that leaves right-to-left text and emoji to us."""
    for name in ("TERM_PROGRAM", "VTE_VERSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    copy = tmp_path / "copy"
    shutil.copytree(shop.folder, copy)
    return World(copy)


def golden(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("CARE_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"the screen {name} is another one"


def straight(person: Sitting) -> None:
    """Every line has the screen's width in cells: no column is pushed aside."""
    width = person.app.size.width
    for strip in person.app.screen._compositor.render_strips():
        assert sum(segment.cell_length for segment in strip) == width, strip.text


@pytest.mark.parametrize("size", SIZES)
def test_the_screen_at_every_size(fixed: World, size: str) -> None:
    async def story() -> None:
        async with sitting(fixed, size=SIZES[size], case=1) as person:
            if size != "200x50":  # the context has the engine's reasons, which are not this test's matter
                golden(size, person.text)
            straight(person)
            assert "? all keys" in person.lines[-1]
            for key, words in (("2", "luggage is lost"), ("3", "she flies on to Rome")):
                await person.press(key, "home")
                for _ in range(12):  # whatever does not fit is further down
                    straight(person)
                    if words in person.text:
                        break
                    await person.press("pagedown")
                assert words in person.text
            await person.press("1", "f")
            straight(person)
            await person.press("f", "v")
            straight(person)
            assert "Volume by hour" in person.text

    run(story())


def test_panes_that_have_no_room_are_named_and_one_key_away(fixed: World) -> None:
    async def story() -> None:
        async with sitting(fixed, size=(80, 24), case=1) as person:
            assert "hidden: 3 Context" in person.lines[0]
            await person.press("3")
            assert "hidden: 2 Conversation" in person.lines[0]
            assert "more" in next(line for line in person.lines if "3 Context of case 1" in line)
            await person.press("f")
            assert "hidden: 1 Queue, 2 Conversation" in person.lines[0]
            await person.press("f", "2")
            await person.pilot.resize_terminal(160, 40)
            await person.rest()
            assert "hidden" not in person.text
            await person.pilot.resize_terminal(44, 12)
            await person.rest()
            assert "hidden" in person.lines[0]
            straight(person)

    run(story())


@pytest.mark.parametrize("size", [(120, 44), (90, 44)])
def test_on_a_tall_screen_the_context_is_there_too(fixed: World, size: tuple[int, int]) -> None:
    async def story() -> None:
        async with sitting(fixed, size=size, case=1) as person:
            straight(person)
            for words in ("1 Queue", "2 Case 1", "3 Context of case 1", "Zoe Q @zoe"):
                assert words in person.text
            assert "hidden" not in person.lines[0]
            await person.press("3")
            assert person.app.context.has_focus
            assert "luggage is lost" in person.text
            assert "And now?" in person.text
            await person.press("r")
            straight(person)
            assert "And now?" in person.text
            assert "3 Context" in person.lines[0]
            assert "luggage is lost" in person.text
            assert "Reply to Zoe Q" in person.text
            await person.press("escape")
            assert "hidden" not in person.lines[0]
            await person.press("f")
            assert "hidden: 2 Conversation, 3 Context" in person.lines[0]

    run(story())


def test_who_answers_sees_the_newest_message(fixed: World) -> None:
    async def story() -> None:
        async with sitting(fixed, size=(120, 20), case=1) as person:
            assert person.app.conversation.top == 0
            await person.press("r")
            assert "↑" in next(line for line in person.lines if "2 Case 1" in line)
            assert any("And now?" in line[56:] for line in person.lines)

    run(story())


def test_of_a_customer_with_many_cases_the_newest_are_shown_and_all_are_counted(world: World) -> None:
    world.init()
    days = [f"2026-{month:02}-{day:02}T10:00:00Z" for month in (9, 10) for day in range(1, 29, 2)]
    world.mentions(*({"id": at, "text": f"@acme my bag is lost, {at}", "created_at": at} for at in days))
    others = len(world.json("queue", "--all", "--limit", "99")) - 1
    assert others > 20

    async def story() -> None:
        async with sitting(world, size=(170, 60), case=1) as person:
            assert f"{others} other cases" in person.text
            await person.press("3", "end")
            assert f"… {others - 20} older: care customer show" in " ".join(person.text.split())

    run(story())


def test_the_mouse_does_what_the_keys_do(fixed: World) -> None:
    async def story() -> None:
        async with sitting(fixed, size=(170, 30)) as person:
            queue, order = person.app.queue, list(person.app.queue.order)
            theirs = order.index(3)  # kim's; the others are nobody's
            free = 1 if theirs != 1 else 2
            await person.pilot.click("#queue", offset=(20, 1 + theirs))
            await person.rest()
            assert queue.case == 3
            await person.pilot.click("#queue", offset=(20, 1 + free), control=True)
            await person.rest()
            assert (queue.case, queue.selected) == (order[free], {order[free]})
            place = person.lines[-1].index("c claim")
            await person.pilot.click("#foot", offset=(place, 0))
            await person.rest()
            assert person.news == f"case {order[free]} is yours."
            await person.pilot.click("#context", offset=(5, 5))
            assert person.app.context.has_focus
            await person.pilot.click("#foot", offset=(person.lines[-1].index("all keys"), 0))
            await person.rest()
            assert "The case before" in person.text
            await person.press("escape")
            await person.pilot.click("#foot", offset=(person.lines[-1].index("r reply"), 0))
            await person.rest()
            assert person.app.editor.writing
            await person.pilot.click("#foot", offset=(person.lines[-1].index("Esc keep"), 0))
            await person.rest()
            assert not person.app.editor.writing

    run(story())


@pytest.mark.parametrize("theme", themes.NAMES)
def test_every_theme_says_the_same_and_can_be_read(fixed: World, theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if theme == "mono":
        monkeypatch.setenv("NO_COLOR", "1")
    seen: list[str] = []

    async def story() -> None:
        async with sitting(fixed, size=(170, 40), theme=theme, case=1) as person:
            seen.append(person.text)
            for keys in ((), ("?",), ("escape", "i"), ("escape", "v"), ("escape", "n"), ("escape", "r")):
                await person.press(*keys)
                for strip in person.app.screen._compositor.render_strips():
                    for text, style, _ in _filtered(person, strip):
                        if text.strip():
                            _readable(text, style, theme)

    run(story())
    text = seen[0]
    for words in ("1 Queue", "2 Case 1, 3 messages", "3 Context of case 1", "→kim", "- impo", "And now?", "? all keys"):
        assert words in text


def _filtered(person: Sitting, strip: Any) -> list[Any]:
    segments = list(strip)
    for rule in person.app.get_line_filters():
        segments = rule.apply(segments, person.app.screen.background_colors[1])
    return segments


def _readable(text: str, style: Any, theme: str) -> None:
    if theme == "mono":
        for colour in (style.color, style.bgcolor):
            assert colour is None or colour.is_default, f"{text!r} has a colour: {style}"
        return
    ink, ground = (_triplet(colour) for colour in (style.color, style.bgcolor))
    if style.reverse:
        ink, ground = ground, ink
    assert _contrast(ink, ground) >= 4.5, f"{text!r}: {style}"


def _triplet(colour: Any) -> ColorTriplet:
    assert colour is not None
    found: ColorTriplet = colour.get_truecolor()
    return found


def _contrast(one: ColorTriplet, other: ColorTriplet) -> float:
    """The contrast of WCAG 2.1."""

    def light(colour: ColorTriplet) -> float:
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_hebrew_is_readable_on_both_kinds_of_terminals(fixed: World) -> None:
    async def story(mode: str) -> str:
        text = fixed.config.read_text(encoding="utf-8")
        fixed.config.write_text(f'{text}\n[display]\nrtl = "{mode}"\n', encoding="utf-8")
        async with sitting(fixed, size=(120, 32), case=2) as person:
            straight(person)
            shown = person.text
        fixed.config.write_text(text, encoding="utf-8")
        return shown

    async def both() -> None:
        assert "ינד הדנ"[::-1] not in await story("logical")
        logical, visual = await story("logical"), await story("visual")
        assert "המזוודה שלי אבדה" in logical
        assert "הדבא ילש הדווזמה" in visual
        assert "(AC 12)" in logical
        assert "(AC 12)" in visual
        assert all(line.count("\u200e") == 0 for line in visual.splitlines())

    run(both())


def test_emoji_sequences_take_the_cells_that_every_terminal_gives_them() -> None:
    whole, parts = Painter(parts=False), Painter(parts=True)
    family, flag, thumb, heart = "👨‍👩‍👧", "🇵🇱", "👍🏽", "❤️"
    assert parts.short(f"{family}{flag}{thumb}{heart}!", 16) == "👨👩👧[PL]👍❤!  "
    assert whole.short(f"{family}!", 4) == f"{family}! "
    for text in (family, flag, "行李丢了" * 5, "שלום עולם " * 5, "e\u0301" * 30, "👩🏽‍🚀" * 9, "a\u200bb\x1b[0m"):
        for painter in (whole, parts, Painter(reorder=True), Painter(reorder=True, parts=True)):
            for cells in (3, 7, 12, 30):
                assert cell_len(painter.short(text, cells)) == cells
                assert all(cell_len(line) <= max(cells, 4) for line in painter.long(text, cells))


def test_what_the_terminal_is_decides_unless_care_toml_does() -> None:
    assert Painter.of(Display(), {"TERM": "xterm"}) == Painter(reorder=True, parts=True)
    assert Painter.of(Display(), {"TERM": "xterm-kitty"}) == Painter(reorder=False, parts=False)
    assert Painter.of(Display(), {"TERM_PROGRAM": "WezTerm", "TMUX": "x"}).parts
    assert Painter.of(Display(rtl="logical", emoji="whole"), {"TERM": "xterm"}) == Painter()
    assert themes.chosen("auto", {"COLORFGBG": "0;15"}) == "light"
    assert themes.chosen("auto", {"COLORFGBG": "15;0"}) == themes.chosen("auto", {}) == "dark"
    assert themes.chosen("light", {"NO_COLOR": "1"}) == "mono"


def test_a_hundred_hostile_mentions(world: World) -> None:
    world.init()
    zalgo = "Z" + "\u0301\u0489\u0334" * 300
    nasty = [
        HOSTILE,
        f"@acme {MARKUP} my bag is lost",
        f"@acme {BIDI} {HIDDEN} my bag is lost",
        f"@acme {zalgo} my bag is lost",
        "@acme my bag is lost " + "👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿" * 60,
        "@acme my bag is lost " + "﷽" * 80 + "𒐫" * 80,
        "@acme my bag is lost\n" * 60,
        "@acme my bag is lost " + "a" * 9000,
        "@acme my bag is lost \ud800 \x00 \x9b31m \ufffe",
        "@acme my bag is lost " + "שלום (hello [עולם] 123) " * 20,
    ]
    world.mentions(
        *(
            {
                "id": str(n),
                "text": f"{nasty[n % 10]} {n}",
                "author": f"z{n}{ESCAPES}"[: 40 + n],
                "author_name": f"{BIDI}{MARKUP}{zalgo[:500]}"[n:],
                "url": f"https://x.example/{n}",
                "in_reply_to": str(n - 3) if n % 7 == 0 and n > 3 else None,
            }
            for n in range(100)
        )
    )

    async def story() -> None:
        async with sitting(world, size=(110, 34)) as person:
            assert len(person.app.queue.order) > 50
            while person.app.queue.place < len(person.app.queue.order) - 1:
                await person.pilot.press("j")
                await person.pilot.pause()
                straight(person)
                assert not _steering(person), person.app.queue.case
            for keys in ("i", "n", "?", "v", "r", "ctrl+n", "ctrl+s", "escape", "/"):
                await person.press(keys)
                assert not _steering(person), keys

    run(story())


def _steering(person: Sitting) -> list[str]:
    return re.findall(STEERING, person.text.replace("\u200e", "").replace("\n", ""))
