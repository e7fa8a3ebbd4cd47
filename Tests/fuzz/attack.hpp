// What an attack is, and how it says what became of an input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "random.hpp"

namespace fuzz {

/// What became of inputs; of an attack on calls, of the calls.
struct Tally {
  uint64_t refused = 0, accepted = 0;
  /// Of long runs: steps, and nanoseconds in ten stretches.
  uint64_t steps = 0, stretches[10] = {};
};

/// One kind of attack. `one` makes an input from the random numbers and gives it to the library; it leaves nothing behind but files
/// in the working folder, which is the worker's own.
struct Attack {
  const char *name;
  /// What the random numbers make one of.
  const char *input;
  void (*one)(uint64_t number, Random &random, Tally &tally);
  /// How many there are: 0: without end.
  uint64_t (*count)();
  /// Inputs of the short form, and the share of the time of the long one.
  uint64_t quick;
  double share;
  /// An input that takes longer hangs, in seconds.
  double patience;
};

extern const Attack corpus_attack, past_attack, files_attack, states_attack, calls_attack, builder_attack, tool_attack,
    steps_attack;

/// Steps of one long run.
extern uint64_t run_length;
/// The command line tool that is attacked; empty: none.
extern std::string tool_path;
/// The folder of recipes.
extern std::string corpus_path;

/// Ends the process: the text becomes that of a fault.
[[noreturn, gnu::format(printf, 1, 2)]] void fault(const char *format, ...);

#define require(condition, ...) ((condition) ? static_cast<void>(0) : ::fuzz::fault(__VA_ARGS__))

/// Keeps the input for the case that it is a fault: bytes, and the text that makes them.
void keep_bytes(const void *bytes, size_t size);
void keep_text(const std::string &text);

}  // namespace fuzz
