// SPDX-License-Identifier: Apache-2.0
#include "admin/diff.hpp"

#include <gtest/gtest.h>

namespace sluice::admin {
namespace {

// "+pointer label", "-pointer label", "~pointer label from -> to", a line each.
std::string tell(const Json& diff) {
  std::string told;
  const auto head = [](char sign, const Json& entry) {
    return sign + entry["pointer"].get<std::string>() + " " + entry["label"].get<std::string>();
  };
  for (const auto& e : diff["added"]) told += head('+', e) + " " + e["value"].dump() + "\n";
  for (const auto& e : diff["removed"]) told += head('-', e) + " " + e["value"].dump() + "\n";
  for (const auto& e : diff["changed"]) {
    told += head('~', e) + " " + e["from"].dump() + " -> " + e["to"].dump() + "\n";
  }
  EXPECT_EQ(diff["equal"].get<bool>(), told.empty());
  return told;
}

TEST(Diff, TellsWhatWasAddedRemovedAndChanged) {
  const struct {
    const char *name, *from, *to, *told;
  } cases[] = {
      {"the same", R"({"a":1,"b":[1,2]})", R"({"a":1,"b":[1,2]})", ""},
      {"the same in another order of members", R"({"a":1,"b":2})", R"({"b":2,"a":1})", ""},
      {"a scalar", R"({"timeout_ms":3000})", R"({"timeout_ms":50})",
       "~/timeout_ms timeout_ms 3000 -> 50\n"},
      {"another type", R"({"a":"1"})", R"({"a":1})", "~/a a \"1\" -> 1\n"},
      {"inside an object", R"({"authentication":{"type":"jwt","settings":{}}})",
       R"({"authentication":{"type":"","settings":{}}})",
       "~/authentication/type authentication.type \"jwt\" -> \"\"\n"},
      {"members come and go", R"({"a":1,"x/~":2})", R"({"a":1,"c":3})", "+/c c 3\n-/x~1~0 x/~ 2\n"},
      {"a parameter in the middle is one line", R"({"p":[{"name":"a"},{"name":"c"}]})",
       R"({"p":[{"name":"a"},{"name":"b"},{"name":"c"}]})", "+/p/1 p.b {\"name\":\"b\"}\n"},
      {"what is left of it is compared with itself",
       R"({"p":[{"name":"a"},{"name":"b","required":true}]})",
       R"({"p":[{"name":"b","required":false}]})",
       "-/p/0 p.a {\"name\":\"a\"}\n~/p/0/required p.b.required true -> false\n"},
      {"another order is a change of the list", R"({"p":[{"name":"a"},{"name":"b"}]})",
       R"({"p":[{"name":"b"},{"name":"a"}]})", "~/p p (order) [\"a\",\"b\"] -> [\"b\",\"a\"]\n"},
      {"a list of words is one value", R"({"tags":["a","b"]})", R"({"tags":["b"]})",
       "~/tags tags [\"a\",\"b\"] -> [\"b\"]\n"},
      {"names that are twice match nothing", R"({"p":[{"name":"a"},{"name":"a"}]})",
       R"({"p":[{"name":"a"}]})",
       "~/p p [{\"name\":\"a\"},{\"name\":\"a\"}] -> [{\"name\":\"a\"}]\n"},
      {"a list becomes an object", R"({"p":[]})", R"({"p":{}})", "~/p p [] -> {}\n"},
      {"the root", "1", "2", "~  1 -> 2\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(tell(make_diff(Json::parse(c.from), Json::parse(c.to))), c.told);
  }
}

TEST(Diff, IsBounded) {
  Json from = Json::object(), to = Json::object();
  for (std::size_t i = 0; i < kDifferencesMax + 7; ++i) to["m" + std::to_string(i)] = i;
  const auto diff = make_diff(from, to);
  EXPECT_EQ(diff["added"].size(), kDifferencesMax);
  EXPECT_EQ(diff["left_out"], 7);
}

}  // namespace
}  // namespace sluice::admin
