#include "models.hpp"

#include <cmath>

#include "attack.hpp"

namespace fuzz {
namespace {

constexpr size_t inputs = 3, outputs = 2;

void ok(hypr_builder *builder, hypr_status status) {
  require(status == HYPR_OK, "a good model is refused: %s", hypr_builder_message(builder));
}

std::vector<uint8_t> finish(hypr_builder *builder, size_t seed) {
  size_t size;
  ok(builder, hypr_builder_build(builder, seed, &size));
  std::vector<uint8_t> bytes(size);
  ok(builder, hypr_builder_copy_file(builder, bytes.data(), size));
  hypr_builder_free(builder);
  return bytes;
}

hypr_builder *begin() {
  hypr_builder *builder;
  require(hypr_builder_create(inputs, &builder, nullptr, 0) == HYPR_OK, "no builder");
  // So that fresh networks spike.
  const float scale = 50;
  ok(builder, hypr_builder_set_input_scale(builder, &scale, 1));
  return builder;
}

/// All that is for people, and what only some files have.
void decorate(hypr_builder *builder) {
  static const char *const channels[inputs] = {"x", "y", "z"}, *const labels[outputs] = {"rest", "walk"};
  const float offset[inputs] = {0.1f, 0, -0.1f};
  ok(builder, hypr_builder_set_name(builder, "decorated"));
  ok(builder, hypr_builder_set_time_step(builder, 0.01f));
  ok(builder, hypr_builder_set_input_names(builder, channels, inputs));
  ok(builder, hypr_builder_set_input_offset(builder, offset, inputs));
  ok(builder, hypr_builder_set_class_labels(builder, labels, outputs));
  ok(builder, hypr_builder_recommend(builder, HYPR_OPTION_WINDOW, 4));
  ok(builder, hypr_builder_recommend(builder, HYPR_OPTION_LEARNING_RATE, 0.01));
  ok(builder, hypr_builder_set_metadata(builder, "licence", "CC0"));
}

/// Stretches to rehearse: dense and sparse, with classes and with values.
void add_exemplars(hypr_builder *builder) {
  enum { steps = 5 };
  float dense[steps * inputs], sparse[steps * inputs], values[steps * outputs];
  const int32_t classes[steps] = {-1, 0, 0, 1, 1};
  for (size_t i = 0; i < steps * inputs; i++) dense[i] = static_cast<float>(i) / 3, sparse[i] = i % 4 == 0;
  for (size_t i = 0; i < steps * outputs; i++) values[i] = i < outputs ? NAN : static_cast<float>(i);
  ok(builder, hypr_builder_add_exemplar(builder, dense, steps, classes, nullptr, 0));
  ok(builder, hypr_builder_add_exemplar(builder, sparse, steps, classes, nullptr, 1));
  ok(builder, hypr_builder_add_exemplar(builder, dense, steps, nullptr, values, 1));
}

struct Kind {
  const char *suffix;
  double density;
  int32_t bias;
  bool decorated;
};

ModelFile of_neuron(size_t index, const Kind &kind) {
  hypr_neuron neuron = {};
  neuron.struct_size = sizeof neuron;
  require(hypr_neuron_info(index, &neuron) == HYPR_OK, "neuron model %zu says nothing", index);
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  settings.name = "hidden";
  settings.bias = kind.bias;
  settings.input_density = settings.recurrent_density = kind.density;
  if (neuron.has_reset) settings.reset = static_cast<int32_t>(1 + index % 5);
  if (neuron.spiking && kind.decorated) {
    settings.surrogate = static_cast<int32_t>(1 + index % 6);
    settings.surrogate_scale = 0.5f;
  }
  hypr_builder *builder = begin();
  ok(builder, hypr_builder_add_layer(builder, neuron.name, 4, &settings));
  // What says nothing usual is given.
  for (size_t i = 0; i < neuron.parameter_count; i++) {
    hypr_quantity quantity = {};
    quantity.struct_size = sizeof quantity;
    require(hypr_neuron_parameter(index, i, &quantity) == HYPR_OK, "a parameter says nothing");
    const std::string name = std::string("layer0.") + quantity.name;
    const double low = quantity.default_value, high = quantity.default_value;
    if (quantity.distribution == HYPR_DISTRIBUTION_NONE) ok(builder, hypr_builder_draw_tensor(builder, name.c_str(), low, high));
  }
  ok(builder, hypr_builder_set_readout(builder, outputs, 1, kind.decorated ? 0 : 5));
  if (kind.decorated) decorate(builder);
  if (kind.decorated && index % 3 == 0) add_exemplars(builder);
  return {std::string(neuron.name) + kind.suffix, finish(builder, index)};
}

ModelFile of_layers(const char *name, std::vector<const char *> neurons, int32_t recurrent, int32_t crossing) {
  hypr_builder *builder = begin();
  const float threshold = 0.5f;
  if (crossing >= 0) ok(builder, hypr_builder_set_level_crossing(builder, &threshold, 1, crossing));
  for (size_t i = 0; i < neurons.size(); i++) {
    hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
    settings.recurrent = recurrent;
    settings.input_density = i % 2 ? 0.5 : 1;
    ok(builder, hypr_builder_add_layer(builder, neurons[i], 3 + i, &settings));
  }
  ok(builder, hypr_builder_set_readout(builder, outputs, -1, 0));
  return {name, finish(builder, 7)};
}

/// Weights in fewer bytes, all of them and some elements alone, of one gate and of several.
ModelFile of_types(const char *name) {
  hypr_builder *builder = begin();
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  ok(builder, hypr_builder_add_layer(builder, "brf", 4, &settings));
  settings.input_density = settings.recurrent_density = 0.6;
  ok(builder, hypr_builder_add_layer(builder, "gru", 3, &settings));
  ok(builder, hypr_builder_set_readout(builder, outputs, 1, 0));
  ok(builder, hypr_builder_set_element_type(builder, nullptr, HYPR_ELEMENT_INT8));
  ok(builder, hypr_builder_set_element_type(builder, "layer0.recurrent_weight", HYPR_ELEMENT_FLOAT16));
  ok(builder, hypr_builder_set_element_type(builder, "layer1.recurrent_weight", HYPR_ELEMENT_FLOAT16));
  return {name, finish(builder, 3)};
}

/// Every stage, one number for all channels or one each, and one of the encodings that level crossing is not.
ModelFile of_signal(const char *name, int32_t kind, int32_t output) {
  hypr_builder *builder = begin();
  const float ones[] = {0.3f, 0.5f, 1}, centers[] = {-1, 0, 1, 2, 0, 1}, lower[] = {-3, -2, -1}, upper[] = {3, 2, 4};
  ok(builder, hypr_builder_set_time_step(builder, 0.01f));
  for (int32_t stage = HYPR_CONDITIONING_HIGH_PASS; stage <= HYPR_CONDITIONING_RECTIFIED_DIFFERENCE; stage++) {
    hypr_conditioning told = HYPR_CONDITIONING(stage);
    told.time_constants = told.deviations = ones, told.lower = lower, told.upper = upper;
    told.time_constant_count = told.upper_count = inputs, told.deviation_count = told.lower_count = 1;
    ok(builder, hypr_builder_add_conditioning(builder, &told));
  }
  hypr_encoding told = HYPR_ENCODING(kind);
  told.thresholds = told.widths = ones, told.threshold_count = inputs, told.width_count = 1;
  told.centers = centers, told.center_count = 6, told.fields = 2, told.output = output;
  ok(builder, hypr_builder_set_encoding(builder, &told));
  ok(builder, hypr_builder_set_trained_range(builder, lower, upper, inputs));
  ok(builder, hypr_builder_add_layer(builder, "lif", 4, nullptr));
  ok(builder, hypr_builder_set_readout(builder, outputs, 1, 0));
  return {name, finish(builder, 9)};
}

std::vector<ModelFile> make() {
  const Kind kinds[] = {{"", 1, 1, false}, {"-sparse", 0.6, 0, true}};
  std::vector<ModelFile> files;
  for (size_t i = 0; i < hypr_neuron_count(); i++) {
    for (const Kind &kind : kinds) files.push_back(of_neuron(i, kind));
  }
  files.push_back(of_layers("deep", {"brf", "lif", "se_adlif"}, 1, -1));
  files.push_back(of_layers("forward", {"lif", "gru"}, 0, -1));
  files.push_back(of_layers("signed", {"se_adlif"}, 1, HYPR_LEVEL_CROSSING_SIGNED));
  files.push_back(of_layers("on-off", {"alif", "brf"}, 1, HYPR_LEVEL_CROSSING_ON_OFF));
  files.push_back(of_types("small-weights"));
  files.push_back(of_signal("conditioned", HYPR_ENCODING_NONE, 0));
  files.push_back(of_signal("delta", HYPR_ENCODING_DELTA, HYPR_LEVEL_CROSSING_ON_OFF));
  files.push_back(of_signal("accumulation", HYPR_ENCODING_THRESHOLD_ACCUMULATION, HYPR_LEVEL_CROSSING_SIGNED));
  files.push_back(of_signal("graded", HYPR_ENCODING_RECEPTIVE_FIELDS, HYPR_RECEPTIVE_FIELDS_GRADED));
  files.push_back(of_signal("fields", HYPR_ENCODING_RECEPTIVE_FIELDS, HYPR_RECEPTIVE_FIELDS_SPIKES));
  return files;
}

}  // namespace

const std::vector<ModelFile> &model_files() {
  static const std::vector<ModelFile> files = make();
  return files;
}

const ModelFile &model_file(const std::string &name) {
  for (const auto &file : model_files()) {
    if (file.name == name) return file;
  }
  fault("there is no model %s", name.c_str());
}

hypr_model *load(const ModelFile &file) {
  hypr_model *model;
  char message[256];
  require(hypr_model_load_buffer(file.bytes.data(), file.bytes.size(), &model, message, sizeof message) == HYPR_OK,
          "a good model does not load: %s", message);
  return model;
}

}  // namespace fuzz
