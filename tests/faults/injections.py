"""Every injection, in the order of the table."""

from tests.faults import causes, kills, real_training
from tests.faults.bench import Injection

INJECTIONS: tuple[Injection, ...] = (
    Injection("F-01", "kill -9 of the real trainer, also inside saves", 200, real_training.kill_trainers),
    Injection("F-02", "kill -9 of supervisor, Celery, whole group", 300, kills.kill_supervisors),
    Injection("F-04", "freeze supervisor and trainer for two leases", 50, kills.freeze),
    Injection("F-08", "disk full while a run saves", 20, causes.fill_disk),
    Injection("F-09", "SIGTERM at a random moment", 50, kills.terminate),
    Injection("F-10", "power cut in the middle of a save", 500, real_training.cut_power),
    Injection("F-11", "out of memory", 40, causes.run_out_of_memory),
    Injection("F-12", "loss is not a number", 20, causes.diverge),
    Injection("F-13", "device lost", 20, causes.lose_device),
    Injection("F-17", "machine starts again with five runs working", 20, kills.reboot),
    Injection("F-18", "recorded process id reused", 20, kills.reuse_pid),
    Injection("F-19", "100 MB on standard error", 10, causes.flood),
    Injection("F-21", "trainer hangs", 10, causes.hang),
    Injection("F-22", "trainer always crashes", 10, causes.always_crash),
)
