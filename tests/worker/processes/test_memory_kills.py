"""Processes killed for lack of memory are counted from the kernel's files."""

from pathlib import Path

from worker.processes.memory_kills import oom_kills


def test_kills_are_summed_over_all_counters(tmp_path: Path) -> None:
    (machine := tmp_path / "vmstat").write_text("nr_free_pages 12\noom_kill 3\n")
    (group := tmp_path / "memory.events").write_text("oom 9\noom_kill 2\noom_group_kill 7\n")
    assert oom_kills([machine, group]) == 5


def test_missing_counter_counts_nothing(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("low 1\n")
    assert oom_kills([tmp_path / "absent", tmp_path / "other"]) == 0


def test_counters_of_this_machine_can_be_read() -> None:
    assert oom_kills() >= 0
