// SPDX-License-Identifier: Apache-2.0
#include "sqlite_source.hpp"

namespace sluice::sqlite {
namespace {

const sluice_io_pass* find_pass(const SourceSettings& settings, Host host) {
  if (settings.consistency == Consistency::kStrict) return nullptr;
  const auto* pass = host.find_extension<sluice_io_pass>(SLUICE_IO_PASS_ID);
  return pass && SLUICE_HAS(pass, at_end) ? pass : nullptr;
}

}  // namespace

Result<std::unique_ptr<SqliteSource>> SqliteSource::make(const Settings& settings, Host host) {
  auto parsed = parse_settings(settings);
  if (!parsed) return parsed.error();
  return std::make_unique<SqliteSource>(*parsed, host);
}

SqliteSource::SqliteSource(const SourceSettings& settings, Host host)
    : settings_(settings), connections_(settings, host.raw(), find_pass(settings, host)) {}

Result<void> SqliteSource::start() { return check_health(); }

Result<void> SqliteSource::check_health() const {
  auto probed = Connection(settings_).probe();
  if (probed) return {};
  Error error = probed.error();
  error.status = SLUICE_E_UNAVAILABLE;
  error.detail += "; check the setting /file";
  error.where = "/file";
  return error;
}

template <class Work>
Status SqliteSource::with_connection(const Op& op, Work work) {
  // A call that is late or cancelled already must not touch the file.
  if (const Status status = op.checkpoint(); status == SLUICE_E_TIMEOUT) {
    return op.fail(status, "the data source was not asked in time");
  } else if (status != SLUICE_OK) {
    return status;
  }
  auto lease = connections_.take(op);
  if (!lease) return op.fail(SLUICE_E_BUSY, "the data source serves as many calls as it can");
  return work(*lease.operator->());
}

Status SqliteSource::execute(const Query& query, Rows rows, Op op) {
  return with_connection(op, [&](Connection& c) { return c.run(query, rows, op); });
}

Status SqliteSource::list_tables(std::string_view search, const CatalogOut& out, const Op& op) {
  return with_connection(op, [&](Connection& c) { return c.list_tables(search, out, op); });
}

Status SqliteSource::describe_table(std::string_view table, const CatalogOut& out, const Op& op) {
  return with_connection(op, [&](Connection& c) { return c.describe_table(table, out, op); });
}

Status SqliteSource::explain(const Query& query, const ExplainOut& out, const Op& op) {
  return with_connection(op, [&](Connection& c) { return c.explain(query, out, op); });
}

Status SqliteSource::describe(const Query& query, const StatementOut& out, const Op& op) {
  return with_connection(op, [&](Connection& c) { return c.describe(query, out, op); });
}

}  // namespace sluice::sqlite
