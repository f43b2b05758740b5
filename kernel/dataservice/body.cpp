// SPDX-License-Identifier: Apache-2.0
#include "dataservice/body.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace sluice::dataservice {
namespace {

constexpr std::size_t kMembersMax = 1000;  // auth.md 1.7
constexpr std::size_t kItemsMax = 1000;    // of all arrays
constexpr std::string_view kNotObject =
    "must be a JSON object with a value, or an array of values, for each parameter";

// Reads as it comes: no tree is built, and a number keeps the digits it was sent with.
class Reader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Reader(call::Arena& arena,
         const std::function<void(std::string_view, std::string_view, Part)>& visit)
      : arena_(arena), visit_(visit) {}

  std::optional<std::string_view> fault;

  bool null() override {
    if (is_in_array_) return stop("holds null in an array");
    return depth_ == 1 || stop(kNotObject);
  }
  bool boolean(bool value) override { return take(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return take(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return take(text); }
  bool string(string_t& value) override { return take(value); }
  bool binary(binary_t&) override { return stop(kNotObject); }
  bool start_object(std::size_t) override { return depth_++ == 0 || stop(kNotObject); }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override {
    if (depth_ != 1 || is_in_array_) return stop(kNotObject);
    is_in_array_ = true;
    items_before_ = items_;
    return true;
  }
  bool end_array() override {
    is_in_array_ = false;
    if (items_ == items_before_) visit_(names_.back(), {}, Part::kNoItems);
    return true;
  }
  bool key(string_t& name) override {
    if (std::ranges::find(names_, name) != names_.end()) return stop("repeats a member");
    if (names_.size() == kMembersMax) return stop("has too many members");
    names_.push_back(keep(name));
    return names_.back().size() == name.size() || stop("is too large");
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return stop("is not valid JSON");
  }

 private:
  bool stop(std::string_view why) {
    if (!fault) fault = why;
    return false;
  }
  std::string_view keep(std::string_view text) {
    const auto room = arena_.make_array<char>(text.size());
    if (room.empty()) return {};
    std::memcpy(room.data(), text.data(), text.size());
    return {room.data(), text.size()};
  }
  bool take(std::string_view text) {
    if (depth_ != 1) return stop(kNotObject);
    if (is_in_array_ && ++items_ > kItemsMax) return stop("has too many values in arrays");
    const auto kept = keep(text);
    if (kept.size() != text.size()) return stop("is too large");
    visit_(names_.back(), kept, is_in_array_ ? Part::kItem : Part::kWhole);
    return true;
  }

  call::Arena& arena_;
  const std::function<void(std::string_view, std::string_view, Part)>& visit_;
  std::vector<std::string_view> names_;
  int depth_ = 0;
  bool is_in_array_ = false;
  std::size_t items_ = 0, items_before_ = 0;
};

}  // namespace

std::optional<std::string_view> parse_json_object(
    std::string_view body, call::Arena& arena,
    const std::function<void(std::string_view, std::string_view, Part)>& visit) {
  Reader reader(arena, visit);
  if (!nlohmann::json::sax_parse(body.begin(), body.end(), &reader) && !reader.fault) {
    reader.fault = "is not valid JSON";
  }
  return reader.fault;
}

}  // namespace sluice::dataservice
