"""HTML of mails: as programs write it, broken, and hostile."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countenance.mail_markup import MAX_LINKS, MAX_MARKUP, read_markup


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>one<p>two", "one\ntwo"),
        ("a &amp; b&nbsp;c &lt;d&gt;", "a & b c <d>"),
        ("I <3 you & more", "I <3 you & more"),
        ("<!DOCTYPE html><!-- no --><?xml no?>yes", "yes"),
        ("<a title='1 > 0'>yes</a>", "yes"),
        ("<b don't>it's</b>", "it's"),
        ("<script>if (a < b) '</p>'</script>yes<STYLE>p{}</STYLE >!", "yes!"),
        ("<html><head><title>no</title><body><p>My face", "My face"),
        ("<html><head><title>no</title><p>My face", "My face"),
        ("<html><style>a{}<p>My face</html>", "My face"),
        ("<title>no<div>My face</div>", "My face"),
        ("<svg><style/></svg>world<head/> more", "world more"),
        ("My <!-- face", "My face"),
        ("<head>only this", "only this"),
        ("words <a href='x", "words <a href='x"),
        ("&#99999999999999999999; &#x110000;", "\ufffd \ufffd"),
        ("", ""),
    ],
)
def test_the_words_of_a_page(page: str, words: str) -> None:
    assert read_markup(page)[0].strip() == words


def test_the_links_of_a_page_are_bounded() -> None:
    page = '<A HREF = "https://us.example/?a=1&amp;b=2">x</a><a href=https://us.example/two>y</a>' + "<a href=z>" * 200

    _, links = read_markup(page)

    assert links[:2] == ("https://us.example/?a=1&b=2", "https://us.example/two")
    assert len(links) == MAX_LINKS


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "<!--",
        "</",
        "<![",
        "<a b='",
        '<a b="',
        "<a b=",
        "<",
        "<style>",
        "<title",
        "</style",
        "&#9",
        "<p =  ",
        "='>",
    ],
)
def test_hostile_markup_takes_no_longer_than_any_other(piece: str) -> None:
    page = piece * (MAX_MARKUP // len(piece) + 1)

    began = time.process_time()
    read_markup(page)

    assert time.process_time() - began < 3, "a reader that begins anew at each tag takes minutes"


@given(st.text(alphabet="<>/!-=\"' abhref&;#9\n", max_size=200), st.text(alphabet="abc", min_size=1, max_size=20))
def test_whatever_the_markup_words_before_it_are_kept(page: str, words: str) -> None:
    said, _ = read_markup(words + page)

    assert said.startswith(words)
