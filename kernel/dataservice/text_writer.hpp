// SPDX-License-Identifier: Apache-2.0
#pragma once
// A text that grows in a call's arena. Inside this room only.

#include "call/arena.hpp"

#include <sluice/abilities.h>
#include <sluice/result.hpp>

#include <charconv>
#include <cstring>
#include <string_view>

namespace sluice::dataservice {

class TextWriter {
 public:
  static constexpr std::size_t kFirstBytes = 512;

  explicit TextWriter(call::Arena& arena) : arena_(arena) {}

  void add(std::string_view text) {
    if (text.empty()) return;  // it may be no memory at all
    if (text.size() > capacity_ - used_ && !grow(text.size())) return;
    std::memcpy(text_ + used_, text.data(), text.size());
    used_ += text.size();
  }
  void add(unsigned number) {
    char digits[10];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    add({digits, static_cast<std::size_t>(end - digits)});
  }
  // An identifier as the dialect quotes it.
  void add_name(std::string_view name, const sluice_dialect& dialect) {
    const std::string_view close = to_view(dialect.quote_close);
    add(to_view(dialect.quote_open));
    for (std::size_t begin = 0; !close.empty();) {
      const auto end = name.find(close, begin);
      if (end == std::string_view::npos) {
        name.remove_prefix(begin);
        break;
      }
      add(name.substr(begin, end - begin));
      add(close);
      add(close);
      begin = end + close.size();
    }
    add(name);
    add(close);
  }
  // False: the arena is used up, and the text is not whole.
  bool is_whole() const noexcept { return is_whole_; }
  std::string_view view() const noexcept { return {text_, used_}; }

 private:
  bool grow(std::size_t more) {
    std::size_t wanted = capacity_ == 0 ? kFirstBytes : 2 * capacity_;
    while (wanted < used_ + more) wanted *= 2;
    const auto room = arena_.make_array<char>(wanted);
    if (room.empty()) {
      is_whole_ = false;
      return false;
    }
    if (used_ > 0) std::memcpy(room.data(), text_, used_);
    text_ = room.data();
    capacity_ = wanted;
    return true;
  }

  call::Arena& arena_;
  char* text_ = nullptr;
  std::size_t used_ = 0, capacity_ = 0;
  bool is_whole_ = true;
};

}  // namespace sluice::dataservice
