// Random numbers of an attack: what one input is follows from the seed, the attack's name and the input's number alone.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace fuzz {

/// SplitMix64 (Steele, Lea & Flood 2014).
class Random {
 public:
  Random(uint64_t seed, const char *name, uint64_t number) : state_(seed) {
    while (*name) state_ = next() ^ static_cast<unsigned char>(*name++);
    state_ = next() ^ number;
    state_ = next();
  }

  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  /// 0 to limit - 1; 0 of a limit of 0.
  uint64_t below(uint64_t limit) { return limit ? next() % limit : 0; }

  /// From `low` to `high`, both included.
  uint64_t from(uint64_t low, uint64_t high) { return low + below(high - low + 1); }

  /// True once in `times`.
  bool once_in(uint64_t times) { return below(times) == 0; }

  /// -1 to 1.
  float sample() { return static_cast<float>(next() >> 40) * 0x1p-23f - 1; }

  template <typename T, size_t count>
  T pick(const T (&of)[count]) {
    return of[below(count)];
  }

  /// A whole number that a reader may stumble over: around 0, powers of two and what a multiplication makes overflow.
  uint64_t absurd() {
    switch (below(6)) {
      case 0:
        return below(4);
      case 1:
        return 0 - from(1, 4);
      case 2:
        return (uint64_t{1} << below(64)) - from(0, 2);
      case 3:
        return (uint64_t{1} << below(64)) + from(0, 2);
      case 4:
        return std::numeric_limits<uint64_t>::max() / from(1, 64);
      default:
        return next();
    }
  }

  /// A number at or beyond the edge of float32.
  float absurd_float() {
    static const float edges[] = {0,      -0.f,  1,      -1,           1e-45f,        -1e-45f,  1.17549435e-38f,
                                  1e-30f, 1e30f, -1e30f, 3.402823e38f, -3.402823e38f, INFINITY, -INFINITY,
                                  NAN,    -NAN,  0.01f,  1e6f,         0.9999f,       16777216};
    if (!once_in(4)) return pick(edges);
    const uint32_t bits = static_cast<uint32_t>(next());
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }

 private:
  uint64_t state_;
};

}  // namespace fuzz
