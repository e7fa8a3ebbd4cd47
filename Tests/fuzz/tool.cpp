// The command line tool: damaged arrays and models, and arguments that nobody types. It ends by itself, with a status that it
// documents.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "check.hpp"
#include "recipe.hpp"

extern char **environ;

namespace fuzz {
namespace {

using Bytes = std::vector<uint8_t>;

void write(const std::string &name, const Bytes &bytes) {
  FILE *file = fopen(name.c_str(), "wb");
  require(file && fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() && fclose(file) == 0, "cannot write %s",
          name.c_str());
}

// ---- Arrays

constexpr size_t sequences = 6, steps = 5, channels = 3;

/// NumPy's format, version 1.
Bytes npy(const std::string &type, const std::string &order, const std::string &shape, const Bytes &data, size_t padding) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  header.append(padding, ' ');
  header += '\n';
  const std::string start =
      std::string("\x93NUMPY\1\0", 8) + static_cast<char>(header.size()) + static_cast<char>(header.size() >> 8) + header;
  Bytes bytes(start.size() + data.size());
  memcpy(bytes.data(), start.data(), start.size());
  memcpy(bytes.data() + start.size(), data.data(), data.size());
  return bytes;
}

std::string shape_text(const std::vector<uint64_t> &sizes) {
  std::string text = "(";
  for (uint64_t size : sizes) text += std::to_string(size) + ", ";
  return text + ")";
}

template <typename T, typename Make>
Bytes data_of(size_t count, Make make) {
  Bytes bytes(count * sizeof(T));
  for (size_t i = 0; i < count; i++) {
    const T value = make(i);
    memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

/// An array, and now and then something that is only like one.
Bytes damaged_npy(Random &random, std::string type, std::vector<uint64_t> shape, Bytes data) {
  static const char *const types[] = {"<f4", "<f8", "<f2", "|b1", "|i1", "<i2",  "<i4", "<i8",
                                      "|u1", "<u8", ">f4", "<c8", "|O",  "<f16", "",    "<i99999999999"};
  std::string order = "False", text = shape_text(shape);
  size_t padding = 128 - 10 - 70;
  const uint64_t damage = random.below(12);
  if (damage == 0) type = random.pick(types);
  if (damage == 1) shape[random.below(shape.size())] = random.absurd(), text = shape_text(shape);
  if (damage == 2) shape.push_back(random.pick({uint64_t{0}, uint64_t{1}, uint64_t{1} << 62})), text = shape_text(shape);
  if (damage == 3)
    text = random.pick({"()", "(-1, 5)", "(6, 5, 3", "6, 5, 3", "(99999999999999999999999, 3)", "((6, 5), 3)", "(0,)", "(1e3,)"});
  if (damage == 4) order = random.pick({"True", "", "None", "Falsch"});
  if (damage == 5) padding = random.below(70000);
  Bytes bytes = npy(type, order, text, data, padding);
  if (damage == 6) bytes.resize(random.below(bytes.size()));
  if (damage == 7) bytes[random.below(std::min<size_t>(bytes.size(), 128))] = static_cast<uint8_t>(random.next());
  if (damage == 8) bytes[random.below(bytes.size())] ^= 1 << random.below(8);
  if (damage == 9) bytes.resize(bytes.size() + random.from(1, 100));
  return bytes;
}

void make_arrays(Random &random) {
  const auto sample = [&](size_t) { return random.once_in(100) ? random.absurd_float() : random.sample(); };
  const auto label = [&](size_t) { return static_cast<int32_t>(random.once_in(60) ? random.absurd() : random.from(0, 2)) - 1; };
  const auto length = [&](size_t i) {
    return i == 0 ? static_cast<int64_t>(2 * steps) : random.once_in(20) ? static_cast<int64_t>(random.absurd()) : int64_t{steps};
  };
  const bool joined = random.once_in(3);
  const uint64_t total = sequences * steps;
  write("x.npy", damaged_npy(random, "<f4",
                             joined ? std::vector<uint64_t>{total, channels} : std::vector<uint64_t>{sequences, steps, channels},
                             data_of<float>(total * channels, sample)));
  const bool each = random.once_in(2);
  write("y.npy", damaged_npy(random, "<i4",
                             each     ? std::vector<uint64_t>{sequences}
                             : joined ? std::vector<uint64_t>{total}
                                      : std::vector<uint64_t>{sequences, steps},
                             data_of<int32_t>(each ? sequences : total, label)));
  write("n.npy", damaged_npy(random, "<i8", {sequences - 1}, data_of<int64_t>(sequences - 1, length)));
}

// ---- Tables

/// Comma-separated values of three channels with labels, times and groups, or JSON lines; mostly with something wrong.
void make_table(Random &random) {
  static const char *const odd[] = {"",  "nan", "1e400", "\"",   "\"\"", "\xff", "1,5", "-", "\r",
                                    "x", "1e308", "-1e308", "\n", ";",    "\t",   "{",   "}", "2024-12-31T23:59:59.999999999+99:99"};
  const bool json = random.once_in(4);
  const bool dates = random.once_in(4);
  std::string text = json ? "" : "t,a,b,c,l,g\n";
  for (uint64_t row = 0; row < 12; row++) {
    const std::string number = std::to_string(row);
    const std::string time = dates ? "2025-01-01T00:00:" + std::to_string(10 + row) : number;
    const std::string value = random.once_in(60) ? random.pick(odd) : "0." + number;
    const std::string label = random.once_in(20) ? random.pick(odd) : std::to_string(row % 2);
    text += json ? "{\"a\": " + value + ", \"b\": 1, \"c\": -2, \"l\": " + label + "}\n"
                 : time + "," + value + ",1,-2," + label + "," + (row < 6 ? "p" : "q") + "\n";
  }
  for (uint64_t i = random.once_in(2) ? 0 : random.below(4); i > 0; i--)
    text.insert(random.below(text.size() + 1), random.pick(odd));
  write("x.csv", Bytes(text.begin(), text.end()));
}

// ---- Arguments

using Arguments = std::vector<std::string>;

const char *const numbers[] = {
    "0",      "1",     "-1",   "2", "nan", "inf", "-0",  "1e400", "0x10",    "99999999999999999999", "18446744073709551615", "1.5",
    "0.0001", "1e-45", "1e38", "",  " 1",  "1,1", "1:2", "2:1",   "nan:nan", "9223372036854775807"};

std::string assignment(Random &random) {
  static const char *const names[] = {"window",        "learning_rate", "credit", "optimizer", "loss", "train_mask",
                                      "gradient_clip", "nothing",       "",       "threads",   "\xff"};
  static const char *const words[] = {"adam", "sum_of_softmax", "filtered", "none", "="};
  const std::string name = random.pick(names);
  return name + (random.once_in(20) ? "" : "=") + (random.once_in(3) ? random.pick(words) : random.pick(numbers));
}

/// Which columns are what.
Arguments columns(Random &random) {
  Arguments all = {"--label", random.once_in(10) ? random.pick({"a", "g", "\xff", ""}) : "l", "--channels", "a,b,c"};
  if (random.once_in(3)) all.insert(all.end(), {"--time", "t"});
  if (random.once_in(3)) all.insert(all.end(), {"--group", random.pick({"g", "l"})});
  if (random.once_in(6)) all.insert(all.end(), {"--gap", random.pick(numbers)});
  return all;
}

Arguments data_arguments(Random &random) {
  Arguments all = {"m.hypr"};
  if (random.once_in(3)) {
    const Arguments roles = columns(random);
    all.insert(all.end(), {"--csv", "x.csv"});
    all.insert(all.end(), roles.begin(), roles.end());
  } else {
    all.insert(all.end(), {"--inputs", "x.npy", "--labels", "y.npy"});
    if (random.once_in(3)) all.insert(all.end(), {"--lengths", "n.npy"});
  }
  for (uint64_t i = random.below(3); i > 0; i--) all.insert(all.end(), {"--option", assignment(random)});
  return all;
}

Arguments create_arguments(Random &random) {
  static const char *const layers[] = {
      "brf:4",     "lif:3", "gru:2", "brf:0", "brf:-1", "brf:99999999999999999999", "brf:18446744073709551615",
      "nothing:3", ":",     "brf",   "li:1:2"};
  static const char *const flags[] = {"--input-scale", "--input-offset",  "--level-crossing",    "--time-step",
                                      "--tau-out",     "--input-density", "--recurrent-density", "--seed"};
  Arguments all = {"create",
                   "made.hypr",
                   "--force",
                   "--inputs",
                   random.once_in(4) ? random.pick(numbers) : "3",
                   "--outputs",
                   random.once_in(4) ? random.pick(numbers) : "2"};
  for (uint64_t i = random.from(1, 2); i > 0; i--)
    all.insert(all.end(), {"--layer", random.once_in(2) ? random.pick(layers) : "brf:4"});
  for (uint64_t i = random.below(3); i > 0; i--) all.insert(all.end(), {random.pick(flags), random.pick(numbers)});
  if (random.once_in(4)) all.insert(all.end(), {"--input-scale", "x.npy"});
  if (random.once_in(4)) all.insert(all.end(), {"--recommend", assignment(random)});
  if (random.once_in(4)) all.insert(all.end(), {"--metadata", assignment(random)});
  if (random.once_in(4)) all.insert(all.end(), {"--constant", "brf.threshold=" + std::string(random.pick(numbers))});
  if (random.once_in(4)) all.insert(all.end(), {"--parameter", "brf.omega=" + std::string(random.pick(numbers))});
  if (random.once_in(6)) all.insert(all.end(), {"--class-label", "\xff\xfe"});
  return all;
}

Arguments draw_arguments(Random &random) {
  const std::string model = "m.hypr";
  switch (random.below(9)) {
    case 0:
      return {"info", model};
    case 1:
      return {"info", model, "--json"};
    case 2:
      return {"verify", model};
    case 3: {
      Arguments all = data_arguments(random);
      all.insert(all.begin(), "eval");
      if (random.once_in(2)) all.insert(all.end(), {"--predictions", "p.npy", "--force"});
      if (random.once_in(2)) all.push_back("--json");
      return all;
    }
    case 4:
      return create_arguments(random);
    case 5: {
      Arguments all = columns(random);
      all.insert(all.begin(), {"stream", model});
      if (random.once_in(2)) all.push_back("--skip-bad-lines");
      if (random.once_in(2)) all.insert(all.end(), {"--learn", "--out", "out.hypr", "--force"});
      if (random.once_in(6)) all.insert(all.end(), {"--format", random.pick({"csv", "jsonl", "\xff"})});
      return all;
    }
    case 6: {
      Arguments all = {random.pick({"neurons", "info", "train", "create", "eval", "stream", "verify", "", "help"})};
      static const char *const words[] = {"--json", "--names", "--help",   "--version", "--", "-",
                                          "--seed", "\xff",    "--inputs", "--batch",   "-x", "--epochs=0"};
      for (uint64_t i = random.below(4); i > 0; i--) all.push_back(random.pick(words));
      return all;
    }
    default: {
      Arguments all = data_arguments(random);
      all.insert(all.begin(), "train");
      all.insert(all.end(), {"--out", "out.hypr", "--force", "--epochs", random.pick({"1", "2", "0", "-1", "nan"})});
      if (random.once_in(3)) all.insert(all.end(), {"--batch", random.pick(numbers)});
      if (random.once_in(3)) all.push_back("--online");
      if (random.once_in(4)) all.insert(all.end(), {"--validation-split", random.pick(numbers)});
      if (random.once_in(6)) all.insert(all.end(), {"--sequence-steps", random.pick(numbers)});
      if (random.once_in(6)) all.insert(all.end(), {"--validation-csv", "x.csv"});
      if (random.once_in(4)) all.insert(all.end(), {"--shuffle-seed", random.pick(numbers)});
      if (random.once_in(4)) all.insert(all.end(), {"--exemplars", random.pick(numbers)});
      if (random.once_in(4)) all.insert(all.end(), {"--exemplar-steps", random.pick(numbers)});
      return all;
    }
  }
}

/// Its exit status; what it says goes to a file.
int run(const Arguments &arguments) {
  std::vector<char *> list = {const_cast<char *>(tool_path.c_str())};
  for (const std::string &one : arguments) list.push_back(const_cast<char *>(one.c_str()));
  list.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "x.csv", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "said", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t process;
  require(posix_spawn(&process, tool_path.c_str(), &actions, nullptr, list.data(), environ) == 0, "%s does not start",
          tool_path.c_str());
  posix_spawn_file_actions_destroy(&actions);
  int status;
  require(waitpid(process, &status, 0) == process, "no exit status");
  require(WIFEXITED(status), "the tool is ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return WEXITSTATUS(status);
}

bool loads(const char *name) {
  hypr_model *model = nullptr;
  const bool well = hypr_model_load(name, &model, nullptr, 0) == HYPR_OK;
  hypr_model_free(model);
  return well;
}

void one(uint64_t, Random &random, Tally &tally) {
  make_arrays(random);
  make_table(random);
  const Recipe recipe = random.once_in(3) ? Recipe::draw(random) : Recipe{&model_files()[random.below(model_files().size())], {}};
  write("m.hypr", recipe.bytes());
  const Arguments arguments = draw_arguments(random);
  std::string text = recipe.text();
  for (const std::string &argument : arguments) text += "argument " + argument + "\n";
  keep_text(text);
  unlink("out.hypr");
  const int status = run(arguments);
  require(status == 0 || status == 1 || status == 64, "exit status %d", status);
  status == 0 ? tally.accepted++ : tally.refused++;
  // Whatever else is asked for, such as --version, trains nothing.
  const bool trained = status == 0 && std::find(arguments.begin(), arguments.end(), "out.hypr") != arguments.end();
  require(!trained || loads("out.hypr"), "what was trained does not load");
}

}  // namespace

const Attack tool_attack = {"tool", "runs", one, nullptr, 400, 1.5, 60};

}  // namespace fuzz
