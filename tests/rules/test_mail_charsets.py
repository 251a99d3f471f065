"""Charsets as people's programs name them, and texts that are not quite in them."""

import base64
import quopri

import pytest

from countenance.mail_charsets import MAX_CONTENT, charset_of_page, codec_of, decoded
from countenance.mail_reading import read_mail
from tests.rules.test_mail_reading import mail


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n", "Müller".encode("latin-1"), "Müller"),
        (b"Content-Type: text/plain; charset=koi8-r\r\n", "Привет".encode("koi8-r"), "Привет"),
        (b"Content-Type: text/plain; charset=shift_jis\r\n", "こんにちは".encode("shift_jis"), "こんにちは"),
        (b"Content-Type: text/plain; charset=gb18030\r\n", "你好".encode("gb18030"), "你好"),
        (b"Content-Type: text/plain; charset=utf-16\r\n", "wide".encode("utf-16"), "wide"),
        (b"Content-Type: text/plain; charset=windows-1252\r\n", "“quoted”".encode("cp1252"), "“quoted”"),
        (b"Content-Type: text/plain; charset=no-such-charset\r\n", "Grüße".encode(), "Grüße"),
        (b"Content-Type: text/plain; charset=zlib\r\n", b"not packed", "not packed"),
        (b"Content-Type: text/plain; charset=unicode_escape\r\n", b"a\\x41b", "a\\x41b"),
        (b"Content-Type: text/plain; charset=us-ascii\r\n", "schön".encode("cp1252"), "schön"),
        (b"Content-Type: text/plain\r\n", "schön".encode(), "schön"),
        (
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n",
            quopri.encodestring("Grüße an alle".encode()),
            "Grüße an alle",
        ),
        (
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
            base64.encodebytes("Grüße an alle".encode()),
            "Grüße an alle",
        ),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n", b"!!!not base64", "!!!not base64"),
    ],
)
def test_charsets_and_encodings(head: bytes, body: bytes, expected: str) -> None:
    assert read_mail(mail(head, body)).text == expected


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("gb2312", "gbk", "朱镕基你好"),
        ("shift_jis", "cp932", "髙橋①"),
        ("ks_c_5601-1987", "cp949", "안녕하세요 똠방각하"),
        ("iso-8859-8-i", "iso-8859-8", "שלום"),
        ("iso-8859-1", "cp1252", "“quoted” – and more"),
        ("cp-1251", "cp1251", "Привет мир"),
        ("windows-1251", "cp1251", "Привет мир"),
        ("x-cp1250", "cp1250", "Zażółć gęślą"),
        ("us-ascii", "utf-8", "Grüße"),
        ("no-such-charset", "utf-8", "Grüße"),
    ],
)
def test_a_charset_is_read_as_it_is_used(charset: str, codec: str, text: str) -> None:
    assert decoded(text.encode(codec), charset) == text


def test_a_few_wrong_bytes_are_shown_and_spoil_nothing_else() -> None:
    content = "Zażółć gęślą ".encode() + b"\xff end"

    text = decoded(content, "utf-8")

    assert text == "Zażółć gęślą \ufffd end"


def test_a_text_that_is_cut_inside_a_character_is_read_up_to_there() -> None:
    content = b"x" + "é".encode() * MAX_CONTENT

    text = decoded(content, "utf-8")

    assert text == "x" + "é" * ((MAX_CONTENT - 1) // 2)


@pytest.mark.parametrize(
    ("page", "charset"),
    [
        (b"<html><head><meta charset=koi8-r></head>", "koi8-r"),
        (b"<META http-equiv='Content-Type' content='text/html; charset=windows-1251'>", "windows-1251"),
        (b"<p>charset=koi8-r</p>", None),
        (b"<meta " * 1000, None),
    ],
)
def test_a_page_may_name_its_charset(page: bytes, charset: str | None) -> None:
    assert charset_of_page(page) == charset


def test_a_page_is_read_in_the_charset_that_it_names() -> None:
    page = b"<html><head><meta charset=koi8-r></head><body>" + "Привет мир".encode("koi8-r") + b"</body></html>"

    assert read_mail(mail(b"Content-Type: text/html\r\n", page)).text == "Привет мир"


@pytest.mark.parametrize("charset", ["zlib", "base64", "unicode_escape", "us-ascii", "", "x" * 5000, "\0"])
def test_what_is_no_charset_of_text_is_none(charset: str) -> None:
    assert codec_of(charset) is None
