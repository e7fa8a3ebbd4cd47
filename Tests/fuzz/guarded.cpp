#include "guarded.hpp"

#include <sys/mman.h>

#include <cstring>
#include <vector>

#include "attack.hpp"

namespace fuzz {
namespace {

constexpr size_t page = 4096, block = size_t{1} << 20, canary = 64;
constexpr unsigned char mark = 0xa5;

std::vector<unsigned char *> spare;

unsigned char *make(size_t room) {
  void *start = mmap(nullptr, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  require(start != MAP_FAILED, "the fuzzer has no memory for a buffer of %zu bytes", room);
  require(mprotect(static_cast<unsigned char *>(start) + room, page, PROT_NONE) == 0, "no guard page");
  return static_cast<unsigned char *>(start);
}

bool is_pooled(size_t size, size_t alignment) { return size + canary + alignment <= block; }

size_t room_for(size_t size, size_t alignment) {
  return is_pooled(size, alignment) ? block : (size + canary + alignment + page - 1) / page * page;
}

}  // namespace

void *guarded_take(size_t size, size_t alignment) {
  const size_t room = room_for(size, alignment);
  unsigned char *start;
  if (is_pooled(size, alignment) && !spare.empty()) {
    start = spare.back();
    spare.pop_back();
  } else {
    start = make(room);
  }
  const size_t place = (room - size) / alignment * alignment;
  memset(start + place - canary, mark, canary);
  memset(start + place + size, mark, room - size - place);
  return start + place;
}

void guarded_give(void *memory, size_t size, size_t alignment) {
  const size_t room = room_for(size, alignment), place = (room - size) / alignment * alignment;
  unsigned char *start = static_cast<unsigned char *>(memory) - place;
  for (size_t i = place - canary; i < room; i++) {
    if (i == place) i += size;
    if (i < room) require(start[i] == mark, "a byte was written %zd bytes from the start of a buffer of %zu", i - place, size);
  }
  if (room == block) {
    spare.push_back(start);
  } else {
    munmap(start, room + page);
  }
}

}  // namespace fuzz
