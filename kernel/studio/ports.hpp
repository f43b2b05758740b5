// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the studio asks of the lower floor and of the clock; kernel/main plugs the real ones in,
// tests plug in fakes that record.

#include "model/nouns.hpp"

#include <sluice/result.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::studio {

struct TableInfo {
  std::string name, comment;
  bool is_view = false;
};

struct ColumnInfo {
  std::string name, declared, comment;
  model::ParameterType type = model::ParameterType::kString;
  bool nullable = true;
  unsigned primary_key = 0;  // place in the primary key, from 1; 0 = no part of it
};

struct IndexInfo {
  std::string name;
  bool unique = false;
  std::vector<std::string> columns;
};

struct TableDescription {
  std::vector<ColumnInfo> columns;
  std::vector<IndexInfo> indexes;
};

// What an authenticator made of what a person gave (sluice.credential-maker/1).
struct MadeCredential {
  bool is_unique = true;
  std::string secret, display;
  std::vector<std::string> lookups;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<std::pair<std::string, std::string>> shown;  // the secrets, as their owner needs them
};

// A request as it stood on the wire.
struct SentRequest {
  std::string method, path, query;  // raw; query without '?'
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// What one run of a draft did (R112-R115).
struct TestOutcome {
  int http_status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::int64_t duration_us = 0;
  std::string sql;  // with placeholders
  std::vector<std::string> hints;
  SentRequest request = {};      // its path is the API's own, without base path
  std::string fault = {};        // of a failure: the words of the part that failed, for developers
  model::TableFacts table = {};  // as it is now; no columns: the source could not tell
  std::vector<std::pair<std::string, std::string>> notes = {};  // what plugins say that they did
};

// The ways of running a query that a type of data source offers (sluice.acceleration/1, R082).
struct AccelerationMethod {
  std::string name, title, summary;
  std::string warning;  // for whoever chooses it; empty: none
};
struct Acceleration {
  bool is_required = false;  // an API over such a source names one
  std::vector<AccelerationMethod> methods;
};

// A type of data source, as its plugin offers it (R006).
struct SourceType {
  std::string type, title, summary;
  bool has_wizard = false;     // says how one table is queried (sluice.dialect/1)
  bool has_script = false;     // and so how a statement's parameters are written
  bool has_catalog = false;    // lists its tables
  bool has_plan = false;       // tells what reads whole tables (R090)
  bool has_statement = false;  // tells the response parameters of a script
};

// What a call with some parameters would ask the source (R078).
struct CallPreview {
  std::string sql, count_sql;          // with placeholders; no count: it is not wanted
  std::vector<std::string> arguments;  // what stands for them, as text
  std::size_t count_arguments = 0;     // the count takes the first ones
  std::vector<std::string> hints;
};

// What a statement would answer (sluice.statement/1).
struct StatementColumn {
  std::string name, declared;
  std::optional<model::ParameterType> type;  // absent: the source knows it only once it runs
};
struct StatementDescription {
  std::vector<StatementColumn> columns;
  // What the source says against the statement, in its own words, and at which byte of it.
  std::string fault;
  std::optional<std::size_t> fault_at;
};

// How a source's dialect writes names and texts.
struct SqlWords {
  std::string quote_open, quote_close;  // around a name; a quote_close inside is doubled
  bool like_backslash = false;          // a backslash is LIKE's escape and a text's
};

// What an instance would do with a request, up to the door of the data service.
struct Explanation {
  std::string instance;
  std::string api_id;  // empty: no route
  unsigned version = 0;
  std::string method, path, domain;
  std::string authentication;  // type of the authenticator; empty: anonymous
  bool accept = false;
  int status = 0;
  std::string code, message, reason;  // reason: the exact one, for operators only
  std::string consumer, credential_id;
  std::map<std::string, std::string> parameters;  // that the API may see
};

// An address of a backend service, as this node finds it.
struct AddressHealth {
  std::string address;
  bool is_healthy = true;
  std::string reason;  // why not, of the last check or call
  model::UnixMs changed_at = 0;
};

// The next snapshots, built and not yet serving.
class PreparedSnapshots {
 public:
  virtual ~PreparedSnapshots() = default;
  virtual void swap_in() noexcept = 0;  // [ctl] atomically, for every gateway instance
};

// [ctl] unless said.
class LowerFloor {
 public:
  virtual ~LowerFloor() = default;

  // Settings and connectivity of a source: made, started, asked for its health. Blocks.
  virtual Result<void> check_data_source(const model::DataSource& source) = 0;
  virtual Result<std::vector<TableInfo>> list_tables(const model::DataSource& source,
                                                     const std::string& search) = 0;
  // [any] Also on a worker, for many tables.
  virtual Result<TableDescription> describe_table(const model::DataSource& source,
                                                  const std::string& table) = 0;
  // No methods: there is one way only. Absent: this process has no source of that type. [any]
  virtual std::optional<Acceleration> find_acceleration(const std::string& source_type) = 0;
  // Runs a definition through the very code that serves calls (R116). `parameters` by name. Blocks
  // until the answer or the API's own timeout. An Error means that it could not even be tried.
  // It counts in the resource group like a call.
  virtual Result<TestOutcome> run_draft(
      const model::ApiDefinition& definition, const model::DataSource& source,
      const model::ResourceGroup& group,
      const std::vector<std::pair<std::string, std::string>>& parameters) = 0;
  // What such a run would ask, without asking it. Blocks for the source's plan only. ARGUMENT: the
  // parameters are wrong, as a call would be told.
  virtual Result<CallPreview> preview(
      const model::ApiDefinition& definition, const model::DataSource& source,
      const std::vector<std::pair<std::string, std::string>>& parameters) = 0;

  // Prepares a statement at its source and runs nothing. UNSUPPORTED: the source cannot tell. A
  // statement that the source refuses is no Error but a fault.
  virtual Result<StatementDescription> describe_statement(const model::DataSource& source,
                                                          const std::string& sql) = 0;
  virtual Result<SqlWords> find_sql_words(const model::DataSource& source) = 0;

  // Errors point into `given_json`. NOT_FOUND: no such authenticator is loaded; UNSUPPORTED: it
  // makes no credentials.
  virtual Result<MadeCredential> make_credential(const std::string& type,
                                                 const std::string& given_json) = 0;

  // What an instance (empty: the only one, else the first) would do with a request at `now`,
  // milliseconds since 1970; 0: now. NOT_FOUND: this node serves no such instance.
  virtual Result<Explanation> explain(const std::string& instance, const SentRequest& request,
                                      model::UnixMs now) = 0;

  // The addresses of a backend service; empty when this node calls none of it. [any]
  virtual std::vector<AddressHealth> list_backend_health(const model::BackendService&) const {
    return {};
  }
  // Those that are loaded, by type. [any]
  virtual std::vector<SourceType> list_source_types() const { return {}; }
  // The types that an API may name (`authentication.type`), sorted. [any]
  virtual std::vector<std::string> list_authenticators() const = 0;
  // Type and settings of a source, without connecting to anything. Errors point into the settings.
  virtual Result<void> check_settings(const model::DataSource&) { return {}; }
  // Does this node serve the gateway instance?
  virtual bool serves(const std::string& instance) const = 0;

  // Builds what would serve if `state` were true. An Error: it cannot be served (two APIs on one
  // path, a missing source); nothing has changed.
  virtual Result<std::unique_ptr<PreparedSnapshots>> prepare(const model::State& state) = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual model::UnixMs now_ms() const = 0;  // [any] wall clock
};

}  // namespace sluice::studio
