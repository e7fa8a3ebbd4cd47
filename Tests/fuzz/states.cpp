// Damaged saved states, most of them with a checksum that is right again: what such a state makes of a session must go on.
#include <algorithm>
#include <cstring>

#include "check.hpp"
#include "checksum.hpp"
#include "guarded.hpp"
#include "models.hpp"

namespace fuzz {
namespace {

/// The words before a state's contents.
enum Word { magic, version, model_identity, payload_size, payload_checksum, header_words };
constexpr size_t header_size = header_words * 8;

using State = std::vector<uint8_t>;

void put(State &state, size_t at, const void *value, size_t size) {
  if (at + size <= state.size()) memcpy(state.data() + at, value, size);
}

void sign(State &state) {
  if (state.size() < header_size) return;
  const uint64_t size = state.size() - header_size, sum = checksum(state.data() + header_size, size);
  put(state, payload_size * 8, &size, 8);
  put(state, payload_checksum * 8, &sum, 8);
}

/// A state is counters first, then arrays of float32, with a few bytes between them: places are any, but mostly whole words.
size_t draw_place(const State &state, Random &random) {
  const size_t contents = state.size() - header_size;
  const size_t place = random.once_in(3) ? random.below(200) % contents : random.below(contents);
  return header_size + (random.once_in(5) ? place : place & ~size_t{3});
}

void damage(State &state, const State &other, Random &random) {
  if (state.size() <= header_size + 8) return;
  const size_t at = draw_place(state, random);
  switch (random.below(9)) {
    case 0:
      state[at] ^= 1 << random.below(8);
      break;
    case 1:
    case 2: {
      const float value = random.absurd_float();
      put(state, at, &value, 4);
      break;
    }
    case 3: {
      const double value = random.absurd_float();
      put(state, at, &value, 8);
      break;
    }
    case 4: {
      const uint64_t value = random.absurd();
      put(state, at, &value, 8);
      break;
    }
    case 5: {
      uint64_t value = 0;
      memcpy(&value, state.data() + at, at + 8 <= state.size() ? 8 : 0);
      value += random.pick({uint64_t{1}, ~uint64_t{0}, uint64_t{2}});
      put(state, at, &value, 8);
      break;
    }
    case 6: {
      const size_t count = std::min<size_t>(random.from(1, 64), state.size() - at);
      for (size_t i = 0; i < count; i++) state[at + i] = static_cast<uint8_t>(random.next());
      break;
    }
    case 7: {
      const size_t from = draw_place(other, random);
      const size_t count = std::min<size_t>({size_t{1} << random.below(9), other.size() - from, state.size() - at});
      memcpy(state.data() + at, other.data() + from, count);
      break;
    }
    default:
      state.resize(header_size + 1 + random.below(state.size() - header_size + 16), 0);
      break;
  }
}

void damage_header(State &state, Random &random) {
  const uint64_t value = random.absurd();
  put(state, random.below(header_words) * 8, &value, 8);
  if (random.once_in(3)) state.resize(random.below(state.size() + 1));
}

hypr_session *make(const hypr_model *model, const hypr_options *options) {
  hypr_session *session;
  char message[256];
  require(hypr_session_create(model, options, &session, message, sizeof message) == HYPR_OK, "no session: %s", message);
  return session;
}

hypr_status load(hypr_session *session, const State &state) {
  Guarded<uint8_t> bytes(state.size());
  memcpy(bytes.get(), state.data(), state.size());
  return hypr_session_load_state(session, bytes.get(), bytes.size());
}

void check_statistics(const hypr_session *session) {
  hypr_statistics statistics = {};
  statistics.struct_size = sizeof statistics;
  require(hypr_session_statistics(session, &statistics) == HYPR_OK, "no statistics");
  require(std::isfinite(statistics.mean_loss) && std::isfinite(statistics.gradient_norm) && std::isfinite(statistics.learning_rate),
          "statistics are not finite: loss %g, gradient %g, rate %g", statistics.mean_loss, statistics.gradient_norm,
          statistics.learning_rate);
}

void check_saved_model(const hypr_session *session, const hypr_model *of) {
  std::vector<uint8_t> file;
  if (!save(session, of, file)) return;
  hypr_model *model;
  char message[256];
  require(hypr_model_load_buffer(file.data(), file.size(), &model, message, sizeof message) == HYPR_OK,
          "what a session saved does not load: %s", message);
  hypr_model_free(model);
}

/// A session that took a damaged state is one like any other.
void go_on(hypr_session *session, const hypr_model *model, const hypr_options *options, bool learns, Random &random) {
  const State state = state_of(session);
  hypr_session *copy = make(model, options);
  require(load(copy, state) == HYPR_OK, "a state that was loaded and saved does not load: %s", hypr_session_message(copy));
  require(state_of(copy) == state, "a state that was loaded is saved as other bytes");
  check_saved_model(session, model);
  check_statistics(session);
  Random same = random;
  const size_t steps = random.from(1, 8);
  const bool finite = drive(session, model, random, steps, learns);
  same.from(1, 8);
  require(drive(copy, model, same, steps, learns) == finite, "a session and its copy go on differently");
  require(state_of(copy) == state_of(session), "a session and its copy become different");
  hypr_session_reset(session);
  check_saved_model(session, model);
  check_statistics(session);
  drive(session, model, random, 3, learns);
  hypr_session_free(copy);
}

void one(uint64_t, Random &random, Tally &tally) {
  hypr_model *model = fuzz::load(model_files()[random.below(model_files().size())]);
  const bool learns = !random.once_in(4);
  hypr_options *options = draw_options(random, learns), *others = random.once_in(8) ? draw_options(random, learns) : options;
  hypr_session *session = make(model, options), *victim = make(model, others);
  drive(session, model, random, random.below(12), learns);
  State state = state_of(session);
  {
    State signed_again = state;
    sign(signed_again);
    require(signed_again == state, "the checksum of a saved state is not what this fuzzer computes: update states.cpp");
  }
  drive(victim, model, random, random.below(12), learns);
  const State before = state_of(victim);
  do damage(state, before, random);
  while (random.once_in(3));
  if (!random.once_in(10)) sign(state);
  if (random.once_in(20)) damage_header(state, random);
  keep_bytes(state.data(), state.size());
  const hypr_status status = load(victim, state);
  if (status == HYPR_OK) {
    tally.accepted++;
    go_on(victim, model, others, learns, random);
  } else {
    tally.refused++;
    require(status == HYPR_ERROR_INVALID_ARGUMENT || status == HYPR_ERROR_STATE_MISMATCH, "refused with %s",
            hypr_status_name(status));
    require(*hypr_session_message(victim), "refused without a message");
    require(state_of(victim) == before, "a state that was refused changed the session: %s", hypr_session_message(victim));
  }
  hypr_session_free(victim);
  hypr_session_free(session);
  if (others != options) hypr_options_free(others);
  hypr_options_free(options);
  hypr_model_free(model);
}

}  // namespace

const Attack states_attack = {"states", "states", one, nullptr, 40000, 3, 60};

}  // namespace fuzz
