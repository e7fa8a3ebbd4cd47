// The checksum of saved states and updates, for damage that is to look right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fuzz {

/// Like FNV-1a, but of eight bytes at a time, and the upper half of each product is brought down.
inline uint64_t checksum(const uint8_t *bytes, size_t count) {
  uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&](uint64_t word) {
    hash = (hash ^ word) * 0x100000001b3u;
    hash ^= hash >> 32;
  };
  size_t i = 0;
  for (uint64_t word; i + 8 <= count; i += 8) memcpy(&word, bytes + i, 8), add(word);
  for (; i < count; i++) add(bytes[i]);
  return hash;
}

}  // namespace fuzz
