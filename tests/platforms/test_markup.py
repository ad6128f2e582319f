"""HTML as plain text: what Mastodon and feeds send, and what attackers do."""

from __future__ import annotations

import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carecli.platforms.web.markup import sound, to_text

SHORTENED = (
    '<p>See <a href="https://shop.example/orders/2026/11/20?id=7" rel="nofollow">'
    '<span class="invisible">https://</span><span class="ellipsis">shop.example/orders/2026/11</span>'
    '<span class="invisible">/20?id=7</span></a> please</p>'
)
MENTION = (
    '<p><span class="h-card" translate="no"><a href="https://m.example/@acme" class="u-url mention">'
    "@<span>acme</span></a></span> app crashes "
    '<a href="https://m.example/tags/help" class="mention hashtag" rel="tag">#<span>help</span></a></p>'
)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<p>one</p>\n\n<p>two<br/>\nthree</p>\n", "one\n\ntwo\nthree"),
        (SHORTENED, "See https://shop.example/orders/2026/11/20?id=7 please"),
        (MENTION, "@acme app crashes #help"),
        ('<a href="https://a.example/">a.example</a>', "https://a.example/"),
        ('<a href="https://evil.example">my bank</a>.', "my bank (https://evil.example)."),
        (
            '<a href="https://evil.example"><span class="ellipsis">bank.example</span></a>',
            "https://evil.example",
        ),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ("<a href=https://a.example/?a=1&amp;b=2>x</a>", "x (https://a.example/?a=1&b=2)"),
        ('<a href="https://a.example">open <p>next', "open (https://a.example)\n\nnext"),
        ("a &lt;b> c", "a <b> c"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("1 < 2 <3 &amp 4", "1 < 2 <3 & 4"),
        ("a<script>if (a<b) { '</p>' }</script>b<style>p{}</style >c", "abc"),
        ("a<SCRIPT>x</ScRiPt>b<script>never closed <p>c", "ab"),
        ("a<!-- <p>hidden</p> -->b<!doctype html><?php ?>c", "abc"),
        ("a<!-- never closed", "a"),
        ("a<!-->b", "ab"),
        ("<span class=invisible>gone</span>kept", "kept"),
        ("<p><span class='invisible'>gone</p><p>kept</p>", "kept"),
        ("</span></span>kept", "kept"),
        ("<ul><li>one</li><li>two</li></ul>after", "- one\n- two\n\nafter"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a\nb</pre>c\nd", "a\nb\n\nc d"),
        ('Hi <img class="emoji" alt=":wave:" src="x"> there', "Hi :wave: there"),
        ('<img alt="&lt;b&gt;">', "<b>"),
        ("a&nbsp;&nbsp;b", "a\u00a0\u00a0b"),
        ("<b title='>'>x</b><i a=\"<br>\">y</i>", "xy"),
        ("<b it's>x</b>", "x"),
        ("a\x00b\ud800c&#0;&#xd800;", "a\ufffdb\ufffdc\ufffd\ufffd"),
        ("&#" + "9" * 10_000 + ";", "\ufffd"),
        ("\u202eabc\u202c \U0001f600\u200d\U0001f525", "\u202eabc\u202c \U0001f600\u200d\U0001f525"),
        ("a\r\nb", "a b"),
        ("x<br><br><br><br>y", "x\n\ny"),
    ],
)
def test_what_a_reader_sees(markup: str, text: str) -> None:
    assert to_text(markup) == text


@pytest.mark.parametrize(
    "piece",
    [
        *("<b>", "<div>", "<li>", "<ul><li>", "<a href=x>", '<a href="', "<a b='", "<form><div></form>", "<"),
        *(
            "<!--",
            "<!",
            "</",
            "<span class=invisible>",
            "<span><div></span></div>",
            '<div title="</div>">',
            " ",
            "\n",
        ),
        *(
            "<b<b",
            "&#",
            "&amp",
            "&#x41",
            "<script>",
            "<script",
            "<a =",
            "<a = '",
            "=",
            "<a href=y>z",
            "<p>x",
            "<pre> ",
        ),
        *("<a ", '<a "', "<a/", "\r\n", "<img alt='&'", "<select><option>"),
    ],
)
def test_a_megabyte_of_anything_comes_through(piece: str) -> None:
    hostile = piece * (1_000_000 // len(piece))
    to_text(hostile)
    to_text(f'<a href="https://{"x" * 1000}.example"> {hostile}')


def test_an_unclosed_link_is_named_once() -> None:
    text = to_text('<a href="https://a.example">' + "<p>x" * 1000)
    assert text.count("https://a.example") <= 1


@given(st.text(alphabet=st.characters(exclude_characters="\x00\r\f", exclude_categories=["Cs"])))
@settings(max_examples=100)
def test_escaped_text_comes_back(text: str) -> None:
    """Up to the white space that HTML folds, and the leading and trailing line breaks."""
    words = [word for word in text.replace("\t", " ").replace("\n", " ").split(" ") if word]
    assert to_text(f"<p>{html.escape(text)}</p>") == " ".join(words)


@given(st.text(alphabet="<>/!-ab =\"'&#;x1 \n") | st.text())
@settings(max_examples=200)
def test_any_markup_gives_storable_text(markup: str) -> None:
    text = to_text(markup)
    text.encode()
    assert "\x00" not in text
    assert "\n\n\n" not in text


def test_sound_text_is_untouched() -> None:
    assert sound("\x1b[31mא\U0001f600") == "\x1b[31mא\U0001f600"
