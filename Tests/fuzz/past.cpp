// Faults that calls had once: each is made again, and what is right is asked for. Those of files are recipes in corpus/.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "models.hpp"
#include "world.hpp"

namespace fuzz {
namespace {

struct Opened {
  hypr_model *model;
  hypr_session *session = nullptr;
  std::vector<float> input, output;

  Opened(const char *name, std::vector<std::pair<hypr_option, double>> settings) : model(load(model_file(name))) {
    hypr_options *options;
    require(hypr_options_create(&options, nullptr, 0) == HYPR_OK, "no options");
    settings.push_back({HYPR_OPTION_LEARNING, 1});
    for (auto one : settings)
      require(hypr_options_set(options, one.first, one.second) == HYPR_OK, "%s", hypr_options_message(options));
    require(hypr_session_create(model, options, &session, nullptr, 0) == HYPR_OK, "no session");
    hypr_options_free(options);
    input.assign(hypr_model_input_size(model), 0.5f);
    output.assign(hypr_model_output_size(model), 0);
  }
  ~Opened() {
    hypr_session_free(session);
    hypr_model_free(model);
  }

  void step() {
    require(hypr_session_step(session, input.data(), input.size(), output.data(), output.size()) == HYPR_OK, "%s",
            hypr_session_message(session));
  }
  void learn(int steps) {
    for (int i = 0; i < steps; i++) {
      step();
      require(hypr_session_teach_class(session, i % 2) == HYPR_OK, "%s", hypr_session_message(session));
    }
  }
};

// A trap of an overflow would end the host.
void lengths_that_cannot_be_counted() {
  Opened host("LIF", {});
  const int32_t labels[2] = {0, 1};
  for (int shift = 0; shift < 4; shift++) {
    const size_t steps = (SIZE_MAX >> shift) - 1, two[2] = {steps, steps};
    const float *inputs = host.input.data();
    const hypr_status all[] = {hypr_session_run(host.session, inputs, steps, nullptr),
                               hypr_session_learn_sequence(host.session, inputs, steps, labels, nullptr, nullptr),
                               hypr_session_learn_batch(host.session, inputs, two, 2, labels, nullptr, nullptr),
                               hypr_session_learn_labelled(host.session, inputs, two, 2, labels, nullptr, nullptr),
                               hypr_session_learn_labelled(host.session, inputs, two, steps, labels, nullptr, nullptr)};
    for (hypr_status status : all) require(status == HYPR_ERROR_INVALID_ARGUMENT, "%zu steps: %s", steps, hypr_status_name(status));
  }
}

// The child had none of the threads that share the sequences of a batch, and waited for them.
void child_of_fork_goes_on() {
  Opened host("BRF", {{HYPR_OPTION_THREADS, 3}, {HYPR_OPTION_UPDATE, HYPR_UPDATE_SEQUENCE}});
  const size_t steps[] = {2, 2, 2, 2, 2, 2};
  const int32_t labels[] = {0, 1, 0, 1, 0, 1};
  const std::vector<float> inputs(12 * host.input.size(), 0.5f);
  const auto learn = [&] {
    require(hypr_session_learn_labelled(host.session, inputs.data(), steps, std::size(steps), labels, nullptr, nullptr) == HYPR_OK,
            "%s", hypr_session_message(host.session));
  };
  learn();
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    learn();
    hypr_session_free(host.session);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  require(status == 0, "the child ended with %x", status);
  learn();
}

// One gradient whose square overflows left a moment of infinity, and a parameter that never moved again.
void adam_survives_an_outlier() {
  for (int optimizer : {HYPR_OPTIMIZER_ADAM, HYPR_OPTIMIZER_ADAMW}) {
    for (float size : {1e21f, 1e25f, 3e38f}) {
      Opened host(
          "LIF",
          {{HYPR_OPTION_OPTIMIZER, static_cast<double>(optimizer)}, {HYPR_OPTION_GRADIENT_CLIP, 0}, {HYPR_OPTION_WINDOW, 1}});
      host.learn(10);
      const std::vector<float> far(host.output.size(), size);
      host.step();
      require(hypr_session_teach_error(host.session, far.data(), far.size()) == HYPR_OK, "%s", hypr_session_message(host.session));
      host.learn(2000);
      size_t index;
      hypr_tensor_info info = {};
      info.struct_size = sizeof info;
      require(hypr_session_find_tensor(host.session, "readout.bias", &index) == HYPR_OK &&
                  hypr_session_tensor_info(host.session, index, &info) == HYPR_OK,
              "no bias");
      std::vector<float> before(hypr_model_parameter_count(host.model)), after(before.size());
      hypr_session_get_parameters(host.session, before.data(), before.size());
      // One class only, so that nothing stands still.
      for (int i = 0; i < 50; i++) host.step(), hypr_session_teach_class(host.session, 0);
      hypr_session_get_parameters(host.session, after.data(), after.size());
      for (size_t i = info.offset; i < info.offset + info.size; i++) {
        require(before[i] != after[i], "optimizer %d: after an outlier of %g a bias never moves again", optimizer,
                static_cast<double>(size));
      }
    }
  }
}

// What is not finite was looked for by x - x, which is -0 where the host rounds down.
void any_rounding() {
  Random random(1, "rounding", 0);
  for (const ModelFile &file : model_files()) {
    Opened host(file.name.c_str(), {{HYPR_OPTION_WINDOW, 3}});
    for (int i = 0; i < 16; i++) {
      const uint32_t before = float_control();
      set_float_control(draw_float_control(random));
      host.learn(4);
      set_float_control(before);
    }
  }
}

// Time that grew with the square of the layers, and stack that grew with them.
void a_thousand_layers() {
  hypr_builder *builder;
  require(hypr_builder_create(1, &builder, nullptr, 0) == HYPR_OK, "no builder");
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  for (int i = 0; i < 1000; i++)
    require(hypr_builder_add_layer(builder, "cuba_lif", 1, &settings) == HYPR_OK, "%s", hypr_builder_message(builder));
  size_t size;
  require(hypr_builder_set_readout(builder, 2, 1, 5) == HYPR_OK && hypr_builder_build(builder, 1, &size) == HYPR_OK, "%s",
          hypr_builder_message(builder));
  std::vector<uint8_t> file(size);
  require(hypr_builder_copy_file(builder, file.data(), size) == HYPR_OK, "%s", hypr_builder_message(builder));
  hypr_builder_free(builder);
  Random random(1, "layers", 0);
  require(check_file(file, random), "a thousand layers do not load");
  for (int i = 0; i < 40; i++) {
    std::vector<uint8_t> damaged = file;
    for (int j = 0; j < 4; j++) damaged[random.below(size)] ^= 1 << random.below(8);
    check_file(damaged, random);
  }
}

// Strings of a model are UTF-8: check_file asks for it. A builder makes no others.
void labels_that_are_no_text() {
  for (const char *label : {"\xff", "\xc3", "\xed\xa0\x80", "a\x80", "\xf8\x88\x80\x80\x80", "\xc0\x80"}) {
    hypr_builder *builder;
    require(hypr_builder_create(2, &builder, nullptr, 0) == HYPR_OK, "no builder");
    const char *const labels[] = {label, label};
    hypr_builder_add_layer(builder, "lif", 3, nullptr);
    hypr_builder_set_readout(builder, 2, 1, 5);
    size_t size = 0;
    const bool accepted = hypr_builder_set_class_labels(builder, labels, 2) == HYPR_OK &&
                          hypr_builder_set_input_names(builder, labels, 2) == HYPR_OK &&
                          hypr_builder_set_metadata(builder, label, label) == HYPR_OK &&
                          hypr_builder_build(builder, 1, &size) == HYPR_OK;
    if (accepted) {
      std::vector<uint8_t> file(size);
      hypr_builder_copy_file(builder, file.data(), size);
      Random random(1, "labels", 0);
      check_file(file, random);
    }
    hypr_builder_free(builder);
  }
}

void (*const findings[])() = {
    lengths_that_cannot_be_counted, child_of_fork_goes_on, adam_survives_an_outlier, any_rounding, a_thousand_layers,
    labels_that_are_no_text};

void again(uint64_t number, Random &, Tally &tally) {
  findings[number]();
  tally.accepted++;
}

}  // namespace

const Attack past_attack = {"past", "findings", again, [] { return uint64_t{std::size(findings)}; }, 0, 1, 120};

}  // namespace fuzz
