// SPDX-License-Identifier: Apache-2.0
// Fuzzes what reads XML answers: the tree and the documents over it.
#include "../documents.hpp"
#include "../fault.hpp"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::maxcompute;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_instance(text);
  (void)parse_table_page(text);
  (void)parse_table(text);
  (void)make_http_fault(400, text, "r", 0);
  return 0;
}
