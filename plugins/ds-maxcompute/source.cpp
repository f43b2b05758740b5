// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include "catalog.hpp"
#include "run.hpp"
#include "sql.hpp"

#include <optional>

namespace sluice::maxcompute {
namespace {

constexpr sluice_acceleration_method kMaxqaMethod{
    sizeof(sluice_acceleration_method),
    0,
    SLUICE_STR("maxqa"),
    SLUICE_STR("MaxQA (query acceleration 2)"),
    SLUICE_STR("Runs in an interactive quota, in a second or less; an ordinary job when the "
               "accelerator cannot."),
    SLUICE_STR("")};
constexpr sluice_acceleration_method kMcqaMethod{
    sizeof(sluice_acceleration_method),
    0,
    SLUICE_STR("mcqa"),
    SLUICE_STR("MCQA (query acceleration 1)"),
    SLUICE_STR("Runs in a shared interactive session; an ordinary job when the session cannot."),
    SLUICE_STR("MCQA is closed to new customers: projects that never used it should choose maxqa")};
constexpr sluice_acceleration_method kCacheMethod{
    sizeof(sluice_acceleration_method),
    0,
    SLUICE_STR("cache"),
    SLUICE_STR("Result cache"),
    SLUICE_STR("Answers from memory what was asked with the same values a short while ago; "
               "otherwise an ordinary job."),
    SLUICE_STR("answers may be as old as the data source's cache_seconds")};
constexpr sluice_acceleration_method kNoneMethod{
    sizeof(sluice_acceleration_method),
    0,
    SLUICE_STR("none"),
    SLUICE_STR("None"),
    SLUICE_STR("An ordinary job for each call."),
    SLUICE_STR("an ordinary job takes many seconds and is paid for each time: give the API a long "
               "timeout and few callers")};
constexpr const sluice_acceleration_method* kMethods[] = {&kMaxqaMethod, &kMcqaMethod,
                                                          &kCacheMethod, &kNoneMethod};

constexpr std::uint64_t kFullPauseMs = 1'000;  // at queries_max

std::optional<Method> parse_method(std::string_view name) {
  for (const Method method : {Method::kNone, Method::kCache, Method::kMcqa, Method::kMaxqa}) {
    if (to_text(method) == name) return method;
  }
  return std::nullopt;
}

}  // namespace

const std::string_view MaxComputeSource::kSchema = kSettingsSchema;
const sluice_acceleration MaxComputeSource::kAcceleration{sizeof(sluice_acceleration), 1, kMethods,
                                                          std::size(kMethods)};

Result<std::unique_ptr<MaxComputeSource>> MaxComputeSource::make(const Settings& settings,
                                                                 Host host) {
  auto parsed = parse_settings(settings);
  if (!parsed) return parsed.error();
  return std::make_unique<MaxComputeSource>(std::move(*parsed), host, nullptr);
}

MaxComputeSource::MaxComputeSource(SourceSettings settings, Host host,
                                   std::unique_ptr<Timers> timers)
    : settings_(std::move(settings)), host_(host) {
  if (timers) shared_ = std::make_shared<Shared>(settings_, host_, std::move(timers));
}

MaxComputeSource::~MaxComputeSource() { stop(); }

Result<void> MaxComputeSource::start() {
  // The one thread of the instance begins here.
  if (!shared_) {
    shared_ = std::make_shared<Shared>(settings_, host_, std::make_unique<ThreadTimers>());
  }
  if (shared_->wire->has_client()) return {};
  return Error{SLUICE_E_UNSUPPORTED,
               "this gateway makes no outgoing calls (sluice.http-client/1), and this data source "
               "needs them",
               {},
               {}};
}

// Here and not in stop(): the host may have stopped calling out by then.
void MaxComputeSource::drain() {
  if (!shared_) return;
  const std::string session = shared_->stop_queries();
  if (!session.empty()) end_session(*shared_, session);
}

void MaxComputeSource::stop() {
  drain();
  if (shared_) shared_->stop();
}

Result<void> MaxComputeSource::check_health() { return check_project(*shared_); }

void MaxComputeSource::execute(const Query& query, Rows rows, Pending pending) {
  Run::Wanted wanted{{}, settings_.acceleration, query.max_rows()};
  if (!query.acceleration().empty()) {
    const auto method = parse_method(query.acceleration());
    if (!method) {
      return pending.fail(SLUICE_E_ARGUMENT, "the data source has no such acceleration method",
                          query.acceleration());
    }
    wanted.method = *method;
  }
  auto statement = render_statement(query.text(), query.args());
  if (!statement) {
    const Error& error = statement.error();
    return pending.fail(error.status, error.detail, error.internal);
  }
  wanted.statement = std::move(*statement);
  sluice_op* const op = pending.op().raw();
  const auto run = std::make_shared<Run>(shared_, std::move(wanted), rows, std::move(pending));
  if (!shared_->admit(run)) {
    Op(op).retry_after(kFullPauseMs);
    return run->refuse(
        {SLUICE_E_BUSY, "the data source serves as many calls as it can", "queries_max", {}});
  }
  shared_->attach(op, run.get());
  run->start();
}

void MaxComputeSource::cancel(const Op& op) {
  if (const auto run = shared_->find(op.raw())) run->stop();
}

void MaxComputeSource::resume(const Op& op) {
  if (const auto run = shared_->find(op.raw())) run->resume();
}

Status MaxComputeSource::list_tables(std::string_view search, const CatalogOut& out, const Op& op) {
  return maxcompute::list_tables(*shared_, search, out, op);
}

Status MaxComputeSource::describe(const Query& query, const StatementOut& out, const Op& op) {
  return describe_statement(*shared_, query, out, op);
}

Status MaxComputeSource::describe_table(std::string_view table, const CatalogOut& out,
                                        const Op& op) {
  return maxcompute::describe_table(*shared_, table, out, op);
}

}  // namespace sluice::maxcompute
