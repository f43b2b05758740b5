// SPDX-License-Identifier: Apache-2.0
// A request of whatever bytes through the canonicaliser. First line: list of signed headers;
// second: path; third: query; the rest: a form. Whatever they are, the candidates keep their
// promises.
#include "candidates.hpp"
#include "percent.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace sluice::hmac;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Memory {
  std::vector<std::unique_ptr<std::max_align_t[]>> pieces;
  Scratch scratch() {
    return {this, [](void* user, std::size_t bytes) -> void* {
              auto& self = *static_cast<Memory*>(user);
              self.pieces.push_back(
                  std::make_unique<std::max_align_t[]>(bytes / sizeof(std::max_align_t) + 1));
              return self.pieces.back().get();
            }};
  }
};

std::string_view take_line(std::string_view& bytes) {
  const auto end = std::min(bytes.find('\n'), bytes.size());
  const auto line = bytes.substr(0, end);
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return line;
}

void check_parameters(std::span<const Parameter> parameters, std::size_t bytes_max) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    require(!parameters[i].name.empty());
    require(i == 0 || parameters[i - 1].name < parameters[i].name);  // sorted, none twice
    bytes += parameters[i].name.size() + parameters[i].value.size();
  }
  require(bytes <= bytes_max);  // decoding never makes text longer
  require(parameters.size() <= kParametersMax);
}

// The same first text, put together another way.
std::string rebuild_first(const SignedRequest& request, std::span<const SignedHeader> headers,
                          std::span<const Parameter> parameters) {
  std::vector<std::string> lines;
  for (const auto& header : headers) {
    lines.push_back(std::string(header.name) + ":" + std::string(header.value) + "\n");
  }
  std::sort(lines.begin(), lines.end(), [](const std::string& a, const std::string& b) {
    return a.substr(0, a.find(':')) < b.substr(0, b.find(':'));
  });
  std::string text = "GET\n\n\n\n\n";
  for (const auto& line : lines) text += line;
  text += request.path;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    text += i == 0 ? "?" : "&";
    text += parameters[i].name;
    if (!parameters[i].value.empty()) text += "=" + std::string(parameters[i].value);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto list = take_line(bytes), path = take_line(bytes), query = take_line(bytes);
  const SignedRequest request{.method = "get", .path = path, .query = query, .form = bytes};
  Memory memory;
  const Scratch scratch = memory.scratch();

  auto headers = parse_signed_headers(list, scratch);
  require(headers.items.size() <= kSignedHeadersMax);
  if (headers.fault != SignedHeadersFault::kNone) return 0;
  const auto m1 = parse_parameters(Reading::kM1, query, bytes, scratch);
  const auto m2 = parse_parameters(Reading::kM2, query, bytes, scratch);
  require(m1.fault == m2.fault);  // the two readings differ in meaning, never in what is allowed
  if (m1.fault != ParametersFault::kNone) return 0;
  require(is_well_encoded(query) && is_well_encoded(bytes));
  check_parameters(m1.sorted, query.size() + bytes.size());
  check_parameters(m2.sorted, query.size() + bytes.size());

  Candidates candidates(request, headers, m1.sorted, scratch);
  std::vector<std::string> texts;
  int last = 0;
  while (const auto candidate = candidates.next()) {
    require(candidate->number > last && candidate->number <= 5);
    last = candidate->number;
    require(candidate->text.starts_with("GET\n\n\n\n\n"));
    require(std::find(texts.begin(), texts.end(), candidate->text) == texts.end());
    texts.emplace_back(candidate->text);
    check_parameters(candidate->parameters, query.size() + bytes.size());
    if (last == 1) {
      const auto again = parse_signed_headers(list, scratch);
      // A name with a colon cannot be sorted by what stands before the colon.
      const bool is_plain = std::none_of(
          again.items.begin(), again.items.end(),
          [](const SignedHeader& header) { return header.name.find(':') != header.name.npos; });
      require(!is_plain ||
              candidate->text == rebuild_first(request, again.items, candidate->parameters));
    }
  }
  require(last >= 1 && !candidates.is_out_of_memory());
  require(candidates.first_text() == texts.front());

  // A path that is signed decoded never gains a byte with a meaning in paths.
  std::string room(path.size(), '\0');
  if (const auto decoded = decode_path(path, room.data())) {
    require(*decoded != path);
    for (const char special : {'/', '\\', '?', '#', '%', '.'}) {
      require(std::count(decoded->begin(), decoded->end(), special) <=
              std::count(path.begin(), path.end(), special));
    }
  }
  return 0;
}
