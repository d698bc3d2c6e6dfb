"""Chats as messengers export them."""

import pytest

from tests.app.readers.reading import cells, codes, read

FORMS = (
    "12.03.24, 10:{0:02d} - {1}: {2}",
    "[2024-03-12, 10:{0:02d}:11] {1}: {2}",
    "\u200e[3/12/24, 10:{0:02d}:05\u202fPM] {1}: {2}",
)


@pytest.mark.parametrize("form", FORMS)
def test_each_message_is_a_row_with_time_and_speaker(tmp_path, form):
    lines = [form.format(n, ("Ann", "Ben Ek")[n % 2], f"message {n}\ngoes on: here") for n in range(8)]
    notice = form.format(9, "X", "").partition("X:")[0] + "Messages are end-to-end encrypted."
    table, records = read(tmp_path, "chat.txt", "\n".join([notice, *lines]).encode())
    assert table.columns == ["time", "speaker", "message"] and len(records) == 8
    assert cells(records)[1][1:] == ("Ben Ek", "message 1\ngoes on: here") and codes(table) == ["chat_log"]


def test_other_texts_and_chats_that_are_meant_as_text_stay_text(tmp_path):
    lines = "\n".join(FORMS[0].format(n, ("Ann", "Ben")[n % 2], "hello there") for n in range(8)).encode()
    assert read(tmp_path, "chat.txt", lines, repairs={"chat_log": False})[0].columns == ["text"]
    diary = "\n".join(f"12.03.24, 10:{n:02d} - Ann: I write alone" for n in range(8)).encode()
    assert read(tmp_path, "diary.txt", diary)[0].columns == ["text"]
