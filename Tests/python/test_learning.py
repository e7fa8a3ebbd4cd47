"""Targets, updates, and that Python's way is bit for bit that of the library."""

import numpy as np
import pytest

import hypr


def bits(session):
    return session.parameters.flat.tobytes()


def test_learning_off_never_learns(model, stream):
    session = hypr.Session(model, learning=False)
    before = bits(session)
    session.run(stream[0])
    for call in (lambda: session.teach(1), session.flush, session.apply, lambda: session.teach_values([0, 0, 0]),
                 lambda: session.learn_sequence(*stream), lambda: session.gradients.flat,
                 lambda: session.set_class_weights([1, 1, 1])):
        with pytest.raises(hypr.WrongStateError, match="learn"):
            call()
    assert bits(session) == before


def test_steps_and_sequences_learn_the_same(model, stream):
    x, labels = stream
    options = dict(window=20, learning_rate=0.01)
    one, other, third = (hypr.Session(model, **options) for _ in range(3))
    for sample, label in zip(x, labels):
        one.step(sample)
        if label >= 0:
            one.teach(label)
    one.reset()
    other.learn_sequence(x, labels)
    other.reset()
    third.learn_batch(x[None], labels[None])
    third.reset()
    assert bits(one) == bits(other) == bits(third) != bits(hypr.Session(model))
    assert one.statistics.updates == other.statistics.updates == 25


def test_kinds_of_labels(model):
    expected = None
    for label in (2, np.int64(2), np.uint8(2), np.array(2), True + 1):
        session = hypr.Session(model, window=1)
        session.step([1, 2, 3, 4])
        session.teach(label)
        session.flush()
        expected = expected or bits(session)
        assert bits(session) == expected
    session.step([1, 2, 3, 4])
    session.teach_class(2)
    for label in (3, -1, 2**40):
        with pytest.raises(hypr.InvalidArgumentError):
            session.teach(label)


def test_values(model):
    one, other = hypr.Session(model, window=5), hypr.Session(model, window=5)
    for _ in range(10):
        output = one.step([1, 2, 3, 4]).copy()
        other.step([1, 2, 3, 4])
        target = np.array([1, 0, -1])
        one.teach(target)
        other.teach_error(2 / 3 * (output - target.astype(np.float32)))
    np.testing.assert_allclose(one.parameters.flat, other.parameters.flat, rtol=1e-4, atol=1e-6)
    assert one.statistics.mean_loss > 0 and other.statistics.mean_loss == 0
    for values in ([1, 2], [[1, 2, 3]], 0.5):
        with pytest.raises(hypr.SizeMismatchError, match="target"):
            one.teach(values)
    with pytest.raises(hypr.NotFiniteError):
        one.teach([1, np.nan, 2])
    with pytest.raises(TypeError):
        one.teach("left")


def test_one_output_has_values_and_no_classes():
    model = hypr.ModelBuilder(inputs=1).input(scale=5).layer("se_adlif", 8).readout(1).build(seed=0)
    x = np.sin(np.arange(40) / 5).astype(np.float32)[:, None]
    session = hypr.Session(model, learning_rate=0.05, window=10)
    before = bits(session)
    session.step(x[0])
    for label in (0, np.int64(0), True, np.array(0), 1):
        with pytest.raises(hypr.InvalidArgumentError, match="two outputs at least.*teach values, such as 0 and 1"):
            session.teach(label)
    for refused in (lambda: session.teach_class(0), lambda: session.teach_sequence(0), lambda: session.set_class_weights([2]),
                    lambda: session.learn_sequence(x, np.zeros(40, int)), lambda: session.learn_labelled([x], [0]),
                    lambda: session.learn_batch([x], [np.zeros(40, int)])):
        with pytest.raises(hypr.InvalidArgumentError, match="two outputs at least"):
            refused()
    with pytest.raises(hypr.InvalidArgumentError, match="two outputs at least"):
        hypr.Trainer(model, epochs=1, progress=False).fit(np.stack([x, x]), np.array([0, 1]))
    session.flush()
    assert bits(session) == before
    for value in (0.0, np.float32(1), [0], [1]):
        session.step(x[1])
        session.teach(value)
    session.flush()
    assert bits(session) != before and session.statistics.taught_steps == 4


def test_steps_ago(model, stream):
    x, _ = stream
    one, other = hypr.Session(model, window=10), hypr.Session(model, window=10)
    for step, sample in enumerate(x[:30]):
        one.step(sample)
        one.teach(step % 3)
        other.step(sample)
        if step % 10 == 9:
            for ago in range(10):
                other.teach((step - ago) % 3, steps_ago=ago)
    one.flush()
    other.flush()
    assert bits(one) == bits(other)
    with pytest.raises(hypr.WrongStateError, match="the window of the last step is closed"):
        one.teach(0, steps_ago=1)
    one.step(x[30])
    for target in (0, [0, 0, 1]):
        with pytest.raises(hypr.WrongStateError, match="label_delay"):
            one.teach(target, steps_ago=1)
        with pytest.raises(hypr.InvalidArgumentError):
            one.teach(target, steps_ago=-1)
    with pytest.raises(hypr.InvalidArgumentError):
        one.teach_error([0, 0, 1], steps_ago=-1)


@pytest.mark.parametrize("kind", ["teach_class", "teach_values", "teach_error"])
def test_label_delay(model, stream, kind):
    """Targets that come late, across the end of a window, teach what targets in time do."""
    x, _ = stream
    target = 2 if kind == "teach_class" else [0.5, -1, 0.25]
    in_time, late = (hypr.Session(model, window=10, label_delay=delay, update="manual") for delay in (0, 15))
    assert late.options["label_delay"] == 15
    for step in range(60):
        for session, delay in ((in_time, 0), (late, 15)):
            session.step(x[step])
            if step >= delay:
                getattr(session, kind)(target, steps_ago=delay)
    for ago in reversed(range(15)):
        getattr(late, kind)(target, steps_ago=ago)
    in_time.flush()
    late.flush()
    assert np.any(in_time.gradients.flat)
    np.testing.assert_array_equal(in_time.gradients.flat, late.gradients.flat)


def test_sequence_labels(model, stream):
    x = stream[0][:30]
    one, other = (hypr.Session(model, window=30, loss="sum_of_softmax", update="sequence") for _ in range(2))
    one.run(x)
    one.teach_sequence(1)
    one.reset()
    other.learn_labelled(x[None], [1])
    assert bits(one) == bits(other)


def test_learn_sequence(session, stream):
    x, labels = stream
    out = np.empty((500, 3), np.float32)
    expected = hypr.Session(session.model).run(x[:20])
    loss = session.learn_sequence(x, labels, out)
    assert 0 < loss < 5 and isinstance(loss, float)
    np.testing.assert_array_equal(out[:20], expected)
    assert session.learn_sequence(x, np.full(500, -1)) == 0
    assert session.statistics.taught_steps == (labels >= 0).sum()
    for wrong in (labels[:-1], labels[None]):
        with pytest.raises(hypr.SizeMismatchError, match="labels"):
            session.learn_sequence(x, wrong)
    with pytest.raises(TypeError, match="whole numbers"):
        session.learn_sequence(x, labels.astype(float))
    for label in (3, 2**40):
        with pytest.raises(hypr.InvalidArgumentError):
            session.learn_sequence(x, np.full(500, label))
    with pytest.raises(hypr.SizeMismatchError):
        session.learn_sequence(x, labels, out[:5])


@pytest.mark.parametrize("update", ["window", "sequence"])
def test_batches(model, stream, update):
    """Three ways to write the same batch."""
    x, labels = stream[0][:300].reshape(3, 100, 4), stream[1][:300].reshape(3, 100)
    results = set()
    out = np.empty((300, 3), np.float32)
    for given in ((x, labels), (list(x), list(labels)), (x.reshape(300, 4), labels.reshape(300), [100, 100, 100])):
        session = hypr.Session(model, window=20, update=update)
        loss = session.learn_batch(*given, out=out)
        results.add((loss, bits(session), out.tobytes()))
    assert len(results) == 1
    assert session.statistics.updates == (1 if update == "sequence" else 15)


def test_batches_of_several_lengths(model, stream):
    x, labels = stream
    parts, targets = [x[:10], x[10:17], x[17:50]], [labels[:10], labels[10:17], labels[17:50]]
    one, other = hypr.Session(model, update="sequence"), hypr.Session(model, update="sequence")
    assert one.learn_batch(parts, targets) == other.learn_batch(x[:50], labels[:50], lengths=[10, 7, 33])
    assert bits(one) == bits(other)
    one.learn_labelled(parts, [0, 1, -1])
    other.learn_labelled(x[:50], [0, 1, -1], lengths=np.array([10, 7, 33]))
    assert bits(one) == bits(other)


def test_batches_refuse(session, stream):
    x, labels = stream
    for lengths in ([100, 100], [500, -1, 1], [[500]], [501]):
        with pytest.raises(hypr.SizeMismatchError):
            session.learn_batch(x, labels, lengths)
    with pytest.raises(hypr.SizeMismatchError, match="labels has 1 sequences, expected 2"):
        session.learn_batch([x, x], [labels])
    with pytest.raises(hypr.SizeMismatchError, match=r"labels\[1\]"):
        session.learn_batch([x, x], [labels, labels[1:]])
    with pytest.raises(hypr.SizeMismatchError, match=r"x\[1\]"):
        session.learn_batch([x, x[:, 1:]], [labels, labels])
    with pytest.raises(hypr.SizeMismatchError):
        session.learn_labelled(x[None], [1, 2])
    with pytest.raises(hypr.SizeMismatchError):
        session.learn_batch([], [])
    assert session.statistics.steps == 0


def test_manual_updates(model, stream):
    session = hypr.Session(model, update="manual", optimizer="sgd", learning_rate=0.5, gradient_clip=0, window=500)
    before = session.parameters.flat
    session.learn_sequence(*stream)
    gradient = session.gradients.flat
    assert np.any(gradient) and np.array_equal(session.parameters.flat, before)
    session.apply()
    np.testing.assert_allclose(session.parameters["readout.weight"],
                               (before - 0.5 * gradient)[-session.gradients["readout.weight"].size - 6:-6].reshape(3, 13),
                               rtol=1e-5, atol=1e-7)
    assert not np.any(session.gradients.flat)
    with pytest.raises(hypr.WrongStateError):
        hypr.Session(model).apply()


def test_deferred(model, stream):
    sessions = [hypr.Session(model, window=10, deferred=1) for _ in range(2)]
    before = sessions[0].parameters.flat
    for x, label in zip(*stream):
        outputs = []
        for session, budget in zip(sessions, (0, 777)):
            outputs.append(session.step(x))
            if label >= 0:
                session.teach(int(label))
            session.work(budget)
        np.testing.assert_array_equal(*outputs)
    assert sessions[1].work() == 0
    for session in sessions:
        session.flush()
    np.testing.assert_array_equal(sessions[0].parameters.flat, sessions[1].parameters.flat)
    assert not np.array_equal(sessions[0].parameters.flat, before)
    with pytest.raises(TypeError, match="budget is 'all'"):
        sessions[0].work("all")
    assert hypr.Session(model).work() == 0
    with pytest.raises(hypr.WrongStateError, match="without learning"):
        hypr.Session(model, learning=False).work()


def test_class_weights(model, stream):
    one, other = (hypr.Session(model, update="manual", window=500, reduction="sum") for _ in range(2))
    other.set_class_weights([2, 2, 2])
    one.learn_sequence(*stream)
    other.learn_sequence(*stream)
    np.testing.assert_allclose(2 * one.gradients.flat, other.gradients.flat, rtol=1e-5, atol=1e-7)
    for weights, error in (([1, 1], hypr.SizeMismatchError), ([1, 1, -1], hypr.InvalidArgumentError),
                           ([1, 1, np.nan], hypr.NotFiniteError)):
        with pytest.raises(error):
            one.set_class_weights(weights)


def test_flush(session, stream):
    for sample, label in zip(*stream):
        session.step(sample)
        if label >= 0:
            session.teach(label)
            break
    before = bits(session)
    session.flush()
    assert bits(session) != before and session.statistics.updates == 1


def test_statistics(session, stream):
    x, labels = stream
    assert np.isnan(session.statistics.accuracy)
    loss = session.learn_sequence(x, labels)
    statistics = session.statistics
    assert (statistics.steps, statistics.taught_steps) == (500, (labels >= 0).sum())
    assert statistics.mean_loss == pytest.approx(loss) and statistics.gradient_norm > 0
    assert 0 < statistics.accuracy < 1 and statistics.skipped_updates == 0 and statistics.learning_rate == 0.01
    assert statistics.unchanged_updates == 0
    assert statistics.spike_rates.shape == (2,) and statistics.spike_rates.min() > 0
    session.clear_statistics()
    assert session.statistics.steps == 0 and session.statistics.updates == statistics.updates


def test_general_form(model, stream):
    """Bit for bit the short forms, and the steps that it stands for."""
    x, labels = stream[0][:120], stream[1][:120]
    lengths, options = [50, 30, 40], dict(window=20, learning_rate=0.01, update="sequence")
    one, other, third, fourth = (hypr.Session(model, **options) for _ in range(4))
    outputs = np.empty((120, 3), np.float32)
    loss = one.learn(x, labels=labels, lengths=lengths, out=outputs)
    assert loss == other.learn_batch(x, labels, lengths) and bits(one) == bits(other)
    assert one.learn(x, sequence_labels=[0, 2, -1], lengths=lengths) == other.learn_labelled(x, [0, 2, -1], lengths)
    assert bits(one) == bits(other)

    values = np.where(labels[:, None] >= 0, np.sin(x[:, :3]), np.nan).astype(np.float32)
    third.learn(x, values=values, weights=labels >= 0, lengths=lengths)
    for start, stop in ((0, 50), (50, 80), (80, 120)):
        fourth.reset("state", "traces")
        for sample, target in zip(x[start:stop], values[start:stop]):
            fourth.step(sample)
            if np.isfinite(target).all():
                fourth.teach_values(target)
    fourth.reset()
    assert bits(third) == bits(fourth) != bits(hypr.Session(model)) and third.statistics.updates == 1


def test_general_form_refuses(model, stream):
    x, labels = stream[0][:20], stream[1][:20]
    session = hypr.Session(model, window=20)
    before = session.save_state()
    for targets, message in (({}, "has 0 of labels, sequence_labels and values"),
                             (dict(labels=labels, values=np.zeros((20, 3))), "has 2 of"),
                             (dict(labels=labels, weights=np.full(20, -1.0)), r"weights\[0\] is -1, expected 0, or 1e-6 to 1e6"),
                             (dict(labels=np.full(20, 3)), r"labels\[0\] is 3")):
        with pytest.raises(hypr.InvalidArgumentError, match=message):
            session.learn(x, lengths=[20], **targets)
    with pytest.raises(hypr.NotFiniteError, match=r"step 1: values\[3\] is nan"):
        session.learn(x, values=np.where(np.arange(60).reshape(20, 3) == 3, np.nan, 0), lengths=[20])
    for targets in (dict(labels=labels[:19]), dict(values=np.zeros((20, 2))), dict(labels=labels, weights=np.ones(3)),
                    dict(sequence_labels=[1], weights=np.ones(20)), dict(sequence_labels=[1, 2])):
        with pytest.raises(hypr.SizeMismatchError):
            session.learn(x, lengths=[20], **targets)
    assert session.save_state() == before
