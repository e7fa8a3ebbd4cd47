// Where everything lies in a model file, by the schema's names: what lets a mutation know what it changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fuzz {

/// A place in the file that says something.
struct Site {
  enum class Kind {
    number,  // a scalar field, or an element of a vector of scalars
    link,    // an offset to a table, vector or string
    length,  // of a vector or string
    vtable,  // from a table to its vtable
    size,    // of a vtable or of its table
    entry,   // of a vtable: where a field is in the table
    data     // the bytes of a tensor
  };
  Kind kind;
  /// The schema's path, such as "layers[0].input_weight.shape[1]"; behind a # what has no name there.
  std::string path;
  size_t at, width;
  /// Of a number: whether it is floating point, and whether it is an enum or the type of a union.
  bool is_float = false, is_choice = false;
  /// Of a link: the object that it refers to, its length word included, and whether it has links itself.
  size_t object = 0, object_size = 0;
  bool is_table = false, has_links = false;
};

/// Of a good file.
std::vector<Site> map_file(const std::vector<uint8_t> &bytes);

}  // namespace fuzz
