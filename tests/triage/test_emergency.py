"""Emergencies: what must never be missed, and what only sounds like it. Some fifty texts for each language."""

from __future__ import annotations

from carecli.triage import classify
from carecli.triage.prepare import Rules, prepare
from tests.triage.alone import opinion

RULES = Rules(languages=("en", "he", "pl", "zh"), brand_names=("Northwind",), handles=("northwind",))

DANGER = {
    "en": [
        "@northwind my baby is locked in the car at your parking lot and nobody answers the phone",
        "There's smoke coming from under the counter in your Main Street store, people inside!",
        "I took all the pills. Doesn't matter any more.",
        "My husband collapsed at gate 4 and he isn't breathing",
        "we are trapped in your lift at the mall, an elderly lady can't breathe",
        "a man with a knife is threatening your cashier right now, call the police",
        "I can smell gas in the whole building since your technician left",
        "your charger caught fire next to my bed, the curtain is burning",
        "honestly I don't want to live any more, this debt was the last straw",
        "passenger in row 12 is having a seizure, crew doing nothing",
        "My son is having an allergic reaction to your sandwich, his throat is swelling",
        "The driver is drunk and we were in an accident, people are bleeding",
        "I'm diabetic and my insulin is in the bag you lost, I have none left",
        "your power cut stopped my dad's oxygen machine, he has no power for it, please hurry",
        "If you close my account I will end my life",
        "bomb threat at your terminal, everybody is running",
        "somebody is being beaten up by your security guards at the entrance",
        "my daughter is missing in your store, 5 years old, red jacket",
        "I am going to kill myself tonight and it's on you",
        "grandma fell down the escalator in your shop and is unconscious",
        "the cabin is filling with smoke and we can't open the door",
        "my mum has fallen in your bathroom and hit her head, lots of blood",
        "there's a guy with a gun in the branch on 5th",
        "My toddler swallowed the battery from your remote",
        "I've got a razor and nothing left to lose. goodbye",
        "we're stuck in the ski lift since an hour, it's -15 and kids are freezing",
        "someone jumped on the tracks at Oak station",
        "my wife is in labour in your taxi and the driver stopped",
        "He threatened to come to my house and hurt me, your courier",
        "The heater leaks carbon monoxide, everyone has headaches and is vomiting",
        "my ex is outside the door, he'll kill me, you cut my phone off",
        "the gas cooker you installed just blew up, my wife's arms are burnt",
        "a boy got his arm caught in your escalator",
        "my neighbour is screaming for help and your emergency line is dead",
        "nobody would miss me anyway, pills are on the table",
        "old man lying on the floor of carriage 3, not moving",
        "your bus driver is driving drunk, kids on board",
    ],
    "he": [
        "התינוק שלי ננעל ברכב בחניון שלכם ואף אחד לא עונה!",
        "יש שריפה בסניף שלכם ברחוב הרצל, אנשים בפנים",
        "אני לא רוצה לחיות יותר, אין טעם",
        "אבא שלי התמוטט ליד השער ולא נושם",
        "תקועים במעלית שלכם כבר שעה, אישה בהריון איתנו",
        "יש פה מישהו עם סכין בתוך החנות, תזמינו משטרה",
        "ריח חזק של גז בבניין מאז שהטכנאי שלכם היה פה",
        "בלעתי את כל הכדורים שהיו בבית",
        "הבן שלי חטף תגובה אלרגית מהאוכל שלכם, הוא בקושי נושם",
        "המטען שלכם התפוצץ לי ביד, אני מדמם",
        "הנהג שלכם תקף נוסעת עכשיו באוטובוס",
        "הילדה שלי נעלמה אצלכם בקניון, בת ארבע",
        "אמא מונשמת ובגללכם אין חשמל למכונת הנשמה",
        "כאבים בחזה ואני לא מצליח להתקשר לאמבולנס בגלל הקו שלכם",
        "אם תנתקו לי את הקו אני הולך להתאבד",
        "אישה התעלפה בתור אצלכם ואין מי שיעזור",
        "אמא שלי נפלה אצלכם בשירותים וחטפה מכה בראש, המון דם",
        "בן אדם עם אקדח בסניף",
        "הפעוט בלע סוללה מהשלט שלכם",
        "אין לי בשביל מה לחיות, שלום לכולם",
        "תקועים ברכבל שעה במינוס 15, הילדים קופאים",
        "מישהו קפץ על הפסים בתחנה",
        "השליח שלכם איים שיבוא אליי הביתה ויהרוג אותי",
        "עשן ממלא את הקרון ואי אפשר לפתוח את הדלת",
        "אשתי יולדת במונית שלכם והנהג עצר",
        "הדוד דולף גז וכולם מקיאים",
        "ילד נתקע עם היד בדרגנוע שלכם",
        "תנור הגז שהתקנתם התפוצץ, אשתי נכוותה",
        "אף אחד לא ישים לב אם אעלם, הכדורים על השולחן",
        "איש מבוגר שוכב על הרצפה בקרון 3 ולא זז",
        "הנהג שלכם נוהג שיכור עם ילדים באוטובוס",
        "השכנה צועקת הצילו והקו שלכם מת",
    ],
    "pl": [
        "Dziecko zatrzasnęło się w aucie na waszym parkingu, nikt nie odbiera!",
        "W waszym sklepie na Długiej pali się zaplecze, w środku są ludzie",
        "nie chcę już żyć, ten dług mnie wykończył",
        "Mój ojciec upadł przy bramce i nie oddycha",
        "Utknęliśmy w windzie w waszym biurowcu, starsza pani się dusi",
        "Facet z nożem grozi waszej kasjerce, wezwijcie policję",
        "czuć gaz w całym bloku odkąd był u nas wasz monter",
        "połknęłam wszystkie tabletki, to już koniec",
        "syn ma reakcję alergiczną po waszej zupie, puchnie mu gardło",
        "wasza ładowarka wybuchła mi w ręku, krwawię",
        "Kierowca waszego autobusu bije pasażera, pomóżcie",
        "Zaginęła mi córka w waszym centrum, 4 lata, czerwona kurtka",
        "mama jest pod respiratorem, a wy wyłączyliście prąd",
        "zabiję się i to będzie wasza wina",
        "mąż stracił przytomność w waszym pociągu, wagon 6, potrzebny lekarz",
        "Był wypadek z waszym kurierem, są ranni",
        "mama przewróciła się u was w łazience i uderzyła w głowę, dużo krwi",
        "facet z bronią w oddziale na Piątej",
        "maluch połknął baterię z waszego pilota",
        "nie mam już po co żyć, żegnajcie",
        "utknęliśmy na wyciągu od godziny, minus 15, dzieci zamarzają",
        "ktoś skoczył na tory na stacji",
        "wasz kurier groził, że przyjdzie do mnie i mnie zabije",
        "dym wypełnia wagon, nie możemy otworzyć drzwi",
        "żona rodzi w waszej taksówce, kierowca się zatrzymał",
        "piecyk ulatnia czad, wszyscy wymiotują",
        "chłopcu wciągnęło rękę w wasze ruchome schody",
        "kuchenka gazowa, którą montowaliście, wybuchła, żona ma poparzone ręce",
        "nikt za mną nie zatęskni, tabletki leżą na stole",
        "starszy pan leży na podłodze w wagonie 3 i się nie rusza",
        "wasz kierowca prowadzi po pijaku, w autobusie są dzieci",
        "sąsiadka krzyczy o pomoc, a wasza linia alarmowa nie działa",
    ],
    "zh": [
        "孩子被锁在车里了，在你们停车场，没人接电话！",
        "你们店里着火了，里面还有人",
        "我不想活了，真的撑不下去了",
        "我爸在登机口晕倒了，没有呼吸",
        "我们被困在你们电梯里一个小时了，有孕妇",
        "有人持刀在你们门店闹事，快报警",
        "你们师傅走了以后家里一股煤气味",
        "我把一整瓶安眠药都吃了",
        "吃了你们的外卖孩子严重过敏，喘不过气",
        "充电宝突然爆炸，手被烧伤了",
        "你們司機現在正在打人，車上乘客都嚇壞了",
        "女儿在你们商场走失了，四岁，穿红衣服",
        "停电了，我妈的呼吸机没电了，快来人",
        "胸口很痛，信号不好打不通120",
        "你們把我帳戶關了我就去跳樓",
        "有乘客心臟病發，機組沒人處理",
        "我妈在你们卫生间摔倒撞到头，流了好多血",
        "网点里有个人拿着枪",
        "宝宝吞了你们遥控器的电池",
        "活着没什么意义了，再见",
        "缆车停了一个小时，零下十五度，孩子冻得不行",
        "有人跳下站台轨道了",
        "你们快递员威胁要来我家杀我",
        "车厢里全是烟，门打不开",
        "老婆在你们出租车上要生了，司机停下不走",
        "热水器一氧化碳泄漏，全家头晕呕吐",
        "小男孩的手卡进你们的扶梯了",
        "你们装的燃气灶炸了，我老婆手臂烧伤",
        "没有人会想念我的，药就放在桌上",
        "三号车厢有位老人躺在地上一动不动",
        "你们司机酒驾，车上都是孩子",
        "邻居在喊救命，你们的紧急电话打不通",
    ],
}

FIGURES = {
    "en": [
        "this queue is killing me",
        "I'm dying to know when the new colours come out",
        "my phone died again, third charger from you",
        "50% off everything, we are on fire sale mode? love it",
        "your support team is on fire today, so quick!",
        "nearly had a heart attack when I saw the bill",
        "the app died in the middle of checkout",
        "over my dead body will I pay this fee",
        "that lasagne is to die for",
        "stuck in your phone menu loop for an hour",
        "the new burger is the bomb",
        "I could murder a coffee right now",
        "this traffic is killing my vibe",
        "your prices are criminal",
        "my patience is dying",
        "we had a blast at your event",
        "your offer is fire",
        "I'm drowning in your newsletters",
        "battery drains so fast it's dead by noon",
        "shoot me a message when it's back in stock",
        "wasza reklama mnie rozwala",
        "My son is allergic to nuts, do you have a nut free meal?",
        "Can I book a blood test for my mother?",
        "my daughter ordered a knife set, where is it",
        "My father had a stroke last year, we need a wheelchair at the gate",
        "is there a smoking area for guests?",
    ],
    "he": [
        "מתה על הקפה שלכם",
        "אני מת מרעב, מתי המשלוח מגיע?",
        "התור הזה הורג אותי",
        "הטלפון שלי מת אחרי יומיים",
        "כמעט קיבלתי התקף לב מהמחיר",
        "אתם אש, איזה שירות",
        "נפלה הרשת שוב",
        "רצח לשלם ככה על קפה",
        "המחירים שלכם פצצה",
        "אני גמורה, מתה ללכת לישון אחרי הטיסה",
        "הילדים בוכים מצחוק",
        "האפליקציה קרסה לי באמצע",
        "שרופה על הנעליים שלכם",
        "הבן שלי אלרגי לבוטנים, יש מנה בלי?",
        "אפשר לקבוע בדיקת דם לאמא שלי?",
        "אבא עבר שבץ לפני שנה, צריך כיסא גלגלים בשער",
        "הבת שלי הזמינה סט סכינים, איפה הוא",
    ],
    "pl": [
        "umieram ze śmiechu z waszej reklamy",
        "umieram z głodu, kiedy będzie kurier?",
        "telefon mi padł po dwóch dniach",
        "ta kolejka mnie zabije",
        "prawie dostałam zawału, jak zobaczyłam rachunek",
        "utknęłam w menu waszej infolinii",
        "wasza nowa kawa to ogień",
        "padam z nóg po tym locie",
        "zabójcze ceny!",
        "ale bomba ta nowa apka",
        "serwer wam padł",
        "pali mi się do wyjazdu",
        "syn ma alergię na orzechy, macie coś dla niego?",
        "Czy mogę zapisać mamę na badanie krwi?",
        "tata miał udar dwa lata temu, potrzebny wózek przy bramce",
        "córka zamówiła zestaw noży, gdzie jest paczka",
    ],
    "zh": [
        "笑死，你们的广告太魔性了",
        "急死了，快递怎么还不到",
        "饿死了，外卖什么时候到？",
        "手机又死机了",
        "看到账单我差点心脏病",
        "这个价格真要命",
        "累死了，終於下班喝到你們的奶茶",
        "这个奶茶好喝到哭",
        "热死了空调也不开",
        "快递慢得要死",
        "这价格我直接原地去世",
        "太上头了中毒了",
        "排队排到怀疑人生",
        "手机没电了要命",
        "被你们的客服气到吐血",
        "我儿子对花生过敏，有不含坚果的餐吗？",
        "可以给我妈预约抽血吗？",
        "爸爸去年中风过，需要轮椅服务",
        "女儿买的刀具套装还没到",
    ],
}


def decided(text: str) -> str:
    return opinion(prepare(text, RULES)).intent


def test_danger_is_recognised() -> None:
    texts = [text for table in DANGER.values() for text in table]
    missed = [text for text in texts if decided(text) != "emergency"]
    assert len(missed) <= 0.05 * len(texts), missed


def test_figures_of_speech_are_no_emergency() -> None:
    texts = [text for table in FIGURES.values() for text in table]
    false = [text for text in texts if decided(text) == "emergency"]
    assert len(false) <= 0.05 * len(texts), false


def test_the_tables_are_large_enough() -> None:
    for language, texts in DANGER.items():
        assert len(texts) + len(FIGURES[language]) >= 20


def test_the_reason_quotes_what_was_said() -> None:
    p = prepare("My father collapsed, he is barely breathing", RULES)
    assert opinion(p, -0.5).why[0].startswith("danger: 'collapsed'")


def test_a_cry_for_help_survives_a_wrong_guess_at_the_language() -> None:
    p = prepare("nie oddycha!!! 112", RULES, "sk")
    assert opinion(p._replace(language="sk"), 0.0).intent == "emergency"


def test_laughter_takes_the_danger_out_of_a_weak_word() -> None:
    assert decided("I'm dying 😂😂 who made this ad") != "emergency"


def test_a_calm_question_without_a_word_of_danger_is_no_emergency() -> None:
    asked = [
        "lecę jutro, mogę wziąć powerbank na pokład?",
        "@northwind מטען נייד - בטרולי או במזוודה? כל אחד אומר לי משהו אחר",
    ]
    verdicts = classify(asked, RULES)
    assert "emergency" not in [verdict.intent for verdict in verdicts]
    assert all(verdict.needs_reply for verdict in verdicts)


def test_an_outage_is_an_emergency_only_where_somebody_is_in_danger() -> None:
    down = ["the network is dead in Leeds", "Sieć leży od rana", "leży wam strona", "הרשת נפלה אצלכם", "网络挂了"]
    assert "emergency" not in [verdict.intent for verdict in classify(down, RULES)]
    breathless = ["Power cut again and my mum's oxygen machine is off, she is turning blue"]
    assert classify(breathless, RULES)[0].intent == "emergency"
