// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the studio needs around it, as fakes that record: for tests of this room and of those above.

#include "store/fake_store.hpp"
#include "store/repository.hpp"
#include "studio/studio.hpp"

#include <functional>
#include <string>
#include <vector>

namespace sluice::studio {

class FakeLowerFloor : public LowerFloor {
 public:
  Result<void> check_data_source(const model::DataSource& source) override {
    calls.push_back("check " + source.name);
    return source_check;
  }
  Result<std::vector<TableInfo>> list_tables(const model::DataSource& source,
                                             const std::string& search) override {
    calls.push_back("list " + source.name + " " + search);
    return std::vector<TableInfo>{{"user_info", "people", false}};
  }
  Result<TableDescription> describe_table(const model::DataSource& source,
                                          const std::string& table) override {
    calls.push_back("describe " + source.name + " " + table);
    if (!can_describe) return can_describe.error();
    return described;
  }
  // Of the type "lake": two methods, one of which is required.
  std::optional<Acceleration> find_acceleration(const std::string& source_type) override {
    if (source_type == "absent") return std::nullopt;
    if (source_type != "lake") return Acceleration{};
    return Acceleration{
        true, {{"fast", "Fast", "quick", ""}, {"slow", "Slow", "takes long", "it is dear"}}};
  }
  Result<TestOutcome> run_draft(
      const model::ApiDefinition& definition, const model::DataSource& source,
      const model::ResourceGroup&,
      const std::vector<std::pair<std::string, std::string>>& parameters) override {
    auto& call = calls.emplace_back("run " + definition.path + " on " + source.name);
    for (const auto& [name, value] : parameters) call += " " + name + "=" + value;
    if (while_running) while_running();
    return outcome;
  }
  Result<CallPreview> preview(
      const model::ApiDefinition& definition, const model::DataSource& source,
      const std::vector<std::pair<std::string, std::string>>& parameters) override {
    auto& call = calls.emplace_back("preview " + definition.path + " on " + source.name);
    CallPreview preview{.sql = "SELECT 1", .count_sql = {}, .arguments = {}, .hints = {}};
    for (const auto& [name, value] : parameters) {
      call += " " + name + "=" + value;
      preview.arguments.push_back(value);
    }
    return preview;
  }
  Result<StatementDescription> describe_statement(const model::DataSource& source,
                                                  const std::string& sql) override {
    calls.push_back("describe on " + source.name + ": " + sql);
    return statement;
  }
  Result<SqlWords> find_sql_words(const model::DataSource&) override { return words; }
  // Every type is known; what is given becomes lookup, secret and what is shown, and nothing given
  // is another secret each time.
  Result<MadeCredential> make_credential(const std::string& type,
                                         const std::string& given_json) override {
    if (!can_make) return can_make.error();
    const std::string secret = given_json == "{}" ? "made-" + std::to_string(++made) : given_json;
    return MadeCredential{.is_unique = type != "jwt",
                          .secret = "secret of " + secret,
                          .display = type,
                          .lookups = {type == "jwt" ? "issuer" : secret},
                          .attributes = {{"source", "bearer"}},
                          .shown = {{"key", secret}}};
  }
  Result<Explanation> explain(const std::string& instance, const SentRequest& request,
                              model::UnixMs now) override {
    calls.push_back("explain " + instance + " " + request.method + " " + request.path + "?" +
                    request.query + " at " + std::to_string(now));
    return explanation;
  }
  std::vector<SourceType> list_source_types() const override {
    return {{"sqlite", "SQLite", "tables of a file", true, true, true, true, false}};
  }
  std::vector<std::string> list_authenticators() const override { return authenticators; }
  Result<void> check_settings(const model::DataSource&) override { return settings_check; }
  bool serves(const std::string& instance) const override { return instance != not_served; }
  Result<std::unique_ptr<PreparedSnapshots>> prepare(const model::State& state) override {
    calls.push_back("prepare");
    if (!can_prepare) return can_prepare.error();
    return std::unique_ptr<PreparedSnapshots>(new Prepared(*this, state));
  }

  Result<StatementDescription> statement = StatementDescription{};
  SqlWords words{"\"", "\"", false};
  std::vector<std::string> calls;
  Result<void> source_check;
  Result<void> settings_check;
  Result<void> can_describe;
  TableDescription described;  // every table
  Result<void> can_prepare;
  Result<void> can_make;
  std::vector<std::string> authenticators = {"api-key", "hmac", "jwt"};
  std::string not_served;  // a gateway instance of another node
  int made = 0;
  Result<TestOutcome> outcome = TestOutcome{200, {}, "{}", 1000, "SELECT 1", {}};
  Result<Explanation> explanation = Explanation{};
  std::function<void()> while_running;
  model::State serving;  // what the last swap put in

 private:
  class Prepared final : public PreparedSnapshots {
   public:
    Prepared(FakeLowerFloor& floor, model::State state) : floor_(floor), state_(std::move(state)) {}
    void swap_in() noexcept override {
      floor_.calls.push_back("swap");
      floor_.serving = std::move(state_);
    }

   private:
    FakeLowerFloor& floor_;
    model::State state_;
  };
};

class FakeClock final : public Clock {
 public:
  model::UnixMs now_ms() const override { return now; }
  model::UnixMs now = 1'735'689'600'000;  // 2025-01-01
};

// Counts instead of rolling dice: ids are wf-0000000000000001 and so on.
inline RandomSource make_counting_random() {
  return [n = 0u](std::span<unsigned char> bytes) mutable {
    ++n;
    for (auto& byte : bytes) byte = 0;
    bytes.back() = static_cast<unsigned char>(n);
    bytes[bytes.size() - 2] = static_cast<unsigned char>(n >> 8);
    return true;
  };
}

// A studio over an empty store, with everything around it in reach.
struct FakeHouse {
  explicit FakeHouse(RandomSource random = make_counting_random())
      : owner(std::move(*Studio::make(repository, floor, clock, std::move(random)))),
        studio(*owner) {}

  store::FakeStore documents;
  store::Store repository{store::FakeStore::table(), documents.self(), store::make_test_sealer(),
                          [](int, std::string_view) {}};
  FakeLowerFloor floor;
  FakeClock clock;
  std::unique_ptr<Studio> owner;
  Studio& studio;
};

}  // namespace sluice::studio
