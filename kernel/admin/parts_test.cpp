// SPDX-License-Identifier: Apache-2.0
// What the management API is made of: shapes, times, targets, routes, secrets, tokens. The API as a
// whole is tested in tests/api.
#include "admin/routes.hpp"
#include "admin/secrets.hpp"

#include <gtest/gtest.h>

namespace sluice::admin {
namespace {

std::string tell(const model::Faults& faults) {
  std::string told;
  for (const auto& fault : faults) {
    told += (told.empty() ? "" : "; ") + fault.where + " " + fault.what;
  }
  return told;
}

TEST(ParseJson, IsBoundedAndStrict) {
  const std::string deep(kJsonDepthMax + 1, '[');
  std::string many = "{";
  for (std::size_t i = 0; i <= kJsonMembersMax; ++i) {
    many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  const struct {
    const char* name;
    std::string text;
    const char* detail;  // empty: it is read
  } cases[] = {
      {"object", R"({"a":[1,2.5,"x",null]})", ""},
      {"as deep as may be", std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']'), ""},
      {"too deep", deep + std::string(deep.size(), ']'), "nested deeper than 32"},
      {"too many members", many + "}", "more than 1000 names"},
      {"a name twice", R"({"a":1,"b":{"a":2},"a":3})", "the name \"a\" twice"},
      {"broken", R"({"a":)", "breaks at byte 6"},
      {"empty", "", "breaks at byte 1"},
      {"two values", "{} {}", "breaks at byte 4"},
      {"comment", "{/*x*/}", "breaks at byte 2"},
      {"no UTF-8", "\"\xff\"", "breaks at byte 2"},
      {"number no double holds", "1e999", "cannot be read"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = parse_json(c.text);
    EXPECT_EQ(got.ok(), *c.detail == '\0');
    if (!got) {
      EXPECT_NE(got.error().detail.find(c.detail), std::string::npos) << got.error().detail;
    }
  }
}

constexpr std::array<std::string_view, 2> kWords = {"red", "blue"};
constexpr Member kInnerMembers[] = {{"n", Type::kInteger, Need::kRequired}};
constexpr Shape kInner{"Inner", kInnerMembers};
constexpr Member kOuterMembers[] = {
    {"key", Type::kText, Need::kKey},
    {"flag", Type::kBoolean},
    {"count", Type::kInteger},
    {"when", Type::kTime},
    {"any", Type::kScalar},
    {"word", Type::kWord, Need::kOptional, {}, kWords},
    {"object", Type::kObject},
    {"map", Type::kMap},
    {"list", Type::kList, Need::kOptional, {}, {}, &kInner},
    {"told", Type::kText, Need::kReadOnly},
};
constexpr Shape kOuter{"Outer", kOuterMembers};

TEST(CheckShape, TellsEveryFaultWithItsPointer) {
  const struct {
    const char *name, *json;
    Purpose purpose;
    const char* faults;
  } cases[] = {
      {"all right",
       R"({"key":"k","flag":true,"count":-1,"when":"2026-01-31T08:30:00Z","any":1.5,"word":"red",
           "object":{"x":{}},"map":{"a":null,"b":1},"list":[{"n":1}],"told":12})",
       Purpose::kCreate, ""},
      {"no object", "[]", Purpose::kCreate, " must be an object, and is an array"},
      {"key to create", "{}", Purpose::kCreate, "/key is missing"},
      {"no key to replace", "{}", Purpose::kReplace, ""},
      {"unknown", R"({"key":"k","a/b~c":1})", Purpose::kCreate, "/a~1b~0c is not known here"},
      {"wrong types", R"({"key":1,"flag":"x","count":1.5,"any":[]})", Purpose::kCreate,
       "/key must be text, and is a number; /flag must be true or false, and is text; "
       "/count must be a whole number of at most 63 bits, and is a number; "
       "/any must be text, a number, a boolean or null, and is an array"},
      {"too large", R"({"key":"k","count":9223372036854775808})", Purpose::kCreate,
       "/count must be a whole number of at most 63 bits, and is a number"},
      {"word", R"({"key":"k","word":"green"})", Purpose::kCreate,
       "/word is none of the words that may stand here"},
      {"time", R"({"key":"k","when":"tomorrow"})", Purpose::kCreate, "/when is no time"},
      {"inner", R"({"key":"k","list":[{"n":1},{"m":1}],"map":{"a":{}}})", Purpose::kReplace,
       "/list/1/m is not known here; /list/1/n is missing; "
       "/map/a must be text, a number, a boolean or null, and is an object"},
      {"null is no text", R"({"key":null})", Purpose::kCreate, "/key must be text, and is null"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    model::Faults faults;
    check_shape(*parse_json(c.json), kOuter, c.purpose, "", faults);
    EXPECT_EQ(tell(faults), c.faults);
  }
}

TEST(CheckShape, TellsABoundedNumberOfFaults) {
  Json json = {{"key", "k"}};
  for (std::size_t i = 0; i < kFaultsMax + 50; ++i) json["x" + std::to_string(i)] = 1;
  model::Faults faults;
  check_shape(json, kOuter, Purpose::kCreate, "", faults);
  EXPECT_EQ(faults.size(), kFaultsMax);
}

TEST(Times, AreReadAndWrittenAsRfc3339) {
  const struct {
    const char* text;
    std::optional<model::UnixMs> time;
    const char* back;
  } cases[] = {
      {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"},
      {"2026-01-31T08:30:00Z", 1769848200000, "2026-01-31T08:30:00Z"},
      {"2026-01-31t08:30:00.25z", 1769848200250, "2026-01-31T08:30:00.250Z"},
      {"2026-01-31T08:30:00.123456789Z", 1769848200123, "2026-01-31T08:30:00.123Z"},
      {"2026-01-31T09:30:00+01:00", 1769848200000, "2026-01-31T08:30:00Z"},
      {"2026-01-31T03:00:00-05:30", 1769848200000, "2026-01-31T08:30:00Z"},
      {"2024-02-29T23:59:59Z", 1709251199000, "2024-02-29T23:59:59Z"},
      {"2023-02-29T00:00:00Z", {}, ""},
      {"2026-13-01T00:00:00Z", {}, ""},
      {"2026-01-31T24:00:00Z", {}, ""},
      {"2026-01-31T08:30:00", {}, ""},
      {"2026-01-31 08:30:00Z", {}, ""},
      {"2026-01-31T08:30:00.Z", {}, ""},
      {"2026-01-31T08:30:00Z ", {}, ""},
      {"2026-01-31T08:30:-1Z", {}, ""},
      {"2026-01-31", {}, ""},
      {"", {}, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto got = parse_time(c.text);
    EXPECT_EQ(got, c.time);
    EXPECT_EQ(got ? make_time_text(*got) : "", c.back);
  }
}

TEST(ParseTarget, DecodesAndRefuses) {
  const struct {
    const char *target, *read;  // "a|b?x=1,y=2"; empty: refused
  } cases[] = {
      {"/a/b", "a|b?"},
      {"/a%2Fb/c%20d", "a/b|c d?"},
      {"/a?x=1&y=a+b%2B", "a?x=1,y=a b+,"},
      {"/a?", "a?"},
      {"/a?x", "a?x=,"},
      {"/", "?"},
      {"/%e4%b8%ad", "中?"},
      {"/a+b", "a+b?"},
      {"", ""},
      {"a", ""},
      {"http://x/a", ""},
      {"/a%", ""},
      {"/a%2", ""},
      {"/a%zz", ""},
      {"/a%00", ""},
      {"/a%ff", ""},
      {"/a?x=%", ""},
      {"/a?x=1&x=2", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.target);
    const auto got = parse_target(c.target);
    std::string read;
    if (got) {
      for (const auto& segment : got->segments) read += (read.empty() ? "" : "|") + segment;
      read += "?";
      for (const auto& [name, value] : got->query) read += name + "=" + value + ",";
    }
    EXPECT_EQ(read, c.read);
  }
  EXPECT_FALSE(parse_target("/" + std::string(kTargetBytesMax, 'a')));
}

TEST(FindRoute, TellsAnUnknownPathFromAMethodItDoesNotTake) {
  const std::vector<Route> routes = {
      {"GET", "/v1/things", "list", "", signed_in(), {}},
      {"POST", "/v1/things", "create", "", signed_in(), {}},
      {"GET", "/v1/things/{id}", "get", "", signed_in(), {}},
      {"POST", "/v1/things/{id}/parts/{part}", "part", "", signed_in(), {}},
  };
  const struct {
    const char *method, *target, *found;
  } cases[] = {
      {"GET", "/v1/things", "list"},
      {"POST", "/v1/things", "create"},
      {"GET", "/v1/things/a%2Fb", "get a/b"},
      {"POST", "/v1/things/1/parts/2", "part 1 2"},
      {"PUT", "/v1/things", "- GET POST"},
      {"get", "/v1/things", "- GET POST"},
      {"GET", "/v1/things/", "-"},
      {"GET", "/v1/other", "-"},
      {"GET", "/v1/things/1/parts", "-"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.method) + " " + c.target);
    const auto match = find_route(routes, c.method, *parse_target(c.target));
    std::string found = match.route ? std::string(match.route->operation) : "-";
    for (const auto& part : match.route ? match.path : match.allowed) found += " " + part;
    EXPECT_EQ(found, c.found);
  }
}

loader::PluginReport plugin_with_schema(const char* schema) {
  loader::PluginReport plugin;
  plugin.components.push_back({"data-source", "db", "", "", "worker", schema});
  return plugin;
}

TEST(SecretSettings, AreMaskedWhereTheSchemaMarksThem) {
  const struct {
    const char *name, *schema, *settings, *told;
  } cases[] = {
      {"format", R"({"properties":{"password":{"type":"string","format":"password"}}})",
       R"({"user":"u","password":"p"})", R"({"user":"u","password":"********"})"},
      {"our word", R"({"properties":{"key":{"x-sluice-secret":true}}})", R"({"key":"p"})",
       R"({"key":"********"})"},
      {"whole object", R"({"properties":{"auth":{"x-sluice-secret":true}}})",
       R"({"auth":{"a":"p","b":[1,null]}})", R"({"auth":{"a":"********","b":["********",null]}})"},
      {"inside", R"({"properties":{"a":{"properties":{"b":{"format":"password"}}}}})",
       R"({"a":{"b":"p","c":1}})", R"({"a":{"b":"********","c":1}})"},
      {"items", R"({"properties":{"a":{"items":{"format":"password"}}}})", R"({"a":["p","q"]})",
       R"({"a":["********","********"]})"},
      {"alternative",
       R"({"oneOf":[{"properties":{"a":{}}},{"properties":{"b":{"format":"password"}}}]})",
       R"({"a":"x","b":"p"})", R"({"a":"x","b":"********"})"},
      {"reference",
       R"({"properties":{"a":{"$ref":"#/$defs/s"}},"$defs":{"s":{"format":"password"}}})",
       R"({"a":"p"})", R"({"a":"********"})"},
      {"reference to nothing", R"({"properties":{"a":{"$ref":"other.json"}}})", R"({"a":"p"})",
       R"({"a":"********"})"},
      {"round in circles", R"({"$ref":"#"})", R"({"a":"p"})", R"({"a":"********"})"},
      {"additional", R"({"additionalProperties":{"format":"password"},"properties":{"a":{}}})",
       R"({"a":"x","b":"p"})", R"({"a":"x","b":"********"})"},
      {"nothing marked", R"({"properties":{"a":{"type":"string"}}})", R"({"a":"x"})",
       R"({"a":"x"})"},
      {"schema that is none", "", R"({"a":"p","b":{"c":1}})",
       R"({"a":"********","b":{"c":"********"}})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const SecretSettings secrets({plugin_with_schema(c.schema)});
    EXPECT_EQ(secrets.mask("data-source", "db", c.settings).dump(), c.told);
  }
}

TEST(SecretSettings, AreMaskedInTheAuditLogAsWell) {
  const auto mask = make_settings_mask({plugin_with_schema(
      R"({"properties":{"file":{"type":"string"},"password":{"format":"password"}}})")});
  EXPECT_EQ(mask("data-source", "db", R"({"file":"f","password":"p"})"),
            R"({"file":"f","password":"********"})");
  EXPECT_EQ(mask("data-source", "gone", R"({"file":"f"})"), R"({"file":"********"})");
  EXPECT_EQ(mask("data-source", "db", "no JSON"), "{}");
}

TEST(SecretSettings, OfAComponentThatIsNotLoadedAreMaskedWhole) {
  EXPECT_EQ(SecretSettings(std::vector<loader::PluginReport>{})
                .mask("data-source", "gone", R"({"path":"x"})")
                .dump(),
            R"({"path":"********"})");
}

TEST(SecretSettings, StayWhenTheirMaskIsWrittenBack) {
  const struct {
    const char *name, *settings, *stored, *whole, *faults;
  } cases[] = {
      {"mask", R"({"user":"v","password":"********"})", R"({"user":"u","password":"p"})",
       R"({"password":"p","user":"v"})", ""},
      {"new secret", R"({"password":"q"})", R"({"password":"p"})", R"({"password":"q"})", ""},
      {"inside", R"({"a":[{"b":"********"}]})", R"({"a":[{"b":7}]})", R"({"a":[{"b":7}]})", ""},
      {"nothing stored", R"({"password":"********"})", R"({})", R"({"password":"********"})",
       "/settings/password is the mask of a secret, and no secret is stored there"},
      {"in order of names", R"({"b":1,"a":{"d":1,"c":2}})", R"({})", R"({"a":{"c":2,"d":1},"b":1})",
       ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    model::Faults faults;
    EXPECT_EQ(SecretSettings::unmask(*parse_json(c.settings), c.stored, "/settings", faults),
              c.whole);
    EXPECT_EQ(tell(faults), c.faults);
  }
}

TEST(TokenChecker, KnowsTokensByTheirDigestAndTellsWhoseTheyAre) {
  const TokenChecker tokens({TokenChecker::make_known("alice", "token-one"),
                             TokenChecker::make_known("bob", "token-two"),
                             {"nobody", ""}});
  EXPECT_EQ(tokens.find_actor("token-one"), "alice");
  EXPECT_EQ(tokens.find_actor("token-two"), "bob");
  EXPECT_FALSE(tokens.find_actor("token-on"));
  EXPECT_FALSE(tokens.find_actor(""));
  EXPECT_FALSE(TokenChecker({}).find_actor(""));
}

}  // namespace
}  // namespace sluice::admin
