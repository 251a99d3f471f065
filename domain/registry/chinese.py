"""Names of others as Chinese writes them: characters for little more than a consonant, and usual given names."""

import re
from collections.abc import Iterator
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
丹尼爾 daniel; 愛德華 edward; 理查 richard; 湯姆 tom; 傑克 jack; 夏綠蒂 charlotte; 艾瑪 emma; 羅伯特 robert;
安吉丽娜 angelina; 安吉拉 angela; 安德烈 andre; 艾伦 alan; 亚当 adam; 阿尔伯特 albert; 奥斯卡 oscar; 奥兰多 orlando;
芭芭拉 barbara; 本 ben; 布拉德 brad; 布莱德 brad; 布鲁斯 bruce; 卡洛斯 carlos; 卡尔 carl; 凯文 kevin; 克莱尔 claire;
克里斯蒂安 christian; 克里斯汀 kristen; 戴安娜 diana; 埃里克 eric; 埃玛 emma; 伊娃 eva; 费尔南多 fernando; 加里 gary;
格蕾丝 grace; 汉斯 hans; 漢斯 hans; 哈里 harry; 哈里森 harrison; 伊恩 ian; 杰森 jason; 杰西卡 jessica; 杰夫 jeff;
珍妮弗 jennifer; 吉姆 jim; 金 kim; 朱莉 julie; 朱丽叶 juliette; 卡特琳娜 katerina; 凯拉 keira; 凯莉 kelly; 肯 ken;
拉斯 lars; 劳拉 laura; 莱昂内尔 lionel; 路易 louis; 路易斯 luis; 吕克 luc; 盧克 luke; 玛格丽特 margaret; 玛丽昂 marion;
马里奥 mario; 马丁 martin; 马特 matt; 马克斯 max; 梅格 meg; 梅丽尔 meryl; 米歇尔 michelle; 米拉 mila; 米兰 milan;
莫妮卡 monica; 摩根 morgan; 内奥米 naomi; 娜奥米 naomi; 妮科尔 nicole; 奥普拉 oprah; 帕特里克 patrick; 保拉 paula;
佩内洛普 penelope; 佩德罗 pedro; 瑞秋 rachel; 雷切尔 rachel; 拉尔夫 ralph; 瑞恩 ryan; 莱恩 ryan; 罗宾 robin; 罗杰 roger;
萨姆 sam; 山姆 sam; 桑德拉 sandra; 莎拉 sarah; 萨拉 sarah; 肖恩 sean; 西恩 sean; 塞尔玛 selma; 塞雷娜 serena;
西尔维斯特 sylvester; 斯黛拉 stella; 苏珊 susan; 泰勒 taylor; 蒂埃里 thierry; 托尼 tony; 乌玛 uma; 烏瑪 uma;
文森特 vincent; 薇诺娜 winona; 威尔 will; 伍迪 woody; 泽维尔 xavier; 齐内丁 zinedine; 兹拉坦 zlatan; 佐伊 zoe
"""


_LOANS = """
阿埃艾爱安昂奥巴白班邦包保鲍贝本比彼毕边宾波伯博勃卜布采蔡查柴昌彻茨次丛达戴丹当道德登邓迪蒂丁东杜顿多厄恩尔法范方菲费芬丰冯夫
弗福盖甘冈高戈格葛根贡古瓜圭哈海汉豪赫黑亨洪胡华怀惠霍基吉季加嘉贾简江杰捷津京久卡开凯坎康考柯科可克肯孔库夸奎昆拉腊来莱赖兰朗劳
勒雷蕾黎里利莉丽连廉良列林琳刘柳龙隆卢鲁露伦罗洛吕马玛迈麦曼芒毛梅门蒙孟米密敏明缪摩莫墨默姆木穆娜纳奈南内尼妮宁纽农努诺欧帕派潘
庞佩彭皮平珀蒲普齐奇恰乔切钦琼丘屈让热仁日荣茹儒瑞若撒萨塞赛桑瑟森沙山尚绍舍申圣施史舒朔斯思松苏索塔泰坦汤唐陶特滕提廷通图土托瓦
万旺威韦维魏温文翁沃乌伍武西希锡夏香肖谢辛欣休许逊雅亚扬杨尧耶叶伊因英永尤于约云宰赞泽扎詹珍芝仲朱兹宗祖佐薇黛绮琪娅诗丝妲茱柏葆迦
愛奧貝畢邊賓達當鄧東爾範費馮蓋岡貢漢懷華賈簡傑開凱庫誇萊賴蘭勞麗連劉龍盧魯倫羅呂馬瑪邁麥門納內寧紐農諾歐龐齊喬欽瓊讓熱榮薩賽聖蘇湯騰
圖萬韋維溫烏錫蕭謝許遜亞揚楊葉約雲贊澤茲詠頓絲綺婭詩黛莎朵麗珊妲蜜雪碧昂絲蒂芙
"""
_LOAN_RUN = re.compile(f"[{''.join(_LOANS.split())}]{{4,12}}")
"""Characters with which Chinese writes the names of others; words of its own have hardly four in a row."""


def loan_runs(text: str) -> Iterator[re.Match[str]]:
    """Find runs of characters that may be a name of others without a dot."""
    return _LOAN_RUN.finditer(text)


def is_loan(word: str) -> bool:
    """Whether a word of Han characters may be a name of others without a dot."""
    return _LOAN_RUN.fullmatch(word) is not None


@cache
def _given() -> dict[str, str]:
    return dict(entry.split() for entry in _GIVEN.replace("\n", " ").split(";"))


def usual_given_name(characters: str) -> str | None:
    """Give the given name that characters usually stand for; None where there is none."""
    return _given().get(characters)


def usual_given_names(text: str) -> Iterator[re.Match[str]]:
    """Find two or more characters in a row that usually stand for a given name, the longest at each place."""
    return _any_given().finditer(text)


@cache
def _any_given() -> re.Pattern[str]:
    longest = sorted((name for name in _given() if len(name) > 1), key=len, reverse=True)
    return re.compile("|".join(longest))


def with_consonants(characters: str) -> str:
    """Write characters that stand for little more than a consonant in Latin letters, and leave the others."""
    return characters.translate(_BARE_TABLE)
