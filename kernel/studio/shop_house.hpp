// SPDX-License-Identifier: Apache-2.0
#pragma once
// A FakeHouse with a workspace in it, its workflow and its first draft: what tests of the way from
// draft to version begin with.

#include "studio/fakes.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace sluice::studio {

struct ShopHouse : FakeHouse {
  ShopHouse() {
    const auto done = studio.apply(
        "ann",
        [&](Edit& edit) -> Result<void> {
          if (auto r = edit.put_workspace({.name = "shop"}); !r) return r.error();
          model::DataSource source;
          source.workspace = "shop";
          source.name = "db";
          source.type = "sqlite";
          source.settings_json = "{}";
          if (auto r = edit.put_data_source(source); !r) return r.error();
          for (const char* name : {"users", "orders"}) {
            model::RestApi rest_api;
            rest_api.name = name;
            rest_api.base_path = std::string("/") + name;
            if (auto r = edit.put_rest_api(rest_api); !r) return r.error();
          }
          for (const auto& [name, rest_api] :
               {std::pair("User Flow", "users"), std::pair("More Users", "users"),
                std::pair("Order Flow", "orders")}) {
            model::Workflow workflow;
            workflow.workspace = "shop";
            workflow.name = name;
            workflow.rest_api = rest_api;
            auto put = edit.put_workflow(workflow);
            if (!put) return put.error();
            if (std::string(name) == "User Flow") workflow_id = put->stored.id;
          }
          auto api = edit.put_api("shop", "User Flow", make_definition());
          if (!api) return api.error();
          api_id = api->stored.id;
          return {};
        },
        ApplyMode::kCommit);
    EXPECT_TRUE(done) << done.error().detail;
    floor.calls.clear();
  }

  static model::ApiDefinition make_definition() {
    model::ApiDefinition d;
    d.name = "Query User";
    d.path = "/user/info";
    d.data_source = "db";
    d.table = "user_info";
    d.request_parameters = {{.name = "user_id",
                             .column = "user_id",
                             .type = model::ParameterType::kLong,
                             .sample = "10001"}};
    d.response_parameters = {{.name = "user_name", .column = "user_name"}};
    return d;
  }

  template <class UseCase>
  auto run(UseCase use_case, std::string_view actor = "ann") {
    return studio.run(actor, use_case);
  }
  // Unwraps what must work.
  template <class UseCase>
  auto must(UseCase use_case, std::string_view actor = "ann") {
    auto answer = run(use_case, actor);
    if (!answer) throw std::runtime_error(answer.error().detail);
    return std::move(*answer);
  }
  const model::Api& api() const { return *studio.state().apis.find(api_id); }

  Result<TestReport> test(TestRequest request, std::string_view actor = "ann") {
    if (request.api_id.empty()) request.api_id = api_id;
    auto ticket = studio.begin_test(actor, std::move(request));
    if (!ticket) return ticket.error();
    return studio.finish_test(*ticket, floor.run_draft(ticket->definition, ticket->source,
                                                       ticket->group, ticket->parameters));
  }
  model::ApiVersion submit() {
    const auto report = test({.fills_with_samples = true});
    EXPECT_TRUE(report) << report.error().detail;
    return must([&](Edit& e) { return e.submit(api_id); });
  }

  std::string workflow_id, api_id;
};

}  // namespace sluice::studio
