// SPDX-License-Identifier: Apache-2.0
#include "admin/shapes.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <limits>
#include <set>
#include <vector>

namespace sluice::admin {
namespace {

void add(model::Faults& faults, const std::string& where, std::string what, std::string remedy) {
  if (faults.size() < kFaultsMax) {
    faults.push_back({where, {}, std::move(what), std::move(remedy)});
  }
}

std::string list_words(std::span<const std::string_view> words) {
  std::string list;
  for (const auto word : words) list += (list.empty() ? "'" : ", '") + std::string(word) + "'";
  return list;
}

const char* describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::string:
      return "text";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return "a number";
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  return "nothing";
}

void check_type(bool right, const char* expected, const Json& value, const std::string& where,
                model::Faults& faults) {
  if (right) return;
  add(faults, where, std::string("must be ") + expected + ", and is " + describe(value),
      std::string("write ") + expected);
}

bool is_int64(const Json& value) {
  return value.is_number_integer() &&
         (!value.is_number_unsigned() ||
          value.get<std::uint64_t>() <=
              static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
}

void check_member(const Json& value, const Member& member, Purpose purpose,
                  const std::string& where, model::Faults& faults) {
  switch (member.type) {
    case Type::kText:
      return check_type(value.is_string(), "text", value, where, faults);
    case Type::kBoolean:
      return check_type(value.is_boolean(), "true or false", value, where, faults);
    case Type::kInteger:
      return check_type(is_int64(value), "a whole number of at most 63 bits", value, where, faults);
    case Type::kNumber:
      return check_type(value.is_number(), "a number", value, where, faults);
    case Type::kObject:
      return check_type(value.is_object(), "an object", value, where, faults);
    case Type::kScalar:
      return check_type(!value.is_structured(), "text, a number, a boolean or null", value, where,
                        faults);
    case Type::kTexts:
      check_type(value.is_array(), "an array", value, where, faults);
      if (!value.is_array()) return;
      for (std::size_t i = 0; i < value.size(); ++i) {
        check_type(!value[i].is_structured() && !value[i].is_null(), "text, a number or a boolean",
                   value[i], where + "/" + std::to_string(i), faults);
      }
      return;
    case Type::kTime:
      // The first moment of 1970 would be taken as "no end".
      if (value.is_null() ||
          (value.is_string() && parse_time(value.get_ref<const std::string&>()).value_or(0) > 0))
        return;
      return add(faults, where, "is no time",
                 "write a time like 2026-01-31T08:30:00Z, or null for no end");
    case Type::kWord: {
      const bool known =
          value.is_string() && std::find(member.words.begin(), member.words.end(),
                                         value.get_ref<const std::string&>()) != member.words.end();
      if (!known) {
        add(faults, where, "is none of the words that may stand here",
            "write one of " + list_words(member.words));
      }
      return;
    }
    case Type::kMap:
      check_type(value.is_object(), "an object", value, where, faults);
      if (!value.is_object()) return;
      for (const auto& [name, item] : value.items()) {
        check_type(!item.is_structured(), "text, a number, a boolean or null", item,
                   where + "/" + escape_pointer(name), faults);
      }
      return;
    case Type::kShape:
      return check_shape(value, *member.shape, purpose, where, faults);
    case Type::kList:
      check_type(value.is_array(), "an array", value, where, faults);
      if (!value.is_array()) return;
      for (std::size_t i = 0; i < value.size(); ++i) {
        const auto at = where + "/" + std::to_string(i);
        if (member.shape) {
          check_shape(value[i], *member.shape, purpose, at, faults);
        } else {
          check_type(value[i].is_object(), "an object", value[i], at, faults);
        }
      }
      return;
  }
}

Json make_member_schema(const Member& member) {
  const auto reference = [&] {
    return Json{{"$ref", "#/components/schemas/" + std::string(member.shape->name)}};
  };
  Json schema;
  switch (member.type) {
    case Type::kText:
      schema = {{"type", "string"}};
      break;
    case Type::kBoolean:
      schema = {{"type", "boolean"}};
      break;
    case Type::kInteger:
      schema = {{"type", "integer"}, {"format", "int64"}};
      break;
    case Type::kNumber:
      schema = {{"type", "number"}};
      break;
    case Type::kTime:
      schema = {{"type", {"string", "null"}}, {"format", "date-time"}};
      break;
    case Type::kScalar:
      schema = {{"type", {"string", "number", "boolean", "null"}}};
      break;
    case Type::kTexts:
      schema = {{"type", "array"}, {"items", {{"type", {"string", "number", "boolean"}}}}};
      break;
    case Type::kWord:
      schema = {{"type", "string"}, {"enum", Json::array()}};
      for (const auto word : member.words) schema["enum"].push_back(word);
      break;
    case Type::kObject:
      schema = {{"type", "object"}};
      break;
    case Type::kMap:
      schema = {{"type", "object"},
                {"additionalProperties", {{"type", {"string", "number", "boolean", "null"}}}}};
      break;
    case Type::kShape:
      schema = reference();
      break;
    case Type::kList:
      schema = {{"type", "array"},
                {"items", member.shape ? reference() : Json{{"type", "object"}}}};
      break;
  }
  if (!member.about.empty()) schema["description"] = member.about;
  if (member.need == Need::kReadOnly) schema["readOnly"] = true;
  return schema;
}

// Digits only, exactly `text` whole.
std::optional<int> parse_digits(std::string_view text) {
  int value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || text[0] == '-') return {};
  return value;
}

struct BadJson {
  std::string what;
};

}  // namespace

std::string escape_pointer(std::string_view member) {
  std::string escaped;
  for (const char c : member) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

void check_shape(const Json& value, const Shape& shape, Purpose purpose, const std::string& where,
                 model::Faults& faults) {
  if (!value.is_object()) return check_type(false, "an object", value, where, faults);
  for (const auto& [name, item] : value.items()) {
    const auto member = std::find_if(shape.members.begin(), shape.members.end(),
                                     [&](const Member& m) { return m.name == name; });
    const auto at = where + "/" + escape_pointer(name);
    if (member == shape.members.end()) {
      std::string known;
      for (const auto& m : shape.members) {
        known += (known.empty() ? "" : ", ") + std::string(m.name);
      }
      add(faults, at, "is not known here", "leave it out; known are: " + known);
    } else if (member->need != Need::kReadOnly) {
      check_member(item, *member, purpose, at, faults);
    }
  }
  for (const auto& member : shape.members) {
    const bool needed = member.need == Need::kRequired ||
                        (member.need == Need::kKey && purpose == Purpose::kCreate);
    if (needed && !value.contains(std::string(member.name))) {
      add(faults, where + "/" + escape_pointer(member.name), "is missing",
          "add \"" + std::string(member.name) + "\"" +
              (member.about.empty() ? std::string() : ": " + std::string(member.about)));
    }
  }
}

Json make_schema(const Shape& shape) {
  Json schema = {{"type", "object"}, {"additionalProperties", false}};
  Json required = Json::array();
  Json& properties = schema["properties"] = Json::object();
  for (const auto& member : shape.members) {
    properties[std::string(member.name)] = make_member_schema(member);
    if (member.need == Need::kRequired) required.push_back(member.name);
  }
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

Result<Json> parse_json(std::string_view text) try {
  std::vector<std::set<std::string>> names;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth >= static_cast<int>(kJsonDepthMax)) {
      throw BadJson{"is nested deeper than " + std::to_string(kJsonDepthMax) + " levels"};
    }
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!names.back().insert(name).second) throw BadJson{"has the name \"" + name + "\" twice"};
      if (names.back().size() > kJsonMembersMax) {
        throw BadJson{"has more than " + std::to_string(kJsonMembersMax) + " names in one object"};
      }
    }
    return true;
  };
  return Json::parse(text, watch);
} catch (const BadJson& bad) {
  return Error{SLUICE_E_ARGUMENT, "the JSON text " + bad.what, {}, {}};
} catch (const Json::parse_error& e) {
  return Error{SLUICE_E_ARGUMENT,
               "the body is no JSON text: it breaks at byte " + std::to_string(e.byte),
               e.what(),
               {}};
} catch (const Json::exception& e) {  // a number that no double holds
  return Error{SLUICE_E_ARGUMENT, "the body holds a value that cannot be read", e.what(), {}};
}

std::optional<model::UnixMs> parse_time(std::string_view text) {
  // 2026-01-31T08:30:00[.250](Z|+01:00)
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] | 0x20) != 't' ||
      text[13] != ':' || text[16] != ':') {
    return {};
  }
  const auto year = parse_digits(text.substr(0, 4)), month = parse_digits(text.substr(5, 2)),
             day = parse_digits(text.substr(8, 2)), hour = parse_digits(text.substr(11, 2)),
             minute = parse_digits(text.substr(14, 2)), second = parse_digits(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return {};
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return {};

  auto rest = text.substr(19);
  std::int64_t ms = 0;
  if (rest[0] == '.') {
    const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end == 1 || end > 10) return {};
    const auto digits = std::string(rest.substr(1, end - 1)) + "00";
    ms = *parse_digits(std::string_view(digits).substr(0, 3));
    rest.remove_prefix(end);
  }
  std::int64_t offset_minutes = 0;
  if (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':') {
    const auto hours = parse_digits(rest.substr(1, 2)), minutes = parse_digits(rest.substr(4, 2));
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return {};
    offset_minutes = (rest[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
  } else if (rest != "Z" && rest != "z") {
    return {};
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24LL + *hour) * 60 + *minute - offset_minutes) * 60'000 + *second * 1000 + ms;
}

std::string make_time_text(model::UnixMs time) {
  const std::chrono::sys_time<std::chrono::milliseconds> point{std::chrono::milliseconds(time)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(point - day);
  char text[64];
  const int length = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  std::string made(text, static_cast<std::size_t>(length));
  if (const auto ms = clock.subseconds().count(); ms != 0) {
    std::snprintf(text, sizeof text, ".%03d", static_cast<int>(ms));
    made += text;
  }
  return made + "Z";
}

}  // namespace sluice::admin
