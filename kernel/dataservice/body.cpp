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
constexpr std::string_view kNotObject = "must be a JSON object with one value for each parameter";

// Reads as it comes: no tree is built, and a number keeps the digits it was sent with.
class Reader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Reader(call::Arena& arena, const std::function<void(std::string_view, std::string_view)>& visit)
      : arena_(arena), visit_(visit) {}

  std::optional<std::string_view> fault;

  bool null() override { return is_inside() || stop(kNotObject); }
  bool boolean(bool value) override { return take(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return take(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return take(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return take(text); }
  bool string(string_t& value) override { return take(value); }
  bool binary(binary_t&) override { return stop(kNotObject); }
  bool start_object(std::size_t) override { return depth_++ == 0 || stop(kNotObject); }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return stop(kNotObject); }
  bool end_array() override { return true; }
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
  bool is_inside() const { return depth_ == 1; }
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
    if (!is_inside()) return stop(kNotObject);
    const auto kept = keep(text);
    if (kept.size() != text.size()) return stop("is too large");
    visit_(names_.back(), kept);
    return true;
  }

  call::Arena& arena_;
  const std::function<void(std::string_view, std::string_view)>& visit_;
  std::vector<std::string_view> names_;
  int depth_ = 0;
};

}  // namespace

std::optional<std::string_view> parse_json_object(
    std::string_view body, call::Arena& arena,
    const std::function<void(std::string_view, std::string_view)>& visit) {
  Reader reader(arena, visit);
  if (!nlohmann::json::sax_parse(body.begin(), body.end(), &reader) && !reader.fault) {
    reader.fault = "is not valid JSON";
  }
  return reader.fault;
}

}  // namespace sluice::dataservice
