// SPDX-License-Identifier: Apache-2.0
#include "admin/answers.hpp"

namespace sluice::admin {
namespace {

struct Refusal {
  int http_status;
  const char* code;
};

Refusal classify(Status status) {
  switch (status) {
    case SLUICE_E_CONFIG:
    case SLUICE_E_ARGUMENT:
      return {400, "invalid"};
    case SLUICE_E_UNAUTHENTICATED:
      return {401, "unauthenticated"};
    case SLUICE_E_FORBIDDEN:
      return {403, "forbidden"};
    case SLUICE_E_NOT_FOUND:
      return {404, "not_found"};
    case SLUICE_E_CONFLICT:
      return {409, "conflict"};
    case SLUICE_E_TOO_LARGE:
      return {413, "too_large"};
    case SLUICE_E_BUSY:
      return {429, "busy"};
    case SLUICE_E_UNSUPPORTED:
      return {501, "unsupported"};
    case SLUICE_E_UNAVAILABLE:
      return {503, "unavailable"};
    case SLUICE_E_CANCELLED:
    case SLUICE_E_TIMEOUT:
      return {504, "timeout"};
    default:
      return {500, "internal"};
  }
}

// The studio's texts name the requirement behind them as "(R109)"; told as a member too, so that
// programs need not read prose. Empty when there is none.
std::string find_rule(std::string_view detail) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (auto at = detail.find("(R"); at != std::string_view::npos; at = detail.find("(R", at + 1)) {
    if (at + 6 > detail.size() || detail[at + 5] != ')') continue;
    if (is_digit(detail[at + 2]) && is_digit(detail[at + 3]) && is_digit(detail[at + 4])) {
      return std::string(detail.substr(at + 1, 4));
    }
  }
  return {};
}

}  // namespace

AdminResponse make_answer(int status, const Json& body) {
  // Bytes that are no UTF-8 (a source's data in a test's answer) become U+FFFD, not an exception.
  return {status,
          body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n",
          {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}};
}

AdminResponse make_empty_answer() { return {204, {}, {{"Cache-Control", "no-store"}}}; }

AdminResponse make_refusal(int status, std::string_view code, std::string message,
                           std::string remedy) {
  return make_answer(
      status, {{"error",
                {{"code", code}, {"message", std::move(message)}, {"remedy", std::move(remedy)}}}});
}

Json make_error_json(const Error& error) {
  Json json = {{"code", classify(error.status).code},
               {"message", error.detail.empty() ? "it failed" : error.detail}};
  if (!error.where.empty()) json["pointer"] = error.where;
  if (auto rule = find_rule(error.detail); !rule.empty()) json["rule"] = std::move(rule);
  return json;
}

AdminResponse make_error_answer(const Error& error, const std::string& prefix) {
  Error placed = error;
  if (!prefix.empty() && (placed.where.empty() || placed.where.front() == '/')) {
    placed.where.insert(0, prefix);
  }
  return make_answer(classify(error.status).http_status, {{"error", make_error_json(placed)}});
}

Json make_faults_json(const model::Faults& faults) {
  Json list = Json::array();
  for (const auto& fault : faults) {
    Json json = {{"message", fault.what}, {"pointer", fault.where}};
    if (!fault.rule.empty()) json["rule"] = fault.rule;
    if (!fault.remedy.empty()) json["remedy"] = fault.remedy;
    list.push_back(std::move(json));
  }
  return list;
}

AdminResponse make_faults_answer(const model::Faults& faults) {
  auto list = make_faults_json(faults);
  Json error = {{"code", "invalid"}};
  error.update(list.front());
  error["faults"] = std::move(list);
  return make_answer(400, {{"error", std::move(error)}});
}

}  // namespace sluice::admin
