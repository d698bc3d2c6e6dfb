"""Use of the processor by a run."""

from worker.engine.reporting.device_use import DeviceUse


def test_machine_without_gpu_reports_the_processor() -> None:
    use = DeviceUse()
    sum(number * number for number in range(300_000))
    reading = use.read()
    assert set(reading) <= {"system/cpu_percent", "system/cpu_percent_of_all"} or "system/process_bytes" in reading
    assert 0 < reading["system/cpu_percent"] <= 100
