// examples/c/adapt.c in C++: a network that recognises exercises from a smartwatch meets a person it has never seen, and learns
// while it runs.
//
//   adapt MODEL STREAM ADAPTED_MODEL
//
// It makes the same passes and prints the same shares.
#include <hypr.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr std::size_t channels = 6, exercises = 7, sample_bytes = 14;

// What is rehearsed: a memory of so many bytes, and so many windows by themselves when the calibration is over.
constexpr double rehearsal_bytes = 65536;
constexpr std::size_t windows_at_rest = 2000;

enum class Kind { calibration, labelled_calibration, test };

struct Sample {
  std::array<float, channels> values;  // acceleration in g, angular velocity in rad/s
  std::uint32_t exercise;
  Kind kind;
};

// All samples of a file: six signed 16-bit integers in thousandths, low byte first; exercise; kind.
std::vector<Sample> read_samples(const char *path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(std::string("cannot read ") + path);
  const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
  std::vector<Sample> samples;
  for (std::size_t start = 0; start + sample_bytes <= bytes.size(); start += sample_bytes) {
    auto byte = [&](std::size_t index) { return static_cast<unsigned char>(bytes[start + index]); };
    Sample sample{};
    for (std::size_t channel = 0; channel < channels; channel++) {
      const auto value = static_cast<std::int16_t>(byte(2 * channel) | byte(2 * channel + 1) << 8);
      sample.values[channel] = static_cast<float>(value) / 1000;
    }
    sample.exercise = byte(12);
    sample.kind = static_cast<Kind>(byte(13));
    samples.push_back(sample);
  }
  return samples;
}

struct Score {
  unsigned correct = 0, count = 0;
  void add(bool right) { count++, correct += right; }
  double percent() const { return count ? 100.0 * correct / count : 0; }
};

void print_line(const char *name, const Score &score) {
  const std::string bar(static_cast<std::size_t>(score.percent() * 0.4), '#');
  std::printf("  %-20s %5.1f %%  %s\n", name ? name : "no name", score.percent(), bar.c_str());
}

struct Pass {
  const char *title;
  bool blocks, learning, rehearsal;
};

constexpr std::array<Pass, 4> passes{{
    {"sets alternate, learning off", false, false, false},
    {"sets alternate, learning on", false, true, false},
    {"one exercise after the other, learning on", true, true, false},
    {"one exercise after the other, learning on, with rehearsal", true, true, true},
}};

// Runs the stream; returns how many percent of the test samples were recognised.
double run(hypr::Session &session, const hypr::Model &model, const std::vector<Sample> &samples, const Pass &pass) {
  using clock = std::chrono::steady_clock;
  std::array<float, exercises> outputs;
  Score calibration, test, each[exercises];
  clock::duration rest{};
  const auto start = clock::now();
  for (const Sample &sample : samples) {
    if (pass.rehearsal && sample.kind == Kind::test && test.count == 0) {  // calibration is over, and the device has time
      const auto rest_start = clock::now();
      session.rehearse(windows_at_rest);
      rest = clock::now() - rest_start;
    }
    session.step(sample.values, outputs);
    if (pass.learning && sample.kind == Kind::labelled_calibration) session.teach_class(sample.exercise);

    const auto best = std::max_element(outputs.begin(), outputs.end()) - outputs.begin();
    const bool right = best == static_cast<std::ptrdiff_t>(sample.exercise);
    if (sample.kind != Kind::test) calibration.add(right);
    else test.add(right), each[sample.exercise].add(right);
  }
  const std::chrono::duration<double, std::micro> time = clock::now() - start - rest;

  print_line("calibration", calibration);
  for (std::size_t index = 0; index < exercises; index++) print_line(model.class_label(index), each[index]);
  print_line("all of the test", test);
  std::printf("  %zu samples, %llu updates, %.1f microseconds per sample", samples.size(),
              static_cast<unsigned long long>(session.statistics().updates),
              time.count() / static_cast<double>(std::max<std::size_t>(samples.size(), 1)));
  if (pass.rehearsal) std::printf(", %.0f milliseconds at rest", std::chrono::duration<double, std::milli>(rest).count());
  std::puts("\n");
  return test.percent();
}

void adapt(const char *model_path, const char *stream_path, const char *adapted_path) {
  std::vector<Sample> samples = read_samples(stream_path);
  const hypr::Model model(model_path);
  std::array<double, passes.size()> accuracy{};
  for (std::size_t index = 0; index < passes.size(); index++) {
    const Pass &pass = passes[index];
    if (pass.blocks) {  // all sets of an exercise in a row; the test stays behind them
      std::stable_sort(samples.begin(), samples.end(), [](const Sample &a, const Sample &b) {
        const bool a_is_test = a.kind == Kind::test, b_is_test = b.kind == Kind::test;
        return a_is_test != b_is_test ? b_is_test : !a_is_test && a.exercise < b.exercise;
      });
    }
    // The model file recommends how to learn (hypr info MODEL shows it); other options would override that.
    hypr::Session session(model, {{HYPR_OPTION_LEARNING, pass.learning ? 1 : 0},
                                  {HYPR_OPTION_REHEARSAL_BYTES, pass.rehearsal ? rehearsal_bytes : 0}});
    std::puts(pass.title);
    accuracy[index] = run(session, model, samples, pass);
    if (index + 1 == passes.size()) session.save_model(adapted_path);
  }
  std::printf("the adapted model is saved: %s\n", adapted_path);
  std::printf("accuracy without learning %.1f %%, with learning %.1f %%\n", accuracy[0], accuracy[1]);
  std::printf("one exercise after the other: with learning %.1f %%, with rehearsal %.1f %%\n", accuracy[2], accuracy[3]);
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: %s MODEL STREAM ADAPTED_MODEL\n", argv[0]), EXIT_FAILURE;
  try {
    adapt(argv[1], argv[2], argv[3]);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
