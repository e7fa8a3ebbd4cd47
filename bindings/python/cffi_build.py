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

# The progress callback of long calls: it lets Python see its signals (hypr._signals), but takes the GIL for that no more often than
# people notice, as another thread may hold it for milliseconds.
WATCH = """
typedef struct {
  int64_t next;    /* nanoseconds of the monotonic clock: when Python is asked again */
  uint64_t steps;  /* made in this call when it was asked last */
} signal_watch;
"""
WATCH_SIGNALS = """
#include <time.h>
enum { WATCH_NANOSECONDS = 50000000 };
static int32_t see_signals(signal_watch *watch);
static int32_t watch_signals(void *context, uint64_t steps) {
  signal_watch *watch = context;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t nanoseconds = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
  if (nanoseconds < watch->next) return 0;
  watch->next = nanoseconds + WATCH_NANOSECONDS;
  watch->steps = steps;
  return see_signals(watch);
}
"""

ffibuilder = cffi.FFI()
ffibuilder.cdef(
    declarations(HEADER.read_text()) + KEPT_STEP + "hypr_status make_step(const kept_step *step);" + WATCH
    + "int32_t watch_signals(void *context, uint64_t steps);" + 'extern "Python" int32_t see_signals(signal_watch *watch);')
ffibuilder.set_source(
    "hypr._native", "#include <hypr.h>" + KEPT_STEP + MAKE_STEP + WATCH + WATCH_SIGNALS, include_dirs=[str(HEADER.parent)])
