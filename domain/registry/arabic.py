"""Arabic and Hebrew words of names as they are usually written in Latin letters: their scripts leave vowels out."""

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
