// Calls on sessions that learn: targets, sequences, updates, and what can be asked of these.
#include <cmath>
#include <numeric>

#include "world.hpp"

namespace fuzz {
namespace {

uint32_t label(World &w, const SessionOf &session) { return static_cast<uint32_t>(w.index(session.outputs)); }

size_t tensor(World &w, const SessionOf &session) {
  return w.index(session.handle ? hypr_session_tensor_count(session.handle) : 4);
}

/// What moved before a later step overflowed, or the host wanted no more, stays.
bool goes_a_part(hypr_status status) { return status == HYPR_ERROR_NOT_FINITE || status == HYPR_ERROR_STOPPED; }

template <typename Teach>
void teach_array(World &w, Teach teach) {
  const SessionOf &session = w.session();
  Guarded<float> values(session.outputs);
  w.fill(values);
  const size_t size = w.number(values.size());
  w.change(session, [&](hypr_session *handle) { return teach(handle, w.perhaps(values.get()), size); });
}

/// Sequences for the calls that take some.
struct Sequences {
  const SessionOf &session;
  Guarded<size_t> steps;
  const size_t total;
  Guarded<float> inputs, outputs;
  Guarded<int32_t> labels, sequence_labels;
  size_t count;

  explicit Sequences(World &w)
      : session(w.session()),
        steps(w.random.below(4)),
        total(draw(w)),
        inputs(total * session.inputs),
        outputs(total * session.outputs),
        labels(total),
        sequence_labels(steps.size()),
        count(steps.size()) {
    w.fill(inputs);
    for (auto *list : {&labels, &sequence_labels}) {
      for (int32_t &one : *list)
        one =
            w.random.once_in(60) ? static_cast<int32_t>(w.random.absurd()) : static_cast<int32_t>(w.index(session.outputs + 1)) - 1;
    }
    // Sums and products that cannot be counted, in the arrays and of the arrays: 2^61 steps and more.
    if (w.random.once_in(12) && count > 0) steps[w.random.below(count)] = SIZE_MAX >> w.random.below(3);
    if (w.random.once_in(30)) count = SIZE_MAX >> w.random.below(3);
  }

 private:
  size_t draw(World &w) {
    for (size_t &one : steps) one = w.random.below(8);
    return std::accumulate(steps.begin(), steps.end(), size_t{0});
  }
};

}  // namespace

void call_hypr_session_teach_class(World &w) {
  const SessionOf &session = w.session();
  const uint32_t one = label(w, session);
  w.change(session, [&](hypr_session *handle) { return hypr_session_teach_class(handle, one); });
}

void call_hypr_session_teach_class_at(World &w) {
  const SessionOf &session = w.session();
  const uint32_t one = label(w, session);
  const size_t ago = w.index(5);
  w.change(session, [&](hypr_session *handle) { return hypr_session_teach_class_at(handle, ago, one); });
}

void call_hypr_session_teach_sequence(World &w) {
  const SessionOf &session = w.session();
  const uint32_t one = label(w, session);
  w.change(session, [&](hypr_session *handle) { return hypr_session_teach_sequence(handle, one); });
}

void call_hypr_session_set_class_weights(World &w) {
  const SessionOf &session = w.session();
  Guarded<float> weights(session.outputs);
  for (float &one : weights) one = w.random.once_in(20) ? w.random.absurd_float() : w.random.pick({0.f, 1e-6f, 1.f, 1e6f});
  const size_t size = w.number(weights.size());
  w.change(session, [&](hypr_session *handle) { return hypr_session_set_class_weights(handle, w.perhaps(weights.get()), size); });
}

void call_hypr_session_teach_values(World &w) { teach_array(w, hypr_session_teach_values); }
void call_hypr_session_teach_error(World &w) { teach_array(w, hypr_session_teach_error); }

namespace {

template <typename Teach>
void teach_array_at(World &w, Teach teach) {
  const size_t ago = w.index(8);
  teach_array(w, [&](hypr_session *handle, const float *values, size_t size) { return teach(handle, ago, values, size); });
}

}  // namespace

void call_hypr_session_teach_values_at(World &w) { teach_array_at(w, hypr_session_teach_values_at); }
void call_hypr_session_teach_error_at(World &w) { teach_array_at(w, hypr_session_teach_error_at); }

// ---- Sequences

void call_hypr_session_learn(World &w) {
  Sequences given(w);
  Guarded<float> values(given.outputs.size()), weights(std::max(given.total, given.steps.size()));
  w.fill(values);
  for (float &one : weights) one = w.random.once_in(60) ? w.random.absurd_float() : w.random.pick({0.f, 1e-6f, 1.f, 1e6f});
  hypr_batch batch = {};
  batch.inputs = w.perhaps(given.inputs.get());
  batch.steps = w.perhaps(given.steps.get());
  batch.sequences = given.count;
  const uint64_t kind = w.random.below(3), second = w.random.once_in(12) ? w.random.below(3) : kind;
  if (kind == 0 || second == 0) batch.labels = given.labels.get();
  if (kind == 1 || second == 1) batch.sequence_labels = given.sequence_labels.get();
  if (kind == 2 || second == 2) batch.values = values.get();
  if (w.random.once_in(3)) batch.weights = weights.get();
  const Sized<hypr_batch> sized(w);
  sized.set(batch);
  double loss;
  w.on(given.session, false, goes_a_part, [&](hypr_session *handle) {
    return hypr_session_learn(handle, w.perhaps(sized.get()), w.random.once_in(2) ? nullptr : given.outputs.get(),
                              w.perhaps(&loss));
  });
}

void call_hypr_session_learn_sequence(World &w) {
  Sequences given(w);
  const size_t steps = given.count == 1 ? given.steps[0] : given.total;
  double loss;
  w.on(given.session, false, goes_a_part, [&](hypr_session *handle) {
    return hypr_session_learn_sequence(handle, w.perhaps(given.inputs.get()), steps, w.perhaps(given.labels.get()),
                                       given.outputs.get(), &loss);
  });
}

void call_hypr_session_learn_batch(World &w) {
  Sequences given(w);
  w.on(given.session, false, goes_a_part, [&](hypr_session *handle) {
    return hypr_session_learn_batch(handle, w.perhaps(given.inputs.get()), w.perhaps(given.steps.get()), given.count,
                                    w.perhaps(given.labels.get()), given.outputs.get(), nullptr);
  });
}

void call_hypr_session_learn_labelled(World &w) {
  Sequences given(w);
  double loss;
  w.on(given.session, false, goes_a_part, [&](hypr_session *handle) {
    return hypr_session_learn_labelled(handle, w.perhaps(given.inputs.get()), w.perhaps(given.steps.get()), given.count,
                                       w.perhaps(given.sequence_labels.get()), nullptr, &loss);
  });
}

// ---- Updates

void call_hypr_session_flush(World &w) { w.change(w.session(), hypr_session_flush); }
void call_hypr_session_apply(World &w) { w.change(w.session(), hypr_session_apply); }

void call_hypr_session_work(World &w) {
  const uint64_t budget = w.random.once_in(4) ? UINT64_MAX : w.random.below(100000);
  uint64_t left = 0;
  w.change(w.session(), [&](hypr_session *handle) { return hypr_session_work(handle, budget, w.perhaps(&left)); });
}

void call_hypr_session_accept(World &w) { w.change(w.session(), hypr_session_accept); }

void call_hypr_session_guard(World &w) {
  const Sized<hypr_guard> guard(w);
  w.ask(w.session(), [&](hypr_session *handle) { return hypr_session_guard(handle, w.perhaps(guard.get())); });
}

// ---- Rehearsal

namespace {

/// A class, one of the two numbers that stand for others, or what is none of them.
int32_t rehearsed(World &w, const SessionOf &session) {
  return w.random.once_in(12) ? static_cast<int32_t>(w.random.absurd()) : static_cast<int32_t>(w.index(session.outputs + 2)) - 2;
}

}  // namespace

void call_hypr_session_rehearsal(World &w) {
  const SessionOf &session = w.session();
  const Sized<hypr_rehearsal> rehearsal(w);
  const int32_t label = rehearsed(w, session);
  w.ask(session, [&](hypr_session *handle) { return hypr_session_rehearsal(handle, label, w.perhaps(rehearsal.get())); });
}

void call_hypr_session_rehearsal_count(World &w) {
  const SessionOf &session = w.session();
  hypr_session_rehearsal_count(session.handle, rehearsed(w, session));
}

void call_hypr_session_rehearse(World &w) {
  const size_t windows = w.random.below(6);
  w.on(w.session(), false, goes_a_part, [&](hypr_session *handle) { return hypr_session_rehearse(handle, windows); });
}

void call_hypr_session_rehearsal_clear(World &w) { w.change(w.session(), hypr_session_rehearsal_clear); }

void call_hypr_session_rehearsal_add(World &w) {
  const SessionOf &session = w.session();
  const size_t given = w.random.below(11), steps = w.random.once_in(20) ? SIZE_MAX >> w.random.below(4) : given;
  Guarded<float> inputs(given * session.inputs), values(given * session.outputs);
  Guarded<int32_t> labels(given);
  w.fill(inputs);
  w.fill(values);
  for (size_t i = 0; i < values.size(); i++) {
    if (w.random.once_in(3)) values[i] = NAN;
  }
  for (int32_t &one : labels) one = static_cast<int32_t>(w.index(session.outputs + 1)) - 1;
  const uint64_t kind = w.random.once_in(12) ? w.random.below(4) : w.random.below(2);
  const int32_t starts = static_cast<int32_t>(w.random.once_in(20) ? w.random.absurd() : w.random.below(2));
  w.change(session, [&](hypr_session *handle) {
    return hypr_session_rehearsal_add(handle, w.perhaps(inputs.get()), steps, kind == 0 || kind == 2 ? labels.get() : nullptr,
                                      kind == 1 || kind == 2 ? values.get() : nullptr, starts);
  });
}

void call_hypr_session_statistics(World &w) {
  const SessionOf &session = w.session();
  Guarded<float> rates(session.layers);
  const Sized<hypr_statistics> statistics(w);
  if (w.random.once_in(2)) {
    hypr_statistics asked = {};
    asked.spike_rates = rates.get();
    asked.spike_rate_count = w.number(rates.size());
    statistics.set(asked);
  }
  w.ask(session, [&](hypr_session *handle) { return hypr_session_statistics(handle, w.perhaps(statistics.get())); });
}

void call_hypr_session_layer_activity(World &w) {
  const SessionOf &session = w.session();
  const size_t layer = w.index(session.layers);
  const Sized<hypr_layer_activity> activity(w);
  w.ask(session, [&](hypr_session *handle) { return hypr_session_layer_activity(handle, layer, w.perhaps(activity.get())); });
}

void call_hypr_session_input_range(World &w) {
  const SessionOf &session = w.session();
  const size_t channel = w.index(session.inputs);
  const Sized<hypr_input_range> range(w);
  w.ask(session, [&](hypr_session *handle) { return hypr_session_input_range(handle, channel, w.perhaps(range.get())); });
}

void call_hypr_session_diagnose(World &w) {
  Guarded<char> text(w.random.below(600));
  uint32_t findings;
  w.ask(w.session(), [&](hypr_session *handle) {
    return hypr_session_diagnose(handle, w.perhaps(&findings), text.size() ? w.perhaps(text.get()) : nullptr, text.size());
  });
}

void call_hypr_session_clear_statistics(World &w) { w.change(w.session(), hypr_session_clear_statistics); }

void call_hypr_session_set_trainable(World &w) {
  const SessionOf &session = w.session();
  const size_t index = tensor(w, session);
  const int32_t trainable = static_cast<int32_t>(w.random.once_in(10) ? w.random.absurd() : w.random.below(2));
  w.change(session, [&](hypr_session *handle) { return hypr_session_set_trainable(handle, index, trainable); });
}

void call_hypr_session_get_gradients(World &w) {
  const SessionOf &session = w.session();
  Guarded<float> flat(session.parameters);
  const size_t size = w.number(flat.size());
  w.ask(session, [&](hypr_session *handle) { return hypr_session_get_gradients(handle, w.perhaps(flat.get()), size); });
}

void call_hypr_session_get_eligibility(World &w) {
  const SessionOf &session = w.session();
  const size_t index = tensor(w, session);
  Guarded<float> values(session.handle ? hypr_session_eligibility_size(session.handle, index) : 3);
  const size_t size = w.number(values.size());
  w.ask(session, [&](hypr_session *handle) { return hypr_session_get_eligibility(handle, index, w.perhaps(values.get()), size); });
}

void call_hypr_session_eligibility_size(World &w) {
  const SessionOf &session = w.session();
  hypr_session_eligibility_size(session.handle, tensor(w, session));
}

}  // namespace fuzz
