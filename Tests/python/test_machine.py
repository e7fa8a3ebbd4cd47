"""The example of a machine whose sensor is moved (docs/your-own-sensor.md): what it shows must stay so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MACHINE = Path(__file__).resolve().parents[2] / "examples" / "machine"
TOOL = os.environ.get("HYPR_TOOL", "")

sys.path.insert(0, str(MACHINE))


@pytest.mark.skipif(not Path(TOOL).is_file(), reason="HYPR_TOOL is not the command line tool")
def test_two_labelled_minutes_are_enough_by_the_tool(tmp_path):
    from measure import measure

    figures, finding = measure(TOOL, tmp_path, seed=0)
    assert figures["machine.hypr", "first"] >= 0.93
    assert 0.6 <= figures["machine.hypr", "moved"] <= 0.9  # otherwise there is nothing to show
    assert figures["machine.hypr", "adapted"] >= 0.9
    assert "was the sensor moved" in finding


def test_the_program_in_python(tmp_path):
    subprocess.run([sys.executable, MACHINE / "record.py", "--folder", tmp_path], check=True)
    program = subprocess.run([sys.executable, MACHINE / "adapt.py", "--folder", tmp_path], check=True, capture_output=True, text=True)
    before, after = (float(part.rstrip(",%")) for part in program.stdout.splitlines()[-1].split() if part.rstrip(",").endswith("%"))
    assert before <= 90 <= after
