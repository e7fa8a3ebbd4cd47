// A damaged model file, as the good one and what was done to it: a line each, so that it can be read and kept.
//
//   model NAME
//   set PATH NUMBER           the number of PATH, whatever its width, by its bits
//   float PATH INDEX BITS     an element of the tensor whose data PATH is
//   flip BIT                  a bit of the file
//   copy FROM TO COUNT        bytes of the file over others
//   graft NAME FROM TO COUNT  the same from another good model
//   cut SIZE                  the file ends there
//   grow COUNT                zeros follow
//   link PATH TO              the offset of PATH leads to what that of TO leads to
//   move PATH DATA PLACE      what PATH leads to is written anew into the bytes of the tensor DATA, and PATH leads there
//   slide DATA BYTES          the bytes of the tensor begin elsewhere; their length is written before them
#pragma once

#include <string>
#include <vector>

#include "models.hpp"
#include "random.hpp"

namespace fuzz {

struct Edit {
  std::string verb, path, other;
  uint64_t numbers[3];
};

struct Recipe {
  const ModelFile *model;
  std::vector<Edit> edits;

  std::string text() const;
  static Recipe parse(const std::string &text);

  /// Of a random model, mostly one edit.
  static Recipe draw(Random &random);

  /// The damaged file. Edits that do not fit into it leave it as it is.
  std::vector<uint8_t> bytes() const;
};

}  // namespace fuzz
