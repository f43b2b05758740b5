// SPDX-License-Identifier: Apache-2.0
#pragma once
// Shapes: which members a JSON document of the management API has, of which type. One table per
// resource; it checks what comes in and describes it in the OpenAPI document, so that the two
// cannot disagree. Inside this room only.

#include "model/laws.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::admin {

using Json = nlohmann::ordered_json;  // members stand in answers as they are written here

inline constexpr std::size_t kJsonDepthMax = 32;
inline constexpr std::size_t kJsonMembersMax = 1000;  // of one object
inline constexpr std::size_t kFaultsMax = 100;        // told at once; what follows is left out

enum class Type {
  kText,
  kBoolean,
  kInteger,
  kNumber,
  kTime,    // RFC 3339 text or null
  kScalar,  // text, number, boolean or null; taken as text
  kTexts,   // an array of text, numbers and booleans; each taken as text
  kWord,    // one of Member::words
  kObject,  // any object
  kMap,     // an object of scalars
  kShape,   // an object of Member::shape
  kList,    // an array of Member::shape; of any objects without one
};

enum class Need {
  kOptional,
  kRequired,
  kKey,       // required to create; may be left out where the path says it
  kReadOnly,  // told, never taken: a document that was read can be written back
};

struct Shape;

struct Member {
  std::string_view name;
  Type type = Type::kText;
  Need need = Need::kOptional;
  std::string_view about;
  std::span<const std::string_view> words = {};
  const Shape* shape = nullptr;
};

struct Shape {
  std::string_view name;  // of the schema: "Workspace"
  std::span<const Member> members;
};

enum class Purpose { kCreate, kReplace };

// Appends what is wrong with `value` (unknown members, wrong types, absent ones) to `faults`, each
// at `where` + its pointer.
void check_shape(const Json& value, const Shape& shape, Purpose purpose, const std::string& where,
                 model::Faults& faults);

// The schema of a shape, for #/components/schemas; other shapes in it are references.
Json make_schema(const Shape& shape);

// JSON text as a value: no deeper than kJsonDepthMax, no name twice in an object, valid UTF-8.
Result<Json> parse_json(std::string_view text);

// RFC 3339, "2026-01-31T08:30:00.250Z"; with an offset it is turned into UTC.
std::optional<model::UnixMs> parse_time(std::string_view text);
std::string make_time_text(model::UnixMs time);

// What a JSON pointer needs escaped: ~ and /.
std::string escape_pointer(std::string_view member);

}  // namespace sluice::admin
