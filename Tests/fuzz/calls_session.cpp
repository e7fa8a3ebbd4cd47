// Calls on sessions: making, running, asking, saving, setting.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "checksum.hpp"
#include "models.hpp"
#include "world.hpp"

namespace fuzz {
namespace {

bool all_finite(const Guarded<float> &values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

size_t tensors_of(const SessionOf &session) { return session.handle ? hypr_session_tensor_count(session.handle) : 4; }

/// A layer, or the readout.
size_t layer(World &w, const SessionOf &session) { return w.index(session.layers + 1); }

/// Room for the outputs of a step; none if they are not wanted.
struct Outputs {
  const size_t size;
  Guarded<float> values;
  float *const pointer;
  Outputs(World &w, const SessionOf &session)
      : size(w.random.once_in(4) ? 0 : w.number(session.outputs)),
        values(session.outputs),
        pointer(size == 0 ? nullptr : w.perhaps(values.get())) {}
};

/// One sample for both calls that take one.
template <typename Step>
void sample(World &w, bool asks, Step step) {
  const SessionOf &session = w.session();
  Guarded<float> input(session.inputs);
  w.fill(input, w.random.once_in(20) ? 1e30f : 1);
  Outputs outputs(w, session);
  const size_t size = w.number(session.inputs);
  const float *pointer = w.perhaps(input.get());
  // A window that was full is closed before the step is made that then overflows.
  const auto moves = [&](hypr_status status) { return status == HYPR_ERROR_NOT_FINITE && all_finite(input); };
  w.on(session, asks, moves, [&](hypr_session *handle) {
    const hypr_status status = step(handle, pointer, size, outputs.pointer, outputs.size);
    if (status == HYPR_OK && outputs.pointer) require(all_finite(outputs.values), "an output is not finite, and the call says OK");
    return status;
  });
}

}  // namespace

// ---- Making

void call_hypr_session_create(World &w) {
  const hypr_model *model = w.model();
  const hypr_options *options = w.an_options();
  char message[100];
  size_t bytes = 0;
  const bool small = hypr_session_memory_size(model, options, &bytes, nullptr, nullptr, 0) == HYPR_OK && bytes < size_t{8} << 20;
  if (!small && model) return;
  hypr_session *made = reinterpret_cast<hypr_session *>(message);
  const hypr_status status = w.count(hypr_session_create(model, options, &made, message, sizeof message));
  check_made(status, made, message, sizeof message);
  if (made) w.add_session(made, model);
}

void call_hypr_session_memory_size(World &w) {
  const hypr_model *model = w.model();
  size_t bytes, alignment;
  char message[100];
  w.count(hypr_session_memory_size(model, w.an_options(), w.perhaps(&bytes), w.perhaps(&alignment), message, sizeof message));
}

void call_hypr_session_create_in(World &w) {
  const hypr_model *model = w.model();
  const hypr_options *options = w.an_options();
  size_t bytes = 1000, alignment = 64;
  const bool known = hypr_session_memory_size(model, options, &bytes, &alignment, nullptr, 0) == HYPR_OK;
  if (bytes > size_t{8} << 20) return;
  const size_t given = w.random.once_in(5) ? w.random.below(bytes) : bytes;
  auto memory = std::make_shared<Guarded<uint8_t>>(given, w.random.once_in(8) ? 1 : alignment);
  hypr_session *made = nullptr;
  char message[200];
  const hypr_status status =
      w.count(hypr_session_create_in(model, options, w.perhaps(memory->get()), given, &made, message, sizeof message));
  check_made(status, made, message, sizeof message);
  require(!made || (known && given >= bytes), "a session was made in %zu bytes of %zu", given, bytes);
  if (made) w.add_session(made, model, memory);
}

void call_hypr_session_free(World &w) {
  if (w.sessions.size() < 2) return hypr_session_free(nullptr);
  hypr_session_free(w.sessions.back().handle);
  w.sessions.pop_back();
}

// ---- Running

void call_hypr_session_step(World &w) { sample(w, false, hypr_session_step); }
void call_hypr_session_look_ahead(World &w) { sample(w, true, hypr_session_look_ahead); }

void call_hypr_session_step_spikes(World &w) {
  const SessionOf &session = w.session();
  Outputs outputs(w, session);
  Guarded<uint32_t> indices(w.random.below(session.inputs + 1));
  for (size_t i = 0; i < indices.size(); i++)
    indices[i] = w.random.once_in(20) ? static_cast<uint32_t>(w.random.absurd()) : static_cast<uint32_t>(i);
  const size_t count = w.random.once_in(20) ? session.inputs + 1 + w.random.absurd() % (SIZE_MAX / 2) : indices.size();
  w.on(
      session, false, [](hypr_status status) { return status == HYPR_ERROR_NOT_FINITE; },
      [&](hypr_session *handle) {
        return hypr_session_step_spikes(handle, w.perhaps(indices.get()), count, outputs.pointer, outputs.size);
      });
}

void call_hypr_session_condition(World &w) {
  const SessionOf &session = w.session();
  const size_t given = w.random.below(12);
  Guarded<float> inputs(given * session.inputs), values(given * session.columns);
  w.fill(inputs);
  const size_t steps = w.random.once_in(10) ? SIZE_MAX >> w.random.below(3) : given;
  w.on(
      session, false, [](hypr_status status) { return status == HYPR_ERROR_NOT_FINITE || status == HYPR_ERROR_STOPPED; },
      [&](hypr_session *handle) {
        return hypr_session_condition(handle, w.perhaps(inputs.get()), steps, w.perhaps(values.get()));
      });
}

void call_hypr_session_run(World &w) {
  const SessionOf &session = w.session();
  const size_t given = w.random.below(12);
  Guarded<float> inputs(given * session.inputs), outputs(given * session.outputs);
  w.fill(inputs);
  // So many that their bytes cannot be counted: 2^61 steps and more.
  const size_t steps = w.random.once_in(10) ? SIZE_MAX >> w.random.below(3) : given;
  w.on(
      session, false, [](hypr_status status) { return status == HYPR_ERROR_NOT_FINITE || status == HYPR_ERROR_STOPPED; },
      [&](hypr_session *handle) {
        return hypr_session_run(handle, w.perhaps(inputs.get()), steps, w.random.once_in(3) ? nullptr : outputs.get());
      });
}

namespace {

/// The host in long calls. A call on the session within is refused, one that frees it frees nothing.
int32_t answer(void *context, uint64_t) {
  const Asked &asked = *static_cast<const Asked *>(context);
  require(hypr_session_reset(asked.session) == HYPR_ERROR_WRONG_STATE, "a call in the middle of a call is not refused");
  hypr_session_free(asked.session);
  return asked.stops;
}

}  // namespace

void call_hypr_session_set_progress(World &w) {
  const SessionOf &session = w.session();
  w.asked.push_back(std::make_unique<Asked>(Asked{session.handle, static_cast<int32_t>(w.random.below(2))}));
  const hypr_progress callback = w.random.once_in(3) ? nullptr : answer;
  w.change(session, [&](hypr_session *handle) { return hypr_session_set_progress(handle, callback, w.asked.back().get()); });
}

void call_hypr_session_reset(World &w) { w.change(w.session(), hypr_session_reset); }

void call_hypr_session_reset_parts(World &w) {
  const uint32_t parts = static_cast<uint32_t>(w.random.once_in(5) ? w.random.absurd() : w.random.below(8));
  w.change(w.session(), [&](hypr_session *handle) { return hypr_session_reset_parts(handle, parts); });
}

void call_hypr_session_reset_layer(World &w) {
  const SessionOf &session = w.session();
  const size_t index = layer(w, session);
  w.change(session, [&](hypr_session *handle) { return hypr_session_reset_layer(handle, index); });
}

// ---- Asking

void call_hypr_session_message(World &w) { require(hypr_session_message(w.session().handle), "a message is NULL"); }
void call_hypr_session_tensor_count(World &w) { hypr_session_tensor_count(w.session().handle); }

void call_hypr_session_get_option(World &w) {
  double value;
  const hypr_option key = static_cast<hypr_option>(w.random.once_in(10) ? w.random.absurd() : w.random.below(110));
  w.ask(w.session(), [&](hypr_session *handle) { return hypr_session_get_option(handle, key, w.perhaps(&value)); });
}

void call_hypr_session_memory_report(World &w) {
  const Sized<hypr_memory_report> report(w);
  w.ask(w.session(), [&](hypr_session *handle) { return hypr_session_memory_report(handle, w.perhaps(report.get())); });
}

void call_hypr_session_get_spikes(World &w) {
  const SessionOf &session = w.session();
  const size_t index = layer(w, session), states = session.handle ? hypr_session_layer_state_size(session.handle, index) : 3;
  Guarded<float> values(states);
  // Rarely the right one: it divides that of the state.
  const size_t size = w.number(states / w.random.from(1, 4));
  if (size > states && size < SIZE_MAX / 8) return;
  w.ask(session, [&](hypr_session *handle) { return hypr_session_get_spikes(handle, index, w.perhaps(values.get()), size); });
}

void call_hypr_session_get_layer_state(World &w) {
  const SessionOf &session = w.session();
  const size_t index = layer(w, session);
  Guarded<float> values(session.handle ? hypr_session_layer_state_size(session.handle, index) : 3);
  const size_t size = w.number(values.size());
  w.ask(session, [&](hypr_session *handle) { return hypr_session_get_layer_state(handle, index, w.perhaps(values.get()), size); });
}

void call_hypr_session_layer_state_size(World &w) {
  const SessionOf &session = w.session();
  hypr_session_layer_state_size(session.handle, layer(w, session));
}

void call_hypr_session_tensor_info(World &w) {
  const SessionOf &session = w.session();
  const Sized<hypr_tensor_info> info(w);
  const size_t index = w.index(tensors_of(session));
  w.ask(session, [&](hypr_session *handle) { return hypr_session_tensor_info(handle, index, w.perhaps(info.get())); });
}

void call_hypr_session_find_tensor(World &w) {
  size_t index;
  const char *name = w.name({"layer0.input_weight", "readout.tau", "layer0.bias"});
  w.ask(w.session(), [&](hypr_session *handle) { return hypr_session_find_tensor(handle, name, w.perhaps(&index)); });
}

void call_hypr_session_get_parameters(World &w) {
  const SessionOf &session = w.session();
  Guarded<float> flat(session.parameters);
  const size_t size = w.number(flat.size());
  w.ask(session, [&](hypr_session *handle) { return hypr_session_get_parameters(handle, w.perhaps(flat.get()), size); });
}

// ---- Setting

void call_hypr_session_set_spikes(World &w) {
  const SessionOf &session = w.session();
  const size_t index = layer(w, session), states = session.handle ? hypr_session_layer_state_size(session.handle, index) : 3;
  Guarded<float> values(states / w.random.from(1, 4));
  for (float &value : values) value = w.random.once_in(30) ? w.random.absurd_float() : static_cast<float>(w.random.below(2));
  w.change(session,
           [&](hypr_session *handle) { return hypr_session_set_spikes(handle, index, w.perhaps(values.get()), values.size()); });
}

void call_hypr_session_set_layer_state(World &w) {
  const SessionOf &session = w.session();
  const size_t index = layer(w, session);
  Guarded<float> values(session.handle ? hypr_session_layer_state_size(session.handle, index) : 3);
  w.fill(values, w.random.once_in(10) ? 1e38f : 1);
  const size_t size = w.number(values.size());
  w.change(session,
           [&](hypr_session *handle) { return hypr_session_set_layer_state(handle, index, w.perhaps(values.get()), size); });
}

void call_hypr_session_set_parameters(World &w) {
  const SessionOf &session = w.session();
  Guarded<float> flat(session.parameters);
  if (!session.handle || hypr_session_get_parameters(session.handle, flat.get(), flat.size()) != HYPR_OK) w.fill(flat);
  for (uint64_t i = w.random.below(4); i > 0; i--) {
    float &value = flat[w.random.below(flat.size())];
    value = w.random.once_in(4) ? w.random.absurd_float() : value * (1 + w.random.sample());
  }
  const size_t size = w.number(flat.size());
  w.change(session, [&](hypr_session *handle) { return hypr_session_set_parameters(handle, w.perhaps(flat.get()), size); });
}

// ---- Saving

void call_hypr_session_model_size(World &w) {
  size_t bytes;
  w.ask(w.session(), [&](hypr_session *handle) { return hypr_session_model_size(handle, w.perhaps(&bytes)); });
}

void call_hypr_session_save_model(World &w) {
  static const std::string longest(5000, 'd');
  if (!w.random.once_in(8)) return;
  const SessionOf &session = w.session();
  const char *paths[] = {"saved.hypr", "saved.hypr", "", ".", "no such folder/m.hypr", "/proc/nothing.hypr", longest.c_str()};
  const char *path = w.random.pick(paths);
  w.ask(session, [&](hypr_session *handle) {
    const hypr_status status = hypr_session_save_model(handle, w.perhaps(path));
    if (status != HYPR_OK) return status;
    hypr_model *model;
    char message[200];
    require(hypr_model_load(path, &model, message, sizeof message) == HYPR_OK, "what was saved does not load: %s", message);
    hypr_model_free(model);
    return status;
  });
}

void call_hypr_session_save_model_buffer(World &w) {
  const SessionOf &session = w.session();
  size_t size = 10;
  if (session.handle) hypr_session_model_size(session.handle, &size);
  Guarded<uint8_t> file(w.random.once_in(5) ? w.random.below(size) : size + w.random.below(2));
  w.ask(session, [&](hypr_session *handle) { return hypr_session_save_model_buffer(handle, w.perhaps(file.get()), file.size()); });
}

void call_hypr_session_state_size(World &w) {
  size_t bytes;
  w.ask(w.session(), [&](hypr_session *handle) { return hypr_session_state_size(handle, w.perhaps(&bytes)); });
}

void call_hypr_session_save_state(World &w) {
  const SessionOf &session = w.session();
  size_t size = 10;
  if (session.handle) hypr_session_state_size(session.handle, &size);
  Guarded<uint8_t> state(w.random.once_in(5) ? w.random.below(size) : size + w.random.below(2));
  w.ask(session, [&](hypr_session *handle) {
    const hypr_status status = hypr_session_save_state(handle, w.perhaps(state.get()), state.size());
    if (status == HYPR_OK) w.states.emplace_back(state.begin(), state.begin() + size);
    return status;
  });
}

void call_hypr_session_load_state(World &w) {
  const SessionOf &session = w.session();
  std::vector<uint8_t> bytes(w.random.below(100));
  if (!w.states.empty()) bytes = w.states[w.random.below(w.states.size())];
  if (w.random.once_in(8) && !bytes.empty()) bytes[w.random.below(bytes.size())] ^= 1;
  if (w.random.once_in(8)) bytes.resize(w.random.below(bytes.size() + 1));
  Guarded<uint8_t> state(bytes.size());
  if (!bytes.empty()) memcpy(state.get(), bytes.data(), bytes.size());
  w.change(session, [&](hypr_session *handle) { return hypr_session_load_state(handle, w.perhaps(state.get()), state.size()); });
}

void call_hypr_session_transfer(World &w) {
  const SessionOf &session = w.session(), &from = w.session();
  const bool looks = from.handle && w.random.once_in(4);
  const std::vector<uint8_t> before = looks ? state_of(from.handle) : std::vector<uint8_t>();
  hypr_status status = HYPR_OK;
  w.change(session, [&](hypr_session *handle) { return status = hypr_session_transfer(handle, from.handle); });
  if (looks && status != HYPR_OK) require(state_of(from.handle) == before, "a transfer that was refused changed its source");
}

void call_hypr_session_copy_parameters(World &w) {
  const SessionOf &session = w.session(), &from = w.session();
  const std::vector<uint8_t> before = from.handle ? state_of(from.handle) : std::vector<uint8_t>();
  const bool is_another = from.handle && from.handle != session.handle;
  w.change(session, [&](hypr_session *handle) { return hypr_session_copy_parameters(handle, from.handle); });
  if (is_another) require(state_of(from.handle) == before, "copying the parameters of a session changed it");
}

// ---- Updates of a fleet

namespace {

/// Settings of an update, and what they point to.
struct UpdateSettings {
  Guarded<uint8_t> tensors;
  Guarded<float> residual;
  Sized<hypr_update_settings> sized;
  const bool given;
  /// Whether tensors stay, whose residual is not looked at.
  bool some_stay = false;

  UpdateSettings(World &w, const SessionOf &session)
      : tensors(session.handle ? hypr_session_tensor_count(session.handle) : 1),
        residual(session.parameters),
        sized(w),
        given(!w.random.once_in(4)) {
    for (uint8_t &sent : tensors) sent = w.random.once_in(3) ? 0 : static_cast<uint8_t>(w.random.next());
    for (float &lost : residual) lost = w.random.once_in(2000) ? w.random.absurd_float() : w.random.sample() / 100;
    hypr_update_settings settings = HYPR_UPDATE_SETTINGS;
    settings.element_type = static_cast<int32_t>(w.index(3));
    if (w.random.once_in(2)) settings.share = w.random.once_in(6) ? static_cast<double>(w.random.absurd_float()) : 0.1;
    some_stay = w.random.once_in(3);
    if (some_stay) settings.tensors = tensors.get();
    if (w.random.once_in(2)) settings.residual = residual.get();
    sized.set(settings);
  }
  const hypr_update_settings *get() const { return given ? sized.get() : nullptr; }
};

/// The checksum at the end of an update, of everything before.
void sign_update(std::vector<uint8_t> &bytes) {
  if (bytes.size() < 8) return;
  const uint64_t sum = checksum(bytes.data(), bytes.size() - 8);
  memcpy(bytes.data() + bytes.size() - 8, &sum, 8);
}

}  // namespace

void call_hypr_session_update_size(World &w) {
  const SessionOf &session = w.session();
  const UpdateSettings settings(w, session);
  size_t bytes;
  w.ask(session, [&](hypr_session *handle) { return hypr_session_update_size(handle, settings.get(), w.perhaps(&bytes)); });
}

void call_hypr_session_get_update(World &w) {
  const SessionOf &session = w.session();
  const UpdateSettings settings(w, session);
  size_t size = 10;
  if (session.handle) hypr_session_update_size(session.handle, settings.get(), &size);
  Guarded<uint8_t> update(w.random.once_in(5) ? w.random.below(size) : size);
  w.ask(session, [&](hypr_session *handle) {
    const hypr_status status = hypr_session_get_update(handle, settings.get(), w.perhaps(update.get()), update.size());
    if (status == HYPR_OK) {
      w.updates.emplace_back(update.begin(), update.end());
      const bool is_written = settings.given && settings.get()->residual && !settings.some_stay;
      for (const float lost : settings.residual) require(!is_written || std::isfinite(lost), "a residual became %g", lost);
    }
    return status;
  });
}

/// Right ones, and damaged ones whose checksum is mostly right again.
void call_hypr_session_apply_update(World &w) {
  const SessionOf &session = w.session();
  std::vector<uint8_t> bytes(w.random.below(100));
  if (!w.updates.empty()) bytes = w.updates[w.random.below(w.updates.size())];
  if (w.random.once_in(2) && !bytes.empty()) {
    for (uint64_t i = w.random.from(1, 4); i > 0; i--) {
      const size_t at = w.random.once_in(3) ? w.random.below(bytes.size() < 60 ? bytes.size() : 60) : w.random.below(bytes.size());
      bytes[at] = static_cast<uint8_t>(w.random.next());
    }
    if (w.random.once_in(4)) bytes.resize(w.random.below(bytes.size() + 20));
    if (!w.random.once_in(4)) sign_update(bytes);
  }
  Guarded<uint8_t> update(bytes.size());
  if (!bytes.empty()) memcpy(update.get(), bytes.data(), bytes.size());
  w.change(session,
           [&](hypr_session *handle) { return hypr_session_apply_update(handle, w.perhaps(update.get()), update.size()); });
}

}  // namespace fuzz
