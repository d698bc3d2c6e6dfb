"""The warning about columns of texts that no role reads."""

from app.services.datasets import datasets


def test_text_columns_without_a_role_are_named(owner, tmp_path):
    """A column of ids, of a few categories or of numbers holds no texts; one of sentences does."""
    lines = [
        f"the card {n} was lost,{'card' if n % 2 else 'loan'},id-{n},3.5,we sent letter {n} to them" for n in range(40)
    ]
    path = tmp_path / "a.csv"
    path.write_text("text,label,number,score,reply\n" + "\n".join(lines))
    report = datasets.check_file(path, path.name)
    named = [problem for problem in report["problems"] if problem["code"] == "unread_text"]
    assert len(named) == 1 and "'reply' are not read" in named[0]["message"] and named[0]["severity"] == "warning"
    report = datasets.check_file(path, path.name, columns={"text": "reply", "label": "label"})
    (other,) = [problem for problem in report["problems"] if problem["code"] == "unread_text"]
    assert "'text' are not read" in other["message"]
