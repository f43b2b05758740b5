// SPDX-License-Identifier: Apache-2.0
// Fuzzes what reads JSON answers and the types inside of them.
#include "../documents.hpp"
#include "../fault.hpp"
#include "../type.hpp"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::maxcompute;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_download_session(text);
  (void)parse_tunnel_schema(text);
  (void)parse_descriptor(text);
  (void)parse_session_answer(text);
  (void)parse_session_query(text);
  (void)parse_connection(text);
  (void)make_http_fault(400, text, "r", 0);
  (void)parse_type(text);
  return 0;
}
