"""Where rows were fetched from, in words for a model card."""

from app.catalog.dataset_source import DatasetSource


def test_hub_source_names_what_it_takes_to_fetch_it_again() -> None:
    source = DatasetSource(
        kind="hub", repo="a/b", split="train", revision="main", commit="c0ffee", licence="mit", first_rows=1200
    )
    assert (
        source.words() == "`a/b`, split `train`, the first 1,200 rows, revision `main` at commit `c0ffee`; licence mit"
    )
    assert DatasetSource(**source.as_dict()) == source and "config" not in source.as_dict()
    assert "no licence" in DatasetSource(kind="hub", repo="a/b", config="de", test_split="dev").words()


def test_address_is_named_with_its_hash() -> None:
    assert (
        DatasetSource(kind="address", address="https://x/y.csv", sha256="ab").words()
        == "`https://x/y.csv`, SHA-256 `ab`"
    )
