// Sequences of calls of everything in the header, in any order.
#include <sys/wait.h>
#include <unistd.h>

#include "world.hpp"

namespace fuzz {
namespace {

struct Function {
  const char *name;
  void (*call)(World &);
};

// From the header: a function that has no attack does not link.
const Function functions[] = {
#define HYPR_FUNCTION(name) {#name, call_##name},
#include "functions.inc"
#undef HYPR_FUNCTION
};

bool belongs(const Function &function, const char *prefix) { return strncmp(function.name, prefix, strlen(prefix)) == 0; }

void call(World &world, const Function &function, std::string &log) {
  log += std::string(function.name) + "\n";
  keep_text(log.size() > 4000 ? log.substr(log.size() - 4000) : log);
  const uint32_t before = float_control();
  function.call(world);
  require(float_control() == before, "%s changed the floating-point control word from %x to %x", function.name, before,
          float_control());
}

/// A child of the host goes on with the sessions that it has.
void split(World &world) {
  const pid_t child = fork();
  require(child >= 0, "fork failed");
  if (child == 0) {
    alarm(20);
    for (int i = 0; i < 30; i++) {
      call_hypr_session_step(world);
      call_hypr_session_teach_class(world);
      call_hypr_session_flush(world);
    }
    for (auto &session : world.sessions) hypr_session_free(session.handle);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a child of fork does not go on: status %x", status);
}

void sequence(uint64_t, Random &random, Tally &tally) {
  const uint32_t host = float_control();
  {
    World world(random, tally);
    std::string log;
    if (random.once_in(4)) set_float_control(draw_float_control(random));
    for (uint64_t i = random.from(5, 60); i > 0; i--) {
      const Function *function = &functions[random.below(std::size(functions))];
      // What moves a session is worth more than what is asked.
      for (int j = 0; j < 2 && !belongs(*function, "hypr_session"); j++) function = &functions[random.below(std::size(functions))];
      call(world, *function, log);
      if (random.once_in(20000)) split(world);
    }
  }
  set_float_control(host);
}

/// A builder is asked for things in an order in which it can have them, with some others between; what it makes must run.
void building(uint64_t, Random &random, Tally &tally) {
  World world(random, tally);
  std::string log;
  const auto any = [&] {
    const Function *function;
    do function = &functions[random.below(std::size(functions))];
    while (!belongs(*function, "hypr_builder_"));
    call(world, *function, log);
  };
  const auto named = [&](const char *name) {
    for (const Function &function : functions) {
      if (strcmp(function.name, name) == 0) call(world, function, log);
    }
    for (uint64_t i = random.below(4); i > 0; i--) any();
  };
  if (random.once_in(3)) named(random.once_in(2) ? "hypr_builder_set_level_crossing" : "hypr_builder_set_encoding");
  for (uint64_t i = random.below(3); i > 0; i--) named("hypr_builder_add_conditioning");
  for (uint64_t i = random.from(1, 3); i > 0; i--) named("hypr_builder_add_layer");
  named("hypr_builder_set_readout");
  for (auto &one : world.builders) {
    size_t size;
    if (hypr_builder_build(one.handle, random.next(), &size) != HYPR_OK || size > 100000) continue;
    std::vector<uint8_t> file(size);
    require(hypr_builder_copy_file(one.handle, file.data(), size) == HYPR_OK, "what was built cannot be copied");
    keep_bytes(file.data(), size);
    require(check_file(file, random), "what was built does not load");
  }
}

}  // namespace

const Attack calls_attack = {"calls", "sequences", sequence, nullptr, 30000, 4, 120};
const Attack builder_attack = {"builder", "sequences", building, nullptr, 10000, 1, 120};

}  // namespace fuzz
