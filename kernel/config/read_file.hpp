// SPDX-License-Identifier: Apache-2.0
#pragma once
// A whole file of bounded size as text. Used by this room's readers.

#include <sluice/result.hpp>

#include <filesystem>
#include <fstream>
#include <string>

namespace sluice::config {

inline Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) {
    return Error{SLUICE_E_UNAVAILABLE, "there is no such file, or it is not a plain file", {}, {}};
  }
  std::ifstream stream(path, std::ios::binary);
  std::string bytes(bytes_max + 1, '\0');
  if (!stream || stream.read(bytes.data(), std::streamsize(bytes.size())).bad()) {
    return Error{SLUICE_E_UNAVAILABLE, "the file cannot be read; check its permissions", {}, {}};
  }
  bytes.resize(std::size_t(stream.gcount()));
  if (bytes.size() > bytes_max) {
    return Error{SLUICE_E_TOO_LARGE,
                 "the file has more than the " + std::to_string(bytes_max) + " bytes allowed",
                 {},
                 {}};
  }
  return bytes;
}

}  // namespace sluice::config
