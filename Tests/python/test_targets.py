"""The tool's commands for microcontrollers: which parts of the library models need, and what they take there."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WATCH = ROOT / "examples/watch/without-wearer-2.hypr"
TOOL = Path(os.environ.get("HYPR_TOOL", "")).resolve()
pytestmark = pytest.mark.skipif(not TOOL.is_file(), reason="there is no command line tool")


def hypr(*arguments, code=0):
    result = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == code, result.stderr
    return result.stderr if code else result.stdout


@pytest.fixture
def models(tmp_path):
    """Files with BRF, and with SEAdLIF and GRU."""
    kinds = {"brf": ["brf:8"], "mixed": ["se_adlif:8", "gru:4"]}
    for name, layers in kinds.items():
        hypr("create", tmp_path / f"{name}.hypr", "--inputs", 3, "--outputs", 2,
             *(word for layer in layers for word in ("--layer", layer)))
    return {name: tmp_path / f"{name}.hypr" for name in kinds}


def test_link_names_the_neuron_models_of_all_files_once(models):
    assert hypr("link", models["brf"]) == 'HYPR_NEURONS="BRF" HYPR_REHEARSAL=0 HYPR_BUILDER=0\n'
    assert hypr("link", models["mixed"], models["brf"], models["brf"], "--inference") == \
        'HYPR_NEURONS="BRF GRU SEAdLIF" HYPR_LEARNING=0 HYPR_BUILDER=0\n'


def test_link_keeps_rehearsal_where_it_is_wanted(models, tmp_path):
    assert hypr("link", models["brf"], "--rehearsal") == 'HYPR_NEURONS="BRF" HYPR_BUILDER=0\n'
    guarded = tmp_path / "guarded.hypr"
    hypr("create", guarded, "--inputs", 3, "--outputs", 2, "--layer", "brf:8", "--recommend", "guard=1000")
    assert hypr("link", guarded) == 'HYPR_NEURONS="BRF" HYPR_BUILDER=0\n'
    assert "what does not learn is not rehearsed" in hypr("link", models["brf"], "--inference", "--rehearsal", code=1)


def test_link_says_which_file_is_none(tmp_path):
    (tmp_path / "none.hypr").write_bytes(b"no model")
    assert "none.hypr" in hypr("link", tmp_path / "none.hypr", code=1)


def known_targets():
    words = subprocess.run([ROOT / ".ci/build-target", "--microcontrollers"], capture_output=True, text=True, check=True)
    return words.stdout.split()


@pytest.mark.parametrize("target", known_targets())
def test_info_estimates_for_every_microcontroller(target):
    here = json.loads(hypr("info", WATCH, "--json", "--target", target))
    there = here["targetEstimate"]
    assert there["target"] == target and there["modelFile"] == WATCH.stat().st_size
    for kind in ("running", "learning"):
        # Rows are padded less than on a computer, and nothing is missing: the parameters alone take most of that.
        assert 4 * here["parameterCount"] < there[kind]["session"] < here[f"{kind}Memory"]["total"]
        assert there[kind]["instructionsPerStep"] <= there[kind]["instructionsOfWorstStep"]
    assert there["running"]["flash"] < there["learning"]["flash"]
    assert there["running"]["instructionsPerStep"] * 3 < there["learning"]["instructionsPerStep"]


def test_info_estimates_by_the_options():
    def learning(*options):
        words = [word for option in options for word in ("--option", option)]
        return json.loads(hypr("info", WATCH, "--json", "--target", "cortex-m4f", *words))["targetEstimate"]["learning"]
    short, long, deferred, plain = learning("window=5"), learning("window=50"), learning("window=50", "deferred=1"), \
        learning("window=5", "optimizer=sgd")
    assert short["session"] < long["session"] and plain["session"] < short["session"]
    assert long["instructionsPerStep"] < short["instructionsPerStep"]
    assert short["instructionsOfWorstStep"] < long["instructionsOfWorstStep"]
    assert deferred["instructionsOfWorstStep"] < long["instructionsOfWorstStep"] / 10


def test_info_tells_it_in_words():
    text = hypr("info", WATCH, "--target", "riscv32imafc")
    assert "on riscv32imafc, estimated" in text and "ms of a step at 168 MHz" in text
    assert "estimated" not in hypr("info", WATCH)
    assert "there is no target cortex-m0, expected one of cortex-m4f" in hypr("info", WATCH, "--target", "cortex-m0", code=1)
