"""Every injection, in the order of the table."""

from tests.faults import bad_rows, causes, kills, outages, people, real_training
from tests.faults.bench import Injection

INJECTIONS: tuple[Injection, ...] = (
    Injection("F-01", "kill -9 of the real trainer, also inside saves", 200, real_training.kill_trainers, forks=True),
    Injection("F-02", "kill -9 of supervisor, Celery, whole group", 300, kills.kill_supervisors),
    Injection("F-03", "every message ten times, out of order", 1000, outages.deliver_often),
    Injection("F-04", "freeze supervisor and trainer for two leases", 50, kills.freeze),
    Injection("F-05", "Redis restarts, goes, forgets, refuses, fills, hangs", 20, outages.break_redis),
    Injection("F-06", "messages visible again after 5 s, runs of 60 s", 50, outages.deliver_late),
    Injection("F-07", "PostgreSQL restarts, goes, drops sessions, hangs", 30, outages.break_postgres),
    Injection("F-08", "disk full while a run saves", 20, causes.fill_disk),
    Injection("F-09", "SIGTERM at a random moment", 50, kills.terminate),
    Injection("F-10", "power cut in the middle of a save", 500, real_training.cut_power, forks=True),
    Injection("F-11", "out of memory", 40, causes.run_out_of_memory),
    Injection("F-12", "loss is not a number", 20, causes.diverge),
    Injection("F-13", "device lost", 20, causes.lose_device),
    Injection("F-14", "one row in a hundred is bad, in twelve ways", 12, bad_rows.poison_rows),
    Injection("F-15", "stop in each of nine phases", 200, people.stop_anywhere),
    Injection("F-16", "a hundred identical submits at once", 50, people.submit_at_once),
    Injection("F-17", "machine starts again with five runs working", 20, kills.reboot),
    Injection("F-18", "recorded process id reused", 20, kills.reuse_pid),
    Injection("F-19", "nobody watches; 100 MB on standard error", 10, causes.flood),
    Injection("F-20", "worker's clock hours wrong, jumping, drifting", 10, outages.shift_clock),
    Injection("F-21", "trainer hangs", 10, causes.hang),
    Injection("F-22", "trainer always crashes", 10, causes.always_crash),
    Injection("F-23", "kill -9 of the web process while it stores", 200, people.kill_web),
    Injection("F-24", "eight processes write to one SQLite file", 5, outages.crowd_sqlite),
    Injection("F-25", "backup under load, restored elsewhere", 5, people.back_up),
    Injection("F-26", "pause and go on at random steps", 20, people.pause_and_go_on),
    Injection("F-27", "kill -9 of one of two processes of a run", 20, real_training.kill_one_of_two, forks=True),
)
