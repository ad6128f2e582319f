"""What the generator's mentions are made of: sentences, frequent words, and the syllables of rarer ones."""

from __future__ import annotations

# Sentences of customers
CARE = {
    "en": (
        "My suitcase did not arrive and nobody answers the phone.",
        "Where is my refund? I have been waiting for three weeks!",
        "How do I change the name on my booking?",
        "The app crashes every time I try to pay, this is terrible.",
        "Thank you so much, the agent was lovely and fixed it in minutes!",
        "Internet is down again in the whole street.",
        "Can you please check my order? It says delivered but it is not here.",
        "Would be great if you offered a night train on this line.",
        "Worst service ever, I am cancelling my contract.",
        "Is the flight to Lisbon on time?",
        "I was charged twice for the same ticket.",
        "Just watching the planes land, what a view.",
    ),
    "pl": (
        "Moja walizka nie doleciała i nikt nie odbiera telefonu.",
        "Gdzie jest mój zwrot pieniędzy? Czekam już trzy tygodnie!",
        "Jak mogę zmienić nazwisko w rezerwacji?",
        "Aplikacja zawiesza się przy płatności, to jest okropne.",
        "Bardzo dziękuję, konsultantka była świetna i wszystko naprawiła!",
        "Internet znowu nie działa na całej ulicy.",
        "Proszę sprawdzić moje zamówienie, paczka nie dotarła.",
        "Najgorsza obsługa, rezygnuję z umowy.",
        "Czy lot do Gdańska jest opóźniony?",
        "Pobrano opłatę dwa razy za ten sam bilet.",
    ),
    "he": (
        "המזוודה שלי לא הגיעה ואף אחד לא עונה בטלפון.",
        "איפה ההחזר שלי? אני מחכה כבר שלושה שבועות!",
        "איך משנים את השם בהזמנה?",
        "האפליקציה קורסת בכל פעם שאני מנסה לשלם, זה נורא.",
        "תודה רבה, הנציגה הייתה מקסימה ופתרה הכול תוך דקות!",
        "האינטרנט שוב לא עובד בכל הרחוב.",
        "אפשר לבדוק את ההזמנה שלי בבקשה? החבילה לא הגיעה.",
        "השירות הכי גרוע שיש, אני מבטל את החוזה.",
        "האם הטיסה לאילת יוצאת בזמן?",
        "חויבתי פעמיים על אותו כרטיס.",
    ),
    "zh": (
        "我的行李没有到，客服电话也没人接。",
        "我的退款在哪里？已经等了三个星期了！",
        "请问怎么修改订单上的名字？",
        "每次付款应用程序都会崩溃，太糟糕了。",
        "非常感谢，客服人员很热情，几分钟就解决了！",
        "整条街的网络又断了。",
        "请帮我查一下订单，显示已送达但是没有收到。",
        "最差的服务，我要取消合同。",
        "去上海的航班准时吗？",
        "同一张票被扣了两次钱。",
    ),
}

# How the brand answers
OPENINGS = {
    "en": ("We are sorry to hear that.", "Thanks for telling us!", "Please send us your booking number in a message."),
    "pl": ("Bardzo nam przykro.", "Dziękujemy za wiadomość!", "Prosimy o numer rezerwacji w wiadomości prywatnej."),
    "he": ("אנחנו מצטערים לשמוע.", "תודה שפנית אלינו!", "נשמח לקבל את מספר ההזמנה בהודעה פרטית."),
    "zh": ("非常抱歉给您带来不便。", "感谢您的反馈！", "请私信告诉我们您的订单号。"),
}

# The most frequent words first
FIRST_WORDS = {
    "en": """the to a and of i is in it my you for on that with was not have this be at but are your we so they me
        no just all from or can out what an do if get up when one there will time about after now been has how
        had service again still day flight bag hours phone today help call week email back waiting customer order
        delivery refund ticket never please ever only said told train late delayed cancelled booking account money
        pay price bill store app website internet line people why where who which more work working broken wrong
        bad great good love best worst thanks sorry question answer agent chat minutes airport gate seat crew food
        box parcel driver address door morning evening night month year new old first last next family home office
        card bank charged twice problem fix fixed update screen password login error signal contract number plan""",
    "pl": """nie i w na z to że się do jest co jak ja a o mi po ale już za tak od przez czy dla ten tylko mam był
        mnie było są może jeszcze bardzo przy dziś znowu lot bagaż bilet pociąg godzin telefon dni tydzień pieniądze
        zwrot zamówienie paczka kurier obsługa klienta dzwonię czekam pisałem odpowiedź pytanie proszę dziękuję nikt
        nigdy zawsze problem awaria internet umowa faktura cena konto hasło aplikacja strona sklep rezerwacja
        opóźnienie odwołany lotnisko bramka miejsce załoga jedzenie drzwi adres rano wieczorem noc miesiąc rok nowy
        stary pierwszy ostatni następny rodzina dom biuro karta bank płatność błąd sygnał numer oferta dobry zły
        świetny okropny najgorszy najlepszy łatwo źle dobrze żółty jeść książka śnieg źródło ćma""",
    "he": """לא את אני של זה על עם מה הוא כל גם יש אם אבל כי לי היה רק או עוד אין כמה כבר יותר איך שלי אתם היום
        שירות לקוחות טיסה מזוודה כרטיס רכבת שעות טלפון ימים שבוע כסף החזר הזמנה חבילה שליח נציג מחכה כתבתי תשובה
        שאלה בבקשה תודה אף אחד תמיד בעיה תקלה אינטרנט חוזה חשבון מחיר סיסמה אפליקציה אתר חנות עיכוב בוטלה שדה תעופה
        שער מושב צוות אוכל דלת כתובת בוקר ערב לילה חודש שנה חדש ישן ראשון אחרון הבא משפחה בית משרד בנק תשלום
        שגיאה קליטה מספר מבצע טוב רע מעולה נורא גרוע הכי שוב פעם עכשיו אתמול מחר למה איפה מי""",
    "zh": """的 了 我 是 不 在 你 有 也 就 都 很 这 那 没 要 会 和 说 还 吗 吧 被 把 给 到 去 来 好 人 我们 你们
        什么 怎么 为什么 客服 航班 行李 机票 订单 退款 电话 小时 今天 昨天 明天 一直 没有 已经 可以 不能
        快递 包裹 网络 手机 账户 密码 应用 网站 商店 合同 账单 价格 付款 银行 卡 错误 信号 号码 套餐 延误
        取消 机场 登机口 座位 机组 食物 门 地址 早上 晚上 夜里 月 年 新 旧 第一 最后 家 办公室 问题 故障
        回复 等待 谢谢 请 从来 总是 太 差 糟糕 最好 最差 满意 生气 失望 希望 帮助 解决 投诉 服务 态度""",
}

# Of which rarer words are made
SYLLABLES = {
    "en": "ba con der el fi gra hor in jus kel lo min nor op pra qui res sti ter un ver wal ex yor zan th ly ing est",
    "pl": "ba ce dzi ek fa gó ha ją ko łu mię nie ów pra rzy sta szcz ty ukł wą yk zło żó ść ski wie prze od na",
    "he": "בא גד הו זי חת טי יו כל לם מר נה סת עו פי צק רב שא תן אל מו ור ית ות",
}

# Of which rarer Chinese words are made
HAN = (
    "天地日月山水火木金土风云雨雪电光色声香味花草树林果叶春夏秋冬东西南北中上下左右前后内外大小多少高低长短"
    "远近快慢轻重冷热新旧老幼男女父母子女兄弟姐妹朋友同学师生医工农商军民王公主客车船飞机路桥门窗床桌椅灯"
    "书笔纸墨字词句文章诗歌画图照片音乐舞戏球棋牌酒茶饭菜肉鱼鸡蛋米面油盐糖醋衣裤鞋帽手足头眼耳口鼻心肝"
    "身体力气血汗泪笑哭喜怒哀乐爱恨思想念忘记知识问答读写听说看见走跑跳坐立睡醒吃喝买卖借还开关进出来回起"
    "落升降分合成败得失真假善恶美丑贫富贵贱安危吉凶祸福生死存亡古今早晚始终常变动静方圆正反虚实明暗清浊"
)
