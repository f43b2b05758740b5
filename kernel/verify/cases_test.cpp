// SPDX-License-Identifier: Apache-2.0
#include "verify/cases.hpp"

#include <gtest/gtest.h>

namespace sluice::verify {
namespace {

std::string wrap(const std::string& method, const std::string& config) {
  return R"([{"name":"n","method":")" + method + R"(","config":)" + config +
         R"(,"request":{"method":"GET","path_and_query":"/a?b=1?c"},"now":5}])";
}

TEST(AuthCases, AreTurnedIntoSettingsAndCredentialsOfTheirAuthenticator) {
  const struct {
    const char *name, *method, *config, *type, *settings;
    std::vector<std::string> credentials;
  } cases[] = {
      {"hmac",
       "hmac",
       R"({"consumers":[{"name":"a","key":"k","secret":"s"}],"date_offset":0,"nonce_check":false})",
       "hmac",
       R"({"date_offset":0,"nonce_check":false})",
       {R"({"access_key":"k","secret_key":"s"})"}},
      {"api key, bearer unless said",
       "apikey",
       R"({"consumers":[{"name":"a","keys":["x","y"]}]})",
       "api-key",
       R"({"sources":[{"type":"bearer"}]})",
       {R"({"key":"x","source":"bearer"})", R"({"key":"y","source":"bearer"})"}},
      {"api key, a consumer's own source beside the configuration's",
       "apikey",
       R"({"source":{"type":"query","name":"apikey"},
           "consumers":[{"name":"a","keys":["x"]},
                        {"name":"b","keys":["y"],"source":{"type":"header","name":"X-Key"}}]})",
       "api-key",
       R"({"sources":[{"type":"query","name":"apikey"},{"type":"header","name":"x-key"}]})",
       {R"({"key":"x","source":"query:apikey"})", R"({"key":"y","source":"header:x-key"})"}},
      {"jwt, default places",
       "jwt",
       R"({"consumers":[{"name":"a","jwks":{"keys":[]},"claims":{"uid":"1"}}],"max_token_bytes":9})",
       "jwt",
       R"({"max_token_bytes":9,"from_headers":[{"name":"Authorization","value_prefix":"Bearer "}],"from_params":["access_token"],"default_places":{"from_headers":[{"name":"Authorization","value_prefix":"Bearer "}],"from_params":["access_token"]}})",
       {R"({"jwks":{"keys":[]},"claims":{"uid":"1"}})"}},
      {"jwt, own places only",
       "jwt",
       R"({"consumers":[{"name":"a","jwks":{"keys":[]},"from_params":["t"]},
                        {"name":"b","jwks":{"keys":[]},"from_params":["t"],"from_cookies":["c"]}]})",
       "jwt",
       R"({"from_params":["t"],"from_cookies":["c"]})",
       {R"({"jwks":{"keys":[]},"from_params":["t"]})",
        R"({"jwks":{"keys":[]},"from_params":["t"],"from_cookies":["c"]})"}},
      {"another plugin's",
       "com.example.x",
       R"({"settings":{"s":1},"consumers":[{"name":"a","credentials":[{"pin":"1"}]}]})",
       "com.example.x",
       R"({"s":1})",
       {R"({"pin":"1"})"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto made = parse_cases(wrap(c.method, c.config));
    ASSERT_TRUE(made) << made.error().where << " " << made.error().detail;
    const Case& one = made->front();
    EXPECT_EQ(one.type, c.type);
    EXPECT_EQ(one.settings_json, c.settings);
    std::vector<std::string> credentials;
    for (const auto& consumer : one.consumers) {
      credentials.insert(credentials.end(), consumer.credentials.begin(),
                         consumer.credentials.end());
    }
    EXPECT_EQ(credentials, c.credentials);
    EXPECT_EQ(one.request.path, "/a");
    EXPECT_EQ(one.request.query, "b=1?c");
    EXPECT_EQ(one.now_ns, 5'000'000'000u);
  }
}

TEST(AuthCases, SayWhereTheyCannotBeRead) {
  const std::string good = R"({"consumers":[{"name":"a","key":"k","secret":"s"}]})";
  const struct {
    const char* name;
    std::string text;
    const char* error;
  } cases[] = {
      {"no JSON", "[{", ": not JSON at byte 3"},
      {"no list", "{}", ": must be a list"},
      {"no case", "[1]", "/0: must be an object"},
      {"no name", "[{}]", "/0/name: is missing"},
      {"no consumers", wrap("hmac", "{}"), "/0/config/consumers: is missing"},
      {"no secret", wrap("hmac", R"({"consumers":[{"name":"a","key":"k"}]})"),
       "/0/config/consumers/0/secret: is missing"},
      {"an unknown source", wrap("apikey", R"({"source":{"type":"body"},"consumers":[]})"),
       "/0/config/source/type: must be \"bearer\", \"header\" or \"query\""},
      {"a header of three parts",
       R"([{"name":"n","method":"hmac","config":)" + good +
           R"(,"request":{"method":"GET","path_and_query":"/","headers":[["a","b","c"]]},"now":1}])",
       "/0/request/headers/0: must be a list of a name and a value"},
      {"a body that is no base64",
       R"([{"name":"n","method":"hmac","config":)" + good +
           R"(,"request":{"method":"GET","path_and_query":"/","body_base64":"a"},"now":1}])",
       "/0/request/body_base64: must be base64 with its padding"},
      {"a clock of text",
       R"([{"name":"n","method":"hmac","config":)" + good +
           R"(,"request":{"method":"GET","path_and_query":"/"},"now":"today"}])",
       "/0/now: must be a number of seconds since 1970"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto made = parse_cases(c.text);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().where + ": " + made.error().detail, c.error);
  }
}

}  // namespace
}  // namespace sluice::verify
