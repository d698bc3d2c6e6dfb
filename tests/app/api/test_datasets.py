"""Routes for datasets: import with a report, columns, names, samples, an evaluation file."""

import json

from app import storage

ROWS = [f"good thing number {n},yes\nbad thing number {n},no\n" for n in range(30)]
CSV = ("text,label\n" + "".join(ROWS)).encode()
FILE = ("file", "letters.csv", CSV)


def test_upload_becomes_a_dataset_with_its_report(ann):
    columns = json.dumps({"text": "text", "label": "label"}).encode()
    task = ("task_type", None, b"text-classification")
    answer = ann.upload([FILE, ("name", None, "Briefe ä".encode()), task, ("columns", None, columns)])
    assert answer.status == 201, answer.body
    made = answer.json
    assert {"id", "version", "rows", "status", "report"} <= set(made)
    assert made["report"]["rows"]["usable"] == 60 and made["name"] == "Briefe ä"
    assert [dataset["id"] for dataset in ann.get("/api/v1/datasets").json["datasets"]] == [made["id"]]
    address = f"/api/v1/datasets/{made['id']}"
    assert ann.get(address).json["id"] == made["id"]
    assert ann.get(address + "/report").json["rows"]["total"] == 60
    preview = ann.get(address + "/preview?limit=3").json
    assert len(preview["rows"]) == 3 and {"text", "label"} <= set(preview["columns"])
    assert list(storage.uploads_dir().iterdir()) == []


def test_columns_can_be_changed_and_the_dataset_archived(ann):
    address = "/api/v1/datasets/" + ann.upload([FILE]).json["id"]
    body = {"task_type": "text-classification", "columns": {"text": "text", "label": "label"}}
    assert ann.post(address + "/columns", json_body=body).status == 200
    assert ann.post(address + "/columns", json_body={**body, "columns": {"text": "nowhere"}}).status == 422
    assert ann.post(address + "/archive").status == 200
    assert ann.get("/api/v1/datasets").json["datasets"] == []


def test_dataset_is_archived_brought_back_and_deleted(ann, bob):
    address = "/api/v1/datasets/" + ann.upload([FILE]).json["id"]
    ann.post(address + "/archive")
    assert len(ann.get("/api/v1/datasets?archived=true").json["datasets"]) == 1
    assert ann.post(address + "/unarchive").json["archived"] is False
    about = ann.get(address + "/dependents").json
    assert (about["versions"], about["runs"], about["active"]) == (1, [], []) and about["bytes"] > 0
    assert bob.ask("DELETE", address).status == 404
    assert ann.ask("DELETE", address).json["freed_bytes"] == about["bytes"] and ann.get(address).status == 404


def test_files_of_the_same_name_get_different_names_and_can_be_renamed(ann, bob):
    made = [ann.upload([("file", "train.csv", CSV.replace(b"thing", word))]).json for word in (b"dog", b"cat", b"cow")]
    assert [item["name"] for item in made] == ["train", "train 2", "train 3"]
    address = f"/api/v1/datasets/{made[1]['id']}/rename"
    assert ann.post(address, json_body={"name": "  Letters   of May "}).json["name"] == "Letters of May"
    assert {dataset["name"] for dataset in ann.get("/api/v1/datasets").json["datasets"]} == {
        "train",
        "Letters of May",
        "train 3",
    }
    assert ann.post(address, json_body={"name": "  "}).status == 422
    assert bob.post(address, json_body={"name": "mine"}).status == 404
    # The freed name is the next one given; a name that the sender chose stays as it is.
    assert ann.upload([("file", "train.csv", CSV)]).json["name"] == "train 2"
    assert ann.upload([FILE, ("name", None, b"train")]).json["name"] == "train"


def test_samples_can_be_listed_and_imported(ann):
    samples = ann.get("/api/v1/datasets/samples").json["samples"]
    assert samples
    name = samples[0] if isinstance(samples[0], str) else samples[0]["name"]
    assert ann.post(f"/api/v1/datasets/samples/{name}").status == 201
    assert ann.post("/api/v1/datasets/samples/no-such").status in (404, 422)


def test_own_evaluation_file_becomes_the_test_split(ann):
    evaluation = ("evaluation", "test.csv", ("text,label\n" + "".join(ROWS[:5])).encode())
    answer = ann.upload([FILE, evaluation])
    assert answer.status == 201, answer.body
    assert list(storage.uploads_dir().iterdir()) == []


TICKETS = "Ticket text,Team,Agent\n" + "".join(
    f"My parcel number {n} has not come,{('Billing', 'App', 'Logistics')[n % 3]},{('Anna', 'Ben')[n % 2]}\n"
    for n in range(48)
)


def test_file_with_two_readings_waits_for_an_answer(ann):
    file = ("file", "tickets.csv", TICKETS.encode())
    asked = ann.upload([file])
    details = asked.json["error"]["details"]
    assert (asked.status, asked.json["error"]["code"]) == (422, "several_readings")
    assert [option["columns"]["label"] for option in details["question"]["options"]] == ["Team", "Agent"]
    assert ann.get("/api/v1/datasets").json["datasets"] == []
    chosen = details["question"]["options"][1]["answer"]
    made = ann.post(f"/api/v1/uploads/{details['staged']}", json_body={"answer": chosen})
    assert made.status == 201 and made.json["columns"]["label"] == "Agent" and chosen == made.json["change"]["answer"]
    # Who knows the answer beforehand sends it with the file.
    known = ann.upload([("file", "others.csv", TICKETS.replace("Team", "Group").encode()), ("answer", None, b"1")])
    assert known.status == 201 and known.json["report"]["answered"].startswith("You chose")
