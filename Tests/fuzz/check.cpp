#include "check.hpp"

#include <cmath>
#include <string>

#include "guarded.hpp"

namespace fuzz {
namespace {

/// What costs more is not run: a file may ask for it, and hypr_session_memory_size says so before.
constexpr size_t most_memory = size_t{32} << 20;
constexpr size_t most_work = 200000;

/// RFC 3629: shortest forms only, no surrogates, nothing above U+10FFFF.
bool is_utf8(const unsigned char *text) {
  while (*text) {
    const unsigned char lead = *text++;
    if (lead < 0x80) continue;
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const unsigned char low = lead == 0xe0   ? 0xa0
                              : lead == 0xf0 ? 0x90
                                             : 0x80,
                        high = lead == 0xed   ? 0x9f
                               : lead == 0xf4 ? 0x8f
                                              : 0xbf;
    if (*text < low || *text > high) return false;
    text++;
    for (int i = 1; i < more; i++, text++) {
      if (*text < 0x80 || *text > 0xbf) return false;
    }
  }
  return true;
}

void check_text(const char *text, const char *what) {
  require(!text || is_utf8(reinterpret_cast<const unsigned char *>(text)), "%s is not UTF-8", what);
}

bool same_text(const char *one, const char *other) { return one && other ? strcmp(one, other) == 0 : one == other; }

bool same_bits(float one, float other) { return memcmp(&one, &other, sizeof one) == 0; }

/// Everything that can be asked about a model is the same in both; of one model given twice, that it can be asked.
void check_facts(const hypr_model *one, const hypr_model *other) {
#define SAME(call_one, call_other) require((call_one) == (call_other), "saving changes %s", #call_one)
#define SAME_TEXT(call_one, call_other)                                       \
  do {                                                                        \
    check_text(call_one, #call_one);                                          \
    require(same_text(call_one, call_other), "saving changes %s", #call_one); \
  } while (0)
  SAME(hypr_model_input_size(one), hypr_model_input_size(other));
  SAME(hypr_model_output_size(one), hypr_model_output_size(other));
  SAME(hypr_model_layer_count(one), hypr_model_layer_count(other));
  SAME(hypr_model_parameter_count(one), hypr_model_parameter_count(other));
  SAME_TEXT(hypr_model_name(one), hypr_model_name(other));
  require(same_bits(hypr_model_time_step(one), hypr_model_time_step(other)), "saving changes the time step");
  for (size_t i = 0; i < hypr_model_layer_count(one) && i < 8; i++) {
    SAME(hypr_model_layer_size(one, i), hypr_model_layer_size(other, i));
    SAME_TEXT(hypr_model_layer_neuron(one, i), hypr_model_layer_neuron(other, i));
  }
  for (size_t i = 0; i < hypr_model_input_size(one) && i < 64; i++) {
    SAME_TEXT(hypr_model_input_name(one, i), hypr_model_input_name(other, i));
  }
  for (size_t i = 0; i < hypr_model_output_size(one) && i < 64; i++) {
    SAME_TEXT(hypr_model_class_label(one, i), hypr_model_class_label(other, i));
  }
  SAME(hypr_model_first_layer_inputs(one), hypr_model_first_layer_inputs(other));
  SAME(hypr_model_exemplar_count(one), hypr_model_exemplar_count(other));
  for (size_t i = 0; i < hypr_model_exemplar_count(one) && i < 64; i++) {
    hypr_exemplar_info first = {}, second = {};
    first.struct_size = second.struct_size = sizeof first;
    SAME(hypr_model_exemplar_info(one, i, &first), HYPR_OK);
    SAME(hypr_model_exemplar_info(other, i, &second), HYPR_OK);
    SAME(memcmp(&first, &second, sizeof first), 0);
  }
  SAME(hypr_model_metadata_count(one), hypr_model_metadata_count(other));
  for (size_t i = 0; i < hypr_model_metadata_count(one) && i < 64; i++) {
    SAME_TEXT(hypr_model_metadata_key(one, i), hypr_model_metadata_key(other, i));
    SAME_TEXT(hypr_model_metadata_value(one, i), hypr_model_metadata_value(other, i));
  }
  SAME(hypr_model_tensor_count(one), hypr_model_tensor_count(other));
  for (size_t i = 0; i < hypr_model_tensor_count(one); i++) {
    hypr_tensor_info info_one = {}, info_other = {};
    info_one.struct_size = info_other.struct_size = sizeof info_one;
    SAME(hypr_model_tensor_info(one, i, &info_one), hypr_model_tensor_info(other, i, &info_other));
    SAME_TEXT(info_one.name, info_other.name);
    SAME(info_one.rank, info_other.rank);
    SAME(info_one.offset, info_other.offset);
    SAME(info_one.size, info_other.size);
    SAME(info_one.trainable, info_other.trainable);
    SAME(memcmp(info_one.shape, info_other.shape, sizeof info_one.shape), 0);
  }
#undef SAME
#undef SAME_TEXT
}

hypr_model *load_guarded(const std::vector<uint8_t> &bytes, hypr_status &status, std::string &why) {
  Guarded<uint8_t> file(bytes.size());
  if (!bytes.empty()) memcpy(file.get(), bytes.data(), bytes.size());
  Guarded<char> message(256);
  hypr_model *model = reinterpret_cast<hypr_model *>(message.get());
  status = hypr_model_load_buffer(file.get(), file.size(), &model, message.get(), message.size());
  check_made(status, model, message.get(), message.size());
  require(memcmp(file.get(), bytes.data(), bytes.size()) == 0, "loading changes the file in the host's memory");
  why = message.get();
  return model;
}

/// nullptr: it takes more than is tried here.
hypr_session *make_session(const hypr_model *model, const hypr_options *options) {
  char message[256];
  size_t bytes = 0, alignment = 0;
  hypr_status status = hypr_session_memory_size(model, options, &bytes, &alignment, message, sizeof message);
  hypr_session *session = nullptr;
  if (status != HYPR_OK || bytes > most_memory) {
    require(is_known(status), "status %d", status);
    return nullptr;
  }
  status = hypr_session_create(model, options, &session, message, sizeof message);
  check_made(status, session, message, sizeof message);
  require(status == HYPR_OK, "a model that loads, of a size that is known, makes no session: %s", message);
  return session;
}

std::vector<float> parameters(const hypr_session *session, const hypr_model *model) {
  Guarded<float> flat(hypr_model_parameter_count(model));
  require(hypr_session_get_parameters(session, flat.get(), flat.size()) == HYPR_OK, "parameters cannot be read");
  return std::vector<float>(flat.begin(), flat.end());
}

std::vector<hypr_tensor_info> tensors(const hypr_model *model) {
  std::vector<hypr_tensor_info> all(hypr_model_tensor_count(model));
  for (size_t index = 0; index < all.size(); index++) {
    all[index].struct_size = sizeof all[index];
    require(hypr_model_tensor_info(model, index, &all[index]) == HYPR_OK, "a tensor tells nothing of itself");
  }
  return all;
}

/// Whether the types of the model's tensors reach as far as the values; what float16 rounds to its largest number is below 65520.
bool can_be_saved(const hypr_model *model, const std::vector<float> &values) {
  for (const hypr_tensor_info &tensor : tensors(model)) {
    if (tensor.element_type != HYPR_ELEMENT_FLOAT16) continue;
    for (size_t element = 0; element < tensor.size; element++) {
      if (!(std::fabs(values[tensor.offset + element]) < 65520)) return false;
    }
  }
  return true;
}

/// Outputs of both at the same samples are the same bits, or both refuse.
void check_same_outputs(hypr_session *one, hypr_session *other, const hypr_model *model, Random &random) {
  Guarded<float> input(hypr_model_input_size(model)), a(hypr_model_output_size(model)), b(a.size());
  for (int step = 0; step < 3; step++) {
    for (float &value : input) value = random.once_in(2) ? random.sample() : 0;
    const hypr_status first = hypr_session_step(one, input.get(), input.size(), a.get(), a.size());
    const hypr_status second = hypr_session_step(other, input.get(), input.size(), b.get(), b.size());
    require(first == second, "the session's step: %s, that of the saved model: %s", hypr_status_name(first),
            hypr_status_name(second));
    if (first != HYPR_OK) return;
    require(memcmp(a.get(), b.get(), a.size() * sizeof(float)) == 0, "the saved model computes something else than the session");
  }
}

void check_session(const hypr_model *model, const std::vector<uint8_t> &bytes, Random &random) {
  const bool learns = !random.once_in(4);
  hypr_options *options = random.once_in(8) ? nullptr : draw_options(random, learns);
  // What a guard answers with may be another network than the one that is saved, and so may be what rehearsal makes of it afterwards.
  if (options) {
    hypr_options_set(options, HYPR_OPTION_GUARD_ANSWER, 0);
    hypr_options_set(options, HYPR_OPTION_REHEARSAL_WINDOWS, 1);
  }
  hypr_session *session = make_session(model, options);
  if (session) {
    require(saved(session) == bytes, "a session that has learned nothing saves another file than it was loaded from");
    drive(session, model, random, random.from(1, 6), learns && options);
    require(hypr_session_reset(session) == HYPR_OK, "reset fails");
    const auto one = parameters(session, model);
    std::vector<uint8_t> once;
    if (!save(session, model, once)) {
      hypr_session_free(session);
      hypr_options_free(options);
      return;
    }
    hypr_status status;
    std::string why;
    hypr_model *again = load_guarded(once, status, why);
    require(again, "what a session saved does not load: %s", why.c_str());
    check_facts(model, again);
    hypr_session *other = make_session(again, options);
    require(other, "the saved model makes no session");
    require(saved(other) == once, "what was saved and loaded saves other bytes");
    const auto two = parameters(other, again);
    bool rounds = false;
    for (const hypr_tensor_info &tensor : tensors(model)) {
      rounds = rounds || tensor.element_type != HYPR_ELEMENT_FLOAT32;
      require(tensor.element_type != HYPR_ELEMENT_FLOAT32 ||
                  memcmp(&one[tensor.offset], &two[tensor.offset], tensor.size * sizeof(float)) == 0,
              "the saved file has another %s than the session", tensor.name);
    }
    hypr_model_free(again);
    if (!rounds) check_same_outputs(session, other, model, random);
    hypr_session_free(other);
    hypr_session_free(session);
  }
  hypr_options_free(options);
}

}  // namespace

bool is_known(hypr_status status) { return strcmp(hypr_status_name(status), "HYPR_ERROR_UNKNOWN") != 0; }

void check_made(hypr_status status, const void *object, const char *message, size_t size) {
  require(is_known(status), "status %d", status);
  require((status == HYPR_OK) == (object != nullptr), "%s, but the object is %p", hypr_status_name(status), object);
  if (!message || size == 0) return;
  require(memchr(message, 0, size), "the message does not end in its buffer");
  require(size == 1 || (status == HYPR_OK) == (message[0] == 0), "%s, but the message is \"%s\"", hypr_status_name(status),
          message);
}

hypr_options *draw_options(Random &random, bool learns) {
  hypr_options *options;
  require(hypr_options_create(&options, nullptr, 0) == HYPR_OK, "no options");
  const auto set = [&](hypr_option key, double value) {
    require(hypr_options_set(options, key, value) == HYPR_OK, "%s", hypr_options_message(options));
  };
  set(HYPR_OPTION_WINDOW, static_cast<double>(random.from(1, 5)));
  if (!learns) return options;
  set(HYPR_OPTION_LEARNING, 1);
  set(HYPR_OPTION_CREDIT, static_cast<double>(random.below(4)));
  set(HYPR_OPTION_OPTIMIZER, static_cast<double>(random.below(4)));
  set(HYPR_OPTION_UPDATE, static_cast<double>(random.below(3)));
  set(HYPR_OPTION_REDUCTION, static_cast<double>(random.below(3)));
  set(HYPR_OPTION_LEARNING_RATE, random.pick({0.01, 0.1, 1.0, 1000.0}));
  if (random.once_in(4)) set(HYPR_OPTION_LABEL_DELAY, random.pick({1.0, 3.0, 20.0}));
  if (random.once_in(4)) set(HYPR_OPTION_DEFERRED, 1);
  if (random.once_in(3)) set(HYPR_OPTION_LEARNING_MEMORY_TYPE, HYPR_LEARNING_MEMORY_TYPE_BFLOAT16);
  if (random.once_in(3)) set(HYPR_OPTION_GRADIENT_CLIP, random.pick({0.0, 1e-3, 1e30}));
  if (random.once_in(4)) set(HYPR_OPTION_SPIKE_RATE_PENALTY, random.pick({1.0, 1e6}));
  if (random.once_in(4)) set(HYPR_OPTION_ANCHOR_STRENGTH, random.pick({0.1, 1000.0}));
  if (random.once_in(4)) set(HYPR_OPTION_WEIGHT_DECAY, random.pick({0.1, 1000.0}));
  if (random.once_in(3)) {
    set(HYPR_OPTION_REHEARSAL_BYTES, random.pick({40.0, 300.0, 4000.0}));
    set(HYPR_OPTION_REHEARSAL_STRETCH, static_cast<double>(random.from(1, 9)));
    set(HYPR_OPTION_REHEARSAL_STEPS, static_cast<double>(random.from(1, 7)));
    set(HYPR_OPTION_REHEARSAL_LEAD_IN, static_cast<double>(random.below(4)));
    set(HYPR_OPTION_REHEARSAL_SHARE, random.pick({0.0, 0.5, 0.999}));
    set(HYPR_OPTION_REHEARSAL_WINDOWS, random.pick({1.0, 3.0, 1e9}));
    set(HYPR_OPTION_REHEARSAL_SEED, static_cast<double>(random.below(3)));
  }
  if (random.once_in(200)) set(HYPR_OPTION_THREADS, 2);
  return options;
}

bool drive(hypr_session *session, const hypr_model *model, Random &random, size_t steps, bool learns) {
  Guarded<float> input(hypr_model_input_size(model)), output(hypr_model_output_size(model));
  if (input.size() > most_work) return false;
  const float size = random.pick({1.f, 1.f, 100.f, 1e20f});
  for (size_t step = 0; step < steps; step++) {
    for (float &value : input) value = random.once_in(2) ? random.sample() * size : 0;
    const hypr_status status = hypr_session_step(session, input.get(), input.size(), output.get(), output.size());
    if (status == HYPR_ERROR_NOT_FINITE) return false;
    require(status == HYPR_OK, "a step fails: %s", hypr_session_message(session));
    for (float value : output) require(std::isfinite(value), "an output is not finite, and the step says OK");
    if (!learns) continue;
    if (random.once_in(4)) {
      for (float &value : output) value = random.once_in(16) ? random.absurd_float() : random.sample();
      hypr_session_teach_values(session, output.get(), output.size());
    } else {
      require(hypr_session_teach_class(session, static_cast<uint32_t>(random.below(output.size()))) == HYPR_OK,
              "teaching fails: %s", hypr_session_message(session));
    }
  }
  return true;
}

bool check_file(const std::vector<uint8_t> &bytes, Random &random) {
  hypr_status status;
  std::string why;
  hypr_model *model = load_guarded(bytes, status, why);
  if (!model) {
    require(status == HYPR_ERROR_MODEL_INVALID || status == HYPR_ERROR_MODEL_UNSUPPORTED,
            "a file of %zu bytes is refused with %s: %s", bytes.size(), hypr_status_name(status), why.c_str());
    return false;
  }
  check_facts(model, model);
  check_session(model, bytes, random);
  hypr_model_free(model);
  return true;
}

std::vector<uint8_t> state_of(const hypr_session *session) {
  size_t size;
  require(hypr_session_state_size(session, &size) == HYPR_OK, "a state has no size");
  Guarded<uint8_t> state(size);
  require(hypr_session_save_state(session, state.get(), size) == HYPR_OK, "a state cannot be saved: %s",
          hypr_session_message(session));
  return std::vector<uint8_t>(state.begin(), state.end());
}

bool save(const hypr_session *session, const hypr_model *model, std::vector<uint8_t> &file) {
  if (can_be_saved(model, parameters(session, model))) {
    file = saved(session);
    return true;
  }
  size_t size;
  require(hypr_session_model_size(session, &size) == HYPR_OK, "a model has no size");
  Guarded<uint8_t> bytes(size);
  const hypr_status status = hypr_session_save_model_buffer(session, bytes.get(), size);
  require(status == HYPR_ERROR_NOT_FINITE, "weights that float16 does not reach are saved with %s", hypr_status_name(status));
  return false;
}

std::vector<uint8_t> saved(const hypr_session *session) {
  size_t size;
  require(hypr_session_model_size(session, &size) == HYPR_OK, "a model has no size");
  Guarded<uint8_t> file(size);
  require(hypr_session_save_model_buffer(session, file.get(), size) == HYPR_OK, "a model cannot be saved: %s",
          hypr_session_message(session));
  return std::vector<uint8_t>(file.begin(), file.end());
}

}  // namespace fuzz
