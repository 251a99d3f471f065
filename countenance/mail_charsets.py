"""Decoding the texts of mails: by the charset that is named, as it is used rather than as it is defined."""

import codecs
import re

MAX_CONTENT = 1024**2
"""How many bytes of one part are decoded."""

_ALIASES = {
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "euc-kr": "cp949",
    "iso-8859-6-e": "iso-8859-6",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-9": "cp1254",
    "tis-620": "cp874",
    "unicode-1-1-utf-7": "utf-7",
}
"""Programs name a charset and write its larger sibling; the sibling reads both."""

_NOTHING_SAID = frozenset({"us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit", "x-unknown"})
_NOT_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
_CODE_PAGE = re.compile(r"(?:x-)?(?:cp|win|windows|ansi|ibm)[-_]?([0-9]{3,4})")
_META = re.compile(rb"<meta[^>]{0,300}?charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_HEAD_OF_A_PAGE = 4096


def decoded(content: bytes, charset: str | None) -> str:
    """Decode a text by its charset, where that is one, and else by the two that most mail is in.

    A few bytes that are wrong are shown as such: they must not turn every other letter into something else.
    """
    cut, content = len(content) > MAX_CONTENT, content[:MAX_CONTENT]
    codec = codec_of(charset) if charset else None
    candidates = [codec, "utf-8"] if codec else ["utf-8"]
    for candidate in candidates:
        text = _strictly(content, candidate, cut=cut)
        if text is not None:
            return text
    for candidate in candidates:
        text = _leniently(content, candidate)
        if text is not None:
            return text
    return content.decode("cp1252", errors="replace")


def charset_of_page(content: bytes) -> str | None:
    """Give the charset that an HTML page names in its head."""
    found = _META.search(content[:_HEAD_OF_A_PAGE])
    return found[1].decode("ascii") if found else None


def codec_of(charset: str) -> str | None:
    """Give the codec that reads a charset; None where nothing is said, or what is said is no charset of text."""
    named = charset.strip().lower()
    if named in _NOTHING_SAID:
        return None
    page = _CODE_PAGE.fullmatch(named)
    try:
        found = codecs.lookup(_ALIASES.get(named) or (f"cp{page[1]}" if page else named)).name
        bytes(4).decode(found, errors="ignore")  # refuses a codec that is none of text, such as `zlib`
    except (LookupError, ValueError):
        return None
    return None if found.replace("-", "_") in _NOT_CHARSETS else found


def _strictly(content: bytes, codec: str, *, cut: bool) -> str | None:
    """Decode without a fault, but for half a character where the text was cut; None where that can't be."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(content, not cut)
    except (LookupError, ValueError):
        return None


def _leniently(content: bytes, codec: str) -> str | None:
    """Decode with some faults; None where there are more of them than letters that this charset alone can say."""
    try:
        text = content.decode(codec, errors="replace")
    except (LookupError, ValueError):
        return None
    faults = text.count("\ufffd")
    letters = sum(not char.isascii() for char in text) - faults
    return text if faults <= letters else None
