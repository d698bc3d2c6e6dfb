"""A hidden process can be read by nobody but the administrator."""

import subprocess
import sys

HIDDEN = """
import ctypes, os
from app.processes.secrecy import hide_memory
hide_memory()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), os.stat("/proc/self/environ").st_uid, len(os.listdir("/proc/self/fd")) > 0)
"""


def test_environment_belongs_to_the_administrator_and_the_process_still_sees_its_own_files() -> None:
    done = subprocess.run([sys.executable, "-c", HIDDEN], check=True, capture_output=True, text=True)
    # PR_GET_DUMPABLE is 0; files in /proc of such a process belong to root, see proc(5).
    assert done.stdout.split() == ["0", "0", "True"]
