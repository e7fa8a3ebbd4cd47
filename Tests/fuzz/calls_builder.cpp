// Calls on builders.
#include <cstdio>

#include "world.hpp"

namespace fuzz {
namespace {

/// Numbers for each input, or one, or none, or too many.
template <typename Set>
void set_per_input(World &w, Set set) {
  const BuilderOf &builder = w.builder();
  Guarded<float> values(w.random.pick({size_t{0}, size_t{1}, builder.inputs, builder.inputs + 1}));
  for (float &value : values) value = w.random.once_in(20) ? w.random.absurd_float() : 0.1f + std::abs(w.random.sample());
  w.build(builder, [&](hypr_builder *handle) { return set(handle, w.perhaps(values.get()), values.size()); });
}

template <typename Set>
void set_texts(World &w, size_t right, Set set) {
  const BuilderOf &builder = w.builder();
  Guarded<const char *> texts(w.random.pick({size_t{0}, right, right, right + 1}));
  for (const char *&text : texts) text = w.name({"x", "y", "walk", "läuft"});
  w.build(builder, [&](hypr_builder *handle) { return set(handle, w.perhaps(texts.get()), texts.size()); });
}

const char *tensor_name(World &w) {
  return w.name({"layer0.input_weight", "layer0.recurrent_weight", "layer0.bias", "readout.weight", "readout.tau", "readout.bias",
                 "layer1.input_weight", "layer0.tau_m", "layer0.p_u", "layer0.threshold", "layer0.omega"});
}

/// The size of a builder's tensor; 0: it has none of that name.
size_t tensor_size(const BuilderOf &builder, const char *name) {
  for (size_t i = 0; builder.handle && name && i < hypr_builder_tensor_count(builder.handle); i++) {
    hypr_tensor_info info = {};
    info.struct_size = sizeof info;
    if (hypr_builder_tensor_info(builder.handle, i, &info) == HYPR_OK && strcmp(info.name, name) == 0) return info.size;
  }
  return 0;
}

}  // namespace

void call_hypr_builder_create(World &w) {
  const size_t inputs = w.random.once_in(5) ? w.random.absurd() : w.random.from(1, 5);
  hypr_builder *made = nullptr;
  char message[100];
  const hypr_status status = w.count(hypr_builder_create(inputs, &made, message, sizeof message));
  check_made(status, made, message, sizeof message);
  // Large ones are made, and no more: what is drawn for them takes time.
  if (made && (inputs > 100 || w.builders.size() > 3)) return hypr_builder_free(made);
  if (made) w.builders.push_back({made, inputs});
}

void call_hypr_builder_create_from(World &w) {
  const hypr_model *model = w.model();
  hypr_builder *made = nullptr;
  char message[100];
  const hypr_status status = w.count(hypr_builder_create_from(model, &made, message, sizeof message));
  check_made(status, made, message, sizeof message);
  if (made && w.builders.size() > 3) return hypr_builder_free(made);
  if (made) w.builders.push_back({made, hypr_model_input_size(model)});
}

void call_hypr_builder_free(World &w) {
  if (w.builders.size() < 2) return hypr_builder_free(nullptr);
  hypr_builder_free(w.builders.back().handle);
  w.builders.pop_back();
}

void call_hypr_builder_message(World &w) { require(hypr_builder_message(w.builder().handle), "a message is NULL"); }

void call_hypr_builder_set_name(World &w) {
  const char *name = w.name({"net"});
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_set_name(handle, name); });
}

void call_hypr_builder_set_time_step(World &w) {
  const float seconds = w.random.once_in(3) ? w.random.absurd_float() : 0.01f;
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_set_time_step(handle, seconds); });
}

void call_hypr_builder_set_input_scale(World &w) { set_per_input(w, hypr_builder_set_input_scale); }
void call_hypr_builder_set_input_offset(World &w) { set_per_input(w, hypr_builder_set_input_offset); }
void call_hypr_builder_set_input_names(World &w) { set_texts(w, 3, hypr_builder_set_input_names); }
void call_hypr_builder_set_class_labels(World &w) { set_texts(w, 2, hypr_builder_set_class_labels); }

void call_hypr_builder_set_level_crossing(World &w) {
  const int32_t output = static_cast<int32_t>(w.random.once_in(10) ? w.random.absurd() : w.random.below(2));
  set_per_input(w, [&](hypr_builder *handle, const float *values, size_t count) {
    return hypr_builder_set_level_crossing(handle, values, count, output);
  });
}

namespace {

/// Numbers of a struct: one, one for each input, or a wrong count; absurd now and then.
struct Told {
  Guarded<float> values;
  Told(World &w, size_t inputs, float usual) : values(w.random.pick({size_t{1}, size_t{1}, inputs, inputs + 1})) {
    for (float &value : values) value = w.random.once_in(40) ? w.random.absurd_float() : usual * (1 + w.random.below(3));
  }
};

}  // namespace

void call_hypr_builder_set_encoding(World &w) {
  const BuilderOf &builder = w.builder();
  const Told thresholds(w, builder.inputs, 0.3f), widths(w, builder.inputs, 0.5f);
  Guarded<float> centers(w.random.pick({size_t{2}, size_t{2}, 2 * builder.inputs, size_t{0}}));
  for (float &center : centers) center = w.random.once_in(40) ? w.random.absurd_float() : w.random.sample();
  hypr_encoding encoding = HYPR_ENCODING(static_cast<int32_t>(w.index(5)));
  encoding.output = static_cast<int32_t>(w.index(2));
  encoding.fields = w.random.once_in(10) ? static_cast<int32_t>(w.random.absurd()) : 2;
  if (w.random.once_in(3)) encoding.cutoff = w.random.once_in(3) ? w.random.absurd_float() : 0.1f;
  encoding.thresholds = w.perhaps(thresholds.values.get()), encoding.threshold_count = thresholds.values.size();
  encoding.centers = w.perhaps(centers.get()), encoding.center_count = centers.size();
  encoding.widths = w.perhaps(widths.values.get()), encoding.width_count = widths.values.size();
  w.build(builder, [&](hypr_builder *handle) { return hypr_builder_set_encoding(handle, w.perhaps(&encoding)); });
}

void call_hypr_builder_add_conditioning(World &w) {
  const BuilderOf &builder = w.builder();
  const Told taus(w, builder.inputs, 0.05f), deviations(w, builder.inputs, 1);
  const Told lower(w, builder.inputs, -1), upper(w, builder.inputs, 1);
  hypr_conditioning stage = HYPR_CONDITIONING(1 + static_cast<int32_t>(w.index(4)));
  if (w.random.once_in(3)) stage.largest_gain = w.random.once_in(3) ? w.random.absurd_float() : 4;
  if (w.random.once_in(3)) stage.limit = w.random.once_in(3) ? w.random.absurd_float() : 4;
  stage.time_constants = w.perhaps(taus.values.get()), stage.time_constant_count = taus.values.size();
  stage.deviations = w.perhaps(deviations.values.get()), stage.deviation_count = deviations.values.size();
  stage.lower = w.perhaps(lower.values.get()), stage.lower_count = lower.values.size();
  stage.upper = w.perhaps(upper.values.get()), stage.upper_count = upper.values.size();
  w.build(builder, [&](hypr_builder *handle) { return hypr_builder_add_conditioning(handle, w.perhaps(&stage)); });
}

void call_hypr_builder_clear_conditioning(World &w) {
  if (w.random.once_in(4)) w.build(w.builder(), hypr_builder_clear_conditioning);
}

void call_hypr_builder_set_trained_range(World &w) {
  const float more = w.random.once_in(5) ? w.random.absurd_float() : 1;
  set_per_input(w, [&](hypr_builder *handle, const float *values, size_t count) {
    std::vector<float> upper(count);
    for (size_t i = 0; i < count; i++) upper[i] = values ? values[i] + more : more;
    return hypr_builder_set_trained_range(handle, values, upper.data(), count);
  });
}

void call_hypr_builder_fit_input(World &w) {
  const BuilderOf &builder = w.builder();
  Guarded<size_t> steps(w.random.below(4));
  size_t total = 0;
  for (size_t &count : steps) total += count = w.random.below(6);
  Guarded<float> inputs(total * builder.inputs);
  for (float &value : inputs) value = w.random.once_in(100) ? w.random.absurd_float() : w.random.sample();
  // Of the sequence that is said to be too long no sample is read.
  if (steps.size() && w.random.once_in(10)) steps[steps.size() - 1] = SIZE_MAX >> w.random.below(3);
  w.build(builder, [&](hypr_builder *handle) {
    return hypr_builder_fit_input(handle, w.perhaps(inputs.get()), w.perhaps(steps.get()), steps.size());
  });
}

void call_hypr_builder_add_layer(World &w) {
  hypr_neuron neuron = {};
  neuron.struct_size = sizeof neuron;
  hypr_neuron_info(w.random.below(hypr_neuron_count()), &neuron);
  hypr_layer_settings settings = HYPR_LAYER_SETTINGS;
  settings.name = w.random.once_in(2) ? nullptr : w.name({"hidden"});
  settings.recurrent = static_cast<int32_t>(w.index(2));
  settings.bias = static_cast<int32_t>(w.index(3)) - 1;
  if (w.random.once_in(3)) settings.input_density = w.random.once_in(4) ? static_cast<double>(w.random.absurd_float()) : 0.5;
  if (w.random.once_in(3)) settings.recurrent_density = w.random.once_in(4) ? static_cast<double>(w.random.absurd_float()) : 0.01;
  if (w.random.once_in(4)) settings.reset = static_cast<int32_t>(w.index(6));
  if (w.random.once_in(4)) settings.surrogate = static_cast<int32_t>(w.index(7));
  if (w.random.once_in(4)) settings.surrogate_slope = w.random.absurd_float();
  if (w.random.once_in(4)) settings.surrogate_scale = w.random.absurd_float();
  const Sized<hypr_layer_settings> sized(w);
  sized.set(settings);
  const char *name = w.name({neuron.name, neuron.name, "brf", "se_adlif"});
  // Right or refused: what is large takes time.
  const size_t size =
      w.random.once_in(12) ? w.random.pick({size_t{0}, (size_t{1} << 24) + 1, SIZE_MAX, SIZE_MAX / 4}) : w.random.from(1, 6);
  w.build(w.builder(), [&](hypr_builder *handle) {
    return hypr_builder_add_layer(handle, name, size, w.random.once_in(3) ? nullptr : sized.get());
  });
}

void call_hypr_builder_set_readout(World &w) {
  const size_t outputs = w.random.once_in(12) ? w.random.pick({size_t{0}, (size_t{1} << 24) + 1, SIZE_MAX}) : 2;
  const int32_t bias = static_cast<int32_t>(w.index(3)) - 1;
  const double tau = w.random.once_in(3) ? static_cast<double>(w.random.absurd_float()) : 0;
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_set_readout(handle, outputs, bias, tau); });
}

void call_hypr_builder_remove_top(World &w) {
  if (w.random.once_in(2)) w.build(w.builder(), hypr_builder_remove_top);
}

void call_hypr_builder_set_constant(World &w) {
  const char *name = w.name({"layer0.threshold", "layer0.dt", "layer0.tau_u_min", "layer0.adaptation_gain", "layer0.reset"});
  const float value = w.random.once_in(2) ? w.random.absurd_float() : 0.5f;
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_set_constant(handle, name, value); });
}

void call_hypr_builder_set_tensor(World &w) {
  const BuilderOf &builder = w.builder();
  const char *name = tensor_name(w);
  Guarded<float> values(tensor_size(builder, name) + (w.random.once_in(12) ? 1 : 0));
  w.fill(values);
  w.build(builder,
          [&](hypr_builder *handle) { return hypr_builder_set_tensor(handle, name, w.perhaps(values.get()), values.size()); });
}

void call_hypr_builder_get_tensor(World &w) {
  const BuilderOf &builder = w.builder();
  const char *name = tensor_name(w);
  Guarded<float> values(tensor_size(builder, name));
  const size_t size = w.number(values.size());
  w.build(builder, [&](hypr_builder *handle) { return hypr_builder_get_tensor(handle, name, w.perhaps(values.get()), size); });
}

void call_hypr_builder_draw_tensor(World &w) {
  const char *name = tensor_name(w);
  const double low = w.random.once_in(3) ? static_cast<double>(w.random.absurd_float()) : 0.1,
               high = low + (w.random.once_in(3) ? -1 : 0.5);
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_draw_tensor(handle, name, low, high); });
}

void call_hypr_builder_set_tensor_rows(World &w) {
  const BuilderOf &builder = w.builder();
  const char *name = tensor_name(w);
  Guarded<uint32_t> offsets(w.random.from(1, 8)), columns(w.random.below(12));
  // Mostly a row each with one element.
  const bool right = !w.random.once_in(3);
  for (size_t i = 0; i < offsets.size(); i++)
    offsets[i] = static_cast<uint32_t>(right ? std::min(i, columns.size()) : w.random.absurd());
  for (uint32_t &column : columns) column = static_cast<uint32_t>(right ? w.random.below(4) : w.random.absurd());
  if (right) offsets[offsets.size() - 1] = static_cast<uint32_t>(columns.size());
  w.build(builder, [&](hypr_builder *handle) {
    return hypr_builder_set_tensor_rows(handle, name, w.perhaps(offsets.get()), offsets.size(), w.perhaps(columns.get()),
                                        columns.size());
  });
}

void call_hypr_builder_set_trainable(World &w) {
  const char *name = tensor_name(w);
  const int32_t trainable = static_cast<int32_t>(w.index(2));
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_set_trainable(handle, name, trainable); });
}

void call_hypr_builder_set_element_type(World &w) {
  const char *name = tensor_name(w);
  const int32_t type = static_cast<int32_t>(w.index(3));
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_set_element_type(handle, w.perhaps(name), type); });
}

void call_hypr_builder_tensor_count(World &w) { hypr_builder_tensor_count(w.builder().handle); }

void call_hypr_builder_tensor_info(World &w) {
  const BuilderOf &builder = w.builder();
  const Sized<hypr_tensor_info> info(w);
  const size_t index = w.index(builder.handle ? hypr_builder_tensor_count(builder.handle) : 3);
  w.build(builder, [&](hypr_builder *handle) { return hypr_builder_tensor_info(handle, index, w.perhaps(info.get())); });
}

void call_hypr_builder_recommend(World &w) {
  const hypr_option key = static_cast<hypr_option>(w.random.once_in(10) ? w.random.absurd() : w.random.below(90));
  const double value = w.random.once_in(2) ? static_cast<double>(w.random.absurd_float()) : static_cast<double>(w.random.below(5));
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_recommend(handle, key, value); });
}

void call_hypr_builder_set_metadata(World &w) {
  const char *key = w.name({"licence", "producer", "hypr.kept"}), *value = w.name({"CC0", "a longer text that says more"});
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_set_metadata(handle, key, value); });
}

void call_hypr_builder_add_exemplar(World &w) {
  const BuilderOf &builder = w.builder();
  const size_t steps = w.random.once_in(12) ? w.random.pick({size_t{0}, size_t{65537}, SIZE_MAX}) : w.random.from(1, 9);
  const size_t count = steps > 9 ? 0 : steps;
  Guarded<float> inputs(count * builder.inputs), values(2 * count);
  Guarded<int32_t> labels(count);
  const bool spikes = w.random.once_in(3);
  for (float &input : inputs) input = w.random.once_in(50) ? w.random.absurd_float() : spikes ? 1 : w.random.sample();
  for (float &value : values) value = w.random.once_in(20) ? w.random.absurd_float() : w.random.sample();
  for (int32_t &label : labels) label = static_cast<int32_t>(w.random.once_in(40) ? w.random.absurd() : w.random.below(3)) - 1;
  const int32_t starts = static_cast<int32_t>(w.index(2));
  const bool classes = !w.random.once_in(3);
  // All readouts that are made here have two outputs, as the models have.
  w.build(builder, [&](hypr_builder *handle) {
    return hypr_builder_add_exemplar(handle, w.perhaps(inputs.get()), steps, classes ? w.perhaps(labels.get()) : nullptr,
                                     classes ? nullptr : w.perhaps(values.get()), starts);
  });
}

void call_hypr_builder_calibrate(World &w) {
  const BuilderOf &builder = w.builder();
  Guarded<size_t> steps(w.random.below(4));
  size_t total = 0;
  for (size_t &length : steps) total += length = w.random.below(20);
  Guarded<float> inputs(total * builder.inputs);
  w.fill(inputs);
  const double rate = w.random.once_in(8) ? static_cast<double>(w.random.absurd_float()) : 0.1;
  w.build(builder, [&](hypr_builder *handle) {
    return hypr_builder_calibrate(handle, w.perhaps(inputs.get()), w.perhaps(steps.get()), steps.size(), rate, w.random.next(),
                                  static_cast<int32_t>(w.index(2)));
  });
}

void call_hypr_builder_create_suggested(World &w) {
  const size_t channels = w.random.from(1, 5);
  Guarded<size_t> steps(w.random.below(4));
  size_t total = 0;
  for (size_t &length : steps) total += length = w.random.below(60);
  Guarded<float> inputs(total * channels);
  w.fill(inputs);
  Guarded<int32_t> labels(total), sequence_labels(steps.size());
  for (int32_t &label : labels) label = static_cast<int32_t>(w.index(4)) - 1;
  for (int32_t &label : sequence_labels) label = static_cast<int32_t>(w.index(4)) - 1;
  hypr_recording recording = {};
  recording.inputs = w.perhaps(inputs.get());
  recording.steps = w.perhaps(steps.get());
  recording.sequences = steps.size();
  recording.channels = w.random.once_in(20) ? w.random.absurd() : channels;
  recording.outputs = w.random.once_in(4) ? w.random.absurd() : w.random.below(5);
  if (w.random.once_in(2)) recording.labels = labels.get();
  if (w.random.once_in(3)) recording.sequence_labels = sequence_labels.get();
  recording.time_step = w.random.once_in(3) ? static_cast<double>(w.random.absurd_float()) : 0.01;
  // Channels that are more than there are samples for are refused only from 2^24 on.
  if (recording.channels > channels && recording.channels <= size_t{1} << 24) recording.channels = channels;
  const Sized<hypr_recording> sized(w);
  sized.set(recording);
  hypr_builder *made = nullptr;
  Guarded<char> reasons(w.random.below(600)), message(100);
  const hypr_status status = w.count(hypr_builder_create_suggested(w.perhaps(sized.get()), &made, reasons.get(), reasons.size(),
                                                                   message.get(), message.size()));
  check_made(status, made, message.get(), message.size());
  hypr_builder_free(made);
}

void call_hypr_builder_widen_trained_range(World &w) {
  const BuilderOf &builder = w.builder();
  Guarded<size_t> steps(w.random.below(4));
  size_t total = 0;
  for (size_t &count : steps) total += count = w.random.below(6);
  Guarded<float> inputs(total * builder.inputs);
  for (float &value : inputs) value = w.random.once_in(100) ? w.random.absurd_float() : w.random.sample();
  w.build(builder, [&](hypr_builder *handle) {
    return hypr_builder_widen_trained_range(handle, w.perhaps(inputs.get()), w.perhaps(steps.get()), steps.size());
  });
}

void call_hypr_builder_keep_exemplars(World &w) {
  const size_t bytes = w.random.once_in(8) ? w.random.absurd() : w.random.below(1000);
  const uint64_t seed = w.random.next();
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_keep_exemplars(handle, bytes, seed); });
}

void call_hypr_builder_clear_exemplars(World &w) {
  if (w.random.once_in(4)) w.build(w.builder(), hypr_builder_clear_exemplars);
}

void call_hypr_builder_build(World &w) {
  const BuilderOf &builder = w.builder();
  const uint64_t seed = w.random.next();
  size_t size = 0;
  const bool wanted = !w.random.once_in(20);
  const hypr_status status =
      w.build(builder, [&](hypr_builder *handle) { return hypr_builder_build(handle, seed, wanted ? &size : nullptr); });
  if (status != HYPR_OK || !wanted) return;
  std::vector<uint8_t> file(size);
  require(hypr_builder_copy_file(builder.handle, file.data(), size) == HYPR_OK, "what was built cannot be copied");
  hypr_model *model;
  char message[200];
  require(hypr_model_load_buffer(file.data(), size, &model, message, sizeof message) == HYPR_OK, "what was built does not load: %s",
          message);
  if (w.models.size() > 5) return hypr_model_free(model);
  w.models.push_back(model);
}

void call_hypr_builder_copy_file(World &w) {
  const BuilderOf &builder = w.builder();
  Guarded<uint8_t> file(w.random.below(4000));
  w.build(builder, [&](hypr_builder *handle) { return hypr_builder_copy_file(handle, w.perhaps(file.get()), file.size()); });
}

void call_hypr_builder_save_file(World &w) {
  if (!w.random.once_in(8)) return;
  const char *paths[] = {"built.hypr", "built.hypr", "", ".", "no such folder/m.hypr", "/proc/nothing.hypr"};
  const char *path = w.random.pick(paths);
  w.build(w.builder(), [&](hypr_builder *handle) { return hypr_builder_save_file(handle, w.perhaps(path)); });
}

}  // namespace fuzz
