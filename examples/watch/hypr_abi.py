"""The C library from Python, as much of it as the watch example needs: include/hypr.h read by cffi, with numpy arrays.

The library is build/lib/libhypr.so, or what the environment variable HYPR_LIBRARY names.
"""

import os
import re
from pathlib import Path

import cffi
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = os.environ.get("HYPR_LIBRARY", ROOT / "build" / "lib" / "libhypr.so")


def declarations(header):
    """The C declarations of a header, without what only the preprocessor understands."""
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", header.read_text(), flags=re.DOTALL)
    return re.sub(r"^#.*$", "", text, flags=re.MULTILINE)


ffi = cffi.FFI()
ffi.cdef(declarations(ROOT / "include" / "hypr.h"))


class Library:
    """libhypr, loaded from a file. `functions` has the functions and constants of hypr.h as attributes."""

    def __init__(self, path=LIBRARY):
        if not Path(path).exists():
            raise SystemExit(f"There is no library {path}: `make lib tool` builds what this example needs")
        self.functions = ffi.dlopen(str(path))

    def check(self, status, message=ffi.NULL):
        """Raises an error if a call failed. `message`: what the library says about it."""
        if status != self.functions.HYPR_OK:
            text = ffi.string(self.functions.hypr_status_name(status)).decode()
            raise RuntimeError(text if message == ffi.NULL else f"{text}: {ffi.string(message).decode()}")


class Session:
    """A model file at work. Options go by their names, such as window=10; the others are as the file recommends."""

    def __init__(self, library, path, **options):
        self._library, self._functions = library, library.functions
        call = self._functions
        model, settings, session = ffi.new("hypr_model **"), ffi.new("hypr_options **"), ffi.new("hypr_session **")
        message = ffi.new("char[256]")
        library.check(call.hypr_model_load_file_diagnosed(str(path).encode(), model, message, 256), message)
        library.check(call.hypr_options_create(settings))
        for name, value in options.items():
            key = ffi.new("hypr_option *")
            library.check(call.hypr_option_find(name.encode(), key), ffi.new("char[]", name.encode()))
            library.check(call.hypr_options_set(settings[0], key[0], value), call.hypr_options_message(settings[0]))
        library.check(call.hypr_session_create(model[0], settings[0], session))
        self.inputs, self.outputs = call.hypr_model_input_size(model[0]), call.hypr_model_output_size(model[0])
        call.hypr_options_free(settings[0])
        call.hypr_model_free(model[0])
        self._session = ffi.gc(session[0], call.hypr_session_free)
        self._output = np.empty(self.outputs, np.float32)
        self._output_pointer = ffi.from_buffer("float[]", self._output)

    def _check(self, status):
        self._library.check(status, self._functions.hypr_session_message(self._session))

    def step(self, sample):
        """One sample [inputs], float32. Returns the outputs; the array is used again by the next step."""
        self._check(self._functions.hypr_session_step(
            self._session, ffi.from_buffer("float[]", sample), self.inputs, self._output_pointer, self.outputs))
        return self._output

    def teach(self, label):
        """The class of the last step."""
        self._check(self._functions.hypr_session_teach_class(self._session, label))

    def run(self, samples):
        """Many steps [steps, inputs] in a row; returns the outputs [steps, outputs]."""
        samples = np.ascontiguousarray(samples, np.float32)
        outputs = np.empty((len(samples), self.outputs), np.float32)
        self._check(self._functions.hypr_session_run(
            self._session, ffi.from_buffer("float[]", samples), len(samples), ffi.from_buffer("float[]", outputs)))
        return outputs

    def learn_sequence(self, samples, labels):
        """A whole sequence from a fresh state, labels negative where nothing is taught; returns the mean loss."""
        samples, labels = np.ascontiguousarray(samples, np.float32), np.ascontiguousarray(labels, np.int32)
        loss = ffi.new("double *")
        self._check(self._functions.hypr_session_learn_sequence(
            self._session, ffi.from_buffer("float[]", samples), len(samples), ffi.from_buffer("int32_t[]", labels),
            ffi.NULL, loss))
        return loss[0]

    def apply(self):
        """One update, for sessions with manual updates."""
        self._check(self._functions.hypr_session_apply(self._session))

    def updates(self):
        """Updates made since the session was created."""
        statistics = ffi.new("hypr_statistics *", {"struct_size": ffi.sizeof("hypr_statistics")})
        self._check(self._functions.hypr_session_statistics(self._session, statistics))
        return statistics.updates

    def save(self, path):
        """Writes the model with the session's parameters."""
        self._check(self._functions.hypr_session_save_model(self._session, str(path).encode()))
