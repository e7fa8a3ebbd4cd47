"""Recordings, and pictures: what is drawn is checked by what the Axes hold."""

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

import hypr  # noqa: E402
from hypr import plot, schema  # noqa: E402
from hypr.neurons import neuron_models  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def recording(model, stream):
    return hypr.record(hypr.Session(model, learning=False), stream[0])


def drawn(ax):
    """The Axes can be rendered: sizes of a picture."""
    ax.figure.canvas.draw()
    return ax.figure.canvas.get_width_height()


# ---- Recordings

def test_recording(model, stream, recording):
    np.testing.assert_array_equal(recording.outputs, hypr.Session(model, learning=False).run(stream[0]))
    assert [z.shape for z in recording.spikes] == [(500, 20), (500, 13)]
    assert [s.shape for s in recording.states] == [(500, 3, 20), (500, 2, 13)]
    assert set(np.unique(recording.spikes[0])) == {0, 1} and len(recording) == 500
    assert recording.variables(0) == ("u", "v", "q") and recording.variables(1) == ("u", "w")
    np.testing.assert_array_equal(recording.state("w", 1), recording.states[1][:, 1])
    np.testing.assert_array_equal(recording.membrane(1), recording.states[1][:, 0])
    assert recording.spike_rates == pytest.approx([z.mean() for z in recording.spikes])
    assert recording.time_step == pytest.approx(0.01) and recording.output_names == ("left", "right", "none")
    with pytest.raises(hypr.InvalidArgumentError, match="SEAdLIF has no state 'q', but u, w"):
        recording.state("q", 1)


def test_recording_goes_on_from_where_the_session_is(model, stream):
    session, other = hypr.Session(model, learning=False), hypr.Session(model, learning=False)
    session.run(stream[0][:100])
    rest = hypr.record(session, stream[0][100:])
    np.testing.assert_array_equal(rest.outputs, other.run(stream[0])[100:])


@pytest.mark.parametrize("neuron", schema.union_members("NeuronModel"))
def test_state_variables_of_every_neuron_model(neuron):
    model = hypr.ModelBuilder(2).layer(schema.snake_case(neuron), 3).readout(1).build()
    made = hypr.record(hypr.Session(model, learning=False), np.ones((4, 2)))
    assert made.states[0].shape == (4, len(neuron_models()[neuron].states), 3)
    assert made.membrane().shape == (4, 3) and made.has_spikes() == neuron_models()[neuron].spiking


# ---- Activity

def test_raster(recording):
    ax = plot.raster(recording.spikes, names=["low", "high"], time_step=0.01)
    low, high = (collection.get_offsets() for collection in ax.collections)
    assert (len(low), len(high)) == tuple(int(z.sum()) for z in recording.spikes)
    assert low[:, 1].max() < 20 <= high[:, 1].min() and ax.get_xlabel() == "time in s" and ax.get_ylim() == (-0.5, 32.5)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["low", "high"]
    drawn(ax)
    signed = plot.raster(np.array([[1, 0], [0, -1]]))
    assert [len(collection.get_offsets()) for collection in signed.collections] == [1, 1] and signed.get_xlabel() == "step"
    assert len(plot.raster(np.zeros((5, 2))).collections[0].get_offsets()) == 0
    with pytest.raises(hypr.InvalidArgumentError, match="no spikes"):
        plot.raster([[0.5]])
    with pytest.raises(hypr.SizeMismatchError):
        plot.raster([0, 1])


def test_membrane(recording):
    ax = plot.membrane(recording, layer=1, neurons=[2, 7])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["neuron 2", "neuron 7"]
    assert "u of SEAdLIF" in ax.get_ylabel() and ax.get_xlabel() == "time in s"
    curve = next(line for line in ax.lines if len(line.get_xdata()) == 500)
    np.testing.assert_allclose(curve.get_ydata(), recording.membrane(1)[:, 2], rtol=1e-5)
    assert len(ax.collections[0].get_segments()) == recording.spikes[1][:, 2].sum()
    drawn(ax)
    assert "w of SEAdLIF" in plot.membrane(recording, layer=1, variable="w").get_ylabel()
    busiest = set(np.argsort(recording.spikes[0].sum(axis=0), kind="stable")[-3:])
    assert {int(label.get_text().split()[1]) for label in plot.membrane(recording).get_yticklabels()} == busiest


def test_readout(recording, stream):
    ax = plot.readout(recording, labels=stream[1])
    curves = np.array([line.get_ydata() for line in ax.lines])
    np.testing.assert_allclose(curves.sum(axis=0), 1, rtol=1e-5)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["left", "right", "none"]
    changes = 1 + (np.diff(stream[1]) != 0).sum()
    assert 0 < len(ax.patches) < changes  # none where there is no label
    drawn(ax)
    raw = plot.readout(recording.outputs, probabilities=False, labels=2)
    np.testing.assert_array_equal(raw.lines[1].get_ydata(), recording.outputs[:, 1])
    assert len(raw.patches) == 1 and raw.get_xlabel() == "step"


def test_lines_can_be_told_apart():
    ax = plot.traces(np.zeros((3, 20)), names=[f"c{index}" for index in range(20)])
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == 20
    with pytest.raises(hypr.SizeMismatchError, match="1 names for 20 columns"):
        plot.traces(np.zeros((3, 20)), names=["a"])


# ---- Learning

def test_learning_curves(tmp_path):
    log = "epoch,train_loss,validation_loss,train_accuracy,note,best\n1,1.5,1.6,0.4,x,1\n2,1.0,1.2,0.6,,1\n3,0.5,1.4,,y,0\n"
    (tmp_path / "log.csv").write_text(log)
    ax = plot.learning_curves(tmp_path)
    assert [line.get_label() for line in ax.lines] == ["training", "validation", "saved: 1.2 (epoch 2)"]
    assert ax.lines[0].get_ydata().tolist() == [1.5, 1.0, 0.5] and "nats" in ax.get_ylabel()
    accuracy = plot.learning_curves(tmp_path / "log.csv", metric="accuracy")
    assert len(accuracy.lines) == 1 and accuracy.lines[0].get_xdata().tolist() == [1, 2]
    drawn(accuracy)
    assert not plot.learning_curves({"epoch": [1.0]}).lines
    assert plot.learning_curves({"validation_accuracy": [0.1, 0.5, 0.3]}, metric="accuracy").lines[1].get_xdata() == [2]
    with pytest.raises(hypr.FileError, match="no.csv"):
        plot.learning_curves(tmp_path / "no.csv")


def test_stream_accuracy():
    before = np.array([1.0, 0, 0, 1, 0, 0, 0, 0])
    after = np.array([np.nan, 0, 1, 1, 1, 1, 1, np.nan])
    ax = plot.stream_accuracy({"before": before, "after": after}, window=4, marks={"taught": 3}, time_step=0.5)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [1, 0.5, 1 / 3, 0.5, 0.25, 0.25, 0.25, 0])
    np.testing.assert_allclose(ax.lines[1].get_ydata(), [np.nan, 0, 0.5, 2 / 3, 3 / 4, 1, 1, 1])
    assert "before: 25.0% overall" in ax.lines[0].get_label() and ax.lines[2].get_xdata() == [1.5, 1.5]
    drawn(ax)


def test_confusion_matrix():
    ax = plot.confusion_matrix([0, 0, 1, -1, 2], [0, 1, 1, 0, 0], names=["a", "b", "c"])
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.5, 0.5, 0], [0, 1, 0], [1, 0, 0]])
    assert ax.get_title() == "accuracy 50.0% of 4" and "50%\n1" in [text.get_text() for text in ax.texts]
    drawn(ax)
    with pytest.raises(hypr.SizeMismatchError):
        plot.confusion_matrix([0, 3], [0, 1], names=["a", "b"])
    with pytest.raises(hypr.InvalidArgumentError, match="no label"):
        plot.confusion_matrix([-1], [0])


# ---- Parameters

def test_maps(model, session, stream):
    weights = model.parameters["layer0.recurrent_weight"]
    for source in (model, session, model.parameters):
        ax = plot.weight_map(source, "layer0.recurrent_weight")
        np.testing.assert_array_equal(ax.images[0].get_array(), weights)
        assert ax.images[0].norm.vmax == -ax.images[0].norm.vmin == np.abs(weights).max()
    assert plot.weight_map(model, "layer0.omega").images[0].get_array().shape == (20, 1)
    drawn(ax)
    with pytest.raises(hypr.UnknownTensorError, match="did you mean"):
        plot.weight_map(model, "layer0.recurent_weight")


def test_gradients(model, stream):
    session = hypr.Session(model, update="manual")
    session.learn_sequence(*stream)
    ax = plot.gradient_map(session, "readout.weight")
    np.testing.assert_array_equal(ax.images[0].get_array(), session.gradients["readout.weight"])
    assert np.abs(ax.images[0].get_array()).max() > 0


def test_eligibility(model, stream):
    session = hypr.Session(model, window=10)
    session.run(stream[0][:30])
    ax = plot.eligibility_map(session, "layer0.input_weight", state=1)
    np.testing.assert_array_equal(ax.images[0].get_array(), session.eligibility("layer0.input_weight")[1])
    assert np.abs(ax.images[0].get_array()).max() > 0
    assert ax.figure.axes[-1].get_ylabel() == "derivative of v"
    drawn(ax)
    assert plot.eligibility_map(session, "readout.tau").figure.axes[-1].get_ylabel() == "derivative of y"
    with pytest.raises(hypr.NotFoundError, match="no state variable 3, the neurons of layer0.omega have 3"):
        plot.eligibility_map(session, "layer0.omega", state=3)


def test_distributions(model):
    ax = plot.distribution(model, "layer1.input_weight")
    assert sum(patch.get_height() for patch in ax.patches) == 20 * 13
    drawn(plot.distribution({"same": np.full(4, 3, np.float32)}, "same"))


# ---- Axes

def test_pictures_into_given_axes(recording):
    """No figure of pyplot's is made or used."""
    ax = Figure().add_subplot()
    assert plot.raster(recording.spikes, ax) is ax and plot.traces(recording.outputs, ax) is ax
    assert not plt.get_fignums()
    assert isinstance(plot.raster(recording.spikes), matplotlib.axes.Axes) and len(plt.get_fignums()) == 1
