// Long runs of learning, with all that a stream may have: silence, bursts, wrong labels, and numbers far out. What they cost, in
// memory and in time, must not grow, and two of them are equal to the bit.
#include <time.h>
#include <unistd.h>

#include <cstdio>

#include "check.hpp"
#include "guarded.hpp"
#include "models.hpp"

namespace fuzz {
namespace {

uint64_t nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * uint64_t{1000000000} + time.tv_nsec;
}

/// Pages in use; code that is read from files when it first runs does not count.
long memory_pages() {
  long total = 0, resident = 0, of_files = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  require(file && fscanf(file, "%ld %ld %ld", &total, &resident, &of_files) == 3 && fclose(file) == 0, "no /proc/self/statm");
  return resident - of_files;
}

size_t reported(const hypr_session *session) {
  hypr_memory_report report = {};
  report.struct_size = sizeof report;
  require(hypr_session_memory_report(session, &report) == HYPR_OK, "no memory report");
  return report.total;
}

/// What a stream does for a while.
struct Phase {
  float size, share;     // of samples: how large, and which part of them is not 0
  uint64_t label_noise;  // one label in so many is any; 0: nothing is taught
  bool outliers;
};
const Phase phases[] = {{0, 0, 0, false},   {0, 0, 2, false}, {1, 0.3f, 10, false}, {1, 0.3f, 10, false}, {1, 0.05f, 0, false},
                        {100, 1, 2, false}, {1, 1, 1, false}, {1, 0.3f, 5, true},   {1e-30f, 1, 3, false}};

/// Two sessions that are told the same.
class Twins {
 public:
  Twins(const hypr_model *model, Random &random)
      : random_(random), input_(hypr_model_input_size(model)), a_(hypr_model_output_size(model)), b_(a_.size()) {
    hypr_options *options = draw_options(random, true);
    hypr_options_set(options, HYPR_OPTION_WINDOW, static_cast<double>(random.pick({1, 10, 50, 100})));
    hypr_options_set(options, HYPR_OPTION_LEARNING_RATE, random.pick({1e-3, 1e-2, 0.1}));
    hypr_options_set(options, HYPR_OPTION_UPDATE, HYPR_UPDATE_WINDOW);
    hypr_options_set(options, HYPR_OPTION_THREADS, 1);
    // What lets weights grow without bound ends a run, and is a choice of the host.
    hypr_options_set(options, HYPR_OPTION_GRADIENT_CLIP, 1);
    hypr_options_set(options, HYPR_OPTION_WEIGHT_DECAY, 0);
    hypr_options_set(options, HYPR_OPTION_ANCHOR_STRENGTH, 0);
    for (auto **session : {&one_, &other_})
      require(hypr_session_create(model, options, session, nullptr, 0) == HYPR_OK, "no session");
    hypr_options_free(options);
  }
  ~Twins() {
    hypr_session_free(one_);
    hypr_session_free(other_);
  }

  const hypr_session *one() const { return one_; }
  bool are_equal() const { return state_of(one_) == state_of(other_); }

  void step() {
    if (left_ == 0) {
      phase_ = &phases[random_.below(std::size(phases))];
      left_ = random_.from(1, 2000);
    }
    left_--;
    const bool outlier = phase_->outliers && random_.once_in(50);
    for (float &value : input_)
      value = std::abs(random_.sample()) < phase_->share ? random_.sample() * phase_->size * (outlier ? 1e20f : 1) : 0;
    const hypr_status status = both([&](hypr_session *session, Guarded<float> &output) {
      return hypr_session_step(session, input_.get(), input_.size(), output.get(), output.size());
    });
    if (status == HYPR_ERROR_NOT_FINITE) {
      // A host begins again where the network cannot go on.
      require(++overflows_ < 1000, "a session never goes on");
      both([](hypr_session *session, Guarded<float> &) { return hypr_session_reset(session); });
      return;
    }
    require(status == HYPR_OK, "a step fails: %s", hypr_session_message(one_));
    overflows_ = 0;
    require(memcmp(a_.get(), b_.get(), a_.size() * sizeof(float)) == 0, "two runs differ");
    for (float value : a_) require(std::isfinite(value), "an output is not finite");
    if (phase_->label_noise) teach(outlier);
    if (random_.once_in(20000)) both([](hypr_session *session, Guarded<float> &) { return hypr_session_reset(session); });
  }

 private:
  template <typename Call>
  hypr_status both(Call call) {
    const hypr_status status = call(one_, a_);
    require(call(other_, b_) == status, "two runs differ");
    return status;
  }

  void teach(bool outlier) {
    if (outlier) {
      for (float &value : target_()) value = random_.sample() * random_.pick({1e3f, 1e10f, 1e18f, 1e30f});
      both([&](hypr_session *session, Guarded<float> &) { return hypr_session_teach_error(session, a_.get(), a_.size()); });
      return;
    }
    const bool noise = random_.once_in(phase_->label_noise);
    const uint32_t label = static_cast<uint32_t>(noise ? random_.below(a_.size()) : input_[0] > 0);
    both([&](hypr_session *session, Guarded<float> &) {
      return hypr_session_teach_class(session, label % static_cast<uint32_t>(a_.size()));
    });
  }

  /// The outputs have been compared: their room is free.
  Guarded<float> &target_() { return a_; }

  Random &random_;
  hypr_session *one_ = nullptr, *other_ = nullptr;
  const Phase *phase_ = nullptr;
  uint64_t left_ = 0, overflows_ = 0;
  Guarded<float> input_, a_, b_;
};

void run(uint64_t, Random &random, Tally &tally) {
  hypr_model *model = load(model_files()[random.below(model_files().size())]);
  {
    Twins twins(model, random);
    const size_t memory = reported(twins.one());
    long pages = 0;
    for (int stretch = 0; stretch < 10; stretch++) {
      const uint64_t start = nanoseconds();
      for (uint64_t i = 0; i < run_length / 10; i++) twins.step();
      tally.stretches[stretch] += nanoseconds() - start;
      tally.steps += 2 * (run_length / 10);
      if (stretch == 0) pages = memory_pages();
    }
#ifndef SANITIZED
    require(memory_pages() - pages <= 8, "a run took %ld pages of memory more", memory_pages() - pages);
#else
    static_cast<void>(pages);  // a sanitizer keeps books
#endif
    require(reported(twins.one()) == memory, "a session says that it has become larger");
    require(twins.are_equal(), "two runs have become different");
    const std::vector<uint8_t> file = saved(twins.one());
    hypr_model *again;
    char message[256];
    require(hypr_model_load_buffer(file.data(), file.size(), &again, message, sizeof message) == HYPR_OK,
            "what a long run saved does not load: %s", message);
    hypr_model_free(again);
  }
  hypr_model_free(model);
  tally.accepted++;
}

}  // namespace

const Attack steps_attack = {"steps", "runs", run, nullptr, 10, 3, 600};

}  // namespace fuzz
