#include "file_map.hpp"

#include <flatbuffers/minireflect.h>

#include "schema_reflection.h"

namespace fuzz {
namespace {

using namespace hypr::format;
using flatbuffers::ElementaryType;
using flatbuffers::TypeTable;

class Mapper {
 public:
  explicit Mapper(const std::vector<uint8_t> &bytes) : bytes_(bytes) {}

  std::vector<Site> map() {
    link("#root", 0, [&](size_t at) { return table("", at, ModelTypeTable()); });
    add(Site::Kind::number, "#identifier", 4, 4);
    return std::move(sites_);
  }

 private:
  template <typename T>
  T read(size_t at) const {
    return flatbuffers::ReadScalar<T>(bytes_.data() + at);
  }

  Site &add(Site::Kind kind, const std::string &path, size_t at, size_t width) {
    sites_.push_back({kind, path, at, width});
    return sites_.back();
  }

  struct Extent {
    size_t start, size;
    bool is_table, has_links;
  };

  template <typename Visit>
  void link(const std::string &path, size_t at, Visit visit) {
    const size_t index = sites_.size();
    add(Site::Kind::link, path, at, 4);
    const Extent extent = visit(at + read<uint32_t>(at));
    Site &site = sites_[index];
    site.object = extent.start;
    site.object_size = extent.size;
    site.is_table = extent.is_table;
    site.has_links = extent.has_links;
  }

  static size_t width(ElementaryType type) { return flatbuffers::InlineSize(type, nullptr); }
  static bool is_float(ElementaryType type) { return type == flatbuffers::ET_FLOAT || type == flatbuffers::ET_DOUBLE; }

  void number(const std::string &path, size_t at, ElementaryType type) {
    Site &site = add(Site::Kind::number, path, at, width(type));
    site.is_float = is_float(type);
    site.is_choice = width(type) == 1;
  }

  Extent string(const std::string &path, size_t at) {
    const uint32_t count = read<uint32_t>(at);
    add(Site::Kind::length, path + "#length", at, 4);
    for (uint32_t i = 0; i <= count; i++) add(Site::Kind::number, path + "[" + std::to_string(i) + "]", at + 4 + i, 1);
    return {at, 5 + count, false, false};
  }

  Extent vector(const std::string &path, size_t at, ElementaryType type, const TypeTable *element, bool is_data) {
    const uint32_t count = read<uint32_t>(at);
    add(Site::Kind::length, path + "#length", at, 4);
    const bool is_struct = element && element->st == flatbuffers::ST_STRUCT;
    const bool links = type == flatbuffers::ET_STRING || (type == flatbuffers::ET_SEQUENCE && !is_struct);
    const size_t size = links ? 4 : flatbuffers::InlineSize(type, element);
    if (is_data) {
      add(Site::Kind::data, path, at + 4, count);
      return {at, 4 + count, false, false};
    }
    for (uint32_t i = 0; i < count; i++) {
      const std::string name = path + "[" + std::to_string(i) + "]";
      const size_t place = at + 4 + i * size;
      if (type == flatbuffers::ET_STRING)
        link(name, place, [&](size_t to) { return string(name, to); });
      else if (links)
        link(name, place, [&](size_t to) { return table(name, to, element); });
      else if (is_struct)
        members(name, place, element);
      else
        number(name, place, type);
    }
    return {at, 4 + count * size, false, links};
  }

  void members(const std::string &path, size_t at, const TypeTable *type) {
    for (size_t i = 0; i < type->num_elems; i++) {
      const auto member = static_cast<ElementaryType>(type->type_codes[i].base_type);
      number(path + "." + type->names[i], at + static_cast<size_t>(type->values[i]), member);
    }
  }

  Extent table(const std::string &path, size_t at, const TypeTable *type) {
    const std::string prefix = path.empty() ? "" : path + ".";
    const size_t vtable = at - read<int32_t>(at);
    const size_t entries = (read<uint16_t>(vtable) - 4) / 2, size = read<uint16_t>(vtable + 2);
    add(Site::Kind::vtable, path + "#vtable", at, 4);
    add(Site::Kind::size, path + "#vtable_size", vtable, 2);
    add(Site::Kind::size, path + "#table_size", vtable + 2, 2);
    bool links = false;
    for (size_t i = 0; i < entries && i < type->num_elems; i++) {
      const std::string name = prefix + type->names[i];
      add(Site::Kind::entry, name + "#entry", vtable + 4 + 2 * i, 2);
      const uint16_t field = read<uint16_t>(vtable + 4 + 2 * i);
      if (field == 0) continue;
      const auto code = type->type_codes[i];
      const auto element = static_cast<ElementaryType>(code.base_type);
      const size_t place = at + field;
      const TypeTable *refers = code.sequence_ref < 0 ? nullptr : type->type_refs[code.sequence_ref]();
      links = links || code.is_repeating || element == flatbuffers::ET_STRING || element == flatbuffers::ET_SEQUENCE;
      if (code.is_repeating) {
        const bool is_data = type == TensorTypeTable() && name == prefix + "data";
        link(name, place, [&](size_t to) { return vector(name, to, element, refers, is_data); });
      } else if (element == flatbuffers::ET_STRING) {
        link(name, place, [&](size_t to) { return string(name, to); });
      } else if (element == flatbuffers::ET_SEQUENCE) {
        // The type of a union stands in the field before it.
        if (refers->st == flatbuffers::ST_UNION)
          refers = reflection::member_type(refers, bytes_[at + read<uint16_t>(vtable + 2 + 2 * i)]);
        if (refers) link(name, place, [&](size_t to) { return table(name, to, refers); });
      } else {
        number(name, place, element);
      }
    }
    return {at, size, true, links};
  }

  const std::vector<uint8_t> &bytes_;
  std::vector<Site> sites_;
};

}  // namespace

std::vector<Site> map_file(const std::vector<uint8_t> &bytes) { return Mapper(bytes).map(); }

}  // namespace fuzz
