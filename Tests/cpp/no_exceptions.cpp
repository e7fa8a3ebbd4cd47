// A host that is built without exceptions and RTTI: no_exceptions MODEL
#include <hypr.hpp>

#include <cstdio>
#include <cstring>

static int failures;

static void expect(bool holds, const char *what, const char *found) {
  if (holds) return;
  failures++;
  std::printf("error: %s: %s\n", what, found);
}

int main(int, char **arguments) {
  auto none = hypr::Model::load("no such file.hypr");
  expect(!none && none.error().status() == HYPR_ERROR_NOT_FOUND, "a file that is missing", none.error().what());
  expect(!*none, "a file that is missing", "gives a model");

  auto model = hypr::Model::load(arguments[1]);
  if (!model) return std::puts(model.error().what()), 1;
  auto refused = hypr::Session::create(*model, hypr::Options().set("window", -1).set("learning", 1));
  expect(!refused && std::strstr(refused.error().what(), "window"), "a bad option", refused.error().what());
  auto unknown = hypr::Session::create(*model, hypr::Options().set("no_such_option", 1));
  expect(!unknown && unknown.error().status() == HYPR_ERROR_NOT_FOUND, "an unknown option", unknown.error().what());

  auto session = hypr::Session::create(*model, {{HYPR_OPTION_LEARNING, 1}, {HYPR_OPTION_WINDOW, 5}});
  if (!session) return std::puts(session.error().what()), 1;
  const float input[4] = {1, 0, 0, 0};
  float output[6];
  for (int step = 0; step < 10; step++) {
    if (auto made = session->step(input, output); !made) return std::puts(made.error().what()), 1;
    if (auto taught = session->teach_class(2); !taught) return std::puts(taught.error().what()), 1;
  }
  auto wrong = session->step(hypr::span<const float>(input, 3), output);
  expect(!wrong && std::strstr(wrong.error().what(), "input has 3"), "a bad step", wrong.error().what());
  auto statistics = session->statistics();
  expect(statistics && statistics->steps == 10 && statistics->updates == 1, "statistics", statistics.error().what());
  hypr::Session moved = std::move(*session);
  expect(!*session && moved, "a session that was moved", "is not where it was moved to");
  if (failures == 0) std::puts("HYPR_OK");
  return failures;
}
