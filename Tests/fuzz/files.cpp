// Damaged model files, and those that were a fault once.
#include <dirent.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "check.hpp"
#include "recipe.hpp"

namespace fuzz {
namespace {

void try_recipe(const Recipe &recipe, Random &random, Tally &tally) {
  const std::vector<uint8_t> bytes = recipe.bytes();
  keep_text(recipe.text());
  keep_bytes(bytes.data(), bytes.size());
  check_file(bytes, random) ? tally.accepted++ : tally.refused++;
}

void file(uint64_t, Random &random, Tally &tally) { try_recipe(Recipe::draw(random), random, tally); }

const std::vector<std::string> &corpus() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> found;
    if (DIR *folder = opendir(corpus_path.c_str())) {
      while (const dirent *entry = readdir(folder)) {
        const std::string name = entry->d_name;
        if (name.size() > 7 && name.substr(name.size() - 7) == ".recipe") found.push_back(corpus_path + "/" + name);
      }
      closedir(folder);
    }
    std::sort(found.begin(), found.end());
    return found;
  }();
  return names;
}

/// With several options each, as these are drawn.
constexpr uint64_t tries = 20;

void known(uint64_t number, Random &random, Tally &tally) {
  std::ifstream file(corpus()[number / tries]);
  std::stringstream text;
  text << file.rdbuf();
  try_recipe(Recipe::parse(text.str()), random, tally);
}

}  // namespace

const Attack corpus_attack = {"corpus", "files", known, [] { return corpus().size() * tries; }, 0, 1, 60};
const Attack files_attack = {"files", "files", file, nullptr, 150000, 8, 60};

}  // namespace fuzz
