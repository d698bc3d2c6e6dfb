"""Encodings are recognised by the letters of languages and by what programs write for them."""

import pytest

from app.readers.encoding_guess import guess_encodings, is_latin, other_readings
from tests.app.readers.reading import cells, read

# Sentences of our own; which encodings programs write for a language is what Windows and DOS use there.
SENTENCES = {
    "Turkish": ("Çiçeklerin yaprakları sarardı ve ışığa doğru eğildi, güneşli bir köşe gerekiyor", ["cp1254", "cp857"]),
    "Hungarian": ("Az őszi esőben a tűzfal előtt álló növény elázott, és a földje túl hűvös", ["cp1250", "cp852"]),
    "French": (
        "Où est passée la clé du deuxième étage ? Le gérant l'a égarée à Noël",
        ["cp1252", "cp850", "mac-roman"],
    ),
    "German": ("Der Schlüssel für die große Tür hängt über dem Flur, schön wär's", ["cp1252", "cp850", "mac-roman"]),
    "Polish": ("Książka leży na półce obok łóżka, więc proszę ją wziąć", ["cp1250", "iso8859-2", "cp852"]),
    "Czech": ("Klíče od sklepa leží na dřevěném stole v předsíni", ["cp1250", "cp852"]),
    "Spanish": ("¿Dónde está el señor que pidió la habitación más pequeña?", ["cp1252", "cp850"]),
    "Portuguese": ("A chave não está na recepção, amanhã então à tarde", ["cp1252", "cp850"]),
    "Russian": ("Ключ от второй комнаты лежит на столе у входа", ["cp1251", "koi8-r", "cp866"]),
    "Greek": ("Το κλειδί βρίσκεται πάνω στο τραπέζι της εισόδου", ["cp1253", "cp737"]),
    "Lithuanian": ("Raktas guli ant stalo prie įėjimo, o žmonės jų ieško", ["cp1257"]),
}
CASES = [(text, encoding) for text, encodings in SENTENCES.values() for encoding in encodings]


@pytest.mark.parametrize(("text", "encoding"), CASES)
def test_text_is_read_as_it_was_written(text, encoding):
    (best, *_) = guess_encodings(text.encode(encoding))
    assert text.encode(encoding).decode(best.encoding) == text


def test_nothing_is_guessed_about_plain_text_or_scripts_of_many_characters():
    assert guess_encodings(b"plain") == []
    assert all(guess.fit < 0.85 for guess in guess_encodings("この文章は日本語で書かれています".encode("shift_jis")))
    assert is_latin("schön".encode("cp1252")) and not is_latin("ключ".encode("cp1251"))


def test_other_readings_give_other_texts():
    sample = "ışık doğru".encode("cp1254")
    others = other_readings(sample, "cp1254", guess_encodings(sample))
    assert len(others) == 2 and len({sample.decode(name) for name in ("cp1254", *others)}) == 3


def test_two_or_three_readings_of_one_place_are_shown_and_one_can_be_named(tmp_path):
    content = ("text,label\n" + "Az őszi eső után a földje túl hűvös,a\n" * 12).encode("cp1250")
    table, records = read(tmp_path, "a.csv", content)
    assert cells(records)[0][0] == "Az őszi eső után a földje túl hűvös" and table.encoding == "cp1250"
    shown = table.found["encodings"]
    assert (
        shown[0]["name"] == "cp1250" and 2 <= len(shown) <= 3 and len({item["preview"] for item in shown}) == len(shown)
    )
    assert all(item["preview"] in table.flaws.all()[0].message for item in shown)
    assert cells(read(tmp_path, "a.csv", content, encoding="cp1252")[1])[0][0].startswith("Az õszi")


def test_russian_in_koi8_is_no_ukrainian():
    text = "Здравствуйте, где мой заказ номер пять? Верните деньги за покупку."
    assert guess_encodings(text.encode("koi8-r"))[0].encoding == "koi8-r"
    ukrainian = "Привіт, де моє замовлення? Поверніть гроші за їжу, будь ласка."
    assert guess_encodings(ukrainian.encode("koi8-u"))[0].encoding == "koi8-u"
