// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sinks that record what a plugin pushes, as text that a test can compare.

#include <sluice/abilities.h>
#include <sluice/rows.hpp>

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace sluice::testing {

// NULL, true, 42, 1.5, 'text', x'00ff', json'{}', decimal 12.50, timestamp 0
std::string to_text(const Cell& cell);

inline constexpr std::uint32_t kAllTypes = 0x1ff;

class RecordingRows {
 public:
  RecordingRows();
  RecordingRows(const RecordingRows&) = delete;
  RecordingRows& operator=(const RecordingRows&) = delete;

  // The row of this number, from 0, is refused with that status instead of recorded.
  void refuse_row(std::uint64_t number, Status status);
  // SLUICE_PAUSE after every so many rows; what is pushed before resumed() is a fault.
  void pause_each(std::uint64_t rows) noexcept { pause_each_ = rows; }
  bool is_paused() const noexcept { return paused_; }  // [any]
  void resumed() noexcept { paused_ = false; }         // [any]
  void take_only(std::uint32_t types) noexcept { table_.types = types; }

  sluice_rows* raw() noexcept { return &shown_; }

  std::vector<std::string> columns;  // names
  std::vector<std::uint32_t> column_types;
  std::vector<std::vector<std::string>> rows;  // to_text of each cell
  unsigned begun = 0;
  unsigned after_refusal = 0;  // calls after a row was refused
  std::string fault;           // what broke the contract, empty when nothing did

 private:
  struct Shown : sluice_rows {
    RecordingRows* owner = nullptr;
  };
  Status begin(const sluice_column* columns, std::size_t count);
  Status push(const sluice_cell* cells, std::size_t count);

  sluice_rows_vt table_{};
  Shown shown_{};
  std::uint64_t pushed_ = 0;
  std::uint64_t refused_row_ = UINT64_MAX;
  std::uint64_t pause_each_ = UINT64_MAX;
  std::atomic<bool> paused_{false};
  Status refusal_ = SLUICE_OK;
};

class RecordingCatalog {
 public:
  struct Column {
    std::string name, declared;
    std::uint32_t type = 0;
    bool nullable = false;
    unsigned primary_key = 0;
    bool operator==(const Column&) const = default;
  };
  struct Index {
    std::string name;
    bool unique = false;
    std::vector<std::string> columns;
    bool operator==(const Index&) const = default;
  };

  RecordingCatalog();
  RecordingCatalog(const RecordingCatalog&) = delete;
  RecordingCatalog& operator=(const RecordingCatalog&) = delete;
  sluice_catalog_out* raw() noexcept { return &shown_; }

  std::vector<std::string> tables, views;
  std::vector<Column> columns;
  std::vector<Index> indexes;

 private:
  struct Shown : sluice_catalog_out {
    RecordingCatalog* owner = nullptr;
  };
  sluice_catalog_out_vt table_{};
  Shown shown_{};
};

class RecordingExplain {
 public:
  RecordingExplain();
  RecordingExplain(const RecordingExplain&) = delete;
  RecordingExplain& operator=(const RecordingExplain&) = delete;
  sluice_explain_out* raw() noexcept { return &shown_; }

  std::vector<std::string> steps;
  bool full_scan = false;  // of any step

 private:
  struct Shown : sluice_explain_out {
    RecordingExplain* owner = nullptr;
  };
  sluice_explain_out_vt table_{};
  Shown shown_{};
};

class RecordingStatement {
 public:
  struct Column {
    std::string name, declared;
    std::uint32_t type = 0;
    bool operator==(const Column&) const = default;
  };
  RecordingStatement();
  RecordingStatement(const RecordingStatement&) = delete;
  RecordingStatement& operator=(const RecordingStatement&) = delete;
  sluice_statement_out* raw() noexcept { return &shown_; }

  std::vector<Column> columns;
  std::string fault;
  std::uint64_t fault_offset = UINT64_MAX;

 private:
  struct Shown : sluice_statement_out {
    RecordingStatement* owner = nullptr;
  };
  sluice_statement_out_vt table_{};
  Shown shown_{};
};

// What an authenticator said; everything is copied.
class RecordingAuthOut {
 public:
  RecordingAuthOut();
  RecordingAuthOut(const RecordingAuthOut&) = delete;
  RecordingAuthOut& operator=(const RecordingAuthOut&) = delete;
  sluice_auth_out* raw() noexcept { return &shown_; }

  // The value of an answer's header, empty when absent; the name as the plugin wrote it.
  std::string find_header(const std::string& name) const;

  unsigned accepted = 0, refused = 0;  // how often each was said
  std::string consumer, credential_id;
  bool parameters_verified = false;
  std::vector<std::pair<std::string, std::string>> parameters;  // when verified
  std::uint64_t valid_until_ns = 0;
  int http_status = 0;
  std::string code, message, internal;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, std::string>> claims;  // of the principal

 private:
  struct Shown : sluice_auth_out {
    RecordingAuthOut* owner = nullptr;
  };
  sluice_auth_out_vt table_{};
  Shown shown_{};
};

// A query that owns its text and arguments.
class OwnedQuery {
 public:
  struct Argument {
    Argument(std::nullptr_t) : cell(make_null()) {}
    Argument(int value) : cell(make_int64(value)) {}
    Argument(std::int64_t value) : cell(make_int64(value)) {}
    Argument(double value) : cell(make_double(value)) {}
    Argument(bool value) : cell(make_bool(value)) {}
    Argument(const char* value) : Argument(std::string(value)) {}
    Argument(std::string value, std::uint32_t type = SLUICE_T_TEXT)
        : cell(make_text({}, type)), text(std::move(value)), has_text(true) {}

    Cell cell;
    std::string text;
    bool has_text = false;
  };

  OwnedQuery(std::string text, std::vector<Argument> args = {}, std::uint64_t max_rows = 0);

  // Valid until this object changes or dies.
  const sluice_query* raw() const;

  std::string text;
  std::vector<Argument> args;
  std::uint64_t max_rows;
  std::string acceleration;  // a method of sluice.acceleration/1

 private:
  mutable std::vector<Cell> cells_;
  mutable sluice_query shown_{};
};

}  // namespace sluice::testing
