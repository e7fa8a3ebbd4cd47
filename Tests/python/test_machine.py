"""The example of a machine whose sensor is moved (docs/your-own-sensor.md): what it shows must stay so."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
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


@pytest.fixture(scope="module")
def monitor(tmp_path_factory):
    """The program in C, and a model for two channels and two classes."""
    import hypr

    folder = tmp_path_factory.mktemp("monitor")
    project = MACHINE.parents[1]
    library = Path(os.environ.get("HYPR_LIBRARY", project / "build" / "lib" / "libhypr.so.0")).resolve()
    subprocess.run(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{project / 'include'}", MACHINE / "monitor.c", library,
                    f"-Wl,-rpath,{library.parent}", "-o", folder / "monitor"], check=True)
    rows = [f"{row},{row % 7 / 7:.3f},{row % 5 / 5:.3f},{'up' if row % 7 > 3 else 'down'}" for row in range(2000)]
    model = hypr.ModelBuilder(2).input(names=["ax", "ay"]).layer("gru", 4).readout(2, tau=1).labels(["down", "up"]).build(0)
    x = np.array([[float(value) for value in row.split(",")[1:3]] for row in rows], np.float32)
    labels = np.array([int(row.endswith("up")) for row in rows])
    trainer = hypr.Trainer(model, progress=False, epochs=20, learning_rate=0.05, batch_size=2)
    trainer.fit(x.reshape(20, 100, 2), labels.reshape(20, 100)).model.save(folder / "model.hypr")

    def run(table, status=0):
        (folder / "table.csv").write_text(table)
        files = [folder / name for name in ("model.hypr", "table.csv", "table.csv", "out.hypr")]
        done = subprocess.run([folder / "monitor", *files], capture_output=True, text=True)
        assert bool(done.returncode) == bool(status), done.stderr
        return done

    return run, rows


def test_the_program_in_c_finds_columns_by_their_names(monitor):
    run, rows = monitor
    usual = run("time,ax,ay,mode\n" + "\n".join(rows) + "\n")
    assert "before calibration" in usual.stdout and not usual.stderr
    turned = "\n".join(",".join([row.split(",")[3], row.split(",")[2], "other", row.split(",")[1]]) for row in rows)
    assert run(f"mode,ay,note,ax\n{turned}\n").stdout == usual.stdout
    for table, words in (
            ("time,ax,az,mode\n0,1,2,up\n", "line 1: there is no column ay"), ("ax,ay\n1,2\n", "line 1: there is no column mode"),
            ("ax,ay,mode\n1,2,sideways\n", "line 2: the model does not know the mode sideways"),
            ("ax,ay,mode\n1,,up\n", "line 2: expected a number, found an empty value"), ("ax,ay,mode\n1,2x,up\n", "line 2: expected a number, found 2x"),
            ("ax,ay,mode\n1,2\n", "line 2: it has not as many columns as the line of names")):
        assert words in run(table, status=1).stderr


def test_the_program_in_c_says_what_stands_in_the_way(monitor):
    run, rows = monitor
    table = "time,ax,ay,mode\n"
    for time, ax, ay, mode in (row.split(",") for row in rows):
        table += f"{time},{400 * float(ax)},{400 * float(ay)},{mode}\n"
    error = run(table).stderr
    assert "times larger than in training" in error and "its unit changed?" in error


def test_the_program_in_python(tmp_path):
    subprocess.run([sys.executable, MACHINE / "record.py", "--folder", tmp_path], check=True)
    program = subprocess.run([sys.executable, MACHINE / "adapt.py", "--folder", tmp_path], check=True, capture_output=True, text=True)
    before, after = (float(part.rstrip(",%")) for part in program.stdout.splitlines()[-1].split() if part.rstrip(",").endswith("%"))
    assert before <= 90 <= after


def test_the_program_in_python_takes_other_columns_and_units(tmp_path):
    """The same recordings with a column of milliseconds, as a board writes them: the same figures."""
    subprocess.run([sys.executable, MACHINE / "record.py", "--folder", tmp_path], check=True)

    def last(*arguments):
        command = [sys.executable, MACHINE / "adapt.py", "--folder", tmp_path, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.splitlines()[0], done.stdout.splitlines()[-1]

    _, usual = last()
    for name in ("training", "calibration", "test"):
        header, *rows = (tmp_path / f"{name}.csv").read_text().splitlines()
        rows = [f"{round(1000 * float(row.split(',')[0]))},{row.split(',', 1)[1]}" for row in rows]
        (tmp_path / f"{name}.csv").write_text("\n".join([header.replace("time", "time_ms").replace("mode", "state"), *rows]) + "\n")
    first, figures = last("--time", "time_ms", "--label", "state")
    assert "column time_ms counts milliseconds" in first and figures == usual
