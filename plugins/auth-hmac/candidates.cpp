// SPDX-License-Identifier: Apache-2.0
#include "candidates.hpp"

#include <algorithm>

namespace sluice::hmac {
namespace {

constexpr int kCandidates = 5;

bool is_lower(int number) noexcept { return number == 2 || number >= 4; }
bool is_path_decoded(int number) noexcept { return number == 3 || number == 4; }
bool is_m2(int number) noexcept { return number == 5; }

}  // namespace

Candidates::Candidates(const SignedRequest& request, SignedHeaders headers,
                       std::span<const Parameter> m1, const Scratch& scratch)
    : request_(request), headers_(headers), m1_(m1), scratch_(scratch) {
  sort_headers(headers_.items, NameCase::kAsListed);
}

std::optional<Candidate> Candidates::next() {
  while (number_ < kCandidates && !is_out_of_memory_) {
    const int number = ++number_;
    // Names without upper case make 2 of 1 and 4 of 3: no need to build them to know.
    if ((number == 2 || number == 4) && !headers_.has_upper_case) continue;
    if (auto made = make(number)) return made;
  }
  return std::nullopt;
}

std::optional<Candidate> Candidates::make(int number) {
  if (is_path_decoded(number)) {
    prepare_path();
    if (!has_decoded_path_) return std::nullopt;
  }
  if (is_m2(number) && !prepare_m2()) return std::nullopt;
  const auto names = is_lower(number) ? NameCase::kLower : NameCase::kAsListed;
  if (names != sorted_for_) {
    sort_headers(headers_.items, names);
    sorted_for_ = names;
  }
  const SignedText parts{
      .method = request_.method,
      .accept = request_.accept,
      .content_md5 = request_.content_md5,
      .content_type = request_.content_type,
      .date = request_.date,
      .headers = headers_.items,
      .names = names,
      .path = is_path_decoded(number) ? std::string_view(decoded_path_) : request_.path,
      .parameters = is_m2(number) ? m2_ : m1_,
      .writes_empty_value_with_equals = is_m2(number)};

  const auto place = static_cast<std::size_t>(number - 1);
  const std::size_t size = measure_text(parts);
  std::span<char> room;
  if (number == 1 && size <= kScratchTextBytesMax) room = scratch_.make_array<char>(size);
  if (room.empty()) {
    kept_[place].resize(size);
    room = kept_[place];
  }
  write_text(parts, room.data());
  const std::string_view text(room.data(), size);
  const bool is_known = std::find(texts_.begin(), texts_.end(), text) != texts_.end();
  texts_[place] = text;
  if (is_known) return std::nullopt;
  return Candidate{number, text, parts.parameters};
}

void Candidates::prepare_path() {
  if (!decoded_path_.empty()) return;
  decoded_path_.resize(request_.path.size());
  const auto decoded = decode_path(request_.path, decoded_path_.data());
  has_decoded_path_ = decoded.has_value();
  if (decoded) decoded_path_.resize(decoded->size());
}

bool Candidates::prepare_m2() {
  const auto parsed = parse_parameters(Reading::kM2, request_.query, request_.form, scratch_);
  // M1 took the same texts, so neither an escape nor their number can be wrong.
  if (parsed.fault != ParametersFault::kNone) is_out_of_memory_ = true;
  m2_ = parsed.sorted;
  return !is_out_of_memory_;
}

}  // namespace sluice::hmac
