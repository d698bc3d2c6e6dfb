"""Languages are identified from short texts, or left open."""

import sys

import pytest

from app.services.profiling import text_languages
from app.services.profiling.text_languages import LANGUAGE_NAMES, language_of

MESSAGES = {
    "en": [
        "where is my parcel",
        "My card was declined twice this morning.",
        "please cancel the order",
        "The app crashes on start",
    ],
    "de": ["wo ist mein Paket", "Meine Karte wurde heute zweimal abgelehnt.", "bitte die Bestellung stornieren"],
    "fr": ["où est mon colis", "Ma carte a été refusée deux fois ce matin.", "merci d'annuler la commande"],
    "es": ["dónde está mi paquete", "Mi tarjeta fue rechazada dos veces hoy.", "quiero cancelar el pedido"],
    "it": ["dove si trova il mio pacco", "La mia carta è stata rifiutata due volte.", "vorrei annullare l'ordine"],
    "pt": ["onde está a minha encomenda", "O meu cartão foi recusado duas vezes hoje.", "quero cancelar a compra"],
    "nl": ["waar is mijn pakket", "Mijn kaart is vanochtend twee keer geweigerd.", "graag de bestelling annuleren"],
    "pl": ["gdzie jest moja paczka", "Moja karta została dziś dwa razy odrzucona.", "proszę anulować zamówienie"],
    "sv": ["var är mitt paket", "Mitt kort nekades två gånger i morse.", "jag vill avboka min beställning"],
    "tr": ["paketim nerede kaldı", "Kartım bu sabah iki kez reddedildi.", "lütfen siparişi iptal edin"],
    "ru": ["где моя посылка", "Мою карту сегодня дважды отклонили.", "отмените, пожалуйста, заказ"],
    "uk": ["де моя посилка", "Мою картку сьогодні двічі відхилили.", "скасуйте, будь ласка, замовлення"],
    "ar": ["أين طردي", "تم رفض بطاقتي مرتين هذا الصباح"],
    "el": ["πού είναι το δέμα μου", "Η κάρτα μου απορρίφθηκε δύο φορές."],
    "he": ["איפה החבילה שלי", "הכרטיס שלי נדחה פעמיים הבוקר"],
    "hi": ["मेरा पार्सल कहाँ है", "आज सुबह मेरा कार्ड दो बार अस्वीकार हुआ"],
    "th": ["พัสดุของฉันอยู่ที่ไหน", "บัตรของฉันถูกปฏิเสธสองครั้ง"],
    "zh": ["我的包裹在哪里", "今天早上我的卡被拒绝了两次"],
    "ja": ["荷物はどこですか", "今朝カードが二回拒否されました"],
    "ko": ["제 소포는 어디에 있나요", "오늘 아침에 카드가 두 번 거절되었어요"],
}
PAIRS = [(code, text) for code, texts in MESSAGES.items() for text in texts]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is the card that I ordered for my wife", "en"),
        ("ich habe die Karte nicht und das ist ein Problem", "de"),
        ("je ne trouve pas la carte que vous avez dans les mains", "fr"),
        ("no encuentro la tarjeta que está en el cajón y los papeles", "es"),
        ("где моя карта", "ru"),
        ("我的卡在哪里", "zh"),
        ("私のカードはどこですか", "ja"),
        ("أين بطاقتي", "ar"),
        ("card", ""),
        ("12345", ""),
        ("naïve café", ""),
        ("", ""),
        ("\ud800 half a character is missing", "en"),
    ],
)
def test_language_is_named_or_left_open(text, language):
    assert language_of(text) == language


def test_no_message_gets_a_wrong_language():
    assert {(code, text, found) for code, text in PAIRS if (found := language_of(text)) not in ("", code)} == set()


def test_most_short_messages_are_answered():
    right = [text for code, text in PAIRS if language_of(text) == code]
    assert len(right) >= 0.85 * len(PAIRS)


def test_only_the_beginning_of_a_long_text_is_read():
    assert language_of("wo ist mein Paket, das ich bestellt habe? " * 8 + "x" * 10_000_000) == "de"


def test_every_language_has_a_name_and_is_known_to_the_classifier():
    labels = set(text_languages._identifier().labels)
    assert labels == set(LANGUAGE_NAMES) and "py3langid" in sys.modules
