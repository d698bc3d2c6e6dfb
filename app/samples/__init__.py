"""Small datasets that come with the studio; ``generate.py`` wrote them. A new one is one file and one line here."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """A dataset to try things with; ``file`` lies beside this module."""

    name: str
    title: str
    summary: str
    file: str
    task_type: str
    rows: int
    labels: int


SAMPLES: tuple[Sample, ...] = (
    Sample(
        name="support-requests",
        title="Support requests",
        summary="Messages to an online shop, each sorted to the team that answers it.",
        file="support_requests.csv",
        task_type="text-classification",
        rows=420,
        labels=6,
    ),
    Sample(
        name="clinic-messages",
        title="Clinic messages",
        summary="Messages from patients to a doctor's practice, each with what it is about.",
        file="clinic_messages.csv",
        task_type="text-classification",
        rows=300,
        labels=5,
    ),
    Sample(
        name="travel-notes",
        title="Travel notes",
        summary="Notes of a travel agency in which people, places, companies and dates are marked.",
        file="travel_notes.conll",
        task_type="token-classification",
        rows=320,
        labels=4,
    ),
)


def sample_path(sample: Sample) -> Path:
    """Where the sample's file lies."""
    return Path(__file__).parent / sample.file
