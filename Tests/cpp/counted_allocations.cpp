// Counts what C++ allocates. In a file of its own, so that nothing is inlined beside a `new` of the standard library.
#include <cstddef>
#include <cstdlib>
#include <new>

std::size_t allocations;

void *operator new(std::size_t size) {
  allocations++;
  if (void *memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }
