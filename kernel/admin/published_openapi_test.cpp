// SPDX-License-Identifier: Apache-2.0
#include "admin/published_openapi.hpp"

#include <gtest/gtest.h>

namespace sluice::admin {
namespace {

using namespace model;

ApiDefinition definition() {
  ApiDefinition d;
  d.name = "Query User";
  d.path = "/user/info";
  d.table = "user_info";
  d.response_parameters = {{.name = "id", .column = "id", .type = ParameterType::kLong}};
  return d;
}

Json describe(const ApiDefinition& d, std::vector<std::string> servers = {}) {
  const auto document =
      make_published_openapi({"users", "", "V1", {{"api-1", 1, "Flow", std::move(servers), &d}}});
  return document["paths"][d.path][d.method == HttpMethod::kGet ? "get" : "post"];
}

TEST(PublishedOpenapi, AParameterIsWhatItIs) {
  const auto with = [](RequestParameter p) {
    p.name = p.column = "p";
    return p;
  };
  const auto rules = [](auto set) {
    Validation validation;
    set(validation);
    return validation;
  };
  const struct {
    const char* name;
    RequestParameter parameter;
    const char* told;
  } cases[] = {
      {"a text", with({}), R"({"type":"string"})"},
      {"an int", with({.type = ParameterType::kInt}), R"({"type":"integer","format":"int32"})"},
      {"a long with a default",
       with({.type = ParameterType::kLong, .required = false, .default_value = "7"}),
       R"({"type":"integer","format":"int64","default":7})"},
      {"a double in a range",
       with({.type = ParameterType::kDouble, .validation = rules([](Validation& v) {
                                               v.min = "0.5";
                                               v.max = "2";
                                             })}),
       R"({"type":"number","format":"double","minimum":0.5,"maximum":2})"},
      {"a boolean", with({.type = ParameterType::kBoolean, .default_value = "false"}),
       R"({"type":"boolean","default":false})"},
      {"words", with({.default_value = "7", .validation = rules([](Validation& v) {
                                              v.allowed = {{"7", "b"}};
                                            })}),
       R"({"type":"string","enum":["7","b"],"default":"7"})"},
      {"numbers", with({.type = ParameterType::kInt, .validation = rules([](Validation& v) {
                                                       v.allowed = {{"1", "2"}};
                                                     })}),
       R"({"type":"integer","format":"int32","enum":[1,2]})"},
      {"a pattern and lengths", with({.validation = rules([](Validation& v) {
                                        v.min_length = 1;
                                        v.max_length = 9;
                                        v.pattern = "a|b";
                                      })}),
       R"({"type":"string","minLength":1,"maxLength":9,"pattern":"^(?:a|b)$"})"},
      {"a list",
       with({.type = ParameterType::kLongList, .op = Operator::kIn, .default_value = "1,2"}),
       R"({"type":"array","items":{"type":"integer","format":"int64"},"default":[1,2]})"},
      {"two ends", with({.type = ParameterType::kStringList, .op = Operator::kBetween}),
       R"({"type":"array","items":{"type":"string"},"maxItems":2,"minItems":2})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto d = definition();
    d.request_parameters = {c.parameter};
    EXPECT_EQ(describe(d)["parameters"][0]["schema"], Json::parse(c.told))
        << describe(d)["parameters"][0].dump();
  }
}

TEST(PublishedOpenapi, WhatComesBackHasTheShapeAndTheEnvelope) {
  const std::string row =
      R"({"type":"object","properties":{"id":{"type":["integer","null"],"format":"int64"}},)"
      R"("required":["id"],"additionalProperties":false})";
  const struct {
    const char* name;
    ResultShape shape;
    Envelope envelope;
    const char* required;  // of the whole answer
    std::string data;      // pointer to what holds the rows, and their schema
  } cases[] = {
      {"list", ResultShape::kList, Envelope::kDefault, R"(["data","success"])",
       "/properties/data/items"},
      {"bare list", ResultShape::kList, Envelope::kBare, "null", "/items"},
      {"page", ResultShape::kPage, Envelope::kFull, R"(["data","success"])",
       "/properties/data/properties/rows/items"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto d = definition();
    d.shape = c.shape;
    d.envelope = c.envelope;
    const auto schema = describe(d)["responses"]["200"]["content"]["application/json"]["schema"];
    EXPECT_EQ(schema.value("required", Json()), Json::parse(c.required));
    EXPECT_EQ(schema.at(Json::json_pointer(c.data)), Json::parse(row)) << schema.dump();
  }
  auto d = definition();
  d.shape = ResultShape::kSingle;
  d.int64_as_string = true;
  const auto data = describe(
      d)["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["data"];
  EXPECT_EQ(data["type"], Json::parse(R"(["object","null"])"));
  EXPECT_EQ(data["properties"]["id"]["type"], Json::parse(R"(["string","null"])"));
}

std::string list_names(const Json& operation) {
  std::string names;
  for (const auto& p : operation.value("parameters", Json::array())) {
    names += p["name"].get<std::string>() + (p.value("required", false) ? "! " : " ");
  }
  return names;
}

TEST(PublishedOpenapi, TellsWhereAParameterGoes) {
  auto d = definition();
  d.method = HttpMethod::kPost;
  d.request_parameters = {
      {.name = "q", .column = "q", .sample = "x"},
      {.name = "id",
       .column = "id",
       .type = ParameterType::kLong,
       .position = Position::kBody,
       .sample = "7"},
      {.name = "also", .column = "a", .position = Position::kBody, .required = false}};
  d.shape = ResultShape::kPage;
  d.caller_order = {"orderBy", {{.name = "age", .column = "age"}}};
  auto operation = describe(d);
  EXPECT_EQ(list_names(operation), "q! pageNum pageSize returnTotalNum orderBy ");
  EXPECT_EQ(operation["parameters"][0]["example"], "x");
  EXPECT_EQ(operation["requestBody"]["required"], true);
  const auto& json = operation["requestBody"]["content"]["application/json"];
  EXPECT_EQ(json["schema"]["required"], Json::parse(R"(["id"])"));
  EXPECT_EQ(json["example"], Json::parse(R"({"id":7})"));
  EXPECT_EQ(operation["requestBody"]["content"]["application/x-www-form-urlencoded"], json);
  d.paging = Paging::kCursor;
  EXPECT_EQ(list_names(describe(d)), "q! cursor pageSize returnTotalNum orderBy ");
  d = definition();
  EXPECT_EQ(list_names(describe(d)), "");
  EXPECT_FALSE(describe(d).contains("requestBody"));
}

TEST(PublishedOpenapi, SaysWhatACallerShows) {
  const struct {
    const char *type, *settings, *security;
    bool refuses;  // 401 and 403
  } cases[] = {
      {"", "{}", "[]", false},
      {"api-key", "{}",
       R"([{"apiKey":[]},{"apiKey.header.X-API-Key":[]},{"apiKey.query.apikey":[]}])", true},
      {"api-key", R"({"sources":[{"type":"bearer"}]})", R"([{"apiKey":[]}])", true},
      {"api-key", R"({"sources":[{"type":"query","name":"k y"},{"type":"header","name":"X!"}]})",
       R"([{"apiKey.query.k_y":[]},{"apiKey.header.X_":[]}])", true},
      {"jwt", "{}", R"([{"jwt":[]},{"jwt.query.access_token":[]}])", true},
      {"jwt",
       R"({"from_headers":[{"name":"X-Token","value_prefix":"T "},)"
       R"({"name":"authorization","value_prefix":"bearer "}],"from_cookies":["session"]})",
       R"([{"jwt.header.X-Token":[]},{"jwt":[]},{"jwt.cookie.session":[]}])", true},
      {"hmac", "{}", R"([{"hmacKey":[],"hmacSignature":[]}])", true},
      {"hmac", R"({"require_nonce":true})", R"([{"hmacKey":[],"hmacSignature":[],"hmacNonce":[]}])",
       true},
      {"of-somebody", "{}", R"([{"authenticator":[]}])", true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.type) + c.settings);
    auto d = definition();
    d.authentication = {c.type, c.settings};
    const auto operation = describe(d);
    EXPECT_EQ(operation["security"], Json::parse(c.security));
    EXPECT_EQ(operation["responses"].contains("401"), c.refuses);
    EXPECT_EQ(operation["responses"].contains("403"), c.refuses);
    EXPECT_TRUE(operation["responses"].contains("400"));
  }
}

TEST(PublishedOpenapi, SaysWhereTheSettingsLookForIt) {
  const auto describe_schemes = [](std::vector<Authentication> all) {
    std::vector<ApiDefinition> definitions;
    for (auto& authentication : all) {
      auto& d = definitions.emplace_back(definition());
      d.path = "/" + std::to_string(definitions.size());
      d.authentication = std::move(authentication);
    }
    PublishedDocument document{"users", "", "V1", {}};
    for (const auto& d : definitions) document.operations.push_back({"api", 1, "", {}, &d});
    return make_published_openapi(document)["components"]["securitySchemes"];
  };
  auto schemes = describe_schemes(
      {{"api-key", R"({"sources":[{"type":"header","name":"X-Key"},{"type":"query","name":"k"}]})"},
       {"jwt", R"({"from_headers":[{"name":"X-Token","value_prefix":"T "}],"from_params":["t"],)"
               R"("from_cookies":["c"]})"}});
  const auto told = [&](const char* name) {
    const auto& s = schemes[name];
    return s.value("type", "") + " " + s.value("in", "") + " " + s.value("name", "") + ": " +
           s.value("description", "");
  };
  EXPECT_EQ(schemes.size(), 5u) << schemes.dump();
  EXPECT_EQ(told("apiKey.header.X-Key"), "apiKey header X-Key: the API key");
  EXPECT_EQ(told("apiKey.query.k"), "apiKey query k: the API key");
  EXPECT_EQ(told("jwt.header.X-Token"), "apiKey header X-Token: 'T ' and a JWT");
  EXPECT_EQ(told("jwt.query.t"), "apiKey query t: a JWT");
  EXPECT_EQ(told("jwt.cookie.c"), "apiKey cookie c: a JWT");

  // Two APIs share a scheme that is the same, and no other.
  schemes = describe_schemes(
      {{"hmac", "{}"},
       {"hmac", "{}"},
       {"hmac", R"({"algorithms":["HmacSHA1"],"date_offset":60,"require_content_md5":true})"}});
  EXPECT_EQ(schemes.size(), 3u) << schemes.dump();
  const auto about = [&](const char* name) { return schemes[name].value("description", ""); };
  EXPECT_NE(about("hmacSignature").find("is HmacSHA256 or HmacSHA1"), std::string::npos);
  EXPECT_NE(about("hmacSignature").find("900 seconds"), std::string::npos);
  EXPECT_NE(about("hmacSignature.2").find("is HmacSHA1,"), std::string::npos);
  EXPECT_NE(about("hmacSignature.2").find("60 seconds"), std::string::npos);
  EXPECT_NE(about("hmacSignature.2").find("needs Content-MD5"), std::string::npos);
}

// Proves: R054
TEST(PublishedOpenapi, TheVersionOfTheRestApiIsAParameterUnlessThePathHasIt) {
  const struct {
    VersionManagement versions;
    const char* parameters;
    bool may_be_unknown;
  } cases[] = {
      {{}, "null", false},
      {{.enabled = true, .version = "v1"}, "null", false},
      {{.enabled = true, .scheme = VersionScheme::kQuery, .version = "v1", .name = "ver"},
       R"([{"name":"ver","in":"query","required":true,"schema":{"type":"string","enum":["v1"]},)"
       R"("description":"the version of the REST API that is meant"}])",
       true},
      {{.enabled = true, .scheme = VersionScheme::kHeader, .version = "v1", .name = "X-Ver"},
       R"([{"name":"X-Ver","in":"header","required":true,"schema":{"type":"string","enum":["v1"]},)"
       R"("description":"the version of the REST API that is meant"}])",
       true},
  };
  const auto d = definition();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.parameters);
    const auto document =
        make_published_openapi({"users", "", "V1", {{"api-1", 1, "", {}, &d, &c.versions}}});
    const auto& operation = document["paths"][d.path]["get"];
    EXPECT_EQ(operation.value("parameters", Json()), Json::parse(c.parameters));
    EXPECT_EQ(operation["responses"].contains("404"), c.may_be_unknown);
  }
}

TEST(PublishedOpenapi, SamplesAreExamples) {
  auto d = definition();
  d.success_sample = std::string(R"({"data":[{"id":1}],"success":true})");
  d.failure_sample = std::string("not JSON");
  const auto responses = describe(d)["responses"];
  EXPECT_EQ(responses["200"]["content"]["application/json"]["example"]["data"][0]["id"], 1);
  EXPECT_EQ(responses["400"]["content"]["application/json"]["example"], "not JSON");
}

TEST(PublishedOpenapi, ServersStandAtTheTopWhereAllAreAlike) {
  const auto one = definition();
  auto two = definition();
  two.path = "/other";
  const std::string a = "https://a.example/v1", b = "http://127.0.0.1:8080/v1";
  const auto describe_both = [&](std::vector<std::string> of_one, std::vector<std::string> of_two) {
    return make_published_openapi({"users",
                                   "",
                                   "1",
                                   {{"api-1", 1, "Flow", std::move(of_one), &one},
                                    {"api-2", 3, "More", std::move(of_two), &two}}});
  };
  auto document = describe_both({a, b}, {a, b});
  EXPECT_EQ(document["servers"].size(), 2u);
  EXPECT_FALSE(document["paths"]["/other"]["get"].contains("servers"));
  EXPECT_EQ(document["tags"].dump(), R"([{"name":"Flow"},{"name":"More"}])");
  document = describe_both({a}, {b});
  EXPECT_FALSE(document.contains("servers"));
  EXPECT_EQ(document["paths"]["/other"]["get"]["servers"][0]["url"], b);
  document = describe_both({}, {});
  EXPECT_FALSE(document.contains("servers")) << "nobody knows";
}

}  // namespace
}  // namespace sluice::admin
