"""`studio data`: commands about data sets. Everything heavy is imported inside its command."""

import click

from studio.name_pairs import split_pairs


@click.group()
def data() -> None:
    """Bring data into the studio."""


@data.command("import")
@click.argument("source", metavar="ID")
@click.option("--split", default="", metavar="NAME", help="Split to learn from; the only one there is if left out.")
@click.option("--revision", default="main", show_default=True, help="Branch, tag or commit.")
@click.option("--config", default="", metavar="NAME", help="Configuration, where the data set has several.")
@click.option(
    "--test-split", default="", metavar="NAME", help="Split whose rows are the test; rows are kept aside if left out."
)
@click.option("--rows", default=0, metavar="N", help="Only the first N rows of each split.")
@click.option("--name", default="", help="Name of the new data set.")
@click.option("--user", "user_name", default="", help="Whose it becomes; the owner's if left out.")
@click.option("--task", metavar="KIND", help="What the model is to learn; guessed from the columns if left out.")
@click.option("--columns", "pairs", multiple=True, metavar="ROLE=NAME", help="Which column plays a role; repeatable.")
@click.option("--answer", metavar="N", help="Which reading is meant, where several are offered.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def import_data(
    source: str,
    split: str,
    revision: str,
    config: str,
    test_split: str,
    rows: int,
    name: str,
    user_name: str,
    task: str | None,
    pairs: tuple[str, ...],
    answer: str | None,
    as_json: bool,
) -> int:
    """Import a split of a data set of the Hugging Face Hub, by its id. Exit code 0: imported, 2: refused, 130: stopped."""
    from app.services.datasets.hub_listing import HubRequest
    from studio.data_import import import_from_hub

    request = HubRequest(source, split, revision, config, test_split, rows)
    columns = split_pairs(pairs, "--columns")
    attributes = {"name": name or None, "task_type": task, "columns": columns or None, "answer": answer}
    return import_from_hub(user_name, request, attributes, as_json)
