#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <hypr.hpp>

#include <array>
#include <cmath>
#include <cstdlib>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

extern std::size_t allocations;  // counted_allocations.cpp

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

static std::vector<float> stepped(hypr::Session &session, const std::vector<float> &input) {
  std::vector<float> output(6);
  session.step(input, output);
  return output;
}

TEST_CASE("the library is the one of the header") {
  CHECK(hypr::version_number() == HYPR_VERSION_NUMBER);
  CHECK(std::string(hypr::version_string()) == "0.1.0");
}

TEST_CASE("a session steps") {
  hypr::Model model(model_path("brf"));
  CHECK(model.layer_count() == 1);
  CHECK(std::string(model.layer_neuron(0)) == "BRF");
  hypr::Session session(model);
  for (float value : stepped(session, some_inputs(model.input_size()))) CHECK(std::isfinite(value));
  CHECK(session.statistics().steps == 1);
  std::array<float, 1> rates{-1};
  session.statistics(rates);
  CHECK(rates[0] >= 0);
}

TEST_CASE("handles are moved, not copied, and freed once") {
  static_assert(!std::is_copy_constructible_v<hypr::Session> && std::is_nothrow_move_constructible_v<hypr::Session>);
  static_assert(!std::is_copy_assignable_v<hypr::Model> && std::is_nothrow_move_assignable_v<hypr::Model>);
  hypr::Model model(model_path("brf"));
  hypr::Session first(model), second(model);
  stepped(first, some_inputs(4));
  second = std::move(first);
  CHECK(!first);
  CHECK(second.statistics().steps == 1);
  hypr::Session third(std::move(second));
  CHECK(third);
  CHECK_THROWS_AS(stepped(second, some_inputs(4)), hypr::Error);
  hypr::Session &same = third;
  third = std::move(same);
  CHECK(third.statistics().steps == 1);
  std::vector<hypr::Session> many;
  for (int i = 0; i < 10; i++) many.emplace_back(model);
}

TEST_CASE("failures become exceptions that say why and leave the session usable") {
  hypr::Model model(model_path("brf"));
  hypr::Session session(model), twin(model);
  std::vector<float> good = some_inputs(4);
  for (int i = 0; i < 100; i++) {
    CHECK_THROWS_WITH_AS(stepped(session, {1, 2, 3}), doctest::Contains("HYPR_ERROR_SIZE_MISMATCH: input has 3"), hypr::Error);
    CHECK_THROWS_WITH(stepped(session, {1, NAN, 0, 0}), doctest::Contains("HYPR_ERROR_NOT_FINITE: input[1]"));
    CHECK(stepped(session, good) == stepped(twin, good));
  }
  try {
    session.teach_class(0);
    FAIL("a session that does not learn was taught");
  } catch (const hypr::Error &error) {
    CHECK(error.status() == HYPR_ERROR_WRONG_STATE);
  }
}

TEST_CASE("exceptions of the host unwind through everything that is open") {
  auto fail_in_the_middle = [] {
    hypr::Model model(model_path("two_layers"));
    hypr::Session session(model, {{HYPR_OPTION_LEARNING, 1}});
    std::vector<float> output(model.output_size());
    session.step(some_inputs(9), output);
    session.teach_class(1);
    throw std::runtime_error("the host has had enough");
  };
  for (int i = 0; i < 100; i++) CHECK_THROWS_WITH(fail_in_the_middle(), "the host has had enough");
}

TEST_CASE("bad models and options throw") {
  CHECK_THROWS_WITH(hypr::Model("no such file.hypr"), doctest::Contains("HYPR_ERROR_NOT_FOUND: cannot read no such file.hypr"));
  hypr::Model model(model_path("brf"));
  CHECK_THROWS_WITH(hypr::Session(model, {{HYPR_OPTION_WINDOW, -1}}), doctest::Contains("window"));
  CHECK_THROWS_WITH(hypr::Session(model, {{HYPR_OPTION_WINDOW, 1.5}}), doctest::Contains("whole"));
  CHECK_THROWS_WITH(hypr::Options().set("lr", 1), doctest::Contains("learning_rate"));
  CHECK(hypr::Options().set("window", 12).get(HYPR_OPTION_WINDOW) == 12);
  CHECK(hypr::option_bounds(hypr::option_find("window")).upper == 65536);
  CHECK(hypr::option_name(-5) == nullptr);
}

TEST_CASE("steps, targets and the end of a window allocate nothing") {
  hypr::Model model(model_path("brf"));
  hypr::Session session(model, {{HYPR_OPTION_LEARNING, 1}, {HYPR_OPTION_WINDOW, 10}});
  std::vector<float> input = some_inputs(4), output(6);
  const std::size_t before = allocations;
  for (int i = 0; i < 100; i++) {
    session.step(input, output);
    session.teach_class(static_cast<std::uint32_t>(i % 6));
    session.look_ahead(input, output);
  }
  session.flush();
  CHECK(session.statistics().updates == 10);
  CHECK(allocations == before);
}

TEST_CASE("the host does the end of a window between two steps") {
  hypr::Model model(model_path("brf"));
  hypr::Session session(model, {{HYPR_OPTION_LEARNING, 1}, {HYPR_OPTION_WINDOW, 10}, {HYPR_OPTION_DEFERRED, 1}});
  std::vector<float> input = some_inputs(4), output(6);
  for (int i = 0; i < 11; i++) {
    CHECK(session.work(0) == 0);
    session.step(input, output);
    session.teach_class(static_cast<std::uint32_t>(i % 6));
  }
  const std::uint64_t left = session.work(0);
  CHECK(left > 0);
  CHECK(session.work(left / 2) < left);
  CHECK(session.work(UINT64_MAX) == 0);
}

TEST_CASE("a long call asks a callback of the host") {
  hypr::Model model(model_path("brf"));
  hypr::Session session(model);
  std::vector<float> inputs = some_inputs(4 * 5000);
  std::uint64_t told = 0;
  auto stop = [&](std::uint64_t steps) { return told = steps, true; };
  session.set_progress(stop);
  CHECK_THROWS_WITH(session.run(inputs, 5000), doctest::Contains("HYPR_ERROR_STOPPED"));
  CHECK(told > 0);
  CHECK(session.statistics().steps == told);
  session.set_progress(nullptr);
  session.run(inputs, 5000);
}

TEST_CASE("what a session has learned goes to another one as an update") {
  hypr::Model model(model_path("brf"));
  hypr::Session learner(model, hypr::Options{{HYPR_OPTION_LEARNING, 1}, {HYPR_OPTION_WINDOW, 10}}), other(model);
  std::vector<float> input = some_inputs(4);
  for (int i = 0; i < 15; i++) {
    stepped(learner, input);
    learner.teach_class(1);
  }
  learner.flush();
  hypr_update_settings settings = hypr::update_settings();
  settings.element_type = HYPR_ELEMENT_INT8;
  CHECK(learner.update_size(settings) < learner.update_size());
  std::vector<char> update(learner.update_size());
  learner.get_update(update.data(), update.size());
  other.apply_update(update.data(), update.size());
  std::vector<float> learned(model.parameter_count()), taken(model.parameter_count());
  learner.get_parameters(learned);
  other.get_parameters(taken);
  for (std::size_t i = 0; i < learned.size(); i++) CHECK(taken[i] == doctest::Approx(learned[i]));
  update[40] ^= 1;
  CHECK_THROWS_WITH(other.apply_update(update.data(), update.size()), doctest::Contains("damaged"));
}

TEST_CASE("states and models are saved to memory and go on from there") {
  hypr::Model model(model_path("brf"));
  hypr::Options options{{HYPR_OPTION_LEARNING, 1}, {HYPR_OPTION_WINDOW, 10}};
  hypr::Session session(model, options), other(model, options);
  std::vector<float> input = some_inputs(4);
  for (int i = 0; i < 15; i++) {
    stepped(session, input);
    session.teach_class(1);
  }
  std::vector<char> state(session.state_size());
  session.save_state(state.data(), state.size());
  other.load_state(state.data(), state.size());
  CHECK(stepped(session, input) == stepped(other, input));
  std::vector<char> file(session.model_size());
  session.save_model_buffer(file.data(), file.size());
  hypr::Model learned = hypr::Model::load_buffer(file.data(), file.size());
  std::vector<float> flat(model.parameter_count()), saved(learned.tensor_info(0).size);
  session.get_parameters(flat);
  learned.tensor_values(0, saved);
  CHECK(std::equal(saved.begin(), saved.end(), flat.begin()));
  hypr::Memory memory = hypr::Session::memory_size(model, options);
  std::vector<char> place(memory.bytes + memory.alignment);
  void *start = place.data() + (memory.alignment - reinterpret_cast<std::uintptr_t>(place.data()) % memory.alignment);
  hypr::Session placed = hypr::Session::create_in(model, options, start, memory.bytes);
  placed.transfer(session);
  std::vector<std::uint64_t> data(file.size() / 8 + 1);
  std::copy(file.begin(), file.end(), reinterpret_cast<char *>(data.data()));
  hypr::Memory needed = hypr::Model::memory_size(data.data(), file.size());
  std::vector<char> room(needed.bytes + needed.alignment);
  void *inside = room.data() + (needed.alignment - reinterpret_cast<std::uintptr_t>(room.data()) % needed.alignment);
  hypr::Model in_place = hypr::Model::create_in(data.data(), file.size(), inside, needed.bytes);
  CHECK(in_place.parameter_count() == model.parameter_count());
  alignas(64) static char few[64];
  CHECK(hypr::Options::memory_size().bytes > sizeof few);
  CHECK_THROWS_WITH(hypr::Options(few, sizeof few), doctest::Contains("BUFFER_TOO_SMALL"));
  CHECK(placed.memory_report().total == memory.bytes);
}

TEST_CASE("a network is built") {
  hypr::Builder builder(2);
  const char *names[] = {"left", "right"};
  const float scale[] = {0.5f};
  builder.set_input_names(names);
  builder.set_input_scale(scale);
  builder.add_layer("se_adlif", 8);
  builder.set_readout(3);
  std::vector<char> file(builder.build(7));
  builder.copy_file(file.data(), file.size());
  hypr::Model model = hypr::Model::load_buffer(file.data(), file.size());
  CHECK(std::string(model.input_name(1)) == "right");
  CHECK(model.output_size() == 3);
  CHECK_THROWS_WITH(builder.add_layer("no such neuron", 3), doctest::Contains("HYPR_ERROR_"));
  std::size_t lif = hypr::neuron_find("lif");
  CHECK(std::string(hypr::neuron_info(lif).name) == "LIF");
  CHECK(std::string(hypr::neuron_parameter(lif, 0).name) == "tau_m");
}

TEST_CASE("a network is suggested, calibrated and diagnosed") {
  const std::size_t count = 600;
  std::vector<float> recorded(count);
  std::vector<std::int32_t> labels(count);
  for (std::size_t i = 0; i < count; i++) {
    labels[i] = static_cast<std::int32_t>(i / 100 % 2);
    recorded[i] = std::sin((labels[i] ? 0.2f : 0.4f) * static_cast<float>(i));
  }
  const std::size_t steps[] = {count};
  hypr_recording recording{};
  recording.inputs = recorded.data();
  recording.steps = steps;
  recording.sequences = recording.channels = 1;
  recording.labels = labels.data();
  recording.time_step = 0.01;
  std::vector<char> reasons(4096);
  hypr::Builder builder = hypr::Builder::create_suggested(recording, reasons);
  CHECK(std::string(reasons.data()).size() > 20);
  builder.clear_conditioning();
  hypr_conditioning stage = HYPR_CONDITIONING(HYPR_CONDITIONING_HIGH_PASS);
  const float seconds[] = {0.5f};
  stage.time_constants = seconds;
  stage.time_constant_count = 1;
  builder.add_conditioning(stage);
  builder.fit_input(recorded, steps);
  builder.widen_trained_range(recorded, steps);
  builder.calibrate(recorded, steps, 0.1);
  CHECK_THROWS_WITH(builder.calibrate(recorded, steps, 2), doctest::Contains("rate"));
  std::vector<char> file(builder.build(0));
  builder.copy_file(file.data(), file.size());
  hypr::Model model = hypr::Model::load_buffer(file.data(), file.size());
  float lower[1], upper[1];
  model.trained_range(lower, upper);
  CHECK(lower[0] < upper[0]);
  hypr::Session session(model);
  std::vector<float> values(count * model.first_layer_inputs());
  session.condition(recorded, count, values.data());
  CHECK(values[count - 1] != recorded[count - 1]);
  session.run(recorded, count);
  CHECK(session.layer_activity(0).spike_rate > 0.03);
  CHECK(session.input_range(0).samples > 64);
  std::vector<char> text(2048);
  CHECK(session.diagnose(text) == 0);
  for (float &value : recorded) value *= 100;
  session.clear_statistics();
  session.run(recorded, count);
  CHECK((session.diagnose(text) & HYPR_FINDING_INPUT_FAR_OUTSIDE) != 0);
  CHECK(std::string(text.data()).find("larger than in training") != std::string::npos);
  CHECK(std::string(hypr::option_suggest("lr")) == "learning_rate");
  CHECK(hypr::adaptation_profile(0) != nullptr);
}

TEST_CASE("learning is the same in each of two threads, and lowers the loss") {
  hypr::Model model(model_path("brf"));
  const std::size_t steps = 200;
  std::vector<float> inputs = some_inputs(steps * 4);
  std::vector<std::int32_t> labels(steps);
  for (std::size_t i = 0; i < steps; i++) labels[i] = static_cast<std::int32_t>(i / 50 % 6);
  auto train = [&](std::vector<float> &parameters, double &first, double &last) {
    hypr::Session session(model, {{HYPR_OPTION_LEARNING, 1}, {HYPR_OPTION_WINDOW, 10}, {HYPR_OPTION_LEARNING_RATE, 0.01}});
    first = last = session.learn_sequence(inputs, labels);
    for (int epoch = 0; epoch < 20; epoch++) last = session.learn_sequence(inputs, labels);
    parameters.resize(model.parameter_count());
    session.get_parameters(parameters);
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
