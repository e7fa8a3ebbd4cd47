#include "world.hpp"

#if defined __x86_64__
#include <xmmintrin.h>
#else
#include <cfenv>
#endif

#include "models.hpp"

namespace fuzz {

World::World(Random &random, Tally &tally) : random(random), tally_(tally) {
  const auto &files = model_files();
  for (uint64_t i = random.from(1, 3); i > 0; i--) models.push_back(load(files[random.below(files.size())]));
  for (int i = 0; i < 2; i++) options.push_back(draw_options(random, i == 0));
  char message[256];
  for (uint64_t i = random.from(1, 3); i > 0; i--) {
    hypr_session *made = nullptr;
    const hypr_model *of = models[random.below(models.size())];
    require(hypr_session_create(of, options[random.below(2)], &made, message, sizeof message) == HYPR_OK, "no session: %s",
            message);
    add_session(made, of);
  }
  hypr_builder *builder;
  require(hypr_builder_create(3, &builder, nullptr, 0) == HYPR_OK, "no builder");
  builders.push_back({builder, 3});
}

World::~World() {
  for (auto one : builders) hypr_builder_free(one.handle);
  for (auto &one : sessions) hypr_session_free(one.handle);
  for (auto one : options) hypr_options_free(one);
  for (auto one : models) hypr_model_free(one);
}

const SessionOf &World::session() {
  static const SessionOf none = {nullptr, 3, 2, 1, 10, 0, false, nullptr};
  return random.once_in(40) || sessions.empty() ? none : sessions[random.below(sessions.size())];
}

const BuilderOf &World::builder() {
  static const BuilderOf none = {nullptr, 3};
  return random.once_in(40) || builders.empty() ? none : builders[random.below(builders.size())];
}

void World::add_session(hypr_session *handle, const hypr_model *model, std::shared_ptr<Guarded<uint8_t>> memory) {
  double learns = 0;
  require(hypr_session_get_option(handle, HYPR_OPTION_LEARNING, &learns) == HYPR_OK, "an option cannot be read");
  sessions.push_back({handle, hypr_model_input_size(model), hypr_model_output_size(model), hypr_model_layer_count(model),
                      hypr_model_parameter_count(model), hypr_model_first_layer_inputs(model), learns == 1, memory});
}

size_t World::wrong(size_t right) {
  switch (random.below(4)) {
    case 0:
      return right + 1;
    case 1:
      return right - 1;
    case 2:
      return 0;
    default:
      return random.absurd();
  }
}

void World::fill(Guarded<float> &values, float size) {
  const bool wild = random.once_in(12);
  for (float &value : values) value = random.once_in(2) ? 0 : random.sample() * size;
  if (wild && values.size()) values[random.below(values.size())] = random.absurd_float();
}

const char *World::name(const std::vector<const char *> &right) {
  static const std::string longer(5000, 'x');
  static const char *const wrong[] = {"",
                                      "%s%n%d",
                                      "layer0",
                                      "layer0.",
                                      ".tau",
                                      "\xff\xfe\x80",
                                      "\xc3",
                                      "layer18446744073709551616.bias",
                                      "layer-1.bias",
                                      "layer0.input_weight ",
                                      "\xed\xa0\x80",
                                      "naïve 日本",
                                      longer.c_str()};
  if (random.once_in(40)) return nullptr;
  return random.once_in(6) || right.empty() ? random.pick(wrong) : right[random.below(right.size())];
}

hypr_status World::count(hypr_status status) {
  require(is_known(status), "status %d", status);
  require(status != HYPR_ERROR_OUT_OF_MEMORY, "a call says that there is no memory");
  (status == HYPR_OK ? tally_.accepted : tally_.refused)++;
  return status;
}

void World::check_message(const char *message) {
  require(message && message[0], "a call is refused without a message");
  require(strlen(message) < 100000, "a message does not end");
}

#if defined __x86_64__
// But for the flags of what has happened, which any computation sets.
uint32_t float_control() { return _mm_getcsr() & ~0x3fu; }
void set_float_control(uint32_t control) { _mm_setcsr(control); }

uint32_t draw_float_control(Random &random) {
  const uint32_t flush = 0x8000, zeros = 0x0040, rounding = 0x6000;
  return 0x1f80 | (random.once_in(2) ? flush : 0) | (random.once_in(2) ? zeros : 0) |
         (static_cast<uint32_t>(random.next()) & rounding);
}
#else
uint32_t float_control() { return static_cast<uint32_t>(fegetround()); }
void set_float_control(uint32_t control) { fesetround(static_cast<int>(control)); }
uint32_t draw_float_control(Random &random) { return random.pick({FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}); }
#endif

}  // namespace fuzz
