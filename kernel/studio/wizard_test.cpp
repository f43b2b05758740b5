// SPDX-License-Identifier: Apache-2.0
#include "studio/wizard.hpp"

#include <gtest/gtest.h>

namespace sluice::studio {
namespace {

using enum model::ParameterType;

TableDescription make_table() {
  return {.columns =
              {{.name = "id",
                .declared = "INTEGER",
                .comment = "its number",
                .type = kLong,
                .nullable = false,
                .primary_key = 1},
               {.name = "tenant", .declared = {}, .comment = {}, .type = kLong, .nullable = false},
               {.name = "e-mail", .declared = {}, .comment = {}, .nullable = false},
               {.name = "e_mail", .declared = {}, .comment = {}},
               {.name = "1st", .declared = {}, .comment = {}, .type = kBoolean}},
          .indexes = {{"by_mail", true, {"tenant", "e-mail"}}, {"by_first", true, {"1st"}}}};
}

std::string names(const auto& parameters) {
  std::string text;
  for (const auto& p : parameters) {
    text += (text.empty() ? "" : " ") + p.name + ":" + std::string(to_text(p.type));
  }
  return text;
}

// Proves: R083, R084, R085, R086
TEST(SuggestDraft, ParametersAreNamedAndTypedLikeTheirColumns) {
  const auto draft =
      suggest_draft({"t", {"e-mail", "e_mail"}, {"id", "e-mail", "e_mail", "1st"}}, make_table());
  ASSERT_TRUE(draft);
  EXPECT_EQ(names(draft->request_parameters), "e_mail:string e_mail_2:string");
  EXPECT_EQ(draft->request_parameters[0].column, "e-mail");
  EXPECT_EQ(names(draft->response_parameters),
            "id:long e_mail:string e_mail_2:string _1st:boolean");
  EXPECT_EQ(draft->response_parameters[0].description, "its number");
  EXPECT_EQ(draft->key_columns, (std::vector<std::string>{"id"}));

  const auto wrong = suggest_draft({"t", {"id", "gone"}, {}}, make_table());
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().where, "/request/1");
}

// Proves: R090
TEST(SuggestDraft, AWholeUniqueKeyAsksForOneRowAndAMissingIndexIsHinted) {
  const struct {
    const char* name;
    std::vector<std::string> request;
    model::ResultShape shape;
    std::size_t hints;
  } cases[] = {
      {"primary key", {"id"}, model::ResultShape::kSingle, 0},
      {"and more", {"e_mail", "id"}, model::ResultShape::kSingle, 1},
      {"unique index", {"e-mail", "tenant"}, model::ResultShape::kSingle, 1},
      {"half of it", {"tenant"}, model::ResultShape::kList, 0},
      {"the other half", {"e-mail"}, model::ResultShape::kList, 1},
      {"a unique index with NULL", {"1st"}, model::ResultShape::kList, 0},
      {"nothing", {}, model::ResultShape::kPage, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto draft = suggest_draft({"t", c.request, {"id"}}, make_table());
    ASSERT_TRUE(draft);
    EXPECT_EQ(draft->shape, c.shape);
    EXPECT_EQ(draft->hints.size(), c.hints);
  }
}

// Proves: R078, R099
TEST(DraftSteps, EachTellsWhatItLacks) {
  const auto missing = [](const model::ApiDefinition& d) {
    std::string text;
    for (const auto& step : list_steps(d)) {
      text += std::string(step.name) + "=" + std::to_string(step.missing.size()) + " ";
    }
    return text;
  };
  model::ApiDefinition d;
  d.resource_group = "default";
  EXPECT_EQ(missing(d), "table=2 parameters=1 configuration=0 ");
  d.data_source = "db";
  d.table = "t";
  EXPECT_EQ(missing(d), "table=0 parameters=1 configuration=0 ");
  d.request_parameters = {{.name = "a", .default_value = {}}};
  d.response_parameters = {{.name = "a", .column = "a"}};
  EXPECT_EQ(missing(d), "table=0 parameters=1 configuration=0 ");
  d.request_parameters[0].column = "a";
  d.paging = model::Paging::kCursor;
  EXPECT_EQ(missing(d), "table=0 parameters=0 configuration=1 ");
  d.key_columns = {"a"};
  EXPECT_EQ(missing(d), "table=0 parameters=0 configuration=0 ");
}

TEST(OrderHints, TellWhereAnOrderDoesNotHold) {
  const struct {
    const char* name;
    std::vector<model::OrderKey> order;
    std::vector<std::string> key;
    const char* hint;  // a part of the only one; empty: none
  } cases[] = {
      {"no order", {}, {}, "name id in key_columns"},
      {"the key", {}, {"id"}, ""},
      {"an order by the key", {{"id"}}, {}, ""},
      {"an order by less", {{"tenant"}}, {}, "name id in key_columns"},
      {"another key", {}, {"e-mail", "tenant"}, ""},
      {"no key", {}, {"1st"}, "no unique key of the table is within"},
  };
  const auto table = make_table();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    model::ApiDefinition d;
    d.shape = model::ResultShape::kPage;
    d.order = c.order;
    d.key_columns = c.key;
    const auto hints = find_order_hints(d, &table);
    ASSERT_EQ(hints.size(), *c.hint ? 1u : 0u);
    if (*c.hint) {
      EXPECT_NE(hints[0].find(c.hint), std::string::npos) << hints[0];
    }
  }
  model::ApiDefinition d;
  d.shape = model::ResultShape::kPage;
  EXPECT_EQ(find_order_hints(d, nullptr).size(), 1u) << "nothing is known of the table";
  d.shape = model::ResultShape::kList;
  EXPECT_TRUE(find_order_hints(d, &table).empty());
}

}  // namespace
}  // namespace sluice::studio
