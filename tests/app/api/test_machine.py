"""The machine over REST."""


def test_machine_route_reports_memory_and_disk(ann):
    payload = ann.get("/api/v1/machine").json
    assert 0 < payload["free_memory_bytes"] <= payload["memory_bytes"]
    assert 0 < payload["free_disk_bytes"] <= payload["disk_bytes"]
    assert payload["threads"] >= 1 and isinstance(payload["gpus"], list)
