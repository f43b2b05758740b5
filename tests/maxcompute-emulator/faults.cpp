// SPDX-License-Identifier: Apache-2.0
#include "faults.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "text.hpp"

namespace emulator {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kEntriesMax = 5000;
constexpr std::size_t kBodyBytesKept = 16384;
constexpr std::size_t kFaultsMax = 1000;
constexpr std::array<std::string_view, 11> kKinds = {
    "slow",       "status",        "throttle",    "truncate", "drop",        "corrupt",
    "clock_skew", "expired_token", "job_failure", "job_slow", "lost_session"};

std::optional<Fault> parse_fault(const Json& json, std::string& error) {
  Fault fault;
  try {
    for (const auto& [key, value] : json.items()) {
      if (key == "kind")
        fault.kind = value.get<std::string>();
      else if (key == "on")
        fault.on = value.get<std::string>();
      else if (key == "times")
        fault.times = value.get<std::int64_t>();
      else if (key == "after")
        fault.after = value.get<std::int64_t>();
      else if (key == "probability")
        fault.probability = value.get<double>();
      else if (key == "status")
        fault.status = value.get<int>();
      else if (key == "code")
        fault.code = value.get<std::string>();
      else if (key == "message")
        fault.message = value.get<std::string>();
      else if (key == "retryAfter")
        fault.retry_after_s = value.get<int>();
      else if (key == "delayMs")
        fault.delay_ms = value.get<int>();
      else if (key == "bytes")
        fault.bytes = value.get<std::int64_t>();
      else if (key == "skewSeconds")
        fault.skew_s = value.get<std::int64_t>();
      else if (key == "what")
        fault.what = value.get<std::string>();
      else {
        error = "unknown member " + key;
        return std::nullopt;
      }
    }
  } catch (const Json::exception&) {
    error = "a member has the wrong type";
    return std::nullopt;
  }
  if (std::find(kKinds.begin(), kKinds.end(), fault.kind) == kKinds.end()) {
    error = "unknown kind " + fault.kind;
    return std::nullopt;
  }
  return fault;
}

// What concerns a job waits for one to be submitted, whatever else its pattern matches.
bool can_strike(const Fault& fault, std::string_view operation) {
  if (!fault.kind.starts_with("job_")) return true;
  return operation == "query.submit" || operation.ends_with("instance.create");
}

}  // namespace

bool matches_operation(std::string_view pattern, std::string_view operation) {
  if (!pattern.empty() && pattern.back() == '*') {
    pattern.remove_suffix(1);
    return operation.substr(0, pattern.size()) == pattern;
  }
  return pattern == operation;
}

std::string FaultPlan::add(const Json& document) {
  const Json list = document.is_array()           ? document
                    : document.contains("faults") ? document["faults"]
                                                  : Json::array({document});
  if (!list.is_array()) return "faults must be an array";
  std::vector<Fault> added;
  for (const Json& item : list) {
    std::string error;
    auto fault = item.is_object() ? parse_fault(item, error) : std::nullopt;
    if (!fault) return error.empty() ? "a fault is an object" : error;
    added.push_back(std::move(*fault));
  }
  const std::lock_guard lock(mutex_);
  if (faults_.size() + added.size() > kFaultsMax) return "too many faults";
  for (auto& fault : added) faults_.push_back(std::move(fault));
  return {};
}

Json FaultPlan::list() const {
  const std::lock_guard lock(mutex_);
  Json list = Json::array();
  for (const Fault& fault : faults_) {
    list.push_back({{"kind", fault.kind},
                    {"on", fault.on},
                    {"times", fault.times},
                    {"after", fault.after},
                    {"probability", fault.probability}});
  }
  return {{"faults", list}};
}

void FaultPlan::clear() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

std::vector<Fault> FaultPlan::take(std::string_view operation) {
  const std::lock_guard lock(mutex_);
  std::vector<Fault> struck;
  for (Fault& fault : faults_) {
    if (!matches_operation(fault.on, operation) || !can_strike(fault, operation)) continue;
    if (fault.after > 0) {
      --fault.after;
      continue;
    }
    if (fault.probability < 1 &&
        std::uniform_real_distribution<double>(0, 1)(random_) >= fault.probability) {
      continue;
    }
    struck.push_back(fault);
    if (fault.times > 0) --fault.times;
  }
  std::erase_if(faults_, [](const Fault& fault) { return fault.times == 0; });
  return struck;
}

const Fault* find_fault(const std::vector<Fault>& faults, std::string_view kind) {
  for (const Fault& fault : faults) {
    if (fault.kind == kind) return &fault;
  }
  return nullptr;
}

std::int64_t Journal::add(Entry entry) {
  if (entry.body.size() > kBodyBytesKept) entry.body.resize(kBodyBytesKept);
  const std::lock_guard lock(mutex_);
  entry.number = next_++;
  entries_.push_back(std::move(entry));
  if (entries_.size() > kEntriesMax) entries_.pop_front();
  return next_ - 1;
}

void Journal::set_answer(std::int64_t number, int status, std::string error_code) {
  const std::lock_guard lock(mutex_);
  if (entries_.empty() || number < entries_.front().number) return;
  const auto at = static_cast<std::size_t>(number - entries_.front().number);
  if (at >= entries_.size()) return;
  Entry& entry = entries_[at];
  entry.status = status;
  entry.error_code = std::move(error_code);
}

Json Journal::list(std::int64_t since, std::string_view operation) const {
  const std::lock_guard lock(mutex_);
  Json list = Json::array();
  for (const Entry& entry : entries_) {
    if (entry.number <= since || !matches_operation(operation, entry.operation)) continue;
    Json headers = Json::array();
    for (const auto& [name, value] : entry.headers) headers.push_back({name, value});
    list.push_back({{"number", entry.number},
                    {"timeMs", entry.time_ms},
                    {"operation", entry.operation},
                    {"method", entry.method},
                    {"target", entry.target},
                    {"signed", entry.canonical},
                    {"headers", headers},
                    {"body", is_utf8(entry.body) ? entry.body : to_base64(entry.body)},
                    {"bodyBytes", entry.body_bytes},
                    {"status", entry.status},
                    {"errorCode", entry.error_code},
                    {"requestId", entry.request_id},
                    {"faults", entry.faults}});
  }
  return {{"requests", list}, {"last", next_ - 1}};
}

void Journal::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

Headers Journal::without_secrets(const Headers& headers) {
  Headers shown = headers;
  for (auto& [name, value] : shown) {
    const std::string key = to_lower(name);
    if (key == "authorization") {
      const auto colon = value.rfind(':');
      value = value.substr(0, colon == std::string::npos ? 0 : colon + 1) + "***";
    } else if (key == "authorization-sts-token" || key == "x-odps-bearer-token" ||
               key == "application-authentication" || key == "cookie") {
      value = "***";
    }
  }
  return shown;
}

}  // namespace emulator
