#include "recipe.hpp"

#include <cinttypes>
#include <map>
#include <sstream>
#include <unordered_map>

#include "attack.hpp"
#include "file_map.hpp"

namespace fuzz {
namespace {

/// A good file with what lies where.
struct Mapped {
  std::vector<Site> sites;
  std::unordered_map<std::string, const Site *> named;
  std::vector<const Site *> links, datas, of_kind[7];

  explicit Mapped(const ModelFile &file) : sites(map_file(file.bytes)) {
    for (const Site &site : sites) {
      named.emplace(site.path + (site.kind == Site::Kind::data ? "#data" : ""), &site);
      of_kind[static_cast<int>(site.kind)].push_back(&site);
    }
    links = of_kind[static_cast<int>(Site::Kind::link)];
    datas = of_kind[static_cast<int>(Site::Kind::data)];
  }

  const Site *find(const std::string &path) const {
    const auto found = named.find(path);
    return found == named.end() ? nullptr : found->second;
  }
};

const Mapped &mapped(const ModelFile &file) {
  static std::map<const ModelFile *, Mapped> all;
  const auto found = all.find(&file);
  return found != all.end() ? found->second : all.emplace(&file, Mapped(file)).first->second;
}

/// How many words follow the verb, and how many of them are paths or names.
struct Verb {
  const char *name;
  int paths, numbers;
};
const Verb verbs[] = {{"set", 1, 1}, {"float", 1, 2}, {"flip", 0, 1}, {"copy", 0, 3}, {"graft", 1, 3},
                      {"cut", 0, 1}, {"grow", 0, 1},  {"link", 2, 0}, {"move", 2, 1}, {"slide", 1, 1}};

const Verb &verb_named(const std::string &name) {
  for (const Verb &verb : verbs) {
    if (name == verb.name) return verb;
  }
  fault("a recipe says %s, which nobody knows", name.c_str());
}

// ---- Doing what a recipe says

class Editor {
 public:
  explicit Editor(const ModelFile &file) : bytes_(file.bytes), map_(mapped(file)) {}

  void apply(const Edit &edit) {
    const Site *site = edit.path.empty() || edit.verb == "graft" ? nullptr : map_.find(edit.path);
    const Site *other = edit.other.empty() ? nullptr : map_.find(edit.other);
    const auto &numbers = edit.numbers;
    if (edit.verb == "set" && site) put(site->at, &numbers[0], site->width);
    if (edit.verb == "float" && site && numbers[0] < site->width / 4) put(site->at + numbers[0] * 4, &numbers[1], 4);
    if (edit.verb == "flip" && numbers[0] / 8 < bytes_.size()) bytes_[numbers[0] / 8] ^= 1 << numbers[0] % 8;
    if (edit.verb == "copy") copy(std::vector<uint8_t>(bytes_), numbers);
    if (edit.verb == "graft") copy(model_file(edit.path).bytes, numbers);
    if (edit.verb == "cut" && numbers[0] < bytes_.size()) bytes_.resize(numbers[0]);
    if (edit.verb == "grow" && numbers[0] < 1 << 20) bytes_.resize(bytes_.size() + numbers[0]);
    if (edit.verb == "link" && site && other) put_word(site->at, static_cast<uint32_t>(other->object - site->at));
    if (edit.verb == "move" && site && other) move(*site, *other, numbers[0]);
    if (edit.verb == "slide" && site) slide(*site, numbers[0]);
  }

  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  void put(size_t at, const void *value, size_t width) {
    if (at <= bytes_.size() && width <= bytes_.size() - at) memcpy(bytes_.data() + at, value, width);
  }
  void put_word(size_t at, uint32_t value) { put(at, &value, 4); }

  uint32_t word(size_t at) const {
    uint32_t value = 0;
    if (at + 4 <= bytes_.size()) memcpy(&value, bytes_.data() + at, 4);
    return value;
  }

  void copy(const std::vector<uint8_t> &from, const uint64_t (&numbers)[3]) {
    if (numbers[0] <= from.size() && numbers[2] <= from.size() - numbers[0]) put(numbers[1], from.data() + numbers[0], numbers[2]);
  }

  /// Links of what moves lead where they led before: they count from where they stand.
  void move(const Site &link, const Site &data, uint64_t place) {
    const size_t to = data.at + place;
    if (place > data.width || link.object_size > data.width - place || to < link.at) return;
    const std::vector<uint8_t> object(bytes_.begin() + link.object, bytes_.begin() + link.object + link.object_size);
    put(to, object.data(), object.size());
    const size_t shift = to - link.object;
    if (link.is_table) put_word(to, static_cast<uint32_t>(word(link.object) + shift));
    for (const Site *inner : map_.links) {
      if (inner->at < link.object || inner->at >= link.object + link.object_size) continue;
      put_word(to + (inner->at - link.object), static_cast<uint32_t>(inner->object - (inner->at + shift)));
    }
    put_word(link.at, static_cast<uint32_t>(to - link.at));
  }

  void slide(const Site &data, uint64_t by) {
    const size_t to = data.at + by;
    for (const Site *link : map_.links) {
      if (link->object != data.at - 4) continue;
      put_word(to - 4, static_cast<uint32_t>(data.width));
      put_word(link->at, static_cast<uint32_t>(to - 4 - link->at));
    }
  }

  std::vector<uint8_t> bytes_;
  const Mapped &map_;
};

// ---- Drawing one

uint64_t drawn_number(const Site &site, const std::vector<uint8_t> &bytes, Random &random) {
  uint64_t now = 0;
  memcpy(&now, bytes.data() + site.at, site.width);
  if (site.is_float) {
    const double wide = random.absurd_float();
    const float narrow = static_cast<float>(wide);
    uint64_t bits = 0;
    memcpy(&bits, site.width == 8 ? static_cast<const void *>(&wide) : &narrow, site.width);
    return bits;
  }
  if (site.is_choice) return random.once_in(3) ? random.below(256) : random.below(20);
  switch (random.below(5)) {
    case 0:
      return now + random.pick({uint64_t{1}, uint64_t{2}, uint64_t{4}, ~uint64_t{0}, ~uint64_t{1}, ~uint64_t{3}});
    case 1:
      return now * 2;
    case 2:
      return now ^ uint64_t { 1 } << random.below(8 * site.width);
    case 3:
      return now + 4 * (random.below(64)) - 128;
    default:
      return random.absurd();
  }
}

Edit draw_edit(const ModelFile &file, Random &random) {
  const Mapped &map = mapped(file);
  const size_t size = file.bytes.size();
  // Most of a file are numbers, which say least.
  static const Site::Kind kinds[] = {Site::Kind::number, Site::Kind::number, Site::Kind::length, Site::Kind::link,
                                     Site::Kind::link,   Site::Kind::vtable, Site::Kind::size,   Site::Kind::entry};
  switch (random.below(16)) {
    case 0:
      return {"flip", "", "", {random.below(size * 8)}};
    case 1:
      return {"cut", "", "", {random.below(size)}};
    case 2:
      return {"grow", "", "", {random.from(1, 128)}};
    case 3: {
      const uint64_t count = random.from(1, 64);
      return {"copy", "", "", {random.below(size) & ~uint64_t{3}, random.below(size) & ~uint64_t{3}, count}};
    }
    case 4: {
      const ModelFile &from = model_files()[random.below(model_files().size())];
      return {"graft",
              from.name,
              "",
              {random.below(from.bytes.size()) & ~uint64_t{3}, random.below(size) & ~uint64_t{3}, random.from(1, 256)}};
    }
    case 5:
      return {"link", map.links[random.below(map.links.size())]->path, map.links[random.below(map.links.size())]->path, {}};
    case 6:
    case 7: {
      const Site &data = *map.datas[random.below(map.datas.size())];
      return {
          "move", map.links[random.below(map.links.size())]->path, data.path + "#data", {random.below(data.width) & ~uint64_t{3}}};
    }
    case 8: {
      const Site &data = *map.datas[random.below(map.datas.size())];
      return {"slide", data.path + "#data", "", {4 * (random.below(128)) - 256}};
    }
    case 9:
    case 10: {
      const Site &data = *map.datas[random.below(map.datas.size())];
      const float value = random.once_in(3) ? random.sample() : random.absurd_float();
      uint32_t bits;
      memcpy(&bits, &value, 4);
      return {"float", data.path + "#data", "", {random.below(data.width / 4), bits}};
    }
    default: {
      const auto &sites = map.of_kind[static_cast<int>(random.pick(kinds))];
      const Site &site = *sites[random.below(sites.size())];
      return {"set", site.path, "", {drawn_number(site, file.bytes, random)}};
    }
  }
}

}  // namespace

std::string Recipe::text() const {
  std::ostringstream out;
  out << "model " << model->name << "\n";
  for (const Edit &edit : edits) {
    const Verb &verb = verb_named(edit.verb);
    out << verb.name;
    if (verb.paths > 0) out << " " << edit.path;
    if (verb.paths > 1) out << " " << edit.other;
    for (int i = 0; i < verb.numbers; i++) out << " " << edit.numbers[i];
    out << "\n";
  }
  return out.str();
}

Recipe Recipe::parse(const std::string &text) {
  Recipe recipe = {nullptr, {}};
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    if (!(words >> first) || first[0] == '#') continue;
    Edit edit = {first, "", "", {}};
    if (first == "model") {
      words >> edit.path;
      recipe.model = &model_file(edit.path);
      continue;
    }
    const Verb &verb = verb_named(first);
    if (verb.paths > 0) words >> edit.path;
    if (verb.paths > 1) words >> edit.other;
    for (int i = 0; i < verb.numbers; i++) words >> edit.numbers[i];
    require(recipe.model && words, "a recipe has a line that cannot be read: %s", line.c_str());
    recipe.edits.push_back(edit);
    for (const std::string *path : {&edit.path, &edit.other}) {
      const bool known = path->empty() || first == "graft" || mapped(*recipe.model).find(*path);
      require(known, "there is no %s in the model %s", path->c_str(), recipe.model->name.c_str());
    }
  }
  require(recipe.model, "a recipe names no model");
  return recipe;
}

Recipe Recipe::draw(Random &random) {
  Recipe recipe = {&model_files()[random.below(model_files().size())], {}};
  do recipe.edits.push_back(draw_edit(*recipe.model, random));
  while (random.once_in(3) && recipe.edits.size() < 6);
  return recipe;
}

std::vector<uint8_t> Recipe::bytes() const {
  Editor editor(*model);
  for (const Edit &edit : edits) editor.apply(edit);
  return editor.take();
}

}  // namespace fuzz
