// SPDX-License-Identifier: Apache-2.0
// What an API sees of a request whose parameters a signature covers: those, of the query and the
// form nothing else (auth.md 4.3), and a JSON body, which is never part of a signed text. The same
// requests without a signature are bound from their text.
#include "call/call.hpp"
#include "call/in_process.hpp"
#include "call/worker_pool.hpp"
#include "dataservice/default_backend.hpp"
#include "dataservice/test_kit.hpp"
#include "serializers/json.hpp"

#include <sluice/data_source.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::dataservice {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// The arguments of the last query, as text: no test runs two at once.
std::string& last_arguments() {
  static std::string arguments;
  return arguments;
}

// Answers every query with no rows and keeps what it was asked with.
class RecordingSource {
 public:
  static constexpr std::string_view kSchema = R"({"type":"object"})";
  static constexpr sluice_dialect kDialect = kTestDialect;
  static Result<std::unique_ptr<RecordingSource>> make(const Settings&, Host) {
    return std::make_unique<RecordingSource>();
  }
  Status execute(const Query& query, Rows rows, Op) const {
    std::string& said = last_arguments();
    said.clear();
    for (const Cell& cell : query.args()) {
      if (cell.type == SLUICE_T_TEXT) said += "[" + std::string(to_view(cell.v.s)) + "]";
    }
    return rows.begin({});
  }
};

// The API of these tests: `id` and `name` of the query, `note` of the body, all optional texts.
std::shared_ptr<const snapshot::Backend> make_backend() {
  static const sluice_component source = data_source<RecordingSource>({.type = "recording"});
  const auto parameter = [](const char* name, model::Position position) {
    model::RequestParameter made;
    made.name = made.column = name;
    made.position = position;
    made.required = false;
    made.default_value = "-";
    return made;
  };
  model::ApiDefinition api;
  api.table = "t";
  api.method = model::HttpMethod::kPost;
  api.request_parameters = {parameter("id", model::Position::kQuery),
                            parameter("name", model::Position::kQuery),
                            parameter("note", model::Position::kBody)};
  model::ResponseParameter column;
  column.name = column.column = "id";
  api.response_parameters = {column};
  auto made = make_default_backend(
      api, make_instance(source), make_instance(*serializers::json_plugin()->components[0]), "key");
  if (!made) std::abort();
  return *made;
}

// Serves one request as if an authenticator had accepted it: with these parameters, or with none
// of its own.
class AcceptedCall final : public http::Handler {
 public:
  explicit AcceptedCall(const std::optional<Pairs>& verified) {
    principal_.size = sizeof principal_;
    principal_.consumer = SLUICE_STR("alice");
    if (!verified) return;
    for (const auto& [name, value] : *verified) pairs_.push_back({to_str(name), to_str(value)});
    principal_.parameters_verified = 1;
    principal_.parameters = pairs_.data();
    principal_.parameter_count = pairs_.size();
  }
  void handle(http::Exchange& exchange) override {
    call_.begin(
        exchange, 1, nullptr, [](void*) { return std::shared_ptr<const void>(); }, nullptr);
    call_.set_principal(&principal_);
    backend_->serve(call_, route_);
  }

 private:
  std::vector<sluice_pair> pairs_;
  sluice_principal principal_{};
  const std::shared_ptr<const snapshot::Backend> backend_ = make_backend();
  const snapshot::Route route_;
  call::WorkerPool workers_{1, 16};
  call::Call call_{workers_, [](void*, call::Call&) {}, nullptr};
};

std::string bind_call(const call::InProcessRequest& request, const std::optional<Pairs>& verified) {
  last_arguments().clear();
  AcceptedCall accepted(verified);
  const auto response = call::run_in_process(accepted, request);
  return response.status == 200 ? last_arguments() : std::to_string(response.status);
}

TEST(VerifiedParameters, AreAllThatAnApiSees) {
  constexpr const char* kForm = "application/x-www-form-urlencoded";
  const struct {
    const char *name, *query, *type, *body;
    Pairs verified;
    const char *bound, *bound_when_not_verified;
  } cases[] = {
      {"the same", "id=1&name=x", "", "", {{"id", "1"}, {"name", "x"}}, "[1][x][-]", "[1][x][-]"},
      {"a parameter that was not signed",
       "id=1&name=x",
       "",
       "",
       {{"id", "1"}},
       "[1][-][-]",
       "[1][x][-]"},
      {"nothing was signed", "id=1", "", "", {}, "[-][-][-]", "[1][-][-]"},
      {"a duplicate put first", "id=2&id=1", "", "", {{"id", "1"}}, "[1][-][-]", "[2][-][-]"},
      {"a plus that was signed as a plus",
       "id=x+y",
       "",
       "",
       {{"id", "x+y"}},
       "[x+y][-][-]",
       "[x y][-][-]"},
      {"a value that looks encoded",
       "id=%2541",
       "",
       "",
       {{"id", "%41"}},
       "[%41][-][-]",
       "[%41][-][-]"},
      {"bytes that separate",
       "id=1%26name%3Dx",
       "",
       "",
       {{"id", "1&name=x"}},
       "[1&name=x][-][-]",
       "[1&name=x][-][-]"},
      {"the form's value",
       "id=1",
       kForm,
       "note=n",
       {{"id", "1"}, {"note", "n"}},
       "[1][-][n]",
       "[1][-][n]"},
      {"a form's value for a parameter of the query",
       "id=1",
       kForm,
       "id=2",
       {{"id", "2"}},
       "[2][-][-]",
       "[1][-][-]"},
      {"the query's value for a parameter of the body",
       "note=q",
       kForm,
       "note=f",
       {{"note", "q"}},
       "[-][-][q]",
       "[-][-][f]"},
      {"a form that was not signed", "", kForm, "note=n", {}, "[-][-][-]", "[-][-][n]"},
      {"a JSON body, which no signed text has",
       "",
       "application/json",
       R"({"note":"n"})",
       {},
       "[-][-][n]",
       "[-][-][n]"},
      {"a JSON body does not replace what was signed",
       "note=q",
       "application/json",
       R"({"note":"n","id":"7"})",
       {{"note", "q"}},
       "[-][-][q]",
       "[-][-][n]"},
      {"a body that nobody can read", "id=1", "text/plain", "?", {{"id", "1"}}, "415", "415"},
      {"a query that nobody could read", "id=%zz", "", "", {{"id", "1"}}, "[1][-][-]", "400"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    call::InProcessRequest request{.method = "POST", .path = "/p", .query = c.query};
    if (*c.type) request.headers.emplace_back("Content-Type", c.type);
    request.body = c.body;
    EXPECT_EQ(bind_call(request, c.verified), c.bound);
    EXPECT_EQ(bind_call(request, std::nullopt), c.bound_when_not_verified);
  }
}

}  // namespace
}  // namespace sluice::dataservice
