// Looking up fields and union members of the schema by name, through the type tables that flatc generates (--reflect-names).
// A neuron model added to the schema is found here without any change. Not a public header: the reader and the writer use it.
#pragma once

#include <string.h>

#include "hypr_generated.h"

namespace hypr {
namespace format {
namespace reflection {

using flatbuffers::Table;
using flatbuffers::TypeTable;

/// The table type that a type code refers to, or null where it refers to none.
inline const TypeTable *referenced_type(const TypeTable *type, size_t index) {
  const auto reference = type->type_codes[index].sequence_ref;
  return reference < 0 ? nullptr : type->type_refs[reference]();
}

/// The position of a member of a union or an enum in its type table, or -1: 0 (NONE) and values that this schema does not know.
inline int member_index(const TypeTable *members, uint8_t value) {
  if (value == 0) return -1;
  for (size_t i = 0; i < members->num_elems; ++i) {
    const int64_t known = members->values ? members->values[i] : static_cast<int64_t>(i);
    if (known == value) return static_cast<int>(i);
  }
  return -1;
}

/// The type of a union member that is a table, or null.
inline const TypeTable *member_type(const TypeTable *members, uint8_t value) {
  const int index = member_index(members, value);
  if (index < 0) return nullptr;
  const TypeTable *type = referenced_type(members, static_cast<size_t>(index));
  return type && type->st == flatbuffers::ST_TABLE ? type : nullptr;
}

/// The name of a member of a union or an enum, or null.
inline const char *member_name(const TypeTable *members, uint8_t value) {
  const int index = member_index(members, value);
  return index < 0 ? nullptr : members->names[index];
}

/// The value of the union member with this name, or 0 (NONE).
inline uint8_t member_named(const TypeTable *members, const char *name) {
  for (size_t i = 1; i < members->num_elems; ++i) {
    if (strcmp(members->names[i], name) == 0) {
      return static_cast<uint8_t>(members->values ? members->values[i] : static_cast<int64_t>(i));
    }
  }
  return 0;
}

/// The position of a field in its table type, or -1.
inline int field_index(const TypeTable *type, const char *name) {
  for (size_t i = 0; i < type->num_elems; ++i) {
    if (strcmp(type->names[i], name) == 0) return static_cast<int>(i);
  }
  return -1;
}

/// The place of a field in the vtable. Fields are numbered as they stand: the schema uses no `id:` and no `deprecated`.
inline flatbuffers::voffset_t field_offset(int index) {
  return flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(index));
}

/// Whether the field is one `Tensor`.
inline bool is_tensor(const TypeTable *type, int index) {
  const auto code = type->type_codes[index];
  return code.base_type == flatbuffers::ET_SEQUENCE && !code.is_repeating &&
         referenced_type(type, static_cast<size_t>(index)) == TensorTypeTable();
}

/// Whether the field is one `float`.
inline bool is_float(const TypeTable *type, int index) {
  const auto code = type->type_codes[index];
  return code.base_type == flatbuffers::ET_FLOAT && !code.is_repeating;
}

/// Whether the field is one byte: an enum or a bool.
inline bool is_byte(const TypeTable *type, int index) {
  const auto code = type->type_codes[index];
  return (code.base_type == flatbuffers::ET_UCHAR || code.base_type == flatbuffers::ET_BOOL) && !code.is_repeating;
}

}  // namespace reflection
}  // namespace format
}  // namespace hypr
