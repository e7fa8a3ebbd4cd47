// Memory that is given to a call: it ends where a page begins that nobody may touch, and known bytes lie around it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fuzz {

/// `size` bytes from a pool of blocks that end in front of a guard page. `alignment` is a power of two.
void *guarded_take(size_t size, size_t alignment);

/// Gives them back. A fault if a byte around them is not as it was.
void guarded_give(void *memory, size_t size, size_t alignment);

/// `count` elements, not initialised.
template <typename T>
class Guarded {
 public:
  explicit Guarded(size_t count, size_t alignment = alignof(T))
      : count_(count), alignment_(alignment), memory_(static_cast<T *>(guarded_take(count * sizeof(T), alignment))) {}
  Guarded(const Guarded &) = delete;
  Guarded &operator=(const Guarded &) = delete;
  ~Guarded() { guarded_give(memory_, count_ * sizeof(T), alignment_); }

  T *get() const { return memory_; }
  size_t size() const { return count_; }
  T &operator[](size_t index) const { return memory_[index]; }
  T *begin() const { return memory_; }
  T *end() const { return memory_ + count_; }

 private:
  const size_t count_, alignment_;
  T *const memory_;
};

}  // namespace fuzz
