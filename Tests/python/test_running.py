"""Steps, runs and resets."""

import array
import subprocess
import sys

import numpy as np
import pytest

import hypr


def test_step_equals_run(model, stream):
    x, _ = stream
    one, other = hypr.Session(model), hypr.Session(model, learning=False)
    np.testing.assert_array_equal(np.array([one.step(sample) for sample in x]), other.run(x))
    assert one.statistics.spike_rates.min() > 0


def test_step_takes_what_is_like_an_array(model, stream):
    sample = stream[0][0]
    expected = hypr.Session(model).step(sample)
    assert expected.dtype == np.float32 and expected.shape == (3,)
    wide = np.zeros(8, np.float32)
    wide[::2] = sample
    for x in (list(map(float, sample)), tuple(sample), sample.astype(float), array.array("f", sample), wide[::2],
              sample.astype(">f4"), memoryview(sample)):
        np.testing.assert_array_equal(hypr.Session(model).step(x), expected)
    np.testing.assert_array_equal(hypr.Session(model).step([True, False, 1, 2]), hypr.Session(model).step([1, 0, 1, 2]))


def test_one_input_may_be_a_number():
    model = hypr.ModelBuilder(1).layer("lif", 3, tau_m=5).readout(2).build()
    np.testing.assert_array_equal(hypr.Session(model).step(3), hypr.Session(model).step([3.0]))


def test_step_refuses(session):
    before = session.save_state()
    for x in ([1, 2, 3], [1, 2, 3, 4, 5], [[1, 2, 3, 4]], 1.0, np.zeros((4, 1), np.float32), []):
        with pytest.raises(hypr.SizeMismatchError, match="x has the shape"):
            session.step(x)
    for x in ("abcd", None, [None] * 4, np.zeros(4, complex)):
        with pytest.raises(TypeError, match="expected real numbers"):
            session.step(x)
    for value in (np.nan, np.inf, 1e300):
        with pytest.raises(hypr.NotFiniteError, match=r"input\[2\]"), np.errstate(over="ignore"):
            session.step([0, 0, value, 0])
    assert session.save_state() == before


def test_outputs_stay_what_they_were(session, stream):
    """Outputs are recycled only when nobody holds them, in whatever way."""
    x = stream[0][:100]
    expected = hypr.Session(session.model, learning=False).run(x)
    kept = [session.step(sample) for sample in x]
    np.testing.assert_array_equal(np.array(kept), expected)
    session.reset()
    views = [session.step(sample)[1:] for sample in x]
    np.testing.assert_array_equal(np.array(views), expected[:, 1:])
    session.reset()
    buffers = [memoryview(session.step(sample)) for sample in x]
    np.testing.assert_array_equal(np.array(buffers), expected)
    session.reset()
    before = None
    for index, sample in enumerate(x):
        output = session.step(sample)
        if index:
            np.testing.assert_array_equal(before, expected[index - 1])
        before = output
        output = None


def test_step_reuses_memory(session):
    first = session.step([1, 2, 3, 4])
    address = first.ctypes.data
    del first
    session.step([1, 2, 3, 4])
    assert session.step([1, 2, 3, 4]).ctypes.data == address


def test_out(session, stream):
    x, _ = stream
    expected = hypr.Session(session.model).run(x)
    out = np.empty(3, np.float32)
    for sample, wanted in zip(x, expected):
        assert session.step(sample, out=out) is out
        np.testing.assert_array_equal(out, wanted)
    session.reset()
    outputs = np.empty((500, 3), np.float32)
    for sample, row in zip(x, outputs):
        session.step(sample, row)
    np.testing.assert_array_equal(outputs, expected)
    session.reset()
    assert session.run(x, outputs) is outputs
    np.testing.assert_array_equal(outputs, expected)


def test_out_must_fit(session, stream):
    read_only = np.empty(3, np.float32)
    read_only.flags.writeable = False
    for out in (np.empty(3), np.empty(6, np.float32)[::2], [0, 0, 0], read_only):
        with pytest.raises(TypeError, match="writable float32 array in C order"):
            session.step([1, 2, 3, 4], out)
    with pytest.raises(hypr.SizeMismatchError, match=r"shape \[4\], expected \[3\]"):
        session.step([1, 2, 3, 4], np.empty(4, np.float32))
    with pytest.raises(hypr.SizeMismatchError):
        session.run(stream[0], np.empty((499, 3), np.float32))
    assert session.statistics.steps == 0


def test_run_does_not_copy():
    """A run needs no memory but the arrays: the limit of the process would be reached by one copy."""
    code = """
import resource, numpy as np, hypr
session = hypr.Session(hypr.ModelBuilder(1000).layer("lif", 1).readout(1).build(), learning=False)
x, out = np.zeros((50_000, 1000), np.float32), np.empty((50_000, 1), np.float32)
session.run(x[:10], out[:10])
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 100_000_000, -1))
session.run(x, out)
try:
    session.run(x[:, ::-1], out)  # not in C order: copied
except MemoryError:
    print("copied")
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "copied\n", result.stderr


def test_run_takes_other_types_and_orders(model, stream):
    x, _ = stream
    expected = hypr.Session(model).run(x)
    for values in (x.astype(float), np.asfortranarray(x), x.tolist(), np.repeat(x, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(hypr.Session(model).run(values), expected)
    assert hypr.Session(model).run(np.empty((0, 4))).shape == (0, 3)


def test_run_refuses(session, stream):
    for x in (stream[0][:, :3], stream[0][0], stream[0][None]):
        with pytest.raises(hypr.SizeMismatchError, match=r"expected \[steps, 4\]"):
            session.run(x)
    x = stream[0].copy()
    x[7, 2] = np.nan
    with pytest.raises(hypr.NotFiniteError, match="7"):
        session.run(x)
    assert session.statistics.steps == 7


def test_step_spikes(model):
    dense, sparse = hypr.Session(model), hypr.Session(model)
    out = np.empty(3, np.float32)
    for channels in ([], [0], [1, 3], np.array([0, 2], np.uint32), np.array([3], np.int64)):
        sample = np.zeros(4, np.float32)
        sample[np.array(channels, int)] = 1
        expected = dense.step(sample)
        np.testing.assert_array_equal(sparse.step_spikes(channels), expected)
    assert sparse.step_spikes([1], out) is out
    for channels in ([4], [-1], [2, 1], [1, 1], [2**40]):
        with pytest.raises(hypr.InvalidArgumentError):
            sparse.step_spikes(channels)
    with pytest.raises(TypeError, match="whole numbers"):
        sparse.step_spikes([0.5])
    with pytest.raises(hypr.SizeMismatchError):
        sparse.step_spikes(np.array([0, 1, 2, 3, 3], np.uint32))


def test_reset(session, stream):
    x = stream[0][:50]
    first = session.run(x)
    assert not np.array_equal(session.run(x), first)
    session.reset()
    np.testing.assert_array_equal(session.run(x), first)


def test_partial_resets(session, stream):
    x, labels = stream
    session.learn_sequence(x, labels)
    session.reset("optimizer")
    assert session.statistics.updates == 0
    assert np.any(session.layer_state(0))
    session.reset_layer(0)
    assert not np.any(session.layer_state(0)) and np.any(session.layer_state(1))
    session.reset("state", "traces")
    assert not np.any(session.layer_state(1))
    session.step(x[0])
    session.reset_layer("readout")
    session.reset_layer(2)
    with pytest.raises(hypr.NotFoundError, match="did you mean 'state'"):
        session.reset("stat")
    with pytest.raises(hypr.NotFoundError):
        session.reset_layer(3)
    with pytest.raises(hypr.NotFoundError):
        session.reset_layer(-1)


def test_closing(model):
    with hypr.Session(model) as session:
        session.step([1, 2, 3, 4])
        assert not session.closed
    assert session.closed
    session.close()
    for call in (lambda: session.step([1, 2, 3, 4]), lambda: session.run(np.zeros((1, 4))), session.save_state,
                 lambda: session.statistics, lambda: session.parameters["readout.tau"], lambda: session.teach(0)):
        with pytest.raises(hypr.WrongStateError, match="closed"):
            call()
    assert "closed" in repr(session)


@pytest.mark.parametrize("learning", [False, True])
def test_look_ahead(model, stream, learning):
    """What the next step gives; the session stays as it was, in the middle of a window too, and at its end."""
    session = hypr.Session(model, learning, window=7, update="manual")
    out = np.empty(3, np.float32)
    for sample, other in zip(stream[0][:30], stream[0][30:60]):
        before = session.save_state()
        session.look_ahead(other)
        ahead = session.look_ahead(list(map(float, sample)))
        assert session.look_ahead(sample, out) is out and session.save_state() == before
        np.testing.assert_array_equal(session.step(sample), ahead)
        np.testing.assert_array_equal(out, ahead)
    with pytest.raises(hypr.SizeMismatchError):
        session.look_ahead([1, 2])
    with pytest.raises(hypr.NotFiniteError, match=r"input\[0\] is nan"):
        session.look_ahead([np.nan, 0, 0, 0])


@pytest.mark.parametrize("output", ["signed", "on_off"])
def test_look_ahead_of_encoded_samples(stream, output):
    """The references of the encoding do not move either."""
    encoding = hypr.datasets.LevelCrossing(0.5, output)
    builder = hypr.ModelBuilder(inputs=4).input(scale=20, encoding=encoding).layer("se_adlif", 12).readout(3)
    session = hypr.Session(builder.build(0), window=7, update="manual")
    for sample, other in zip(stream[0][:30], stream[0][30:60]):
        before = session.save_state()
        session.look_ahead(other)
        ahead = session.look_ahead(sample)
        assert session.save_state() == before
        np.testing.assert_array_equal(session.step(sample), ahead)
