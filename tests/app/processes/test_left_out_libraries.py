"""Libraries that a process does without."""

import subprocess
import sys

ARRAY = "import pyarrow, sys; pyarrow.array(['a', 'b'], pyarrow.string()); print('pandas' in sys.modules)"
LEAVE_OUT = "from app.processes.left_out_libraries import leave_out_pandas; leave_out_pandas();"


def test_arrays_are_made_without_pandas_which_is_loaded_otherwise():
    ways = [
        subprocess.run([sys.executable, "-c", way], capture_output=True, text=True)
        for way in (ARRAY, LEAVE_OUT + ARRAY)
    ]
    assert [way.stdout.split() for way in ways] == [["True"], ["False"]]
