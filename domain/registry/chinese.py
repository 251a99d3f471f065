"""Names of others as Chinese writes them: characters for little more than a consonant, and usual given names."""

from functools import cache

_BARE = "克k 斯s 特t 德d 夫f 弗f 布b 普p 格g 尔l 爾l 茨ts 兹z 茲z 姆m 什sh 赫h 奇ch 思s 诺no 諾no 勒l"
_BARE_TABLE = str.maketrans({entry[0]: entry[1:] for entry in _BARE.split()})

_GIVEN = """
伊丽莎白 elizabeth; 约翰 john; 查尔斯 charles; 乔治 george; 詹姆斯 james; 迈克尔 michael; 大卫 david; 戴维 david;
保罗 paul; 玛丽 mary; 玛丽亚 maria; 威廉 william; 亨利 henry; 彼得 peter; 凯瑟琳 katherine; 约瑟夫 joseph;
史蒂文 steven; 史蒂芬 stephen; 斯蒂芬 stephen; 亚历山大 alexander; 安东尼 anthony; 尼古拉斯 nicholas; 马修 matthew;
安德鲁 andrew; 丹尼尔 daniel; 爱德华 edward; 理查德 richard; 托马斯 thomas; 汤姆 tom; 杰克 jack; 简 jane; 露西 lucy;
艾米丽 emily; 夏洛特 charlotte; 维多利亚 victoria; 朱莉娅 julia; 乔 joe; 西蒙 simon; 菲利普 philip; 弗朗西斯 francis;
雅各布 jacob; 海伦 helen; 安妮 anne; 安娜 anna; 艾玛 emma; 爱玛 emma; 凯特 kate; 蒂姆 tim; 马克 mark; 卢克 luke;
奥利维亚 olivia; 索菲亚 sophia; 克里斯 chris; 克里斯托弗 christopher; 斯嘉丽 scarlett; 莱昂纳多 leonardo;
罗伯特 robert; 本杰明 benjamin; 塞缪尔 samuel; 蒂莫西 timothy; 裘德 jude; 休 hugh; 娜塔莉 natalie; 妮可 nicole;
伊麗莎白 elizabeth; 約翰 john; 查爾斯 charles; 喬治 george; 詹姆士 james; 麥可 michael; 大衛 david; 瑪麗 mary;
凱瑟琳 katherine; 約瑟夫 joseph; 史蒂芬 stephen; 亞歷山大 alexander; 安東尼 anthony; 馬修 matthew; 安德魯 andrew;
丹尼爾 daniel; 愛德華 edward; 理查 richard; 湯姆 tom; 傑克 jack; 夏綠蒂 charlotte; 艾瑪 emma; 羅伯特 robert
"""


@cache
def _given() -> dict[str, str]:
    return dict(entry.split() for entry in _GIVEN.replace("\n", " ").split(";"))


def usual_given_name(characters: str) -> str | None:
    """Give the given name that characters usually stand for; None where there is none."""
    return _given().get(characters)


def with_consonants(characters: str) -> str:
    """Write characters that stand for little more than a consonant in Latin letters, and leave the others."""
    return characters.translate(_BARE_TABLE)
