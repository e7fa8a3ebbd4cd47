"""Describes the extension module hypr._native to cffi, from hypr.h: its declarations are read, not written down again."""

import re
from pathlib import Path

import cffi

HERE = Path(__file__).resolve().parent
# The whole project, or the copy of its sources that a source distribution brings along.
ROOT = next((root for root in (HERE.parents[1], HERE / "source") if (root / "include" / "hypr.h").exists()), HERE)
HEADER = ROOT / "include" / "hypr.h"


def declarations(text: str) -> str:
    """The C declarations of a header, without what only the preprocessor understands."""
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.DOTALL)
    return re.sub(r"^(#.*$|HYPR_API )", "", text, flags=re.MULTILINE)


# A step whose arguments are kept from call to call: converting them from Python takes as long as a small network's step.
KEPT_STEP = """
typedef struct {
  hypr_session *session;
  const float *input;
  size_t input_size;
  float *output;
  size_t output_size;
} kept_step;
"""
MAKE_STEP = """
static hypr_status make_step(const kept_step *step) {
  return hypr_session_step(step->session, step->input, step->input_size, step->output, step->output_size);
}
"""

ffibuilder = cffi.FFI()
ffibuilder.cdef(declarations(HEADER.read_text()) + KEPT_STEP + "hypr_status make_step(const kept_step *step);")
ffibuilder.set_source("hypr._native", "#include <hypr.h>" + KEPT_STEP + MAKE_STEP, include_dirs=[str(HEADER.parent)])
