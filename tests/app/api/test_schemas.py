"""Bodies of requests: bounds, and no unknown fields."""

import pytest
from pydantic import ValidationError

from app.api import schemas


@pytest.mark.parametrize("body", schemas.Body.__subclasses__(), ids=lambda body: body.__name__)
def test_unknown_field_is_refused_in_every_body(body):
    with pytest.raises(ValidationError) as caught:
        body(owner_id="me")
    assert ("owner_id",) in [error["loc"] for error in caught.value.errors() if error["type"] == "extra_forbidden"]


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (schemas.NameBody, {"name": "x" * 201}),
        (schemas.InputsBody, {"inputs": []}),
        (schemas.InputsBody, {"inputs": ["x"] * 257}),
        (schemas.EstimateBody, {"base_model": "m", "method": {}, "rows": 0}),
        (schemas.ExperimentBody, {"methods": [{}] * 49}),
        (schemas.RunsQuery, {"limit": 501}),
        (schemas.RunsQuery, {"archived": "perhaps"}),
        (schemas.MarkBody, {"tags": ["x"] * 51}),
    ],
)
def test_value_out_of_bounds_is_refused(body, values):
    with pytest.raises(ValidationError):
        body(**values)


def test_runs_are_listed_newest_first_without_archived_ones_by_default():
    query = schemas.RunsQuery()
    assert (query.sort, query.order, query.archived, query.limit) == ("created", "down", "no", 100)
