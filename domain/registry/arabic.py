"""Arabic and Hebrew words of names as they are usually written in Latin letters: their scripts leave vowels out."""

import re
from collections.abc import Callable, Iterator
from functools import cache

from domain.registry.plain import plain_of

_ARABIC = """
محمد mohamed; محمود mahmoud; أحمد ahmed; حامد hamed; عمر omar; عمرو amr; علي ali; حسن hassan; حسين hussein;
حسام hossam; خالد khaled; كريم karim; يوسف youssef; مصطفى mustafa; إبراهيم ibrahim; إسماعيل ismail; عادل adel;
عاطف atef; طارق tarek; ياسر yasser; ياسين yassin; ناصر nasser; نصر nasr; سعيد said; سعد saad; سامي sami;
سمير samir; رامي rami; هاني hani; تامر tamer; وليد walid; وائل wael; هيثم haitham; زين zein; زياد ziad;
بلال bilal; جمال gamal; كمال kamal; نبيل nabil; فؤاد fouad; فاروق farouk; فريد farid; رشيد rashid; راشد rashed;
عزيز aziz; عبد abdel; عبدالله abdullah; عبدالرحمن abdelrahman; حمزة hamza; أنور anwar; أيمن ayman; إيهاب ehab;
شريف sherif; هشام hisham; صلاح salah; صالح saleh; صبري sabry; صباح sabah; فهد fahd; فيصل faisal; سلطان sultan;
سليمان suleiman; سلمان salman; طه taha; ماجد majid; مجدي magdy; مراد murad; منير mounir; مارسيل marcel;
جورج george; غسان ghassan; عاصي assi; بشار bashar; قاسم qassem; رياض riyad; نجيب naguib; محفوظ mahfouz;
حليم halim; حافظ hafez; إلهام ilham; أم umm; كلثوم kulthum; فيروز fairuz; نانسي nancy; عجرم ajram; هيفاء haifa;
وهبي wehbe; إليسا elissa; أصالة assala; نصري nasri; أنغام angham; شيرين sherine; نوال nawal; أحلام ahlam;
هند hend; هدى hoda; منى mona; مريم maryam; فاطمة fatima; عائشة aisha; خديجة khadija; زينب zeinab; ليلى laila;
سعاد souad; سميرة samira; نادية nadia; ياسمين yasmin; ياسمينة yasmina; رانيا rania; دينا dina; دنيا donia;
غانم ghanem; منة menna; شلبي shalaby; يسرا yousra; نيللي nelly; عبلة abla; كامل kamel; لطفي lotfy;
بوشناق bouchnak; دياب diab; الشريف elsherif; الساهر alsaher; الحلاني alhallani; المهندس almohandis; كاظم kazem;
ماهر maher; زين zain; ملك malak; حداد haddad; خوري khoury; شاهين shahin; درويش darwish; قباني qabbani;
نزار nizar; أدونيس adonis; رضا reza; علیرضا alireza; شهره shohreh; گوگوش googoosh; داریوش dariush; مهدی mehdi;
بهرام bahram; شهاب shahab; ترانه taraneh; گلشیفته golshifteh; فراهانی farahani; اصغر asghar; فرهادی farhadi;
عباس abbas; کیارستمی kiarostami; لیلا leila; حاتمی hatami; پیمان peyman; معادی maadi; شجریان shajarian;
همایون homayoun
"""

_HEBREW = """
דוד david; משה moshe; יוסף yosef; אברהם avraham; יצחק yitzhak; יעקב yaakov; שרה sarah; רחל rachel; רבקה rivka;
גל gal; נועה noa; יעל yael; תמר tamar; מיכל michal; אילן ilan; אריק arik; איינשטיין einstein; עומר omer;
עדי adi; אורי uri; אסי assi; דיין dayan; גולדה golda; מאיר meir; שמעון shimon; פרס peres; רבין rabin;
עפרה ofra; חזה haza; שלום shalom; כהן cohen; לוי levy; ליאור lior; רז raz; נטע neta; ברזילי barzilai; דנה dana;
אינטרנשיונל international; גדות gadot; עומרי omri; רונית ronit; אלקבץ elkabetz; נטלי natalie; אלון alon;
אבוטבול aboutboul; שלמה shlomo; ארצי artzi; אתי eti; אנקרי ankri; ריטה rita
"""


@cache
def _usual() -> dict[str, str]:
    rows = [row.split() for table in (_ARABIC, _HEBREW) for row in table.split(";")]
    return {plain_of(word).low: latin for word, latin in rows}


def usually_written(word: str) -> str | None:
    """Give how a word of a name, in plain Arabic or Hebrew letters, is usually written in Latin ones."""
    return _usual().get(word)


_MEANT = tuple(
    (re.compile(written), sound)
    for written, sound in (
        ("[زستكد](?=ه)|[\u05d6\u05e1\u05ea\u05db\u05d3](?=\u05d4)", r"\g<0>a"),
        ("^\u0627(?=[\u0648\u064a\u06cc])", ""),
        ("^\u05d0(?=[\u05d5\u05d9])", ""),
        ("\u05d9\u05d9", "ai"),
        ("[\u05d0\u05e2]|(?<=..)\u05d4$", "a"),
        ("\u05d1", "b"),
        ("[\u05e4\u05e3]", "p"),
        ("[\u05e6\u05e5]['\u05f3\u2019]", "ch"),
        ("\u05d2['\u05f3\u2019]", "j"),
        ("\u05d6['\u05f3\u2019]", "zh"),
    )
)
"""Letters that stand for a vowel, or for none where another follows; a vowel before an h that Latin letters would make
one sound with the letter before; and Hebrew letters that a sign, or nothing, tells from others."""
_ARTICLE, _AL = re.compile("\u0627\u0644"), re.compile("^[ae]l(?=.{3})")
_OTHERWISE = (
    (re.compile("[\u0638\u0636\u0630]"), "d"),
    (re.compile("\u05d7"), "k"),
    (re.compile("(?<=.)\u05d1"), "v"),
)
_WRITTEN_AS = (("sh", "ch"), ("kh", "k"))


def with_vowels(word: str) -> str:
    """Put Latin letters where a plain Arabic or Hebrew word has letters that its script reads in more than one way."""
    for written, sound in _MEANT:
        word = written.sub(sound, word)
    return word


def other_readings(
    words: tuple[str, ...], latin: tuple[str, ...], read: Callable[[str], str]
) -> Iterator[tuple[str, ...]]:
    """Read words without the article, with letters that French and others have for a sound, and with sounds that share
    a letter; `latin` is how `read` reads them.
    """
    apart = tuple(_AL.sub("", one) if _ARTICLE.match(word) else one for word, one in zip(words, latin, strict=True))
    yield apart
    for letters, written in _WRITTEN_AS:
        for one in (latin, apart):
            if any(letters in word for word in one):
                yield tuple(word.replace(letters, written) for word in one)
    for letter, sound in _OTHERWISE:
        if any(map(letter.search, words)):
            yield tuple(read(letter.sub(sound, word)) for word in words)
