// SPDX-License-Identifier: Apache-2.0
#include "fault.hpp"

#include "text.hpp"
#include "xml.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace sluice::maxcompute {
namespace {

constexpr std::size_t kLoggedBytesMax = 2000;
constexpr std::uint64_t kThrottledPauseMs = 1'000;  // when a throttled answer names no time
constexpr std::uint64_t kPauseMsMax = 3'600'000;

struct Judgement {
  Status status;
  const char* detail;
};

constexpr Judgement kCredentials{SLUICE_E_UNAVAILABLE,
                                 "the data source refuses the gateway's credentials"};
constexpr Judgement kSkew{SLUICE_E_UNAVAILABLE,
                          "the gateway's clock differs too much from the data source's"};
constexpr Judgement kForbidden{SLUICE_E_FORBIDDEN,
                               "the gateway's account may not read this at the data source"};
constexpr Judgement kNoProject{SLUICE_E_UNAVAILABLE, "the data source has no such project"};
constexpr Judgement kGone{SLUICE_E_NOT_FOUND, "the table or a column of it is gone"};
constexpr Judgement kBadStatement{SLUICE_E_ARGUMENT,
                                  "the statement is not valid for this data source"};
constexpr Judgement kFullScan{
    SLUICE_E_ARGUMENT,
    "the query would read every partition of a table: give a condition on a partition column, or "
    "allow full scans in the data source's settings"};
constexpr Judgement kOrderWithoutLimit{SLUICE_E_ARGUMENT, "an ORDER BY needs a LIMIT"};
constexpr Judgement kNotComputable{SLUICE_E_ARGUMENT,
                                   "the data source could not compute the statement"};
constexpr Judgement kBusy{SLUICE_E_BUSY, "the data source serves as much as it can; try again"};
constexpr Judgement kStopped{SLUICE_E_INTERNAL, "the job was stopped at the data source"};
constexpr Judgement kAway{SLUICE_E_UNAVAILABLE, "the data source is not available now"};
constexpr Judgement kSlow{SLUICE_E_TIMEOUT, "the data source did not answer in time"};
constexpr Judgement kTunnelGone{SLUICE_E_UNAVAILABLE, "the result is gone at the data source"};
constexpr Judgement kNotARead{SLUICE_E_ARGUMENT, "only a statement that reads is accepted"};

// Longer beginnings stand first: the module, then its groups.
struct OdpsRow {
  std::string_view code;
  Judgement judgement;
};
constexpr std::array kOdpsTable{
    OdpsRow{"ODPS-0410042", kCredentials},
    OdpsRow{"ODPS-0410051", kCredentials},
    OdpsRow{"ODPS-0410031", kSkew},
    OdpsRow{"ODPS-0410", kCredentials},
    OdpsRow{"ODPS-0420095", kForbidden},
    OdpsRow{"ODPS-0420111", kNoProject},
    OdpsRow{"ODPS-0130013", kForbidden},
    OdpsRow{"ODPS-0130131", kGone},
    OdpsRow{"ODPS-0130161", kBadStatement},
    OdpsRow{"ODPS-0130071", kBadStatement},
    OdpsRow{"ODPS-0123105", kStopped},
    OdpsRow{"ODPS-0120031", kStopped},
    OdpsRow{"ODPS-0130", kBadStatement},
    OdpsRow{"ODPS-012", kNotComputable},
    OdpsRow{"ODPS-001", kAway},
    OdpsRow{"ODPS-180", kAway},
    OdpsRow{"ODPS-181", kAway},
    OdpsRow{"ODPS-182", kBusy},
    OdpsRow{"ODPS-183", kBusy},
    OdpsRow{"ODPS-184", kAway},
    OdpsRow{"ODPS-185", kBadStatement},
    OdpsRow{"ODPS-186", kSlow},
};

struct NameRow {
  std::string_view name;
  Judgement judgement;
};
// Names of REST and tunnel errors, for answers without a number.
constexpr std::array kNameTable{
    NameRow{"SignatureNotMatch", kCredentials},
    NameRow{"InvalidAuthorization", kCredentials},
    NameRow{"Unauthorized", kCredentials},
    NameRow{"AuthorizationRequired", kCredentials},
    NameRow{"RequestTimeTooSkewd", kSkew},
    NameRow{"RequestTimeTooSkewed", kSkew},
    NameRow{"NoPermission", kForbidden},
    NameRow{"AccessDenied", kForbidden},
    NameRow{"NoSuchProject", kNoProject},
    NameRow{"NoSuchTable", kGone},
    NameRow{"NoSuchPartition", kGone},
    NameRow{"TableModified", kGone},
    NameRow{"NoSuchDownload", kTunnelGone},
    NameRow{"ParseError", kBadStatement},
    NameRow{"FlowExceeded", kBusy},
    NameRow{"SlotExceeded", kBusy},
    NameRow{"QPSExceeded", kBusy},
    NameRow{"ServiceUnavailable", kAway},
    NameRow{"InternalServerError", kAway},
    NameRow{"OdpsTaskTimeout", kSlow},
    NameRow{"InstanceTypeNotSupported", kNotARead},
};

bool says(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

// What a session says instead of rows that it could not bring in time.
bool is_of_late_session(std::string_view text) {
  return says(text, "Wait for cache data timeout") ||
         says(text, "Get select desc from SQLRTTask timeout");
}

// Texts that tell more than their number.
const Judgement* judge_text(std::string_view text) {
  if (says(text, "full scan with all partitions")) return &kFullScan;
  if (says(text, "ORDER BY must be used with a LIMIT")) return &kOrderWithoutLimit;
  if (says(text, "cannot be resolved")) return &kGone;
  if (is_of_late_session(text)) return &kSlow;
  return nullptr;
}

const Judgement* judge_code(std::string_view code) {
  if (code.empty()) return nullptr;
  const auto row = std::ranges::find_if(
      kOdpsTable, [&](const OdpsRow& known) { return code.starts_with(known.code); });
  return row == kOdpsTable.end() ? nullptr : &row->judgement;
}

const Judgement& judge_status(int http_status) {
  switch (http_status) {
    case 401:
      return kCredentials;
    case 403:
      return kForbidden;
    case 404:
      return kGone;
    case 429:
      return kBusy;
    case 408:
    case 504:
      return kSlow;
    default:
      return http_status >= 500 ? kAway : kNotComputable;
  }
}

struct ServiceError {
  std::string code, message, request_id;
  std::uint64_t hold_ms = 0;  // of tunnel answers
};

ServiceError read_error(std::string_view body) {
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first != body.npos && body[first] == '<') {
    if (const auto root = parse_xml(body)) {
      return {std::string(root->text_of("Code")), std::string(root->text_of("Message")),
              std::string(root->text_of("RequestId"))};
    }
  } else if (first != body.npos && body[first] == '{') {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    const auto text = [&](const char* name) -> std::string {
      const auto found = json.find(name);
      return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    if (json.is_object()) {
      const auto hold = json.find("HoldClientMillis");
      const bool has_hold = hold != json.end() && hold->is_number_unsigned();
      return {text("Code"), text("Message"), text("RequestId"),
              has_hold ? std::min(hold->get<std::uint64_t>(), kPauseMsMax) : 0};
    }
  }
  return {{}, std::string(body.substr(0, kLoggedBytesMax)), {}};
}

Fault make(const Judgement& judgement, std::string internal) {
  return {.error = {judgement.status, judgement.detail, std::move(internal), {}}};
}

// What a text says about the accelerator it came from: maxcompute.md 9.4.
void judge_accelerator(Fault& fault, std::string_view text) {
  const auto code = find_odps_code(text);
  fault.is_session_lost = code.starts_with("ODPS-181");
  for (const std::string_view group :
       {"ODPS-180", "ODPS-182", "ODPS-183", "ODPS-184", "ODPS-185", "ODPS-186"}) {
    fault.is_of_accelerator = fault.is_of_accelerator || code.starts_with(group);
  }
  fault.is_of_accelerator = fault.is_of_accelerator || is_of_late_session(text);
}

}  // namespace

std::string_view find_odps_code(std::string_view text) {
  constexpr std::string_view kPrefix = "ODPS-";
  for (auto at = text.find(kPrefix); at != text.npos; at = text.find(kPrefix, at + 1)) {
    std::size_t n = kPrefix.size();
    while (at + n < text.size() && text[at + n] >= '0' && text[at + n] <= '9') ++n;
    if (n >= kPrefix.size() + 3) return text.substr(at, n);
  }
  return {};
}

Fault make_http_fault(int http_status, std::string_view body, std::string_view request_id,
                      std::uint64_t retry_after_ms) {
  const ServiceError told = read_error(body);
  const std::string text = told.code + ": " + told.message;
  const auto* judgement = judge_text(told.message);
  const bool is_throttled = http_status == 429;
  if (is_throttled) judgement = &kBusy;
  if (!judgement) judgement = judge_code(find_odps_code(text));
  if (!judgement) {
    const auto row = std::ranges::find(kNameTable, told.code, &NameRow::name);
    if (row != kNameTable.end()) judgement = &row->judgement;
  }
  if (!judgement) judgement = &judge_status(http_status);
  Fault fault = make(
      *judgement, "HTTP " + std::to_string(http_status) + " " + text.substr(0, kLoggedBytesMax) +
                      " (request " +
                      (told.request_id.empty() ? std::string(request_id) : told.request_id) + ")");
  fault.retry_after_ms = retry_after_ms > 0 ? retry_after_ms : told.hold_ms;
  if (judgement->status == SLUICE_E_BUSY && fault.retry_after_ms == 0) {
    fault.retry_after_ms = kThrottledPauseMs;
  }
  fault.is_throttled = judgement->status == SLUICE_E_BUSY || http_status == 409;
  fault.is_transient = fault.is_throttled || http_status == 502 || http_status == 503 ||
                       http_status == 504 || http_status == 500;
  // 503 says that it was not taken; the others come from what broke on the way, or behind it.
  fault.is_unanswered = http_status == 500 || http_status == 502 || http_status == 504;
  judge_accelerator(fault, text);
  return fault;
}

Fault make_task_fault(std::string_view text) {
  const auto* judgement = judge_text(text);
  if (!judgement) judgement = judge_code(find_odps_code(text));
  if (!judgement) judgement = &kNotComputable;
  Fault fault = make(*judgement, std::string(text.substr(0, kLoggedBytesMax)));
  if (judgement->status == SLUICE_E_BUSY) fault.retry_after_ms = kThrottledPauseMs;
  judge_accelerator(fault, text);
  return fault;
}

Fault make_transport_fault(Status status, std::string_view why) {
  Judgement judgement = kAway;
  switch (status) {
    case SLUICE_E_TIMEOUT:
      judgement = kSlow;
      break;
    case SLUICE_E_BUSY:
      judgement = {SLUICE_E_BUSY, "the gateway makes as many outgoing calls as it can"};
      break;
    case SLUICE_E_TOO_LARGE:
      judgement = {SLUICE_E_TOO_LARGE, "the data source's answer is too large"};
      break;
    case SLUICE_E_FORBIDDEN:
      judgement = {SLUICE_E_UNAVAILABLE,
                   "the data source has a private address, which its settings do not allow"};
      break;
    case SLUICE_E_CANCELLED:
      judgement = {SLUICE_E_CANCELLED, "the query was stopped"};
      break;
    default:
      judgement = {SLUICE_E_UNAVAILABLE, "the data source cannot be reached"};
      break;
  }
  Fault fault = make(judgement, std::string(why));
  fault.is_transient = status == SLUICE_E_UNAVAILABLE || status == SLUICE_E_TIMEOUT;
  fault.is_unanswered = true;
  return fault;
}

Fault make_protocol_fault(std::string what) {
  return make({SLUICE_E_UNAVAILABLE, "the data source's answer is damaged"}, std::move(what));
}

}  // namespace sluice::maxcompute
