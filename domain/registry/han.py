"""Names in Han characters: what makes a longer word of them, and which characters are two ways of writing one."""

from domain.registry.plain import Plain

# What may stand beside a name of two characters in running text; everything else makes a longer word of it.
_BEFORE_HAN = frozenset(
    "的和与與跟同是像由请請让讓照片图圖画畫手员員星家人友、，。：“”《》（）了在为為给給对對张張位名版似如叫演见見看"
)
_BEHIND_HAN = frozenset(
    "的和与與跟同是像在穿戴坐站走跑笑说說唱演拍跳拿、，。：“”《》（）"
    "先女老版风風式饰飾主照肖画畫图圖写寫脸臉也都将將被把与及很正"
)
_LONGER_HAN = frozenset(
    """
    龙虾 龍蝦 龙卷 龙舌 龙井 龙头 龙门 平安 平原 平静 伟大 国家 杰出 明星 明亮 强大 强壮 美丽 文化 天空 红色
    金属 山水 海洋 海滩 花园 花朵 军队 军人 林业 波浪 云朵 冰箱 冰雪 冰块
    """.split()  # noqa: SIM905 - a list of words is read as a paragraph
)
"""Words of two characters, of which the first ends many a given name."""


def is_longer_in_han(plain: Plain, first: int, last: int) -> bool:
    """Whether the Han characters around a name make a longer word with it."""
    before, behind = plain.low[first - 1 : first], plain.low[last : last + 1]
    if plain.low[last - 1] + behind in _LONGER_HAN:
        return True
    if last - first > 2:
        return False
    return (_is_han(before) and before not in _BEFORE_HAN) or (_is_han(behind) and behind not in _BEHIND_HAN)


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def are_variants(one: str, other: str) -> bool:
    """Whether Han characters differ only as traditional and simplified ones do, given that they sound the same."""
    return len(one) == len(other) and all(
        left == right or _kind(left) != _kind(right) for left, right in zip(one, other, strict=True)
    )


def _kind(char: str) -> str:
    """Say which of the old national sets has a character: they were made for one way of writing each."""
    simplified, traditional = _is_in(char, "gb2312"), _is_in(char, "big5")
    if simplified == traditional:
        return "both"
    return "simplified" if simplified else "traditional"


def _is_in(char: str, charset: str) -> bool:
    try:
        char.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
