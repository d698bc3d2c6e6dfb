"""What the intake understands of every file of a folder, and whether that is what was expected of the known ones.

`python -m benchmarks.intake_cases FOLDER`
"""

import argparse
from pathlib import Path
from typing import Any

from app.services.datasets import datasets

SHOWN_CHARACTERS = 230
MULTI = "multi-label-classification"
THREE, TYPES = {"light": 16, "pests": 16, "water": 16}, {"FIRM": 48, "TOWN": 48}
CHAT, PAIR = {"task": "chat", "usable": 48}, {"task": "instruction", "usable": 48}
PREFERRED = {"task": "preference", "usable": 48}
TOPICS, TAGGED = {"task": "text-classification", "labels": THREE}, {"task": "token-classification", "labels": TYPES}


def asked(*offered: str, words: str = "") -> dict[str, Any]:
    """Nothing is learned yet: these readings are offered, and the words say what it is."""
    return {"usable": 0, "offered": list(offered), "words": words}


# Beginning of the file's name -> what must be understood.
EXPECTED: dict[str, dict[str, Any]] = {
    "184-kto": asked("chat", words="thumbs"),
    "06-weight": {**CHAT, "code": "answers_not_learned"},
    "120-": CHAT,
    "122-": CHAT,
    "145-": CHAT,
    "150-": CHAT,
    "124-dolly": {**PAIR, "runner_up": "text-classification"},
    "125b-": PAIR,
    "136-": asked("text-classification", "regression", words="column 1"),
    "59d-": TOPICS,
    "64-prodigy": {"task": "token-classification", "usable": 36, "labels": {"FIRM": 36, "TOWN": 36}},
    "130-labelstudio": TAGGED,
    "69-labelstudio": TAGGED,
    "42-": {"task": MULTI, "usable": 48, "labels": {"light": 24, "pests": 24, "urgent": 10, "water": 24}},
    "45-": {"task": MULTI, "usable": 48, "labels": {"light": 16, "pests": 21, "water": 16}},
    "36-images": asked("chat", words="pictures"),
    "37-llava": asked("chat", words="pictures"),
    "129-alpaca": {**PAIR, "columns": "history"},
    "24-alpaca": {**PAIR, "columns": "history"},
    "19-chatml": CHAT,
    "21-alpaca": CHAT,
    "09-flat": asked(words="one row for each message"),
    "46-pandas": TOPICS,
    "142-": TOPICS,
    "160-": TOPICS,
    "05-system": {"task": "chat", "usable": 40},
    "26-system": CHAT,
    "14-gemini": {**CHAT, "columns": "system"},
    "23-batch": CHAT,
    "17b-": CHAT,
    "27-prompt": CHAT,
    "01-openai": {"usable": 0, "code": "tool_calls"},
    "04-legacy": {"usable": 0, "code": "tool_calls"},
    "151-": {**PREFERRED, "runner_up": "chat"},
    "31-dpo": {**PREFERRED, "runner_up": "chat"},
    "33-dpo": {**PREFERRED, "runner_up": "instruction"},
    "35-arena": {**PREFERRED, "columns": "winner"},
    "106-": asked("text-to-text", "instruction"),
    "107b-": PAIR,
    "62-doccano": asked(words="called by numbers"),
    "72-conllu": {"task": "token-classification", "usable": 48, "columns": "tags"},
    "77-tags": TAGGED,
    "54-label": TOPICS,
    "103-": asked(words="search queries"),
    "train.csv": {**TOPICS, "code": "repeated_header"},
    "140-": {"usable": 3, "code": "fill_down"},
    "70c-": asked(words="Label Studio"),
    "74-": asked(words="one row for each word"),
    "86-": TOPICS,
    "175-": TOPICS,
    "67b-": TOPICS,
    "08-list": CHAT,
    "176-": TOPICS,
    "188-": {"task": "text-classification", "usable": 60, "labels": {"light": 20, "pests": 20, "water": 20}},
    "99-squad": {**PAIR, "columns": "input"},
    "171-": TOPICS,
    "87c-": TOPICS,
    "88b-": TOPICS,
    "89-": TOPICS,
    "fr-cp850": {"usable": 60, "words": "mouillée"},
    "u-Turkish": {"usable": 12, "words": "günlerce"},
    "154-": PAIR,
    "155-": PAIR,
    "59c-": TOPICS,
    "96g-": {"usable": 0, "words": "XML file"},
    "82-": TOPICS,
    "82c-": TOPICS,
    "85f-": {**TOPICS, "code": "test_part"},
    "189-": {"usable": 46, "words": "'response' is there in 2 only"},
}


def understood(path: Path) -> dict[str, Any]:
    """The report of one file, as `studio check` prints it."""
    return datasets.check_file(path, path.name)


def differences(path: Path, report: dict[str, Any]) -> list[str] | None:
    """What is not as expected of a file; None for files of which nothing is expected here."""
    expected = next((item for start, item in EXPECTED.items() if path.name.startswith(start)), None)
    if expected is None:
        return None
    found = {
        "task": report["task"],
        "usable": report["rows"]["usable"],
        "labels": report["labels"],
        "offered": [item["task_type"] for item in (report.get("question") or {"options": []})["options"]],
        "runner_up": report.get("runner_up", {}).get("task_type"),
    }
    wrong = [f"{name} is {found[name]}" for name, value in expected.items() if name in found and found[name] != value]
    reported = " ".join(problem["message"] for problem in report["problems"])
    codes = [problem["code"] for problem in report["problems"]]
    wrong += [f"not reported: {expected['words']}"] if expected.get("words", "") not in reported else []
    wrong += (
        [f"no column for {expected['columns']}"] if expected.get("columns") not in (None, *report["columns"]) else []
    )
    return wrong + ([f"no problem {expected['code']}"] if expected.get("code") not in (None, *codes) else [])


def line(path: Path, report: dict[str, Any]) -> str:
    """One row of a Markdown table: the file, whether it is as expected, the verdict, rows, goal, columns, labels, and what is reported."""
    rows = report["rows"]
    columns = ", ".join(f"{role}={name}" for role, name in report["columns"].items())
    labels = ", ".join(f"{name} {count}" for name, count in list(report["labels"].items())[:4])
    offered = (report.get("question") or {}).get("options") or []
    asked = " | ".join(option["answer"] for option in offered) or "; ".join(
        f"runner-up {report[name]['answer']}" for name in ("runner_up",) if name in report
    )
    reported = " / ".join(f"{problem['code']}: {problem['message']}" for problem in report["problems"])[
        :SHOWN_CHARACTERS
    ]
    wrong = differences(path, report)
    judged = "-" if wrong is None else "; ".join(wrong) or "yes"
    cells = (
        path.name,
        judged,
        report["status"],
        f"{rows['usable']}/{rows['total']}",
        report["task"],
        columns,
        labels,
        asked,
        reported,
    )
    return "| " + " | ".join(cell.replace("|", "¦").replace("\n", " ") for cell in cells) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print("| file | as expected | status | usable | goal | columns | labels | asked | reported |")
    print("|---|---|---|---|---|---|---|---|---|")
    for path in sorted(parser.parse_args().folder.rglob("*")):
        if path.is_file() and path.name != "expect.md":
            print(line(path, understood(path)), flush=True)


if __name__ == "__main__":
    main()
