#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <thread>

#include "session.hpp"

static std::string model_path(const std::string &name) {
  const char *folder = std::getenv("HYPR_TEST_MODELS");
  REQUIRE(folder != nullptr);
  return std::string(folder) + "/" + name + ".hypr";
}

static std::vector<float> some_inputs(std::size_t count) {
  std::vector<float> inputs(count);
  for (std::size_t i = 0; i < count; i++) inputs[i] = i % 3 == 0 ? std::sin(static_cast<float>(i)) : 0;
  return inputs;
}

TEST_CASE("the library is the one of the header") {
  CHECK(hypr_version_number() == HYPR_VERSION_NUMBER);
  CHECK(std::string(hypr_version_string()) == "0.1.0");
}

TEST_CASE("a session steps") {
  Model model(model_path("brf"));
  Session session(model);
  std::vector<float> output = session.step(some_inputs(model.input_size()));
  REQUIRE(output.size() == 6);
  for (float value : output) CHECK(std::isfinite(value));
}

TEST_CASE("failures become exceptions that say why and leave the session usable") {
  Model model(model_path("brf"));
  Session session(model), twin(model);
  std::vector<float> good = some_inputs(4);
  for (int i = 0; i < 100; i++) {
    CHECK_THROWS_AS(session.step({1, 2, 3}), Error);
    CHECK_THROWS_WITH(session.step({1, 2, 3}), doctest::Contains("HYPR_ERROR_SIZE_MISMATCH: input has 3"));
    CHECK_THROWS_WITH(session.step({1, NAN, 0, 0}), doctest::Contains("HYPR_ERROR_NOT_FINITE: input[1]"));
    CHECK(session.step(good) == twin.step(good));
  }
}

TEST_CASE("exceptions of the host unwind through everything that is open") {
  auto fail_in_the_middle = [] {
    Model model(model_path("two_layers"));
    Session session(model, {{HYPR_OPTION_LEARNING, 1}});
    session.step(some_inputs(9));
    session.check(hypr_session_teach_class(session.get(), 1));
    throw std::runtime_error("the host has had enough");
  };
  for (int i = 0; i < 100; i++) CHECK_THROWS_WITH(fail_in_the_middle(), "the host has had enough");
}

TEST_CASE("bad models and options throw") {
  CHECK_THROWS_WITH(Model("no such file.hypr"), doctest::Contains("HYPR_ERROR_NOT_FOUND: cannot read no such file.hypr"));
  Model model(model_path("brf"));
  CHECK_THROWS_WITH(Session(model, {{HYPR_OPTION_WINDOW, -1}}), doctest::Contains("window"));
  CHECK_THROWS_WITH(Session(model, {{HYPR_OPTION_WINDOW, 1.5}}), doctest::Contains("whole"));
}

TEST_CASE("sessions move and outlive their model") {
  std::vector<Session> sessions;
  {
    Model model(model_path("se_adlif"));
    sessions.emplace_back(model);
    sessions.emplace_back(model);
  }
  Session moved = std::move(sessions[0]);
  CHECK(moved.step(some_inputs(4)) == sessions[1].step(some_inputs(4)));
}

TEST_CASE("learning lowers the loss in threads as it does alone") {
  Model model(model_path("brf"));
  std::vector<float> inputs = some_inputs(100 * 4);
  std::vector<std::int32_t> labels(100, 2);
  auto train = [&](std::vector<float> &parameters, double &first, double &last) {
    Session session(model, {{HYPR_OPTION_LEARNING, 1}, {HYPR_OPTION_WINDOW, 10}, {HYPR_OPTION_LEARNING_RATE, 0.01}});
    first = last = session.learn(inputs, labels);
    for (int epoch = 0; epoch < 20; epoch++) last = session.learn(inputs, labels);
    parameters = session.parameters();
  };
  std::vector<float> alone, one, two;
  double first, last, other_first, other_last;
  train(alone, first, last);
  CHECK(last < 0.8 * first);
  std::thread other([&] { train(one, other_first, other_last); });
  double first_here, last_here;
  train(two, first_here, last_here);
  other.join();
  CHECK(one == alone);
  CHECK(two == alone);
}
