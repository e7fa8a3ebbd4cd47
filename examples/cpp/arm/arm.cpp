// A robot arm that learns its load while it moves: 500 Hz torque control in C++, MuJoCo, and networks of hypr (docs/control.md).
//
//   arm MODEL [--scenario NAME] [--seeds FIRST-LAST] [--only TEXT] [--tune] [--settings FILE] [--after SECONDS]
//             [--threads N]
//
// MODEL is examples/arm/arm.xml. Prints errors of the tip before and after the arm changes, and the time of a control step. --tune
// tries rates and bandwidths, the same for all, and writes lines "scenario|contender|rate|bandwidth" of the best ones, which
// --settings reads.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <future>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "contenders.hpp"
#include "control.hpp"

namespace {

using namespace arm;

struct Arguments {
  std::string model, only, settings, scenario;
  std::uint32_t first = 1, last = 5, threads = std::max(1U, std::thread::hardware_concurrency());
  double before = 20, after = 65;
  bool tunes = false;
};

struct Result {
  /// Root mean squares of the tip's distance in mm: before the change, in its first 5 s, around 10 s and 60 s after it.
  std::array<double, 4> errors{};
  std::vector<double> times;  // of control steps, without the physics, in µs
};

/// Of the errors between two times in seconds.
double root_mean_square(const std::vector<double> &errors, double begin, double end) {
  double sum = 0, count = 0;
  const auto step = [&](double seconds) {
    return std::min(errors.size(), static_cast<std::size_t>(std::lround(seconds / time_step)));
  };
  for (std::size_t i = step(begin); i < step(end); i++) sum += errors[i] * errors[i], count++;
  return count > 0 ? 1000 * std::sqrt(sum / count) : std::numeric_limits<double>::quiet_NaN();
}

/// An arm that is lost, its tip a metre away, counts as a metre from there on.
Result run(const Arguments &arguments, const Scenario &scenario, const Contender &contender, double rate, double observer,
           std::uint32_t seed) {
  const Reference reference(seed, arguments.before + arguments.after + 1, scenario.grips);
  const std::unique_ptr<Learner> learner = contender.make(seed, rate, scenario.inputs());
  Plant plant(arguments.model, reference.at(0).position, delay);
  Controller controller(reference, *learner, observer, contender.integral);
  const auto steps = static_cast<std::size_t>(std::lround((arguments.before + arguments.after) / time_step));
  std::vector<double> errors(steps, 1);
  Result result;
  for (std::size_t step = 0; step < steps; step++) {
    if (step == static_cast<std::size_t>(std::lround(arguments.before / time_step))) scenario.change(plant);
    plant.grip(reference.at(step).holds);
    const Motion measured = plant.measure();
    const auto start = std::chrono::steady_clock::now();
    const Pair torques = controller.command(measured);
    result.times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    plant.step(torques);
    const double error = plant.error(reference.at(step + 1).position);
    if (!(error < 1)) break;
    errors[step] = error;
  }
  const double at = arguments.before, end = at + arguments.after;
  result.errors = {root_mean_square(errors, at - 10, at), root_mean_square(errors, at, at + 5),
                   root_mean_square(errors, at + 5, at + 15), root_mean_square(errors, end - 10, end)};
  return result;
}

struct Setting {
  double rate, observer;
};

/// The mean over the seeds, as many of which as there are threads are run at a time.
Result mean(const Arguments &arguments, const Scenario &scenario, const Contender &contender, const Setting &setting) {
  Result sum;
  for (std::uint32_t seed = arguments.first; seed <= arguments.last;) {
    std::vector<std::future<Result>> running;
    for (; seed <= arguments.last && running.size() < arguments.threads; seed++) {
      running.push_back(std::async(std::launch::async, [&, seed] {
        return run(arguments, scenario, contender, setting.rate, setting.observer, seed);
      }));
    }
    for (std::future<Result> &future : running) {
      const Result one = future.get();
      for (std::size_t i = 0; i < 4; i++) sum.errors[i] += one.errors[i] / (arguments.last - arguments.first + 1);
      sum.times.insert(sum.times.end(), one.times.begin(), one.times.end());
    }
  }
  return sum;
}

/// Every rate with the last bandwidth, then the other bandwidths with the best rate.
void tune(const Arguments &arguments, const Scenario &scenario, const Contender &contender) {
  Setting best{contender.rates[0], contender.observers.back()};
  double least = std::numeric_limits<double>::infinity();
  const auto attempt = [&](const Setting &setting) {
    const Result result = mean(arguments, scenario, contender, setting);
    std::fprintf(stderr, "%s|%s|%g|%g:", scenario.name.c_str(), contender.name.c_str(), setting.rate, setting.observer);
    for (double error : result.errors) std::fprintf(stderr, " %.2f", error);
    std::fprintf(stderr, "\n");
    const double score = result.errors[2] + result.errors[3];
    if (score < least) least = score, best = setting;
  };
  for (double rate : contender.rates) attempt({rate, contender.observers.back()});
  for (std::size_t i = 0; i + 1 < contender.observers.size(); i++) attempt({best.rate, contender.observers[i]});
  std::printf("%s|%s|%g|%g\n", scenario.name.c_str(), contender.name.c_str(), best.rate, best.observer);
  std::fflush(stdout);
}

void print_row(const Contender &contender, const Setting &setting, Result result) {
  std::printf("| %s | %g | %g |", contender.name.c_str(), setting.rate, setting.observer);
  for (double error : result.errors) std::printf(" %.1f |", error);
  std::sort(result.times.begin(), result.times.end());
  const auto last = static_cast<double>(result.times.size() - 1);
  const auto at = [&](double share) { return result.times[static_cast<std::size_t>(share * last)]; };
  std::printf(" %.1f | %.1f |\n", at(0.5), at(0.99));
  std::fflush(stdout);
}

std::map<std::string, Setting> read_settings(const std::string &path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::map<std::string, Setting> settings;
  for (std::string line; std::getline(file, line);) {
    const std::size_t second = line.rfind('|'), first = second == std::string::npos ? second : line.rfind('|', second - 1);
    if (first == std::string::npos) {
      throw std::runtime_error(path + ": a line is \"" + line + "\", expected scenario|contender|rate|bandwidth");
    }
    settings[line.substr(0, first)] = {std::stod(line.substr(first + 1)), std::stod(line.substr(second + 1))};
  }
  return settings;
}

Arguments read_arguments(int count, char **texts) {
  Arguments arguments;
  for (int i = 1; i < count; i++) {
    const std::string text = texts[i];
    const auto value = [&] {
      if (++i == count) throw std::runtime_error(text + " has no value");
      return std::string(texts[i]);
    };
    if (text == "--scenario") arguments.scenario = value();
    else if (text == "--only") arguments.only = value();
    else if (text == "--settings") arguments.settings = value();
    else if (text == "--after") arguments.after = std::stod(value());
    else if (text == "--threads") arguments.threads = static_cast<std::uint32_t>(std::max(1, std::stoi(value())));
    else if (text == "--tune") arguments.tunes = true;
    else if (text == "--seeds") {
      std::istringstream range(value());
      char dash = 0;
      if (!(range >> arguments.first)) throw std::runtime_error("--seeds wants FIRST-LAST");
      arguments.last = arguments.first;
      if (range >> dash) range >> arguments.last;
    } else if (arguments.model.empty() && text[0] != '-') arguments.model = text;
    else throw std::runtime_error("unknown argument " + text);
  }
  if (arguments.model.empty() || arguments.last < arguments.first) {
    throw std::runtime_error("usage: arm MODEL [--scenario NAME] [--seeds FIRST-LAST] [--only TEXT] [--tune] [--settings FILE] "
                             "[--after SECONDS] [--threads N]");
  }
  return arguments;
}

}  // namespace

int main(int count, char **texts) try {
  const Arguments arguments = read_arguments(count, texts);
  std::map<std::string, Setting> settings;
  if (!arguments.settings.empty()) settings = read_settings(arguments.settings);
  for (const Scenario &scenario : scenarios()) {
    if (!arguments.scenario.empty() && scenario.name != arguments.scenario) continue;
    if (!arguments.tunes) {
      std::printf("\n%s: %s; mm, means of %u seeds\n\n"
                  "| | rate | observer | before | 0-5 s | 10 s | %.0f s | step, median us | p99 |\n"
                  "|---|---|---|---|---|---|---|---|---|\n",
                  scenario.name.c_str(), scenario.text.c_str(), arguments.last - arguments.first + 1, arguments.after - 5);
    }
    for (const Contender &contender : contenders()) {
      if (contender.name.find(arguments.only) == std::string::npos || (contender.hears_grip && !scenario.grips)) continue;
      if (arguments.tunes) {
        tune(arguments, scenario, contender);
        continue;
      }
      const auto found = settings.find(scenario.name + "|" + contender.name);
      if (found == settings.end() && !settings.empty()) continue;  // whom nobody has tuned
      const Setting setting = found != settings.end() ? found->second : Setting{contender.rates[0], contender.observers[0]};
      print_row(contender, setting, mean(arguments, scenario, contender, setting));
    }
  }
} catch (const std::exception &error) {
  std::fprintf(stderr, "arm: %s\n", error.what());
  return 1;
}
