"""`care kb`: articles in four languages, their versions, what is stale, what an answer leaves, what is missing."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.world import World

FILES = {
    "en/power.md": "---\ntitle: Power banks on board\nlanguage: en\nurl: https://acme.example/batteries\nowner: mia\n"
    "review: 2027-05-01\ntopics: batteries, baggage\n---\nPower banks travel in the cabin bag, never in the hold.\n",
    "pl/bagaz.md": "---\nlanguage: pl\n---\n# Zagubiony bagaż\nZgłoś zagubioną walizkę przy ladzie na lotnisku.\n",
    "he/bag.md": "---\ntitle: מזוודה שאבדה\nlanguage: he\n---\nמדווחים על מזוודה שאבדה בדלפק בשדה התעופה.\n",
    "zh/bag.md": "---\ntitle: 行李丢失\nlanguage: zh\n---\n行李丢失请到机场柜台登记，我们会查找五天。\n",
}


@pytest.fixture
def library(world: World) -> World:
    world.init()
    for name, text in FILES.items():
        file = world.folder / "kb" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return world


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("POWER bank", "Power banks on board"),
        ("zagubionej walizki", "Zagubiony bagaż"),
        ("zgloszenie walizka", None),
        ("המזוודה", "מזוודה שאבדה"),
        ("机场柜台", "行李丢失"),
    ],
)
def test_articles_are_found_in_four_languages(library: World, query: str, title: str | None) -> None:
    library.run("kb", "import", "kb")
    assert [a["title"] for a in library.json("kb", "search", query)] == ([title] if title else [])


def test_an_import_tells_what_changed_and_is_repeatable(library: World) -> None:
    assert library.json("kb", "import", "kb") == {"new": 4, "updated": 0, "unchanged": 0, "rejected": []}
    assert library.json("kb", "import", "kb")["unchanged"] == 4
    path = library.folder / "kb" / "en" / "power.md"
    path.write_text(path.read_text().replace("never in the hold", "two at the most"), encoding="utf-8")
    library.write("kb/broken.md", "---\ncolour: red\n---\nText")
    done = library.json("kb", "import", "kb", expect=4)
    assert (done["updated"], done["unchanged"]) == (1, 3)
    assert done["rejected"] == [
        {"file": "broken.md", "reason": "line 2: 'colour' is none of title, language, url, owner, review, topics"}
    ]
    assert library.json("kb", "search", "hold") == []
    (found,) = library.json("kb", "search", "cabin")
    shown = library.json("kb", "show", str(found["article"]))
    assert [v["version"] for v in shown["versions"]] == [1, 2]
    assert (shown["owner"], shown["review_by"], shown["topics"]) == ("mia", "2027-05-01", ["batteries", "baggage"])


def test_an_article_is_stale_from_the_day_after_its_review(world: World) -> None:
    world.init()
    world.run("kb", "add", "Fees", "A second bag costs 30.", "--language", "en", "--review", "2026-11-20")
    assert world.json("kb", "stale") == []
    world.env["CARE_NOW"] = "2026-11-21T00:00:00Z"
    (stale,) = world.json("kb", "stale")
    assert stale["stale"] is True
    changed = world.json("kb", "edit", "1", "--review", "2027-11-20")
    assert (changed["version"], changed["stale"]) == (2, False)
    assert world.json("kb", "edit", "1", "--review", "2027-11-20")["version"] == 2
    assert "no date" in world.run("kb", "edit", "1", "--review", "soon", expect=2).stderr


def test_citing_a_stale_article_is_a_finding(world: World) -> None:
    world.init()
    facts = ["--language", "en", "--review", "2026-01-01", "--url", "https://acme.example/fees", "--owner", "mia"]
    world.run("kb", "add", "Second bag fee", "A second bag costs 30 euros at the airport desk.", *facts)
    world.mentions({"text": "@acme what does a second bag cost?"})
    for text in ("A second bag costs 30 euros at the airport desk.", "See https://acme.example/fees"):
        found = world.json("check", text, "--case", "1")
        assert [f["rule"] for f in found if f["rule"] == "stale-article"] == ["stale-article"]
    assert not [f for f in world.json("check", "See acme.example", "--case", "1") if f["rule"] == "stale-article"]


def test_a_promoted_answer_names_nobody(world: World) -> None:
    world.init()
    world.mentions(
        {
            "id": "1",
            "author": "zoe",
            "author_name": "Zoe Quist",
            "text": "@acme how do I change the name on my ticket 4711223? Call me on +48 600 700 800, Zoe",
        },
        {
            "id": "2",
            "author": "acme",
            "in_reply_to": "1",
            "text": "@zoe Hi Zoe, names are changed in the app under Trips, free of charge. "
            "We wrote to zoe@mail.example. ^leo",
        },
    )
    article = world.json("kb", "promote", "1")
    assert article["origin"] == "case:1"
    assert "names are changed in the app under Trips" in article["text"]
    assert article["review_by"] == "2027-05-19"
    with closing(sqlite3.connect(world.db)) as db:
        kept = " ".join(str(row) for row in db.execute("SELECT title, text FROM article_versions"))
    for personal in ("zoe", "Zoe", "Quist", "4711223", "600", "mail.example", "leo"):
        assert personal not in kept
    assert "article 1 was made" in world.run("kb", "promote", "1", expect=1).stderr


TOLD = [
    (
        ("zoe_k", "Zoe Kowalska"),
        "can I take a power bank? I'm Suzanne, booking QX7TR2, zoe.k@mail.example, 12 Oak Street, Leeds LS1 4AB",
        "Hi Zoe, yes, up to 100Wh. Suzanne, booking QX7TR2: called +44 7700 900461, 12 Oak Street, LS1 4AB. – Leo",
        "yes, up to 100Wh",
        ("Zoe", "Suzanne", "QX7TR2", "900461", "Oak", "LS1", "Leo"),
    ),
    (
        ("noa_c", "נועה כהן"),
        "אפשר להעלות סוללה ניידת? שמי מיכל לוי, 052-8714390, רחוב הרצל 12 תל אביב",
        "שלום נועה, כן, עד 100 וואט-שעה בתיק היד. הזמנה AB12CD של מיכל לוי, רחוב הרצל 12, לנועה 052-8714390. – Leo",
        "עד 100 וואט-שעה בתיק היד",
        ("נועה", "כהן", "מיכל", "לוי", "AB12CD", "הרצל", "8714390", "Leo"),
    ),
    (
        ("ola.w", "Aleksandra Wiśniewska"),
        "czy mogę zabrać powerbank do kabiny? Ola, tel. 601 234 785, ul. Długa 5/7, 31-147 Kraków",
        "Pani Olu, do 100 Wh w bagażu podręcznym. Wiśniewskiej, ul. Długa 5/7, 31-147 Kraków: ZX81QP, 601 234 785. – M",
        "do 100 Wh w bagażu podręcznym",
        ("Olu", "Wiśniewsk", "Długa", "31-147", "Kraków", "ZX81QP", "601"),
    ),
    (
        ("wangli88", "王丽"),
        "充电宝可以带上飞机吗？我叫李小龙，手机13812345678，住在杭州市西湖区文三路123号，订单号88231907",
        "王丽女士您好，随身行李里不超过100Wh。李小龙的订单88231907，电话13812345678，文三路123号，微信wangli88 – Mia",
        "随身行李里不超过100Wh",
        ("王", "李小龙", "88231907", "13812345678", "文三路", "wangli88", "Mia"),
    ),
]


@pytest.mark.parametrize(("customer", "question", "answer", "kept", "gone"), TOLD, ids=["en", "he", "pl", "zh"])
def test_a_promoted_answer_keeps_what_it_says_and_nothing_of_the_customer(
    world: World, customer: tuple[str, str], question: str, answer: str, kept: str, gone: tuple[str, ...]
) -> None:
    world.init()
    handle, name = customer
    world.mentions(
        {"id": "1", "author": handle, "author_name": name, "text": f"@acme {question}"},
        {"id": "2", "author": "acme", "in_reply_to": "1", "text": answer},
    )
    article = world.json("kb", "promote", "1")
    assert kept in article["text"]
    words = f"{article['title']} {article['text']}"
    assert [each for each in gone if each in words] == []


def test_gaps_are_questions_of_several_customers_without_an_article(world: World) -> None:
    world.init()
    world.mentions(
        {"id": "1", "author": "a", "text": "@acme can I bring my dog into the cabin?"},
        {"id": "2", "author": "b", "text": "@acme can my small dog come into the cabin?"},
        {"id": "3", "author": "c", "text": "@acme where can I see my loyalty points?"},
        {"id": "4", "author": "d", "text": "@acme 可以带宠物狗上飞机吗？"},
        {"id": "5", "author": "e", "text": "@acme 宠物狗可以上飞机吗？"},
    )
    for mention in ("1", "2", "3", "4", "5"):
        world.run("label", mention, "--intent", "question")
    found = {gap["language"]: gap for gap in world.json("kb", "gaps")}
    assert set(found) == {"en", "zh"}
    assert (found["en"]["asked"], found["en"]["cases"]) == (2, [1, 2])
    world.run("kb", "add", "Dogs in the cabin", "A small dog may come into the cabin in a bag.", "--language", "en")
    assert {gap["language"] for gap in world.json("kb", "gaps")} == {"zh"}
