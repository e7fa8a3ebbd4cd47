// Small helpers shared by the reader's source files: null-safe access to strings, vectors and tensors of a verified file.
#pragma once

#include "CModelFormat.h"
#include "schema_reflection.h"

namespace hypr {
namespace format {

/// The root table behind the opaque handle.
inline const Model *root(const format_model *model) { return reinterpret_cast<const Model *>(model); }

/// Size of a vector, 0 if absent.
template <typename T>
size_t count_of(const flatbuffers::Vector<T> *vector) {
  return vector ? vector->size() : 0;
}

/// Start of a vector of scalars, null if absent or empty.
template <typename T>
const T *values_of(const flatbuffers::Vector<T> *vector) {
  return count_of(vector) ? reinterpret_cast<const T *>(vector->Data()) : nullptr;
}

/// Element of a vector of tables or strings, null if absent or out of range.
template <typename T>
const T *element_of(const flatbuffers::Vector<flatbuffers::Offset<T>> *vector, size_t index) {
  return index < count_of(vector) ? vector->Get(static_cast<flatbuffers::uoffset_t>(index)) : nullptr;
}

/// Characters of a string, "" if absent.
inline const char *text_of(const flatbuffers::String *string) { return string ? string->c_str() : ""; }

/// A table of the file together with its type in the schema. Both are null, or neither.
struct TypedTable {
  const flatbuffers::Table *table;
  const flatbuffers::TypeTable *type;

  /// Any generated table class.
  template <typename T>
  static TypedTable of(const T *table) {
    return {reinterpret_cast<const flatbuffers::Table *>(table), table ? T::MiniReflectTypeTable() : nullptr};
  }

  /// A union's value. The verifier has not looked at members that this schema does not know: they become null.
  static TypedTable of_union(const flatbuffers::TypeTable *members, uint8_t value, const void *object) {
    const auto type = object ? reflection::member_type(members, value) : nullptr;
    return {type ? static_cast<const flatbuffers::Table *>(object) : nullptr, type};
  }
};

/// Describes the tensor in the field with this name; zeroes `out` and returns false if there is none.
bool read_tensor(TypedTable from, const char *field_name, format_tensor *out);

/// Reads the float, enum or bool in the field with this name; zeroes `out` and returns false if there is none.
bool read_scalar(TypedTable from, const char *field_name, float *out);

}  // namespace format
}  // namespace hypr
