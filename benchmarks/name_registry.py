"""An invented registry of any size, and prompts of several kinds to measure the name matcher on."""

import random
import re
from collections.abc import Iterator
from uuid import UUID

from domain.registry.snapshot import Person, Snapshot

_STARTS = "b br c ch d dr f fl g gr h j k kl l m n p pr r s sch sh st t tr v w z".split()  # noqa: SIM905
_VOWELS = "a e i o u ai ea ei ou a e i o".split()  # noqa: SIM905
_ENDS = "l ll m n nd nn r rd rt s ss t tt ck ng x son man berg ski ova ez".split()  # noqa: SIM905
_CYRILLIC_GIVEN = "Анна Борис Вера Глеб Дарья Егор Жанна Зоя Иван Кира Лев Мария Нина Олег Павел Раиса".split()  # noqa: SIM905
_CYRILLIC_ENDS = "ов ев ин ский ова ева ина ская".split()  # noqa: SIM905
_HAN_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_HAN_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂文云建国华志海"
_TEXT = """
masterpiece, best quality, a portrait of a woman standing in the soft morning light, wearing a red coat, city
street, rain, reflections, 35mm photograph, film grain, highly detailed, looking at the viewer, long brown hair,
green eyes, freckles, smiling, cinematic composition, shallow depth of field, golden hour, by the river, old
bridge, autumn leaves, (sharp focus:1.2), [sketch:oil painting:0.5], <lora:add_detail:0.7>, 8k uhd,
"""
_WORDS = _TEXT.split()
_RUSSIAN_TEXT = """
портрет женщины в красном пальто, мягкий утренний свет, городская улица, дождь, отражения, фотография, плёнка,
высокая детализация, взгляд на зрителя, длинные каштановые волосы, зелёные глаза, веснушки, улыбка, золотой час,
у реки, старый мост, осенние листья, масляная живопись, акварель, замок на холме, зимний лес, снег
"""
_RUSSIAN = _RUSSIAN_TEXT.split()


OTHER_SCRIPTS = {
    "Cyrillic": """
портрет женщины в красном пальто, мягкий утренний свет, городская улица, дождь, отражения, фотография, плёнка,
высокая детализация, взгляд на зрителя, длинные каштановые волосы, зелёные глаза, веснушки, улыбка, золотой
час, у реки, старый мост, осенние листья, масляная живопись, акварель, замок на холме, зимний лес, снег
рыжий кот спит на подоконнике, занавески колышутся, герань в горшке, пыльные книги, старинный глобус,
деревянная лестница, старик чинит сеть у причала, чайки кричат, рыбацкая лодка, канаты и бочки, седой моряк с
трубкой, штормовое предупреждение, принцесса в хрустальном гробу, гномы с фонарями, заколдованный терем, жар-
птица, богатырь на распутье, серый волк, футуристический небоскрёб, летающие такси, неоновые вывески, киборг-
детектив, голограмма, мокрый асфальт, хакер за пультом, натюрморт с дыней и виноградом, медный самовар,
расписной поднос, вышитая скатерть, бублики, варенье из крыжовника, балерина за кулисами, пуанты, усталость,
тюль, прожектор, оркестровая яма, бархатный занавес
""",
    "Greek": """
πορτρέτο μιας γυναίκας με κόκκινο παλτό, απαλό πρωινό φως, δρόμος της πόλης, βροχή, αντανακλάσεις, φωτογραφία,
κόκκος φιλμ, υψηλή λεπτομέρεια, βλέμμα στον θεατή, μακριά καστανά μαλλιά, πράσινα μάτια, φακίδες, χαμόγελο,
χρυσή ώρα, δίπλα στο ποτάμι, παλιά γέφυρα, φθινοπωρινά φύλλα, ελαιογραφία, ακουαρέλα, κάστρο στον λόφο,
χειμερινό δάσος, χιόνι
ένας ψαράς μπαλώνει δίχτυα στο λιμάνι, γλάροι, σχοινιά και βαρέλια, γέρος ναύτης με πίπα, καταιγίδα πλησιάζει,
νεράιδα κοιμάται σε γυάλινο φέρετρο, νάνοι με φανάρια, μαγεμένο παλάτι, ιππότης στο σταυροδρόμι, ουρανοξύστης
του μέλλοντος, ιπτάμενα ταξί, πινακίδες νέον, ολόγραμμα, βρεγμένη άσφαλτος, νεκρή φύση με πεπόνι και σταφύλια,
χάλκινος δίσκος, κεντημένο τραπεζομάντηλο, μπαλαρίνα στα παρασκήνια, κούραση, προβολέας, βελούδινη αυλαία,
ελαιώνας, τζιτζίκια, μέλι, θυμάρι
""",
    "Arabic": """
صورة امرأة ترتدي معطفا أحمر، ضوء الصباح الناعم، شارع المدينة، مطر، انعكاسات، تصوير فوتوغرافي، حبيبات الفيلم،
تفاصيل عالية، تنظر إلى المشاهد، شعر بني طويل، عيون خضراء، نمش، ابتسامة، الساعة الذهبية، بجانب النهر، جسر قديم،
أوراق الخريف، لوحة زيتية، ألوان مائية، قلعة على التل، غابة شتوية، ثلج
صياد عجوز يرقع الشباك عند المرفأ، نوارس تصرخ، حبال وبراميل، بحار أشيب مع غليون، عاصفة تقترب، أميرة نائمة في
تابوت زجاجي، أقزام يحملون فوانيس، قصر مسحور، فارس عند مفترق الطرق، ناطحة سحاب مستقبلية، سيارات أجرة طائرة،
لافتات نيون، محقق آلي، إسفلت مبلل، طبيعة صامتة مع بطيخ وعنب، صينية نحاسية، مفرش مطرز، راقصة باليه خلف
الكواليس، تعب، كشاف، ستارة مخملية، سوق التوابل، سجادة مزخرفة، نخيل، قافلة جمال، خيمة بدوية
""",
    "Han": """
一位穿着红色外套的女人的肖像，柔和的晨光，城市街道，下雨，倒影，胶片颗粒，细节丰富，看着观众，棕色长发，绿色眼睛，
雀斑，微笑，黄金时刻，河边，老桥，秋叶，油画，水彩，山上的城堡，冬天的森林，雪，电影般的构图，浅景深，最好的质量，
杰作，
一位老渔夫在港口补渔网，海鸥鸣叫，绳索和木桶，叼着烟斗的水手，暴风雨将至，睡在水晶棺里的公主，提着灯笼的小矮人，
被施了魔法的宫殿，十字路口的骑士，未来的摩天大楼，飞行出租车，霓虹灯招牌，全息投影，潮湿的柏油路，
静物与甜瓜和葡萄，铜盘，绣花桌布，幕后的芭蕾舞者，疲惫，聚光灯，天鹅绒帷幕，香料市场，地毯，骆驼商队，帐篷，
水晶吊灯，
""",
    "kana": """
赤いコートを着た女性のポートレート、柔らかい朝の光、街の通り、雨、リフレクション、フィルムの粒子、ハイディテール、
カメラを見る、長い茶色の髪、グリーンの目、そばかす、スマイル、ゴールデンアワー、川のそば、古い橋、秋の葉、油絵、
水彩画、丘の上のお城、冬の森、雪、シネマティック、マスターピース、クオリティ、イラスト、ファンタジー、ドラゴン、
モンスター、ヨーロッパ、レストラン、
おじいさんが港で網を直している、カモメ、ロープとバレル、パイプをくわえた船乗り、ストーム、
ガラスの棺で眠るプリンセス、ランタンを持つ小人、
魔法の宮殿、騎士、スカイスクレイパー、フライングタクシー、
ホログラム、アスファルト、メロンとぶどうの静物画、トレイ、刺繍のクロス、バレリーナ、
スポットライト、カーテン、
オリーブ畑、スパイスマーケット、カーペット、キャラバン、テント、ハンモック、パラソル、ピアノ、ギター、サックス、
""",
    "Hangul": """
빨간 코트를 입은 여자의 초상화, 부드러운 아침 햇살, 도시 거리, 비, 반사, 사진, 필름 그레인, 높은
디테일, 관객을 바라보는, 긴 갈색 머리, 초록색 눈, 주근깨, 미소, 황금 시간, 강가에서, 오래된 다리,
가을 낙엽, 유화, 수채화, 언덕 위의 성, 겨울 숲, 눈 늙은 어부가 항구에서 그물을 고친다, 갈매기,
밧줄과 통, 담배 파이프를 문 선원, 폭풍이 다가온다, 유리관에서 잠든 공주, 등불을 든 난쟁이들, 마법에
걸린 궁궐, 갈림길의 기사, 미래의 초고층 빌딩, 날아다니는 택시, 네온 간판, 홀로그램, 젖은 아스팔트,
멜론과 포도 정물화, 놋쟁반, 수놓은 식탁보, 무대 뒤의 발레리나, 피곤함, 스포트라이트, 벨벳 커튼,
향신료 가게, 양탄자, 낙타 행렬, 천막, 해먹, 양산, 피아노
""",
}
"""Descriptions of pictures that name nobody, by script: of each the first half in the words that most have, as they are
in the list of everyday words, and the second in words as they came, most of which are not."""


def _latin_word(dice: random.Random, syllables: int) -> str:
    return "".join(dice.choice(_STARTS) + dice.choice(_VOWELS) for _ in range(syllables - 1)) + (
        dice.choice(_STARTS) + dice.choice(_VOWELS) + dice.choice(_ENDS)
    )


def _names(dice: random.Random, given: list[str], family: list[str]) -> Iterator[tuple[str, ...]]:
    """Give four names a person; two persons in twenty have one of them in Cyrillic or Han characters."""
    while True:
        first, last = dice.choice(given), dice.choice(family)
        names = [f"{first} {last}", f"{first} {dice.choice(given)} {last}", f"{dice.choice(given)} {last}"]
        kind = dice.randrange(20)
        if kind == 0:
            stem = dice.choice("БГДЗКЛМНПРСТ") + dice.choice("аоуеи") + dice.choice("бгдзклмнпрст")
            names.append(f"{dice.choice(_CYRILLIC_GIVEN)} {stem}{dice.choice(_CYRILLIC_ENDS)}")
        elif kind == 1:
            names.append(dice.choice(_HAN_FAMILY) + dice.choice(_HAN_GIVEN) + dice.choice(_HAN_GIVEN))
        else:
            names.append(_latin_word(dice, 4).title())
        yield tuple(names)


def large_registry(persons: int, seed: int = 11) -> Snapshot:
    """Make a registry of invented persons with four names each; given names are shared, as they are in life."""
    dice = random.Random(seed)
    given = ["Emma", "Anna", "Maria", "Chris", "Tom", *(_latin_word(dice, 2).title() for _ in range(3000))]
    family = [_latin_word(dice, dice.choice((2, 2, 3))).title() for _ in range(60_000)]
    source = _names(dice, given, family)
    return Snapshot(
        1,
        tuple(Person(UUID(int=at + 1), names[0], names[1:]) for at, names in zip(range(persons), source, strict=False)),
    )


def prompts(snapshot: Snapshot, length: int, count: int, seed: int = 5) -> list[str]:
    """Make prompts of a length, as people write them: every fourth has a registered name, all a given name alone.

    Two words in a hundred are of no dictionary, and of no other prompt either.
    """
    dice = random.Random(seed)
    made = []
    for number in range(count):
        words = [dice.choice(_WORDS) if dice.random() < 0.98 else _latin_word(dice, 2) for _ in range(length // 5)]
        words[dice.randrange(len(words))] = dice.choice(snapshot.persons).name.split()[0]
        if number % 4 == 0:
            words[dice.randrange(len(words) // 2)] = dice.choice(snapshot.persons).name
        made.append(" ".join(words)[:length])
    return made


def syntactic_prompts(snapshot: Snapshot, length: int, count: int, seed: int = 6) -> list[str]:
    """Make prompts full of weights, digits in words, alternatives, schedules and names of LoRA files."""
    dice = random.Random(seed)
    shapes = ("({}:1.2),", "(({})),", "[{}:{}:0.4],", "[{}|{}],", "<lora:{}_{}_v2:0.8>,", "{} BREAK {},", "1{},", "{}")
    made = []
    for _ in range(count):
        pieces: list[str] = []
        while sum(map(len, pieces)) < length:
            words = [dice.choice(_WORDS).strip(",()[]<>:") for _ in range(2)]
            if dice.random() < 0.1:
                words[0] = dice.choice(snapshot.persons).name.split()[0].lower()
            pieces.append(dice.choice(shapes).format(*words) if dice.random() < 0.2 else f"{words[0]} {words[1]},")
        made.append(" ".join(pieces)[:length])
    return made


def cyrillic_prompts(snapshot: Snapshot, length: int, count: int, seed: int = 7) -> list[str]:
    """Make prompts in Russian, every fourth with a registered name in Latin letters."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        words = [dice.choice(_RUSSIAN) for _ in range(length // 5)]
        if number % 4 == 0:
            words[dice.randrange(len(words) // 2)] = dice.choice(snapshot.persons).name
        made.append(" ".join(words)[:length])
    return made


def foreign_prompts(script: str, length: int, count: int, seed: int = 8) -> list[str]:
    """Make prompts in one of `OTHER_SCRIPTS`, of its words in any order; they name nobody."""
    dice = random.Random(seed)
    words = re.findall(r"[^\s，、]+[，、]?", OTHER_SCRIPTS[script])
    space = "" if words[0][-1] in "，、" else " "
    return [space.join(dice.choice(words) for _ in range(length))[:length] for _ in range(count)]
