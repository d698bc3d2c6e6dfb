"""The confusion matrix in somebody's Blocks, and what it says of many labels."""

import json

from playwright.sync_api import expect

from studio_ui.components.confusion_matrix import Matrix, matrix_nodes


def test_cell_is_chosen_by_keyboard_and_becomes_the_value(foreign):
    page = foreign()
    cell = page.get_by_role("button", name="1 of “<b>yes</b>” answered “no”; show these rows")
    cell.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("cell")).to_have_value(json.dumps({"expected": "<b>yes</b>", "answered": "no"}))


def test_many_labels_are_a_heat_map_of_shares_whose_names_stay_words():
    labels = [f"<label {at}>" for at in range(13)]
    counts = [[8 if at == to else 1 if to == 0 else 0 for to in range(13)] for at in range(13)]
    figure = matrix_nodes(Matrix(labels, counts))[0][-1][2][-1][1]["figure"]
    [trace] = figure["traces"]
    # Eight of nine rows are right in every row but the first, where all are.
    assert trace["z"][0][0] == 1.0 and trace["z"][5][5] == 8 / 9 and trace["z"][5][0] == 1 / 9
    assert trace["text"][5][0] == "1 of “&lt;label 5&gt;” answered “&lt;label 0&gt;”"
    assert figure["action"] == {"name": "cell", "rows": labels, "columns": labels}
    assert matrix_nodes(Matrix([], [])) == []
