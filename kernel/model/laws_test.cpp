// SPDX-License-Identifier: Apache-2.0
#include "model/laws.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace sluice::model {
namespace {

std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

ApiDefinition user_query() {
  ApiDefinition definition;
  definition.name = "Query User by User ID";
  definition.path = "/user/info";
  definition.data_source = "user_db";
  definition.table = "user_info";
  definition.resource_group = "default";
  definition.request_parameters = {
      {.name = "user_id", .column = "user_id", .type = ParameterType::kLong, .sample = "10001"}};
  definition.response_parameters = {
      {.name = "user_id", .column = "user_id", .type = ParameterType::kLong},
      {.name = "user_name", .column = "user_name"}};
  definition.shape = ResultShape::kSingle;
  return definition;
}

TEST(Laws, CountCharactersOfValidUtf8Only) {
  const struct {
    const char *name, *text;
    std::optional<std::size_t> characters;
  } cases[] = {
      {"empty", "", 0},
      {"ascii", "abcd", 4},
      {"two bytes", "\xC3\xA9", 1},
      {"three bytes", "\xE7\x94\xA8\xE6\x88\xB7", 2},
      {"four bytes", "\xF0\xA0\x80\x80", 1},
      {"lone continuation", "\x80", std::nullopt},
      {"cut short", "\xE7\x94", std::nullopt},
      {"overlong slash", "\xC0\xAF", std::nullopt},
      {"overlong three", "\xE0\x80\xAF", std::nullopt},
      {"surrogate", "\xED\xA0\x80", std::nullopt},
      {"above the last", "\xF4\x90\x80\x80", std::nullopt},
      {"five bytes", "\xF8\x88\x80\x80\x80", std::nullopt},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(count_characters(c.text), c.characters);
  }
}

// Proves: R060, R061, R069
TEST(Laws, TitlesHaveFourToFiftyCharacters) {
  const std::string user = "\xE7\x94\xA8";  // one Chinese character, three bytes
  const struct {
    std::string name, title;
    bool right;
  } cases[] = {
      {"three", "abc", false},
      {"four", "abcd", true},
      {"fifty", repeat("a", 50), true},
      {"fifty-one", repeat("a", 51), false},
      {"three Chinese", repeat(user, 3), false},
      {"four Chinese", repeat(user, 4), true},
      {"fifty Chinese", repeat(user, 50), true},
      {"fifty-one Chinese", repeat(user, 51), false},
      {"spaces of the worked example", "User Query Workflow", true},
      {"underscore and digits", "a_1 2", true},
      {"Chinese and spaces", user + " abc", true},
      {"two spaces", "User  Query", false},
      {"space first", " User", false},
      {"space last", "User ", false},
      {"digit first", "1User", false},
      {"underscore first", "_User", false},
      {"hyphen", "User-Query", false},
      {"tab", "User\tQuery", false},
      {"accent", "Us\xC3\xA9rs", false},
      {"invalid UTF-8", "User\xFF", false},
      {"NUL", std::string("User\0", 5), false},
      {"empty", "", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(!find_title_fault(c.title, "/name"), c.right);
  }
}

// Proves: R052, R070, R071
TEST(Laws, PathsBeginWithASlashAndHaveNoEmptyPart) {
  const struct {
    std::string path;
    bool base, api;
  } cases[] = {
      {"/v1", true, true},
      {"/", true, false},
      {"/user/info", true, true},
      {"/a.b", true, false},
      {"/a_b-c", true, true},
      {"user", false, false},
      {"", false, false},
      {"/v1/", false, false},
      {"/a//b", false, false},
      {"//", false, false},
      {"/..", false, false},
      {"/a/./b", false, false},
      {"/a b", false, false},
      {"/a?b", false, false},
      {"/a%2fb", false, false},
      {"/\xE7\x94\xA8", false, false},
      {"/" + repeat("a", 199), true, true},
      {"/" + repeat("a", 200), true, false},
      {"/" + repeat("a", 255), true, false},
      {"/" + repeat("a", 256), false, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.path);
    EXPECT_EQ(!find_base_path_fault(c.path, ""), c.base);
    EXPECT_EQ(!find_api_path_fault(c.path, ""), c.api);
  }
}

// Proves: R053
TEST(Laws, PathsAreJoinedWithOneSlash) {
  const struct {
    const char *base, *api, *joined;
  } cases[] = {
      {"/v1", "/user/info", "/v1/user/info"},
      {"/", "/x", "/x"},
      {"/v1/", "/x", "/v1/x"},
      {"", "/x", "/x"},
      {"/v1", "x", "/v1/x"},
  };
  for (const auto& c : cases) EXPECT_EQ(join_paths(c.base, c.api), c.joined);
}

// Proves: R051
TEST(Laws, PlainNamesAndDomains) {
  const struct {
    std::string text;
    bool name, domain;
  } cases[] = {
      {"shop", true, true},
      {"dataservice-user-api", true, true},
      {"api.example.com", true, true},
      {"a_b", true, false},
      {"Shop", true, false},
      {"-a", false, false},
      {".a", false, false},
      {"a.", true, false},
      {"a b", false, false},
      {"a/b", false, false},
      {"api.example.com:80", false, false},
      {"https://a", false, false},
      {repeat("a", 64), true, false},
      {repeat("a", 65), false, false},
      {repeat("a", 63), true, true},
      {"", false, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(!find_plain_name_fault(c.text, ""), c.name);
    EXPECT_EQ(!find_domain_fault(c.text, ""), c.domain);
  }
}

TEST(Laws, ValuesAreOfTheirType) {
  using enum ParameterType;
  const struct {
    const char* text;
    ParameterType type;
    bool right;
  } cases[] = {
      {"", kString, true},         {"anything", kString, true},
      {"\xFF", kString, false},    {"12", kInt, true},
      {"-2147483648", kInt, true}, {"2147483648", kInt, false},
      {"2147483648", kLong, true}, {"9223372036854775808", kLong, false},
      {"", kInt, false},           {" 1", kInt, false},
      {"1 ", kInt, false},         {"+1", kInt, false},
      {"1.5", kInt, false},        {"1.5", kDouble, true},
      {"1e400", kDouble, false},   {"nan", kDouble, false},
      {"inf", kFloat, false},      {"1e39", kFloat, false},
      {"1e39", kDouble, true},     {"true", kBoolean, true},
      {"1", kBoolean, false},      {"True", kBoolean, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.text) + " as " + std::string(to_text(c.type)));
    EXPECT_EQ(is_value_of(c.text, c.type), c.right);
  }
}

// Proves: R069, R070, R071, R075
TEST(Laws, ADefinitionIsToldEveryFaultWithItsPlace) {
  const struct {
    const char* name;
    std::function<void(ApiDefinition&)> change;
    const char *where, *rule;  // of the first fault; empty: none
  } cases[] = {
      {"as it is", [](auto&) {}, "", ""},
      {"short name", [](auto& d) { d.name = "abc"; }, "/name", "R069"},
      {"path without slash", [](auto& d) { d.path = "user"; }, "/path", "R070"},
      {"long path", [](auto& d) { d.path = "/" + repeat("a", 200); }, "/path", "R071"},
      {"GET with a body", [](auto& d) { d.request_parameters[0].position = Position::kBody; },
       "/request_parameters/0/position", "R075"},
      {"POST with a body",
       [](auto& d) {
         d.method = HttpMethod::kPost;
         d.request_parameters[0].position = Position::kBody;
       },
       "", ""},
      {"digit first", [](auto& d) { d.request_parameters[0].name = "1a"; },
       "/request_parameters/0/name", "R087"},
      {"no name", [](auto& d) { d.request_parameters[0].name = ""; }, "/request_parameters/0/name",
       "R087"},
      {"65 characters", [](auto& d) { d.request_parameters[0].name = repeat("a", 65); },
       "/request_parameters/0/name", "R087"},
      {"same name twice", [](auto& d) { d.request_parameters.push_back(d.request_parameters[0]); },
       "/request_parameters/1/name", "R087"},
      {"names that differ in case",
       [](auto& d) {
         d.request_parameters.push_back(d.request_parameters[0]);
         d.request_parameters[1].name = "User_id";
       },
       "", ""},
      {"paging name in a list", [](auto& d) { d.request_parameters[0].name = "pageNum"; }, "", ""},
      {"paging name in a page",
       [](auto& d) {
         d.shape = ResultShape::kPage;
         d.request_parameters[0].name = "returnTotalNum";
       },
       "/request_parameters/0/name", "R087"},
      {"sample of another type", [](auto& d) { d.request_parameters[0].sample = "x"; },
       "/request_parameters/0/sample", "R087"},
      {"default of another type", [](auto& d) { d.request_parameters[0].default_value = ""; },
       "/request_parameters/0/default_value", "R087"},
      {"default", [](auto& d) { d.request_parameters[0].default_value = "7"; }, "", ""},
      {"answer twice", [](auto& d) { d.response_parameters[1].name = "user_id"; },
       "/response_parameters/1/name", "R085"},
      {"too many parameters", [](auto& d) { d.response_parameters.resize(kParametersMax + 1); },
       "/response_parameters", ""},
      {"timeout 0", [](auto& d) { d.timeout_ms = 0; }, "/timeout_ms", "R094"},
      {"timeout 1", [](auto& d) { d.timeout_ms = 1; }, "", ""},
      {"timeout 30000", [](auto& d) { d.timeout_ms = 30'000; }, "", ""},
      {"timeout 30001", [](auto& d) { d.timeout_ms = 30'001; }, "/timeout_ms", "R094"},
      {"a method with a blank", [](auto& d) { d.acceleration = "max qa"; }, "/acceleration",
       "R082"},
      {"0 rows", [](auto& d) { d.max_rows = 0; }, "/max_rows", "R095"},
      {"10000 rows", [](auto& d) { d.max_rows = 10'000; }, "", ""},
      {"10001 rows", [](auto& d) { d.max_rows = 10'001; }, "/max_rows", "R095"},
      {"no source yet", [](auto& d) { d.data_source = d.table = ""; }, "", ""},
      {"table with NUL", [](auto& d) { d.table = std::string("a\0b", 3); }, "/table", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto definition = user_query();
    c.change(definition);
    const auto faults = find_faults(definition);
    EXPECT_EQ(faults.empty() ? "" : faults[0].where, c.where);
    EXPECT_EQ(faults.empty() ? "" : faults[0].rule, c.rule);
  }
}

// Proves: R099
TEST(Laws, WhatADraftLacksIsNoFault) {
  const struct {
    const char* name;
    std::function<void(ApiDefinition&)> change;
    std::vector<std::string> missing;
  } cases[] = {
      {"complete", [](auto&) {}, {}},
      {"no source", [](auto& d) { d.data_source = ""; }, {"/data_source"}},
      {"no table", [](auto& d) { d.table = ""; }, {"/table"}},
      {"no resource group", [](auto& d) { d.resource_group = ""; }, {"/resource_group"}},
      {"nothing answered",
       [](auto& d) { d.response_parameters.clear(); },
       {"/response_parameters"}},
      {"no columns",
       [](auto& d) {
         d.request_parameters[0].column = "";
         d.response_parameters[1].column = "";
       },
       {"/request_parameters/0/column", "/response_parameters/1/column"}},
      // What nobody asks for in particular is the whole table.
      {"nothing asked, a list",
       [](auto& d) {
         d.request_parameters.clear();
         d.shape = ResultShape::kList;
       },
       {"/result_shape"}},
      {"a condition of ours asks nothing of callers",
       [](auto& d) {
         d.request_parameters.clear();
         d.shape = ResultShape::kList;
         d.fixed_conditions = {{.name = "old",
                                .column = "age",
                                .type = ParameterType::kInt,
                                .op = Operator::kGreater,
                                .value = "60"}};
       },
       {"/result_shape"}},
      {"nothing asked, in pages",
       [](auto& d) {
         d.request_parameters.clear();
         d.shape = ResultShape::kPage;
       },
       {}},
      {"nothing asked, one row",
       [](auto& d) {
         d.request_parameters.clear();
         d.shape = ResultShape::kSingle;
       },
       {}},
      {"something asked that callers may leave out",
       [](auto& d) {
         d.request_parameters[0].required = false;
         d.shape = ResultShape::kList;
       },
       {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto definition = user_query();
    c.change(definition);
    EXPECT_EQ(find_faults(definition), Faults{});
    std::vector<std::string> places;
    for (const auto& fault : find_missing(definition)) places.push_back(fault.where);
    EXPECT_EQ(places, c.missing);
  }
}

TEST(Laws, AnErrorNamesRuleAndRemedyAndCountsTheRest) {
  const auto one = make_error({{"/path", "R070", "the path is wrong", "begin with /"}});
  EXPECT_EQ(one.status, SLUICE_E_ARGUMENT);
  EXPECT_EQ(one.detail, "the path is wrong (R070): begin with /");
  EXPECT_EQ(one.where, "/path");
  const auto many = make_error(Faults(23, {"/a", "", "wrong", "right it"}));
  EXPECT_TRUE(many.detail.ends_with("; and 3 more")) << many.detail;
}

// Proves: R007, R062
TEST(Laws, OtherNounsPointAtWhatIsWrong) {
  const auto first = [](const Faults& faults) { return faults.empty() ? "" : faults[0].where; };
  EXPECT_EQ(first(find_faults(Workspace{.name = "a/b"})), "/name");
  EXPECT_EQ(first(find_faults(DataSource{.workspace = "w", .name = "n"})), "/type");
  EXPECT_EQ(first(find_faults(GatewayInstance{})), "/name");
  EXPECT_EQ(first(find_faults(RestApi{.name = "r", .base_path = "v1"})), "/base_path");
  EXPECT_EQ(first(find_faults(RestApi{.name = "r", .base_path = "/", .domain = "A"})), "/domain");
  const Workflow workflow{.workspace = "w", .name = "User Query Workflow", .rest_api = "r"};
  EXPECT_EQ(first(find_faults(workflow)), "");
  auto other = workflow;
  other.gateway_type = "classic";
  EXPECT_EQ(first(find_faults(other)), "/gateway_type");
  other = workflow;
  other.rest_api = "";
  EXPECT_EQ(first(find_faults(other)), "/rest_api");
  EXPECT_EQ(first(find_faults(Consumer{.name = ""})), "/name");
  const Credential credential{
      .consumer = "c", .type = "api-key", .lookups = {"l"}, .secret = "s", .display = "d"};
  const struct {
    const char* where;
    void (*change)(Credential&);
  } cases[] = {
      {"", [](Credential&) {}},
      {"/consumer", [](Credential& c) { c.consumer = "a/b"; }},
      {"/type", [](Credential& c) { c.type = ""; }},
      {"/lookups", [](Credential& c) { c.lookups = {}; }},
      {"/lookups",
       [](Credential& c) {
         c.lookups = {"l", ""};
       }},
      {"/lookups", [](Credential& c) { c.lookups = {std::string(kLookupBytesMax + 1, 'l')}; }},
      {"/lookups", [](Credential& c) { c.lookups.assign(kLookupsMax + 1, "l"); }},
      {"/secret", [](Credential& c) { c.secret = ""; }},
      {"/secret", [](Credential& c) { c.secret.assign(kSecretBytesMax + 1, 's'); }},
      {"/valid_from", [](Credential& c) { c.valid_from = -1; }},
      {"/valid_until", [](Credential& c) { c.valid_until = -1; }},
      {"/valid_until", [](Credential& c) { c.valid_from = c.valid_until = 5; }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.where);
    auto changed = credential;
    c.change(changed);
    EXPECT_EQ(first(find_faults(changed)), c.where);
  }
  const auto first_of = [&](Authorization authorization) {
    return first(find_faults(authorization));
  };
  EXPECT_EQ(first_of({.consumer = "c", .api_id = "a", .rest_api = {}}), "");
  EXPECT_EQ(first_of({.consumer = "c", .api_id = {}, .rest_api = "r"}), "");
  EXPECT_EQ(first_of({.consumer = "c", .api_id = {}, .rest_api = {}}), "/api");
  EXPECT_EQ(first_of({.consumer = "c", .api_id = "a", .rest_api = "r"}), "/api");
  EXPECT_EQ(first_of({.consumer = "", .api_id = "a", .rest_api = {}}), "/consumer");
  EXPECT_EQ(first_of({.consumer = "c", .api_id = "a", .rest_api = {}, .valid_until = -1}),
            "/valid_until");
}

template <class E, class Parse>
void expect_words(std::initializer_list<std::string_view> words, Parse parse) {
  int i = 0;
  for (const auto word : words) {
    const auto value = static_cast<E>(i++);
    EXPECT_EQ(to_text(value), word);
    EXPECT_EQ(parse(word), value);
  }
  EXPECT_EQ(parse("other"), std::nullopt);
  EXPECT_EQ(parse(""), std::nullopt);
}

TEST(Laws, WordsGoBothWays) {
  expect_words<HttpMethod>({"GET", "POST"}, parse_http_method);
  expect_words<ParameterType>({"string", "int", "long", "float", "double", "boolean"},
                              parse_parameter_type);
  expect_words<Position>({"query", "body"}, parse_position);
  expect_words<Operator>({"=", "!=", ">", ">=", "<", "<="}, parse_operator);
  expect_words<ResultShape>({"single", "list", "page"}, parse_result_shape);
  expect_words<Envelope>({"default", "full", "bare"}, parse_envelope);
  expect_words<VersionStatus>({"To Be Requested", "Under Approval", "Rejected", "Can Be Published"},
                              parse_version_status);
}

}  // namespace
}  // namespace sluice::model
