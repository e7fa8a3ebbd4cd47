// The good files that attacks start from: small, and between them everything that a file can hold.
#pragma once

#include <hypr.h>

#include <cstdint>
#include <string>
#include <vector>

namespace fuzz {

struct ModelFile {
  std::string name;
  std::vector<uint8_t> bytes;
};

/// Made once, by the library's builder: of every neuron model one that is dense and one that is sparse, and some of several layers.
const std::vector<ModelFile> &model_files();
const ModelFile &model_file(const std::string &name);

/// Of a good file.
hypr_model *load(const ModelFile &file);

}  // namespace fuzz
