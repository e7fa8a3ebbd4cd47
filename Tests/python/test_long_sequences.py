"""`make long-sequences` with little data: it goes on where it was killed, and the figures of the page are those of the files."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks" / "long-sequences"
sys.path[:0] = [str(FOLDER), str(ROOT / "benchmarks" / "reproduce")]  # as benchmarks/long-sequences/run does

import long_tasks  # noqa: E402
import measurements  # noqa: E402
import pages  # noqa: E402
import plan  # noqa: E402
import records  # noqa: E402
import tables  # noqa: E402
import trials  # noqa: E402
from training import Elsewhere, claimed  # noqa: E402

ONE = ("--only", "cue-recall", "--networks", "1000 steps", "--methods", "window", "--seed", "0")


def start(folder, *arguments, **variables):
    return subprocess.Popen(
        [FOLDER / "run", "--results", folder / "results", "--unfinished", folder / "unfinished", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHON": sys.executable} | variables)


def finish(folder, *arguments, **variables):
    process = start(folder, *arguments, **variables)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def record_of(folder, part, name):
    return json.loads((folder / "results" / part / f"{name}.json").read_text())


def without_time(record):
    return {name: value for name, value in record.items() if "seconds" not in name}


def test_a_run_that_is_killed_goes_on_as_if_it_had_not_been(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    finish(whole, *ONE)
    process = start(killed, *ONE, "--checkpoint-seconds", "0.01")
    until = time.monotonic() + 60
    while not list(killed.glob("unfinished/*/checkpoint")):
        assert process.poll() is None and time.monotonic() < until, "there was no checkpoint"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not list(killed.glob("results/*/*.json"))
    finish(killed, *ONE)
    one, other = (record_of(folder, "cue-recall", "1000-steps-window-seed-0") for folder in (whole, killed))
    assert without_time(one) == without_time(other)
    assert one["processor seconds"] is not None and other["processor seconds"] is None  # those of a part would say nothing
    assert one["test accuracy"] > 0.9 and one["steps"] == 1000 and one["run"]["seed"] == 0
    assert not list(killed.glob("unfinished/*/"))


def test_what_is_done_is_not_done_again_unless_its_settings_change(tmp_path):
    assert "1 of 1" in finish(tmp_path, *ONE, "--quick")
    name, [path] = "1000-steps-window-seed-0", tmp_path.glob("results/cue-recall-quick/*.json")
    written = path.stat().st_mtime_ns
    assert finish(tmp_path, *ONE, "--quick") == ""
    assert path.stat().st_mtime_ns == written
    record = record_of(tmp_path, "cue-recall-quick", name)
    record["run"]["settings"]["options"]["learning_rate"] = 1
    path.write_text(json.dumps(record))
    assert "1 of 1" in finish(tmp_path, *ONE, "--quick")
    assert record_of(tmp_path, "cue-recall-quick", name)["run"]["settings"]["options"]["learning_rate"] == 0.01


def test_two_processes_do_not_do_the_same_run(tmp_path):
    with claimed(tmp_path / "run"):
        with pytest.raises(Elsewhere):
            with claimed(tmp_path / "run"):
                pass
    with claimed(tmp_path / "run"):
        pass


@pytest.mark.parametrize("short, classes", [("shd", 20), ("ssc", 35)])
def test_spoken_words_from_files_in_their_layout(tmp_path, short, classes):
    h5py = pytest.importorskip("h5py")
    random = np.random.default_rng(0)
    for part in ("train", "test"):
        with h5py.File(tmp_path / f"{short}_{part}.h5", "w") as file:
            floats, integers = h5py.vlen_dtype(np.float16), h5py.vlen_dtype(np.uint16)
            times, units = file.create_dataset("spikes/times", 40, floats), file.create_dataset("spikes/units", 40, integers)
            for index in range(40):
                times[index] = np.sort(random.uniform(0, 1, 300)).astype(np.float16)
                units[index] = random.integers(0, 700, 300).astype(np.uint16)
            file["labels"] = np.arange(40) % classes
    finish(tmp_path, "--only", short, "--quick", "--seed", "0", "--networks", "256 BRF", "--methods", "window", "BPTT",
           **{f"HYPR_{short.upper()}_DATA": str(tmp_path)})
    for method in ("window", "bptt"):
        record = record_of(tmp_path, f"{short}-quick", f"256-brf-{method}-seed-0")
        assert record["steps"] == 250 and 0 <= record["test accuracy"] <= 1
        assert record["parameters"] == 140 * 256 + 256 * 256 + 2 * 256 + 256 * classes + classes  # no biases, τ of the readout
    assert record["memory"] > record_of(tmp_path, f"{short}-quick", "256-brf-window-seed-0")["memory"]


def test_data_that_is_not_there_is_left_out(tmp_path):
    said = finish(tmp_path, "--only", "shd", "cue-recall", "--quick", "--seed", "0", "--methods", "window", "--networks",
                  "256 BRF", "1000 steps", HYPR_SHD_DATA=str(tmp_path))
    assert "shd is left out: there is no file" in said and "cue-recall-quick/1000-steps-window-seed-0: test accuracy" in said


def test_a_trial_does_not_look_at_the_test_data():
    """Nor are there two runs of one name, which would overwrite each other."""
    runs = [run for part in (plan.PARTS | trials.PARTS).values() for run in part(3)]
    assert len({(run.part, run.name) for run in runs}) == len({run.digest for run in runs}) == len(runs)
    assert all(run.trial and run.validation for part in trials.PARTS.values() for run in part(3))
    for part, network, method in {(run.part, run.network, run.method) for run in runs}:
        seeds = {run.seed for run in runs if (run.part, run.network, run.method) == (part, network, method)}
        assert len(seeds) == (1 if part == "ecg-trials" else 5 if part == "ecg" and "PyTorch" not in network else 3)


def test_methods_of_a_part_differ_in_how_they_learn_alone():
    """The same network and budget; BPTT has the whole sequence in its window."""
    for part, steps in (("ecg", 1300), ("fashion", 784), ("shd", 250)):
        for run in plan.PARTS[part](1):
            if "PyTorch" in run.network:
                continue
            others = [other.settings for other in plan.PARTS[part](1) if other.network == run.network]
            same = ("neuron", "size", "depth", "epochs", "tau", "input_scale", "standardised", "centred", "layer")
            assert all(getattr(other, name) == getattr(run.settings, name) for other in others for name in same)
            assert (run.settings.options["window"] == steps) == (run.method == "BPTT")


def test_permuted_pixels_are_the_same_ones_in_another_order():
    data = long_tasks.datasets.Dataset("images", *(long_tasks.Split.of(np.random.default_rng(seed).random((3, 784, 1)), [0, 1, 2])
                                                   for seed in (0, 1)), ("a", "b", "c"))
    permuted = long_tasks.permuted(data)
    order = np.argsort(data.train.sequences[0][:, 0])[np.argsort(np.argsort(permuted.train.sequences[0][:, 0]))]
    assert not (order == np.arange(784)).all()
    for part in ("train", "test"):
        for x, y in zip(getattr(data, part).sequences, getattr(permuted, part).sequences):
            np.testing.assert_array_equal(x[order], y)


def test_cues_are_in_the_right_channel_and_not_in_both_parts():
    data = long_tasks.cue_recall(1000)
    for part in (data.train, data.test):
        assert list(np.bincount(part.labels)) == [len(part) // 2] * 2
        for x, label in list(zip(part.sequences, part.labels))[:20]:
            assert x[:150, label].any() and not x[:, 1 - label].any() and not x[150:, label].any()
            assert x[-50:, 3].any() and not x[:-50, 3].any()
    assert not (data.train.sequences[0] == data.test.sequences[0]).all()
    np.testing.assert_array_equal(data.train.sequences[3], long_tasks.cue_recall(1000).train.sequences[3])


def test_the_figures_of_the_page_are_those_of_the_files():
    text = pages.PAGE.read_text()
    shown = set(re.findall("<!-- table (.*) -->", text))
    assert shown == {path.name.replace("-", " ") for path in pages.RESULTS.iterdir()} <= set(tables.TABLES)
    assert pages.renewed(text, pages.RESULTS) == text, "benchmarks/long-sequences/run pages.py writes the tables anew"


def test_what_the_files_say_is_of_this_plan():
    """A change of settings makes the results that are there those of something else."""
    planned = {(run.part, run.name): run.how for part in (plan.PARTS | trials.PARTS).values() for run in part(5)}
    planned |= {(part, each.name): json.loads(json.dumps(each.how)) for part, those in measurements.PARTS.items() for each in those()}
    kept = list(pages.RESULTS.glob("*/*.json"))
    assert kept
    for path in kept:
        assert json.loads(path.read_text())["run"] == planned[path.parent.name, path.stem], path
    assert records.slug("ω from 1 to 15") == "omega-from-1-to-15"
