"""Exemplars: stretches of samples that a model brings along, as they are set, read and chosen."""

import os
import subprocess

import numpy as np
import pytest

import hypr
from hypr.model_file import decode

TOOL = os.environ.get("HYPR_TOOL", "")


def builder(inputs=3, outputs=3):
    return hypr.ModelBuilder(inputs).layer("se_adlif", 8).readout(outputs)


def waves(count=5, steps=40, inputs=3, seed=0):
    """Samples around gravity [count, steps, inputs]."""
    return np.random.default_rng(seed).normal([9.81, 0, -1], [0.5, 3, 0.01], (count, steps, inputs)).astype(np.float32)


def test_a_model_without_any(model):
    assert model.exemplars == () and model.exemplar_infos == () and decode(model.data).exemplars == []


def test_what_is_set_is_read():
    x, y = waves(), np.repeat(np.arange(5)[:, None] % 3, 40, axis=1)
    y[:, :10] = -1
    model = builder().exemplars(x, y, starts_sequence=False).build()
    assert len(model.exemplars) == len(model.exemplar_infos) == 5
    for samples, labels, exemplar, info in zip(x, y, model.exemplars, model.exemplar_infos):
        assert exemplar.inputs.shape == (40, 3) and exemplar.inputs.dtype == np.float32
        # Half a step of 254 from the least to the largest sample of the channel, and what floats lose.
        assert (np.abs(exemplar.inputs - samples).max(axis=0) <= np.ptp(samples, axis=0) / 508 + 2e-6).all()
        assert (exemplar.targets == labels).all() and exemplar.targets.dtype == np.int32
        assert not exemplar.starts_sequence
        assert info[:2] == (40, 30) and info[3:] == (labels[-1], False)
    again = hypr.ModelBuilder.from_model(model).build()
    assert again.data == model.data
    assert hypr.ModelBuilder.from_model(model).clear_exemplars().build().exemplars == ()


def test_zero_stays_zero_and_what_is_even_stays():
    x = np.random.default_rng(0).choice([-1, 0, 0, 0, 1], (30, 4)).astype(np.float32) * [1, 0.3, 1e-3, 200]
    x = np.concatenate([x, np.full((30, 1), 7.25), np.zeros((30, 1)), np.abs(x[:, :1]) * 5], axis=1).astype(np.float32)
    exemplar = builder(7).exemplars([x], [1]).build().exemplars[0]
    assert (exemplar.inputs[x == 0] == 0).all() and (exemplar.inputs[:, 4] == 7.25).all()
    assert np.allclose(exemplar.inputs, x, rtol=1e-6)


def test_spikes_are_exact():
    spikes = (np.random.default_rng(0).random((3, 50, 100)) < 0.02).astype(np.float32)
    model = builder(100).exemplars(spikes, np.arange(3)).build()
    assert all((exemplar.inputs == given).all() for exemplar, given in zip(model.exemplars, spikes))
    assert sum(info.bytes for info in model.exemplar_infos) < 3 * 50 * 100 / 5


def test_values():
    x, y = waves(2), np.random.default_rng(1).normal(size=(2, 40, 3)).astype(np.float32)
    y[1, :39] = np.nan
    model = builder().exemplars(x, y).build()
    for exemplar, values in zip(model.exemplars, y):
        assert exemplar.targets.dtype == np.float32 and np.array_equal(exemplar.targets, values, equal_nan=True)
    assert [info.label for info in model.exemplar_infos] == [None, None]
    assert [info.taught_steps for info in model.exemplar_infos] == [40, 1]
    one = builder(outputs=1).exemplars(x, np.array([0.5, -2.0])).build()
    assert (one.exemplars[1].targets == -2).all()


def test_lengths_differ():
    x = [waves(1, steps)[0] for steps in (5, 17)]
    model = builder().exemplars(x, [np.zeros(5, int), np.full(17, 2)]).build()
    assert [len(exemplar.inputs) for exemplar in model.exemplars] == [5, 17]


def test_refused():
    x = waves()
    fresh = hypr.ModelBuilder(3).layer("se_adlif", 8)
    with pytest.raises(hypr.WrongStateError, match="no readout"):
        fresh.exemplars(x, np.zeros(5, int))
    made = builder()
    for wrong, labels, error, words in [
            (x[:, :, :2], np.zeros(5, int), hypr.SizeMismatchError, "expected"),
            (x, np.full(5, 3), hypr.InvalidArgumentError, "class 3"),
            (x, np.array([0, 1, 2, -1, 0]), hypr.InvalidArgumentError, r"y\[3\] has no target"),
            (np.where(x > 1, np.nan, x), np.zeros(5, int), hypr.NotFiniteError, "expected finite numbers"),
            (np.zeros((1, 65537, 3)), np.zeros(1, int), hypr.InvalidArgumentError, "65537 steps, expected at most 65536")]:
        with pytest.raises(error, match=words):
            made.exemplars(wrong, labels)
    assert made.build().exemplars == ()
    with pytest.raises(hypr.WrongStateError, match="no exemplars"):
        made.keep_exemplars(1000)
    with pytest.raises(hypr.InvalidArgumentError, match="at least"):
        made.exemplars(x, np.zeros(5, int)).keep_exemplars(3)


def test_the_best_are_kept_by_class():
    x, y = waves(60), np.repeat([0, 1, 2], [40, 16, 4])
    chosen = builder().exemplars(x, y).keep_exemplars(3000, seed=3).build()
    counts = np.bincount([info.label for info in chosen.exemplar_infos], minlength=3)
    assert counts.max() - counts.min() <= 1 and counts.sum() >= 9
    plain = builder().build()
    assert len(chosen.data) - len(plain.data) <= sum(info.bytes for info in chosen.exemplar_infos) <= 3000


@pytest.fixture(scope="module")
def data():
    """Ten sequences [10, 300, 3] of three classes in turn."""
    return waves(10, 300, seed=4), np.tile(np.repeat([0, 1, 2], 100), (10, 1))


def trained(model, x, y, **settings):
    return hypr.Trainer(model, progress=False, epochs=2, **settings).fit(x, y).model


def test_trainer_chooses(data):
    model = builder().build()
    result = trained(model, *data, exemplars=4000)
    infos = result.exemplar_infos
    assert 3000 < sum(info.bytes for info in infos) <= 4000 and len(result.data) - len(model.data) <= 4000
    assert {info.steps for info in infos} <= {60, 120}
    classes = np.concatenate([exemplar.targets for exemplar in result.exemplars])
    counts = np.bincount(classes, minlength=3)
    assert counts.max() - counts.min() < 2 * 120
    assert all(info.starts_sequence == (info.steps == 60) for info in infos)
    # Training is as without, and a model keeps what it has.
    plain = trained(model, *data)
    assert all((result.parameters[name] == values).all() for name, values in plain.parameters.items())
    assert trained(result, *data).exemplar_infos == infos
    assert trained(result, *data, exemplars=1000, exemplar_steps=50).exemplar_infos != infos
    assert trained(model, *data, exemplars=4000).data == result.data
    assert trained(model, *data, exemplars=4000, seed=1).exemplars[0].inputs.shape


def test_trainer_takes_what_is_taught(data):
    """Of sequences with one label the steps that it is taught at; of data that is held out nothing."""
    x, _ = data
    y = np.arange(10) % 3
    last = trained(builder().build(), x, y, exemplars=10000, exemplar_steps=100, loss="last_steps", loss_steps=7)
    assert {info[:2] for info in last.exemplar_infos} == {(100, 7)} and len(last.exemplars) == 10
    values = np.random.default_rng(0).normal(size=(10, 3))
    taught = trained(builder().build(), x, values, exemplars=10000, loss="last_steps", loss_steps=5)
    assert {info.taught_steps for info in taught.exemplar_infos} == {5}
    held = trained(builder().build(), x, y, exemplars=1 << 20, validation=0.5)
    assert sum(info.steps for info in held.exemplar_infos) == 5 * 300
    weighted = trained(builder().build(), x, y, exemplars=1 << 20)
    assert sum(info.steps for info in weighted.exemplar_infos) == 10 * 300
    some = hypr.Trainer(builder().build(), progress=False, epochs=1, exemplars=1 << 20).fit(x, y, sample_weight=y > 0).model
    assert {info.label for info in some.exemplar_infos} == {1, 2}


def test_a_run_goes_on_with_them(data, tmp_path):
    model = builder().build()
    whole = hypr.Trainer(model, progress=False, epochs=3, exemplars=2000).fit(*data).model
    for epochs in (1, 3):
        run = hypr.Trainer(model, tmp_path / "run", progress=False, epochs=epochs, exemplars=2000)
        result = run.fit(*data, resume=True)
    assert result.model.data == whole.data
    assert hypr.Model.load(tmp_path / "run" / "model.hypr").exemplar_infos == whole.exemplar_infos
    with pytest.raises(hypr.StateMismatchError):
        hypr.Trainer(model, tmp_path / "run", progress=False, epochs=4, exemplars=3000).fit(*data, resume=True)


def test_a_session_saves_them(data):
    model = builder().exemplars(data[0][:2, :50], [0, 1]).build()
    session = hypr.Session(model, window=10, learning_rate=0.1)
    session.learn_sequence(data[0][0], data[1][0])
    learned = hypr.Model(session.model_bytes())
    assert learned != model and learned.exemplar_infos == model.exemplar_infos
    assert all((one.inputs == other.inputs).all() for one, other in zip(learned.exemplars, model.exemplars))


@pytest.mark.skipif(not os.path.exists(TOOL), reason="HYPR_TOOL does not name the command line tool")
def test_the_tool_chooses_the_same(data, tmp_path):
    x, y = data
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y.astype(np.int32))
    model = builder().build()
    model.save(tmp_path / "model.hypr")

    def tool(*arguments):
        return subprocess.run([TOOL, *arguments], cwd=tmp_path, capture_output=True, text=True)

    train = ("train", "model.hypr", "--inputs", "x.npy", "--labels", "y.npy", "--out", "out.hypr", "--force", "--epochs", "1")
    said = tool(*train, "--exemplars", "4000", "--shuffle-seed", "0")
    assert said.returncode == 0, said.stderr
    ours = trained(model, x, y, exemplars=4000, seed=0)
    theirs = hypr.Model.load(tmp_path / "out.hypr")
    assert theirs.exemplar_infos == ours.exemplar_infos
    assert all((one.inputs == other.inputs).all() for one, other in zip(theirs.exemplars, ours.exemplars))
    heading = f"exemplars: {len(ours.exemplars)} with {sum(info.steps for info in ours.exemplar_infos)} steps"
    assert heading in said.stdout
    assert heading in tool("info", "out.hypr").stdout and '"taughtSteps"' in tool("info", "out.hypr", "--json").stdout
    assert "exemplars" not in tool("info", "model.hypr").stdout
    assert "at least" in tool(*train, "--exemplars", "3").stderr
    assert "expected 1 to 65536" in tool(*train, "--exemplars", "4000", "--exemplar-steps", "0").stderr
    assert "needs --exemplars" in tool(*train, "--exemplar-steps", "9").stderr
