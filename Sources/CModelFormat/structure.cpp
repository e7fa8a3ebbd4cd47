// What a verified file consists of: every object that the schema knows, and the bytes that it takes.
//
// FlatBuffers' verifier looks at each object by itself. It does not see that two of them share bytes, that a field lies outside of
// its table, or that a string is not UTF-8.
#include <string.h>

#include <algorithm>

#define FLATBUFFERS_PREFER_PRINTF
#include "flatbuffers/util.h"
#include "model_fields.h"

namespace hypr {
namespace format {
namespace {

using flatbuffers::ReadScalar;
using flatbuffers::uoffset_t;
using flatbuffers::voffset_t;

/// Where an object stands: the path to it, from the root.
struct Place {
  const Place *parent;
  const char *name;  // null: `index` of a vector
  size_t index;
};

/// Bytes of the file. Saving writes the elements of tensors, which are the scales of Int8, too; everything else stays as it is.
enum class Part { header, table, vtable, vector, string, elements, outside };

struct Object {
  size_t start, end;
  Part part;
};

/// Told every object, and again whenever it is referred to again; false ends the walk.
typedef bool (*Visitor)(void *context, const Object &object, const Place &place);

size_t size_in_table(flatbuffers::TypeCode code) {
  if (code.is_repeating) return sizeof(uoffset_t);
  switch (code.base_type) {
    case flatbuffers::ET_UTYPE:
    case flatbuffers::ET_BOOL:
    case flatbuffers::ET_CHAR:
    case flatbuffers::ET_UCHAR: return 1;
    case flatbuffers::ET_SHORT:
    case flatbuffers::ET_USHORT: return 2;
    case flatbuffers::ET_LONG:
    case flatbuffers::ET_ULONG:
    case flatbuffers::ET_DOUBLE: return 8;
    default: return 4;
  }
}

class Walk {
 public:
  Walk(const void *data, size_t size, Visitor visit, void *context)
      : start(static_cast<const uint8_t *>(data)), size(size), visit(visit), context(context) {}

  /// Whether the visitor has seen all.
  bool all() const {
    const Place header{nullptr, "the header", 0}, model{nullptr, "the root", 0};
    return object(start, sizeof(uoffset_t) + flatbuffers::kFileIdentifierLength, Part::header, header) &&
           table(reinterpret_cast<const Table *>(GetModel(start)), ModelTypeTable(), model);
  }

 private:
  using Table = flatbuffers::Table;
  using TypeTable = flatbuffers::TypeTable;

  const uint8_t *const start;
  const size_t size;
  const Visitor visit;
  void *const context;

  bool object(const void *from, size_t count, Part part, const Place &place) const {
    const size_t offset = static_cast<size_t>(static_cast<const uint8_t *>(from) - start);
    if (count > size - offset) part = Part::outside;
    return visit(context, {offset, offset + count, part}, place);
  }

  bool table(const Table *table, const TypeTable *type, const Place &place) const {
    const auto vtable = table->GetVTable();
    const size_t vtable_size = ReadScalar<voffset_t>(vtable);
    const Place its{&place, "vtable", 0};
    if (vtable_size < 2 * sizeof(voffset_t)) return object(vtable, vtable_size, Part::outside, its);
    const size_t table_size = ReadScalar<voffset_t>(vtable + sizeof(voffset_t));
    if (!object(vtable, vtable_size, Part::vtable, its) || !object(table, table_size, Part::table, place)) return false;
    for (size_t i = 0; i < type->num_elems; ++i) {
      const size_t offset = table->GetOptionalFieldOffset(reflection::field_offset(static_cast<int>(i)));
      if (offset == 0) continue;
      const Place field_place{&place, type->names[i], 0};
      const auto field_start = reinterpret_cast<const uint8_t *>(table) + offset;
      const size_t field_size = size_in_table(type->type_codes[i]);
      if (offset < sizeof(flatbuffers::soffset_t) || offset + field_size > table_size) {
        return object(field_start, field_size, Part::outside, field_place);
      }
      if (!field(table, type, i, field_start, field_place)) return false;
    }
    return true;
  }

  bool field(const Table *table, const TypeTable *type, size_t i, const uint8_t *at, const Place &place) const {
    const auto code = type->type_codes[i];
    const bool refers = code.base_type == flatbuffers::ET_STRING || code.base_type == flatbuffers::ET_SEQUENCE;
    if (!refers && !code.is_repeating) return true;
    const auto from = at + ReadScalar<uoffset_t>(at);
    auto type_there = code.base_type == flatbuffers::ET_SEQUENCE ? reflection::referenced_type(type, i) : nullptr;
    if (type_there && type_there->st == flatbuffers::ST_UNION) {
      // A union's type is the field before it.
      const auto value = table->GetField<uint8_t>(reflection::field_offset(static_cast<int>(i) - 1), 0);
      type_there = reflection::member_type(type_there, value);
    }
    if (!code.is_repeating) return referred(from, code, type_there, place);
    const size_t count = ReadScalar<uoffset_t>(from);
    const auto elements = from + sizeof(uoffset_t);
    if (const size_t saved = saved_size(table, type, i)) {
      return object(from, sizeof(uoffset_t), Part::vector, place) &&
             (count == 0 || object(elements, count * saved, Part::elements, place));
    }
    auto element = code;
    element.is_repeating = 0;
    const bool is_struct = type_there && type_there->st == flatbuffers::ST_STRUCT;
    // A struct's type says where its members begin, and last where it ends.
    const size_t element_size = is_struct ? static_cast<size_t>(type_there->values[type_there->num_elems]) : size_in_table(element);
    if (!object(from, sizeof(uoffset_t) + count * element_size, Part::vector, place)) return false;
    for (size_t k = 0; refers && !is_struct && k < count; ++k) {
      const auto reference = elements + k * element_size;
      const Place element_place{&place, nullptr, k};
      if (!referred(reference + ReadScalar<uoffset_t>(reference), element, type_there, element_place)) return false;
    }
    return true;
  }

  /// Bytes of an element of a vector that saving writes; 0: it does not.
  static size_t saved_size(const Table *table, const TypeTable *type, size_t i) {
    if (type != TensorTypeTable()) return 0;
    const auto field = reflection::field_offset(static_cast<int>(i));
    if (field == Tensor::VT_DATA) return 1;
    const auto element_type = static_cast<ElementType>(table->GetField<uint8_t>(Tensor::VT_ELEMENT_TYPE, 0));
    return field == Tensor::VT_SCALES && element_type == ElementType::Int8 ? sizeof(float) : 0;
  }

  /// A string or a table. Members of unions that this schema does not know have no type: the verifier has not looked at them.
  bool referred(const uint8_t *from, flatbuffers::TypeCode code, const TypeTable *type, const Place &place) const {
    if (code.base_type == flatbuffers::ET_STRING) {
      return object(from, sizeof(uoffset_t) + ReadScalar<uoffset_t>(from) + 1, Part::string, place);
    }
    return !type || table(reinterpret_cast<const Table *>(from), type, place);
  }
};

/// An object as a number: sorted, they lie as in the file. Files have less than 2 GiB.
uint64_t key(const Object &object) {
  const uint64_t is_elements = object.part == Part::elements, is_text = object.part == Part::string;
  return static_cast<uint64_t>(object.start) << 33 | static_cast<uint64_t>(object.end) << 2 | is_text << 1 | is_elements;
}
size_t start_of(uint64_t key) { return key >> 33; }
size_t end_of(uint64_t key) { return key >> 2 & 0x7fffffff; }
bool is_text(uint64_t key) { return key & 2; }
bool is_elements(uint64_t key) { return key & 1; }

/// Cut to its room.
void append(char *text, size_t size, const char *more) {
  size_t used = strlen(text);
  while (*more && used + 1 < size) text[used++] = *more++;
  text[used] = 0;
}

/// "layers[0].input_weight.data", cut to its room.
void write(const Place *place, char *text, size_t size) {
  if (place->parent && place->parent->parent) {
    write(place->parent, text, size);
  } else {
    text[0] = 0;
  }
  if (place->name) {
    if (text[0]) append(text, size, ".");
    append(text, size, place->name);
  } else {
    char digits[24];
    char *first = digits + sizeof digits;
    *--first = 0;
    *--first = ']';
    size_t rest = place->index;
    do *--first = static_cast<char>('0' + rest % 10);
    while (rest /= 10);
    *--first = '[';
    append(text, size, first);
  }
}

/// First counts the objects, then notes them, then names one or two of them.
struct Check {
  format_fault *fault;
  size_t count, most;
  uint64_t *keys;
  uint64_t wanted[2];
};

bool fails(Check *check, format_fault_kind kind, const Place &place) {
  check->fault->kind = kind;
  write(&place, check->fault->place, sizeof check->fault->place);
  return false;
}

bool look(void *context, const Object &object, const Place &place) {
  const auto check = static_cast<Check *>(context);
  if (object.part == Part::outside) return fails(check, FORMAT_FAULT_OUTSIDE, place);
  if (++check->count > check->most) return fails(check, FORMAT_FAULT_TOO_OFTEN, place);
  return true;
}

bool note(void *context, const Object &object, const Place &) {
  const auto check = static_cast<Check *>(context);
  check->keys[check->count++] = key(object);
  return true;
}

bool name(void *context, const Object &object, const Place &place) {
  const auto check = static_cast<Check *>(context);
  const auto fault = check->fault;
  const auto found = key(object);
  // Both may be the same object, seen twice.
  if (fault->place[0] == 0 && found == check->wanted[0]) {
    write(&place, fault->place, sizeof fault->place);
  } else if (fault->other[0] == 0 && found == check->wanted[1]) {
    write(&place, fault->other, sizeof fault->other);
  }
  return fault->place[0] == 0 || fault->other[0] == 0;
}

/// Whether two objects that follow each other share bytes and must not.
bool collide(uint64_t before, uint64_t next) {
  // Vtables, strings and all that is only read may be shared as a whole, as writers do to save room.
  return before == next ? is_elements(next) : start_of(next) < end_of(before);
}

/// Whether an object is a text that is not UTF-8; notes where.
bool is_damaged(uint64_t key, const uint8_t *data, format_fault *fault) {
  if (!is_text(key)) return false;
  const auto text = reinterpret_cast<const char *>(data + start_of(key) + sizeof(uoffset_t));
  const auto end = reinterpret_cast<const char *>(data + end_of(key) - 1);
  for (auto next = text; next < end;) {
    const auto character = next;
    if (flatbuffers::FromUTF8(&next) >= 0) continue;
    fault->position = static_cast<size_t>(character - text);
    fault->byte = static_cast<uint8_t>(*character);
    return true;
  }
  return false;
}

}  // namespace
}  // namespace format
}  // namespace hypr

using namespace hypr::format;

extern "C" {

size_t format_object_count(const void *data, size_t size, format_fault *fault) {
  *fault = format_fault{};
  Check check{fault, 0, size / 2, nullptr, {0, 0}};
  return Walk(data, size, look, &check).all() ? check.count : 0;
}

void format_check(const void *data, size_t size, uint64_t *keys, size_t count, format_fault *fault) {
  *fault = format_fault{};
  Check check{fault, 0, count, keys, {0, 0}};
  Walk(data, size, note, &check).all();
  format_sort(keys, count);
  for (size_t i = 1; i < count && fault->kind == FORMAT_FAULT_NONE; ++i) {
    if (!collide(keys[i - 1], keys[i])) continue;
    fault->kind = FORMAT_FAULT_SHARED;
    check.wanted[0] = keys[i - 1];
    check.wanted[1] = keys[i];
  }
  // A text that is damaged is told only if there is nothing worse. One that is shared is read once.
  for (size_t i = 0; i < count && fault->kind == FORMAT_FAULT_NONE; ++i) {
    if (i > 0 && keys[i] == keys[i - 1]) continue;
    if (!is_damaged(keys[i], static_cast<const uint8_t *>(data), fault)) continue;
    fault->kind = FORMAT_FAULT_TEXT;
    check.wanted[0] = keys[i];
  }
  if (fault->kind != FORMAT_FAULT_NONE) Walk(data, size, name, &check).all();
}

bool format_visit_structure(const void *data, size_t size, format_visitor visit, const void *context) {
  struct Visit {
    format_visitor visit;
    const void *context;
  } visitor{visit, context};
  const auto pass = [](void *context, const Object &object, const Place &) {
    const auto visitor = static_cast<Visit *>(context);
    return object.part == Part::elements || visitor->visit(visitor->context, object.start, object.end);
  };
  return Walk(data, size, pass, &visitor).all();
}

void format_sort(uint64_t *keys, size_t count) {
  std::make_heap(keys, keys + count);
  std::sort_heap(keys, keys + count);
}

}  // extern "C"
