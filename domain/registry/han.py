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

_FAMILY_NAMES = frozenset(
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈"
    "曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范範方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江"
    "史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文庞龐樊兰蘭殷施陶洪翟安颜顏倪严嚴牛温溫芦季俞章鲁"
    "魯葛伍韦韋申尤毕畢聂聶焦向柳邢岳齐齊梅莫庄莊辛管祝左涂谷祁时時舒耿卜路詹关關苗凌费費纪紀盛童霍成巩鞏佟柴鲍鮑"
    "艾甄甘闫閆仇符桑隋瞿蒲荆荊屈习習车車宁寧古冼"
)
_NO_NAMES = frozenset(
    """
    高清 高兴 高级 高楼 高山 高质 黄色 黄金 黄昏 黄油 黄土 白色 白云 白天 白雪 白发 白鸽 金色 金发 金属 金鱼 石头
    石桥 石板 石阶 石墙 温暖 温柔 温泉 雷电 花园 花朵 毛衣 毛发 毛绒 毛巾 马路 马车 方形 方块 江水 江南 林间 林中
    常见 向上 向左 向右 安静 安全 汤匙 牛奶 牛仔 龙虾 章鱼 孔雀 康复 秋天 夏天 夏日 夏夜 时尚 时钟 时间 童话 童年
    文字 文艺 武器 武士 钟楼 水彩 古典 古代 古风 古城 车站 车窗 项链 单色 明亮 明星 乐器 乐队 钱包 史诗 汽车 于是
    许多 周围 何时 谷仓 连衣 左边 姚黃 高樓 黃色 黃金 黃昏 白雲 石頭 石橋 溫暖 溫柔 溫泉 雷電 花園 馬路 馬車 龍蝦
    時尚 時鐘 時間 鐘樓 車站 車窗 項鏈 單色 樂器 樂隊 許多 周圍 石畳 石段 湯気 路地 金髪 白髪 高画 夏服 江戸 石像
    雷雨 金髮 白髮
    """.split()  # noqa: SIM905 - as above
)
"""Everyday words of two characters that begin as a family name does."""


def may_be_chinese(letters: str) -> bool:
    """Whether Han characters that sound like a name could be one: the first is a family name, and all no word."""
    if not any(map(_is_han, letters)):
        return True
    return len(letters) >= 2 and letters[0] in _FAMILY_NAMES and letters not in _NO_NAMES


def is_within_han(plain: Plain, first: int, last: int) -> bool:
    """Whether two Han characters stand in a longer run of them, where what sounds like a name is none mostly."""
    if last - first != 2 or not _is_han(plain.low[first]):
        return False
    return _is_japanese_or_han(plain.low[first - 1 : first]) or _is_japanese_or_han(plain.low[last : last + 1])


def _is_japanese_or_han(char: str) -> bool:
    return _is_han(char) or "\u3041" <= char <= "\u30ff"


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
