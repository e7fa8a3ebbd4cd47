"""The package as a whole: wheel, import, types, and that the whole of hypr.h is there."""

import ast
import graphlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import hypr
from hypr._library import lib

PACKAGE = Path(hypr.__file__).parent
SOURCE = Path(__file__).resolve().parents[2] / "bindings" / "python"

# What others do as well.
COVERED = {
    "hypr_session_step": "make_step of cffi_build.py",
    "hypr_model_load": "hypr_model_load_buffer, with the bytes that Model.load reads",
    "hypr_model_memory_size": "hypr_model_load_buffer: Python has a heap",
    "hypr_model_create_in": "hypr_model_load_buffer: Python has a heap",
    "hypr_options_memory_size": "hypr_options_create: Python has a heap",
    "hypr_options_create_in": "hypr_options_create: Python has a heap",
    "hypr_model_find_tensor": "hypr_model_tensor_info, of all tensors",
    "hypr_session_teach_values": "hypr_session_teach_values_at",
    "hypr_session_teach_error": "hypr_session_teach_error_at",
    "hypr_session_learn_sequence": "hypr_session_learn",
    "hypr_session_learn_batch": "hypr_session_learn",
    "hypr_session_learn_labelled": "hypr_session_learn",
}


def python(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout


def test_every_function_of_the_header_is_used():
    declared = set(re.findall(r"^HYPR_API .*[ *](hypr_\w+)\(", (PACKAGE / "hypr.h").read_text(), re.MULTILINE))
    code = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    used = set(re.findall(r"lib\.(hypr_\w+)", code))
    assert len(declared) > 60
    assert declared - used == set(COVERED)


def test_no_newer_glibc_is_needed_than_the_library_promises():
    promised = re.search(r"^newest=([\d.]+)", (SOURCE.parents[1] / ".ci" / "link-libc").read_text(), re.MULTILINE)[1]
    files = list(PACKAGE.glob("*.so*"))
    assert len(files) == 2, "the extension module and the library"
    for file in files:
        versions = [version.decode() for version in re.findall(rb"\0GLIBC_([\d.]+)", file.read_bytes())]
        newest = max(versions, key=lambda version: tuple(map(int, version.split("."))))
        assert tuple(map(int, newest.split("."))) <= tuple(map(int, promised.split("."))), f"{file.name} needs GLIBC_{newest}"


def test_no_circle_of_modules():
    """Imports point one way: also those inside of functions, and those for type checkers alone."""
    files = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
             for path in PACKAGE.rglob("*.py")}
    graph = {}
    for module, path in files.items():
        imported = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: a relative import, which this test does not follow"
                members = {f"{node.module}.{name.name}" for name in node.names}
                imported |= {name if name in files else node.module for name in members}
        graph[module] = imported & set(files) - {module}
    assert len(graph) > 40 and "hypr.model" in graph["hypr.session"]
    graphlib.TopologicalSorter(graph).prepare()  # CycleError names the modules of a circle


def test_every_status_has_an_exception():
    names = [name for name in dir(lib) if name.startswith("HYPR_ERROR_")]
    assert len(names) > 10
    for name in names:
        error = hypr.errors.error_of_status(getattr(lib, name), name, "")
        assert type(error) is not hypr.Error and type(error).status_name == name, name
    assert type(hypr.errors.error_of_status(1234, "HYPR_ERROR_NEW", "text")) is hypr.Error


def test_version():
    assert hypr.__version__ == hypr.library_version()
    assert re.fullmatch(r"\d+\.\d+\.\d+", hypr.__version__)


def test_public_names_exist_and_have_docstrings():
    for name in hypr.__all__:
        value = getattr(hypr, name)
        assert name.startswith("__") or value.__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'Modell'"):
        hypr.Modell
    for kind in (hypr.Model, hypr.Session, hypr.ModelBuilder):
        for name, value in vars(kind).items():
            if not name.startswith("_"):
                assert value.__doc__, f"{kind.__name__}.{name}"


def test_import_is_light():
    modules = set(python("-c", "import sys, hypr; print(*sys.modules)").split())
    assert not modules & {"cffi", "pycparser", "flatbuffers", "hypr.builder", "hypr.trainer", "matplotlib", "river", "scipy",
                          "sklearn", "tqdm"}


@pytest.mark.skipif("HYPR_WHEEL" not in os.environ, reason="HYPR_WHEEL does not name the wheel")
def test_wheel():
    wheel = Path(os.environ["HYPR_WHEEL"])
    assert re.fullmatch(r"hypr-[\d.]+-cp310-abi3-manylinux_2_27_\w+\.whl", wheel.name)
    assert wheel.stat().st_size <= 1 << 20
    names = zipfile.ZipFile(wheel).namelist()
    licences = f"hypr-{hypr.__version__}.dist-info/licenses"
    assert {f"{licences}/LICENSE", f"{licences}/LICENSE-flatbuffers"} <= set(names), "of hypr, and of what is compiled into it"
    assert {"hypr/libhypr.so.0", "hypr/hypr.h", "hypr/hypr.fbs", "hypr/py.typed", "hypr/_native.abi3.so"} <= set(names)


def test_a_library_by_a_relative_path(tmp_path):
    """HYPR_LIBRARY counts from where pip is called, not from the folder that is built in, nor from a PWD of another process."""
    shutil.copytree(SOURCE, tmp_path / "bindings" / "python", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    shutil.copytree(SOURCE.parents[1] / "include", tmp_path / "include")
    (tmp_path / "build" / "lib").mkdir(parents=True)
    shutil.copy(PACKAGE / "libhypr.so.0", tmp_path / "build" / "lib" / "libhypr.so")

    def pip(library):
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "wheel", "./bindings/python"]
        return subprocess.run(command, cwd=tmp_path, env={**os.environ, "HYPR_LIBRARY": library, "PWD": "/"},
                              capture_output=True, text=True)

    made = pip("build/lib/libhypr.so")
    assert made.returncode == 0, made.stderr
    (wheel,) = (tmp_path / "wheel").glob("hypr-*.whl")
    assert zipfile.ZipFile(wheel).read("hypr/libhypr.so.0") == (PACKAGE / "libhypr.so.0").read_bytes()
    failed = pip("build/libhypr.so")
    assert failed.returncode != 0
    place = f"from where pip was called {tmp_path.resolve()}/build/libhypr.so"
    assert f"error: HYPR_LIBRARY names build/libhypr.so, {place}, which is no file" in failed.stderr


def test_free_threaded_pythons_are_refused(tmp_path):
    """Before anything is built, and in words: installers do not take the wheel there, and would build from source."""
    folders = ["--build-lib", str(tmp_path / "lib"), "--build-temp", str(tmp_path)]
    program = ("import runpy, sys, sysconfig; sysconfig.get_config_vars()['Py_GIL_DISABLED'] = 1; "
               f"sys.argv = ['setup.py', 'build_ext', *{folders!r}]; "
               "runpy.run_path('setup.py', run_name='__main__')")
    result = subprocess.run([sys.executable, "-B", "-c", program], cwd=SOURCE, capture_output=True, text=True)
    assert result.returncode and "error: hypr is not for free-threaded Pythons yet" in result.stderr, result.stderr
    assert not (tmp_path / "lib").exists()


def test_self_test():
    output = python("-m", "hypr.selftest")
    assert "everything works" in output and output.count("passed") == 4


def mypy(*arguments, cwd):
    return subprocess.run([sys.executable, "-m", "mypy", *map(str, arguments)], capture_output=True, text=True, cwd=cwd)


def test_types(tmp_path):
    """The package keeps mypy's strictest rules."""
    result = mypy("--cache-dir", tmp_path, cwd=SOURCE)
    assert result.returncode == 0 and "no issues" in result.stdout, result.stdout + result.stderr


# These derive from classes of scikit-learn, which says no types.
WITHOUT_TYPES = {"hypr.sklearn._HyprEstimator", "hypr.sklearn.HyprClassifier", "hypr.sklearn.HyprRegressor"}


def pyright(*arguments, cwd):
    """What pyright says, as its fork that PyPI has whole: nothing is downloaded when it runs."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # where it looks for the Python whose packages it reads
    result = subprocess.run([sys.executable, "-m", "basedpyright", "--outputjson", *arguments], capture_output=True, text=True,
                            cwd=cwd, env={**os.environ, "PATH": path})
    return json.loads(result.stdout)


def test_types_by_pyright():
    """The package keeps pyright's strictest rules, but for those that pyproject.toml names with the reason."""
    report = pyright(cwd=SOURCE)
    assert report["summary"]["filesAnalyzed"] > 100, report["summary"]
    assert not report["generalDiagnostics"], report["generalDiagnostics"]


def test_types_are_complete(tmp_path):
    """Whatever is public says its type: nothing is left to what a type checker may infer."""
    report = pyright("--ignoreexternal", "--verifytypes", "hypr", cwd=tmp_path)["typeCompleteness"]
    unknown = {symbol["name"] for symbol in report["symbols"] if symbol["isExported"] and not symbol["isTypeKnown"]}
    if find_spec("flwr") is None:  # whose types those of this module are made of
        unknown = {name for name in unknown if not name.startswith("hypr.flower.")}
    assert len(report["symbols"]) > 1000 and unknown <= WITHOUT_TYPES, unknown - WITHOUT_TYPES


def test_types_of_a_strict_program(tmp_path):
    """What pyright says of a program in its strictest mode: only what is wrong in it."""
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    (tmp_path / "program.py").write_text("import hypr\n"
                                         "model = hypr.ModelBuilder(inputs=1).layer('lif', 3).readout(2).build(seed=0)\n"
                                         "session = hypr.Session(model, window=10, credit='spatial')\n"
                                         "print(session.step([0.5])[0], session.statistics.accuracy, model.layers[0].size)\n"
                                         "trainer = hypr.Trainer(model, epochs=2, learning_rate=0.1)\n"
                                         "print(trainer.model.tensors, trainer.options, session.memory_report.total)\n"
                                         "hypr.Session(model, credit='windw')\n"
                                         "hypr.Session(model, windw=1)\n")
    diagnostics = pyright("program.py", cwd=tmp_path)["generalDiagnostics"]
    assert {found["range"]["start"]["line"] + 1 for found in diagnostics} == {7, 8}, diagnostics


def test_types_of_a_program(tmp_path):
    """A program that uses the package is checked against its annotations."""
    (tmp_path / "program.py").write_text("import hypr\n"
                                         "model = hypr.Model.load('x')\n"
                                         "session = hypr.Session(model, window=10, credit='spatial')\n"
                                         "session.teach(1)\n"
                                         "hypr.Session(model, credit='windw')\n"
                                         "hypr.Session(model, windw=1)\n")
    result = mypy("--strict", "program.py", cwd=tmp_path)
    lines = {int(line.split(":")[1]) for line in result.stdout.splitlines() if ": error:" in line}
    assert lines == {5, 6}, result.stdout


def test_errors_are_of_the_classes_that_python_users_expect():
    assert issubclass(hypr.SizeMismatchError, ValueError) and issubclass(hypr.WrongStateError, RuntimeError)
    assert issubclass(hypr.UnknownTensorError, KeyError) and issubclass(hypr.UnknownOptionError, TypeError)
    error = hypr.UnknownTensorError("text")
    assert (str(error), error.message, error.status, error.status_name) == ("text", "text", 6, "HYPR_ERROR_NOT_FOUND")
    with pytest.raises(hypr.NotFiniteError) as caught:
        builder = hypr.ModelBuilder(1).layer("lif", 1).readout(1)
        hypr.Session(builder.build()).step(np.inf)
    assert caught.value.status == lib.HYPR_ERROR_NOT_FINITE
    assert str(caught.value) == caught.value.message == "input[0] is inf, expected a finite number"


def test_the_code_of_the_page(tmp_path, monkeypatch, capsys):
    """The Python code of README.md, one block after the other; that of fleets by test_flower_learning.py, with Flower."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (SOURCE / "README.md").read_text(), re.DOTALL)
    assert len(blocks) >= 5
    variables = {}
    for block in blocks:
        if "hypr.flower" not in block:
            exec(block, variables)
    output = capsys.readouterr().out
    assert float(re.search(r"step 50000: accuracy ([\d.]+)%", output)[1]) > 95
    assert float(re.search(r"^Accuracy: ([\d.]+)%", output, re.MULTILINE)[1]) > 80
    assert hypr.Model.load("tone.hypr").class_labels == ("high", "low")
    assert not np.any(variables["silent"].parameters["layer0.recurrent_weight"])
