// SPDX-License-Identifier: Apache-2.0
#pragma once
// Candidates: the texts that a client may have signed for a request, one dialect after the other
// (auth.md 4.3). They are made when asked for: usually the first one matches.

#include "string_to_sign.hpp"

#include <array>
#include <optional>
#include <string>

namespace sluice::hmac {

// A request as far as a signature covers it.
struct SignedRequest {
  std::string_view method, accept, content_md5, content_type, date;
  std::string_view path, query;  // raw
  std::string_view form;         // the body when it is a form, otherwise empty
};

struct Candidate {
  int number = 0;  // 1 to 5, of the table in auth.md 4.3
  std::string_view text;
  std::span<const Parameter> parameters;  // what the API may see when this text matches
};

// One request's; not shared. Nothing of it outlives the views it was given.
class Candidates {
 public:
  // `headers` have their values. `m1` was parsed from the same request; `scratch` lives longer.
  Candidates(const SignedRequest& request, SignedHeaders headers, std::span<const Parameter> m1,
             const Scratch& scratch);

  // The next text that differs from all before it; nothing after the last. [run]
  std::optional<Candidate> next();
  // Memory ran out on the way: the end of next() means nothing then. [run]
  bool is_out_of_memory() const noexcept { return is_out_of_memory_; }
  // The text of candidate 1, after next() was asked once. [run]
  std::string_view first_text() const noexcept { return texts_[0]; }

 private:
  // Texts up to this size stand in the call's memory, where nothing is allocated. Larger ones, and
  // those of rarer dialects, are strings: a form may be as large as a body.
  static constexpr std::size_t kScratchTextBytesMax = 4096;

  std::optional<Candidate> make(int number);
  void prepare_path();
  bool prepare_m2();

  const SignedRequest& request_;
  SignedHeaders headers_;
  std::span<const Parameter> m1_, m2_ = {};
  const Scratch& scratch_;
  int number_ = 0;
  NameCase sorted_for_ = NameCase::kAsListed;
  std::string decoded_path_;
  bool has_decoded_path_ = false, is_out_of_memory_ = false;
  std::array<std::string, 5> kept_;
  std::array<std::string_view, 5> texts_ = {};
};

}  // namespace sluice::hmac
