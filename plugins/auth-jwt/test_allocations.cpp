// SPDX-License-Identifier: Apache-2.0
// Counts every operator new of the test's process. A file of its own: where the compiler sees both
// these and their callers it warns of malloc and delete being paired.
#include "test_kit.hpp"

#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t made = 0;
}  // namespace

void* operator new(std::size_t bytes) {
  ++made;
  if (void* memory = std::malloc(bytes ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace sluice::jwt::kit {

std::size_t count_allocations() { return made; }

}  // namespace sluice::jwt::kit
