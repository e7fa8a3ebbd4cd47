// Calls on versions, models, options and neuron models.
#include <cstdio>

#include "models.hpp"
#include "world.hpp"

namespace fuzz {
namespace {

void check_text(const char *text) {
  if (text) World::check_message(*text ? text : " ");
}

/// The buffer for a message, of any size, which may be none.
struct Message {
  Guarded<char> buffer;
  char *text;
  explicit Message(Random &random)
      : buffer(random.once_in(3) ? random.below(8) : 200), text(buffer.size() || random.once_in(2) ? buffer.get() : nullptr) {}
  size_t size() const { return buffer.size(); }
};

}  // namespace

void call_hypr_version_number(World &) { require(hypr_version_number() == HYPR_VERSION_NUMBER, "another version"); }
void call_hypr_version_string(World &) { World::check_message(hypr_version_string()); }
void call_hypr_status_name(World &w) { World::check_message(hypr_status_name(static_cast<hypr_status>(w.random.absurd()))); }

// ---- Models

void call_hypr_model_load(World &w) {
  static const std::string longest(5000, 'd');
  const auto &files = model_files();
  const char *const path = "loaded.hypr";
  if (w.random.once_in(3)) {
    const auto &bytes = files[w.random.below(files.size())].bytes;
    FILE *file = fopen(path, "wb");
    require(file && fwrite(bytes.data(), 1, w.random.once_in(4) ? bytes.size() / 2 : bytes.size(), file) > 0 && fclose(file) == 0,
            "cannot write");
  }
  const char *paths[] = {path, path, path, "", ".", "/dev/null", "no such", "/proc/self/mem", "\xff\xfe", longest.c_str()};
  hypr_model *made = reinterpret_cast<hypr_model *>(&w);
  Message message(w.random);
  const bool nowhere = w.random.once_in(40);
  const hypr_status status =
      w.count(hypr_model_load(w.perhaps(w.random.pick(paths)), nowhere ? nullptr : &made, message.text, message.size()));
  if (nowhere) return require(status == HYPR_ERROR_INVALID_ARGUMENT, "no place for a model: %s", hypr_status_name(status));
  check_made(status, made, message.text, message.size());
  if (made) w.models.push_back(made);
}

void call_hypr_model_load_buffer(World &w) {
  const auto &bytes = model_files()[w.random.below(model_files().size())].bytes;
  const size_t size = w.random.once_in(4) ? w.random.below(bytes.size()) : bytes.size();
  Guarded<uint8_t> file(size);
  memcpy(file.get(), bytes.data(), size);
  hypr_model *made = nullptr;
  Message message(w.random);
  const hypr_status status = w.count(hypr_model_load_buffer(w.perhaps(file.get()), size, &made, message.text, message.size()));
  check_made(status, made, message.text, message.size());
  if (made) w.models.push_back(made);
}

void call_hypr_model_memory_size(World &w) {
  const auto &bytes = model_files()[w.random.below(model_files().size())].bytes;
  size_t needed, alignment;
  Message message(w.random);
  w.count(hypr_model_memory_size(w.perhaps(bytes.data()), w.number(bytes.size()) % (bytes.size() + 1), w.perhaps(&needed),
                                 w.perhaps(&alignment), message.text, message.size()));
}

void call_hypr_model_create_in(World &w) {
  const auto &bytes = model_files()[w.random.below(model_files().size())].bytes;
  Guarded<uint8_t> file(bytes.size(), w.random.once_in(8) ? 1 : 8);
  memcpy(file.get(), bytes.data(), bytes.size());
  for (size_t damage = w.random.below(4); damage > 1; damage--)
    file[w.random.below(bytes.size())] = static_cast<uint8_t>(w.random.below(256));
  size_t needed = 1000, alignment = 64;
  const bool known = hypr_model_memory_size(file.get(), file.size(), &needed, &alignment, nullptr, 0) == HYPR_OK;
  const size_t given = w.random.once_in(5) ? w.random.below(needed) : needed;
  Guarded<uint8_t> memory(given, w.random.once_in(8) ? 1 : alignment);
  hypr_model *made = nullptr;
  Message message(w.random);
  const hypr_status status = w.count(hypr_model_create_in(w.perhaps(file.get()), file.size(), w.perhaps(memory.get()), given, &made,
                                                          message.text, message.size()));
  check_made(status, made, message.text, message.size());
  require(!made || (known && given >= needed), "a model was made in %zu bytes of %zu", given, needed);
  // A session of it, before file and memory go.
  hypr_session *session = nullptr;
  size_t session_bytes;
  if (made && hypr_session_memory_size(made, nullptr, &session_bytes, nullptr, nullptr, 0) == HYPR_OK && session_bytes < size_t{8} << 20)
    hypr_session_create(made, nullptr, &session, nullptr, 0);
  hypr_model_free(made);
  if (session) hypr_session_reset(session);
  hypr_session_free(session);
}

void call_hypr_model_free(World &w) {
  if (w.models.empty() || w.random.once_in(10)) return hypr_model_free(nullptr);
  // Sessions outlive it.
  hypr_model_free(w.models.back());
  w.models.pop_back();
}

void call_hypr_model_input_size(World &w) { hypr_model_input_size(w.model()); }
void call_hypr_model_output_size(World &w) { hypr_model_output_size(w.model()); }
void call_hypr_model_layer_count(World &w) { hypr_model_layer_count(w.model()); }
void call_hypr_model_parameter_count(World &w) { hypr_model_parameter_count(w.model()); }
void call_hypr_model_layer_size(World &w) { hypr_model_layer_size(w.model(), w.index(2)); }
void call_hypr_model_layer_neuron(World &w) { check_text(hypr_model_layer_neuron(w.model(), w.index(2))); }
void call_hypr_model_name(World &w) { check_text(hypr_model_name(w.model())); }
void call_hypr_model_time_step(World &w) { hypr_model_time_step(w.model()); }
void call_hypr_model_input_name(World &w) { check_text(hypr_model_input_name(w.model(), w.index(3))); }
void call_hypr_model_class_label(World &w) { check_text(hypr_model_class_label(w.model(), w.index(2))); }
void call_hypr_model_first_layer_inputs(World &w) { hypr_model_first_layer_inputs(w.model()); }

void call_hypr_model_trained_range(World &w) {
  const hypr_model *model = w.model();
  Guarded<float> lower(hypr_model_input_size(model)), upper(lower.size());
  const size_t count = w.random.once_in(5) ? w.random.absurd() : lower.size();
  w.count(hypr_model_trained_range(model, w.perhaps(lower.get()), w.perhaps(upper.get()), count));
}

void call_hypr_model_metadata_count(World &w) { hypr_model_metadata_count(w.model()); }
void call_hypr_model_metadata_key(World &w) { check_text(hypr_model_metadata_key(w.model(), w.index(1))); }
void call_hypr_model_metadata_value(World &w) { check_text(hypr_model_metadata_value(w.model(), w.index(1))); }
void call_hypr_model_tensor_count(World &w) { hypr_model_tensor_count(w.model()); }

void call_hypr_model_tensor_info(World &w) {
  const hypr_model *model = w.model();
  const Sized<hypr_tensor_info> info(w);
  w.count(hypr_model_tensor_info(model, w.index(hypr_model_tensor_count(model)), w.perhaps(info.get())));
}

void call_hypr_model_find_tensor(World &w) {
  size_t index;
  w.count(hypr_model_find_tensor(w.model(), w.name({"layer0.input_weight", "readout.tau", "layer0.bias"}), w.perhaps(&index)));
}

void call_hypr_model_tensor_values(World &w) {
  const hypr_model *model = w.model();
  const size_t index = w.index(hypr_model_tensor_count(model));
  hypr_tensor_info info = {};
  info.struct_size = sizeof info;
  const bool known = hypr_model_tensor_info(model, index, &info) == HYPR_OK;
  Guarded<float> values(known ? info.size : 3);
  w.count(hypr_model_tensor_values(model, index, w.perhaps(values.get()), w.number(values.size())));
}

void call_hypr_model_exemplar_count(World &w) { hypr_model_exemplar_count(w.model()); }

void call_hypr_model_exemplar_info(World &w) {
  const hypr_model *model = w.model();
  const Sized<hypr_exemplar_info> info(w);
  w.count(hypr_model_exemplar_info(model, w.index(hypr_model_exemplar_count(model)), w.perhaps(info.get())));
}

// ---- Options

namespace {

/// Every number that may name an option, and some that do not.
hypr_option option(World &w) {
  return w.random.once_in(10) ? static_cast<hypr_option>(w.random.absurd()) : static_cast<hypr_option>(w.random.from(0, 90));
}

hypr_options *take_options(World &w) {
  return w.random.once_in(40) || w.options.empty() ? nullptr : w.options[w.random.below(w.options.size())];
}

void check_options(const hypr_options *options, hypr_status status) {
  if (options && status != HYPR_OK) World::check_message(hypr_options_message(options));
}

}  // namespace

void call_hypr_options_create(World &w) {
  hypr_options *made = nullptr;
  Message message(w.random);
  const hypr_status status = w.count(hypr_options_create(&made, message.text, message.size()));
  check_made(status, made, message.text, message.size());
  w.options.push_back(made);
}

void call_hypr_options_memory_size(World &w) {
  size_t bytes, alignment;
  w.count(hypr_options_memory_size(w.perhaps(&bytes), w.perhaps(&alignment)));
}

void call_hypr_options_create_in(World &w) {
  size_t bytes = 0, alignment = 0;
  require(hypr_options_memory_size(&bytes, &alignment) == HYPR_OK, "options have no size");
  const size_t given = w.random.once_in(5) ? w.random.below(bytes) : bytes;
  Guarded<uint8_t> memory(given, w.random.once_in(8) ? 1 : alignment);
  hypr_options *made = nullptr;
  Message message(w.random);
  const hypr_status status =
      w.count(hypr_options_create_in(w.perhaps(memory.get()), given, &made, message.text, message.size()));
  check_made(status, made, message.text, message.size());
  require(!made || given >= bytes, "options were made in %zu bytes of %zu", given, bytes);
  if (made) check_options(made, w.count(hypr_options_set(made, option(w), w.random.absurd_float())));
  hypr_options_free(made);
}

void call_hypr_options_free(World &w) {
  if (w.options.size() < 3) return hypr_options_free(nullptr);
  hypr_options_free(w.options.back());
  w.options.pop_back();
}

void call_hypr_options_set(World &w) {
  hypr_options *options = take_options(w);
  const hypr_option key = option(w);
  double lower = 0, upper = 0, value = w.random.absurd_float();
  if (hypr_option_bounds(key, &lower, &upper, nullptr) == HYPR_OK && !w.random.once_in(4)) {
    value = w.random.pick({lower, upper, lower + 1, static_cast<double>(w.random.below(5)), upper + 1});
  }
  // Long windows and many threads take time, and nothing else.
  if (key == HYPR_OPTION_WINDOW && value > 64) value = 64;
  if (key == HYPR_OPTION_THREADS) value = w.random.once_in(20) ? 2 : w.random.pick({0.0, 0.5, 1.0, 65.0});
  check_options(options, w.count(hypr_options_set(options, key, value)));
}

void call_hypr_options_get(World &w) {
  hypr_options *options = take_options(w);
  double value;
  check_options(options, w.count(hypr_options_get(options, option(w), w.perhaps(&value))));
}

void call_hypr_options_message(World &w) { require(hypr_options_message(take_options(w)), "a message is NULL"); }

void call_hypr_option_bounds(World &w) {
  double lower, upper, standard;
  w.count(hypr_option_bounds(option(w), w.perhaps(&lower), w.perhaps(&upper), w.perhaps(&standard)));
}

void call_hypr_option_name(World &w) { check_text(hypr_option_name(option(w))); }

void call_hypr_option_find(World &w) {
  hypr_option key;
  w.count(hypr_option_find(w.name({"window", "learning_rate", "threads"}), w.perhaps(&key)));
}

void call_hypr_adaptation_profile(World &w) {
  size_t profiles = 0;
  while (hypr_adaptation_profile(profiles)) profiles++;
  check_text(hypr_adaptation_profile(w.index(profiles)));
}

void call_hypr_option_suggest(World &w) {
  check_text(hypr_option_suggest(w.name({"lr", "windw", "clip", "a_name_that_is_longer_than_any_option_is"})));
}

// ---- Neuron models

void call_hypr_neuron_count(World &) { require(hypr_neuron_count() > 0, "no neuron models"); }

void call_hypr_neuron_info(World &w) {
  const Sized<hypr_neuron> neuron(w);
  w.count(hypr_neuron_info(w.index(hypr_neuron_count()), w.perhaps(neuron.get())));
}

void call_hypr_neuron_find(World &w) {
  size_t index;
  w.count(hypr_neuron_find(w.name({"brf", "SE-adLIF", "__gru__"}), w.perhaps(&index)));
}

void call_hypr_neuron_state(World &w) {
  const size_t neuron = w.index(hypr_neuron_count());
  check_text(hypr_neuron_state(neuron, w.index(3)));
}

void call_hypr_neuron_parameter(World &w) {
  const Sized<hypr_quantity> quantity(w);
  const size_t neuron = w.index(hypr_neuron_count());
  w.count(hypr_neuron_parameter(neuron, w.index(4), w.perhaps(quantity.get())));
}

void call_hypr_neuron_constant(World &w) {
  const Sized<hypr_quantity> quantity(w);
  const size_t neuron = w.index(hypr_neuron_count());
  w.count(hypr_neuron_constant(neuron, w.index(4), w.perhaps(quantity.get())));
}

}  // namespace fuzz
