"""Options by name, their bounds, and what the model recommends."""

import typing

import numpy as np
import pytest

import hypr
from hypr.options import NativeOptions


def test_keyword_arguments_are_those_of_the_header():
    kinds = typing.get_type_hints(hypr.SessionOptions)
    assert {"learning", *kinds} == set(hypr.option_names())
    for name in hypr.option_names():
        choices = hypr.option_info(name).choices
        assert name in kinds or name == "learning"
        if choices and not hypr.option_info(name).is_mask:
            assert set(typing.get_args(kinds[name])) == set(choices), name
    assert set(typing.get_args(hypr.options.TrainGroup)) == set(hypr.option_info("train_mask").choices)


def test_every_option_can_be_set_and_read(model):
    for name in hypr.option_names():
        info = hypr.option_info(name)
        assert info.lower <= info.default <= info.upper and info.name == name
        for number in (info.lower, info.default, info.upper):
            value = info.decode(number)
            assert info.encode(value) == number
            if name not in ("learning", "window"):  # one that learns refuses values that let it learn nothing
                assert hypr.Session(model, learning=False, **{name: value}).options[name] == value
        for number in (info.lower - 1, info.upper * 1.01 + 1, np.nan):
            with pytest.raises(hypr.InvalidArgumentError, match=name):
                hypr.Session(model, **{name: number})


def test_defaults(model):
    options = hypr.Session(model).options
    assert options["learning"] is True and options["window"] == 100 and isinstance(options["window"], int)
    assert options["credit"] == "window" and options["optimizer"] == "adam" and options["learning_rate"] == 1e-3
    assert hypr.Session(model, learning=False).options["learning"] is False
    assert hypr.Session(model, window=None).options["window"] == 100
    assert NativeOptions({}).get("window") == 100 and NativeOptions({"window": 3}).get("window") == 3


def test_names_and_numbers_mean_the_same(model, stream):
    one = hypr.Session(model, credit="recurrent", optimizer="adamw", train_mask=["biases", "readout"])
    other = hypr.Session(model, credit=2, optimizer=3, train_mask=4 + 16)
    for session in (one, other):
        session.learn_sequence(*stream)
    assert one.save_state() == other.save_state()
    assert one.options["train_mask"] == ("biases", "readout")
    assert {tensor.name for tensor in one.tensors if tensor.trainable} == {"layer1.bias", "readout.weight", "readout.bias"}
    assert hypr.Session(model, train_mask="all").options == hypr.Session(model).options


def test_unknown_names(model):
    with pytest.raises(hypr.UnknownOptionError, match="no option 'leaning_rate'; did you mean 'learning_rate'"):
        hypr.Session(model, leaning_rate=1)
    with pytest.raises(TypeError):
        hypr.Session(model, xyz=1)
    with pytest.raises(hypr.InvalidArgumentError, match="no credit 'windw'; did you mean 'window'"):
        hypr.Session(model, credit="windw")
    with pytest.raises(hypr.InvalidArgumentError, match="known are sgd, adam"):
        hypr.Session(model, optimizer="?")
    with pytest.raises(hypr.InvalidArgumentError, match="bias"):
        hypr.Session(model, train_mask=["bias"])


def test_wrong_types(model):
    with pytest.raises(TypeError, match="window is 'ten', expected a number from 0 to 65536"):
        hypr.Session(model, window="ten")
    with pytest.raises(TypeError, match="credit is .*, expected one of spatial"):
        hypr.Session(model, credit=object())
    with pytest.raises(hypr.InvalidArgumentError, match="whole"):
        hypr.Session(model, window=1.5)
    with pytest.raises(TypeError, match="expected a hypr.Model"):
        hypr.Session("model.hypr")


def test_recommended_options():
    model = (hypr.ModelBuilder(2).layer("lif", 3).readout(2)
             .recommend(window=7, credit="spatial", learning_rate=0.25).build())
    options = hypr.Session(model).options
    assert (options["window"], options["credit"], options["learning_rate"]) == (7, "spatial", 0.25)
    assert hypr.Session(model, window=9).options["window"] == 9
