// SPDX-License-Identifier: Apache-2.0
#pragma once

// Content encodings of tunnel data: `deflate` (zlib's format), `x-snappy-framed`, `x-lz4-frame`,
// `x-odps-lz4-frame` (the same frame under another name) and `zstd`. A coding is the whole body.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "message.hpp"

namespace emulator {

// The encoding to use for this Accept-Encoding, or an empty text. A list in which an HTTP library
// announces gzip by itself is no wish of the client.
std::string choose_encoding(std::string_view accepted);

std::unique_ptr<BodyStream> encode(std::unique_ptr<BodyStream> plain, std::string_view encoding);

// The plain bytes of an upload; nullopt when they are not of this encoding.
std::optional<std::string> decode(std::string_view bytes, std::string_view encoding);

}  // namespace emulator
