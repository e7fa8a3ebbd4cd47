// Runs attacks in worker processes, which a fault may end: what it was is written to a folder, and the rest goes on.
//
// An input follows from seed, attack and number, so any of them can be made again alone: see `usage`.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "attack.hpp"

namespace fuzz {

uint64_t run_length = 100000;
std::string tool_path, corpus_path;

namespace {

const char usage[] =
    "usage: fuzz [options] [ATTACK...]\n"
    "  --seed N      [1]\n"
    "  --minutes M   run that long instead of the short form, which has the same inputs every time\n"
    "  --only N      input N of one attack alone, in this process: ends as the fault ends it\n"
    "  --workers N   processes at a time [as many as processors]\n"
    "  --steps N     length of a long run [100000]\n"
    "  --tool PATH   the command line tool, which is attacked too\n"
    "  --corpus DIR  recipes of faults that were found before\n"
    "  --faults DIR  where faults are written [faults]\n";

const Attack *const attacks[] = {&corpus_attack, &past_attack,    &files_attack, &states_attack,
                                 &calls_attack,  &builder_attack, &tool_attack,  &steps_attack};

/// Faults of one attack of which the input is written down; more are counted.
constexpr uint64_t most_written = 50;
constexpr int fault_exit = 77;

/// What a worker shares with the process that watches it.
struct Shared {
  std::atomic<uint64_t> number, done;
  Tally tally;
  size_t byte_count, text_count;
  unsigned char bytes[size_t{1} << 20];
  char text[4096];
};

Shared *shared;

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

Shared *map_shared() {
  void *memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  require(memory != MAP_FAILED, "no memory to share");
  return new (memory) Shared();
}

struct Settings {
  uint64_t seed = 1, workers = static_cast<uint64_t>(sysconf(_SC_NPROCESSORS_ONLN));
  double minutes = 0;
  std::string faults = "faults", program;
} settings;

/// Inputs of an attack, and how far they are.
struct Progress {
  const Attack *attack;
  uint64_t limit, next = 0, tried = 0, faults = 0, batch = 1;
  double spent = 0;
  Tally tally;

  bool is_done() const { return next >= limit; }
};

/// An empty one beside the faults.
std::string make_folder(const std::string &name) {
  const std::string path = settings.faults + "/." + name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

void run(const Attack &attack, uint64_t number) {
  Random random(settings.seed, attack.name, number);
  attack.one(number, random, shared->tally);
}

/// A process that works through some numbers of an attack.
struct Worker {
  Shared *shared;
  Progress *of = nullptr;
  uint64_t first = 0, end = 0;
  pid_t process = 0;
  double started = 0, moved = 0;
  uint64_t seen = 0;
  std::string folder, log;

  void start(Progress &progress, uint64_t begin, uint64_t last) {
    of = &progress;
    first = begin;
    end = last;
    shared->number = first;
    shared->done = 0;
    shared->tally = Tally();
    shared->byte_count = shared->text_count = 0;
    started = moved = now();
    seen = first;
    fflush(nullptr);
    process = fork();
    require(process >= 0, "fork failed");
    if (process > 0) return;
    fuzz::shared = shared;
    const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file >= 0) dup2(file, STDERR_FILENO);
    require(chdir(folder.c_str()) == 0, "no folder to work in");
    setpgid(0, 0);
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
#ifndef SANITIZED
    // More than any input needs: what asks for more is told that there is none, and that is looked at.
    const rlimit memory = {rlim_t{3} << 30, rlim_t{3} << 30};
    setrlimit(RLIMIT_AS, &memory);
#endif
    for (uint64_t i = first; i < last; i++) {
      shared->number = i;
      run(*of->attack, i);
      shared->done++;
    }
    exit(0);
  }
};

std::string contents(const std::string &path) {
  std::string text;
  if (FILE *file = fopen(path.c_str(), "rb")) {
    char piece[4096];
    for (size_t count; (count = fread(piece, 1, sizeof piece, file)) > 0 && text.size() < 65536;) text.append(piece, count);
    fclose(file);
  }
  return text;
}

void write_file(const std::string &path, const void *bytes, size_t size) {
  FILE *file = fopen(path.c_str(), "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) fprintf(stderr, "cannot write %s\n", path.c_str());
}

void write_fault(Worker &worker, const std::string &what) {
  Progress &progress = *worker.of;
  if (progress.faults++ >= most_written) return;
  const uint64_t number = worker.shared->number;
  const std::string name =
      settings.faults + "/" + progress.attack->name + "-" + std::to_string(settings.seed) + "-" + std::to_string(number);
  const std::string again = settings.program + " --seed " + std::to_string(settings.seed) + " --steps " +
                            std::to_string(run_length) + (tool_path.empty() ? "" : " --tool " + tool_path) + " --only " +
                            std::to_string(number) + " " + progress.attack->name;
  const std::string said = contents(worker.log);
  const std::string text = what + "\nagain: " + again + "\n" + said;
  write_file(name + ".txt", text.data(), text.size());
  if (worker.shared->byte_count) write_file(name + ".bytes", worker.shared->bytes, worker.shared->byte_count);
  if (worker.shared->text_count) write_file(name + ".recipe", worker.shared->text, worker.shared->text_count);
  printf("FAULT %s %llu: %s: %s\n", progress.attack->name, static_cast<unsigned long long>(number), what.c_str(),
         said.substr(0, said.find('\n')).c_str());
  fflush(stdout);
}

void add(Tally &sum, const Tally &more) {
  sum.refused += more.refused;
  sum.accepted += more.accepted;
  sum.steps += more.steps;
  for (int i = 0; i < 10; i++) sum.stretches[i] += more.stretches[i];
}

/// Takes the result of a worker that has ended; starts it again behind an input that ended it.
void collect(Worker &worker, int status, bool hangs) {
  Progress &progress = *worker.of;
  const uint64_t done = worker.shared->done;
  const double took = now() - worker.started;
  progress.spent += took;
  progress.tried += done;
  add(progress.tally, worker.shared->tally);
  worker.process = 0;
  // A batch takes about a second: forking costs nothing then, and the watch is awake.
  if (done > 0) progress.batch = std::clamp<uint64_t>(static_cast<uint64_t>(done / std::max(took, 1e-3)), 1, 4 * progress.batch);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  // What is found when all were made, such as a leak, is of none of them.
  progress.tried += done == worker.end - worker.first ? 0 : 1;
  write_fault(worker, hangs                               ? "hangs"
                      : WIFSIGNALED(status)               ? std::string("ended by ") + strsignal(WTERMSIG(status))
                      : WEXITSTATUS(status) == fault_exit ? "wrong"
                                                          : "ended with exit status " + std::to_string(WEXITSTATUS(status)));
  const uint64_t after = worker.shared->number + 1;
  if (after < worker.end) worker.start(progress, after, worker.end);
}

/// The next attack: that which had least of its share of the time.
Progress *choose(std::vector<Progress> &all) {
  Progress *best = nullptr;
  for (auto &one : all) {
    if (one.is_done()) continue;
    // What was found before comes first.
    if (one.attack->count) return &one;
    if (!best || one.spent / one.attack->share < best->spent / best->attack->share) best = &one;
  }
  return best;
}

void show(const std::vector<Progress> &all, double left) {
  std::string line;
  uint64_t faults = 0;
  for (const auto &one : all) {
    line += std::string(one.attack->name) + " " + std::to_string(one.tried) + "  ";
    faults += one.faults;
  }
  printf("%s faults %llu", line.c_str(), static_cast<unsigned long long>(faults));
  if (settings.minutes > 0) printf("  %d:%02d left", static_cast<int>(left) / 60, static_cast<int>(left) % 60);
  printf("\n");
  fflush(stdout);
}

void attack_all(std::vector<Progress> &all) {
  std::vector<Worker> workers(settings.workers);
  for (size_t i = 0; i < workers.size(); i++) {
    workers[i].shared = map_shared();
    workers[i].folder = make_folder("worker-" + std::to_string(i));
    workers[i].log = workers[i].folder + ".log";
  }
  const double start = now(), length = settings.minutes * 60;
  double shown = start;
  for (bool busy = true; busy;) {
    busy = false;
    const bool over = length > 0 && now() - start > length;
    for (auto &worker : workers) {
      if (worker.process == 0 && !over) {
        if (Progress *progress = choose(all)) {
          const uint64_t first = progress->next;
          progress->next = std::min(progress->limit, first + progress->batch);
          // Until it has spent something, an attack would be chosen again and again.
          progress->spent += 1e-3;
          worker.start(*progress, first, progress->next);
        }
      }
      if (worker.process == 0) continue;
      busy = true;
      int status;
      if (waitpid(worker.process, &status, WNOHANG) == worker.process) {
        collect(worker, status, false);
      } else if (worker.seen != worker.shared->number) {
        worker.seen = worker.shared->number;
        worker.moved = now();
      } else if (now() - worker.moved > worker.of->attack->patience) {
        kill(-worker.process, SIGKILL);
        kill(worker.process, SIGKILL);
        waitpid(worker.process, &status, 0);
        collect(worker, status, true);
      }
    }
    usleep(2000);
    if (now() - shown > 10) {
      shown = now();
      show(all, length - (now() - start));
    }
  }
  for (auto &worker : workers) {
    munmap(worker.shared, sizeof(Shared));
    unlink(worker.log.c_str());
    std::filesystem::remove_all(worker.folder);
  }
}

void show_steps(const Tally &tally) {
  if (!tally.steps) return;
  printf("%llu steps; ns per step in ten stretches of a run:", static_cast<unsigned long long>(tally.steps));
  for (uint64_t stretch : tally.stretches) printf(" %.0f", 10.0 * stretch / tally.steps);
  printf("\n");
}

int table(const std::vector<Progress> &all) {
  uint64_t faults = 0;
  printf("\n%-8s %-10s %12s %12s %12s %8s  seed %llu\n", "attack", "input", "tried", "refused", "accepted", "faults",
         static_cast<unsigned long long>(settings.seed));
  for (const auto &one : all) {
    printf("%-8s %-10s %12llu %12llu %12llu %8llu\n", one.attack->name, one.attack->input,
           static_cast<unsigned long long>(one.tried), static_cast<unsigned long long>(one.tally.refused),
           static_cast<unsigned long long>(one.tally.accepted), static_cast<unsigned long long>(one.faults));
    faults += one.faults;
  }
  for (const auto &one : all) show_steps(one.tally);
  if (faults == 0) {
    printf("passed: no faults\n");
  } else {
    printf("FAILED: %llu faults, in %s\n", static_cast<unsigned long long>(faults), settings.faults.c_str());
  }
  return faults == 0 ? 0 : 1;
}

}  // namespace

void fault(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, "\n");
  fflush(nullptr);
  _exit(fault_exit);
}

void keep_bytes(const void *bytes, size_t size) {
  shared->byte_count = std::min(size, sizeof shared->bytes);
  memcpy(shared->bytes, bytes, shared->byte_count);
}

void keep_text(const std::string &text) {
  shared->text_count = std::min(text.size(), sizeof shared->text);
  memcpy(shared->text, text.data(), shared->text_count);
}

static int run_main(int count, char **arguments) {
  settings.program = arguments[0];
  std::vector<const Attack *> chosen;
  uint64_t only = 0;
  bool has_only = false;
  for (int i = 1; i < count; i++) {
    const std::string word = arguments[i];
    if (word.rfind("--", 0) == 0) {
      if (i + 1 == count) return fputs(usage, stderr), 64;
      const char *value = arguments[++i];
      if (word == "--seed")
        settings.seed = strtoull(value, nullptr, 0);
      else if (word == "--minutes")
        settings.minutes = atof(value);
      else if (word == "--only")
        only = strtoull(value, nullptr, 0), has_only = true;
      else if (word == "--workers")
        settings.workers = std::max(1, atoi(value));
      else if (word == "--steps")
        run_length = std::max(strtoull(value, nullptr, 0), 1000ull);
      else if (word == "--tool")
        tool_path = value;
      else if (word == "--corpus")
        corpus_path = value;
      else if (word == "--faults")
        settings.faults = value;
      else
        return fputs(usage, stderr), 64;
    } else {
      const auto found = std::find_if(std::begin(attacks), std::end(attacks), [&](auto one) { return word == one->name; });
      if (found == std::end(attacks)) return fprintf(stderr, "there is no attack %s\n%s", word.c_str(), usage), 64;
      chosen.push_back(*found);
    }
  }
  // Workers have folders of their own.
  for (std::string *path : {&settings.faults, &tool_path, &corpus_path}) {
    if (!path->empty()) *path = std::filesystem::absolute(*path);
  }
  if (chosen.empty()) chosen.assign(std::begin(attacks), std::end(attacks));
  if (has_only) {
    if (chosen.size() != 1) return fputs("--only takes one attack\n", stderr), 64;
    shared = map_shared();
    const std::string folder = make_folder("only");
    require(chdir(folder.c_str()) == 0, "no folder to work in");
    run(*chosen[0], only);
    printf("no fault: refused %llu, accepted %llu\n", static_cast<unsigned long long>(shared->tally.refused),
           static_cast<unsigned long long>(shared->tally.accepted));
    show_steps(shared->tally);
    return 0;
  }
  std::vector<Progress> all;
  for (const Attack *attack : chosen) {
    if (attack == &tool_attack && tool_path.empty()) continue;
    Progress progress = {};
    progress.attack = attack;
    progress.batch = 1;
    progress.limit = attack->count ? attack->count() : settings.minutes > 0 ? UINT64_MAX : attack->quick;
    all.push_back(progress);
  }
  attack_all(all);
  return table(all);
}

}  // namespace fuzz

int main(int count, char **arguments) { return fuzz::run_main(count, arguments); }
