// SPDX-License-Identifier: Apache-2.0
#include "admin/preconditions.hpp"

#include "admin/answers.hpp"
#include "admin/diff.hpp"
#include "admin/requests.hpp"

#include <algorithm>

namespace sluice::admin {
namespace {

constexpr std::size_t kChangesRead = 100;  // of one document, back from the newest

// Calls `take` with each entity tag of a list, without quotes and W/. False: it is no such list.
template <class Take>
bool read_tags(std::string_view list, Take take) {
  const auto skip = [&](std::string_view what) {
    list.remove_prefix(std::min(list.find_first_not_of(what), list.size()));
  };
  for (skip(" \t,"); !list.empty(); skip(" \t,")) {
    const bool is_weak = list.starts_with("W/");
    if (is_weak) list.remove_prefix(2);
    const auto end = list.starts_with('"') ? list.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) return false;
    take(list.substr(1, end - 1), is_weak);
    list.remove_prefix(end + 1);
  }
  return true;
}

std::string_view document_part(std::string_view etag) { return etag.substr(0, etag.find('-')); }

AdminResponse make_failed(Json error) {
  error["code"] = "precondition_failed";
  return make_answer(412, {{"error", std::move(error)}});
}

// The record of the change after which the document was no longer what `condition` names, and those
// that followed, newest first. Empty: the log does not tell.
std::vector<store::AuditRecord> find_changes(std::string_view condition,
                                             const store::DocumentRef& document,
                                             const store::AuditLog& log) {
  const auto kind = store::to_text(document.kind);
  auto page = log.find(0, kChangesRead, [&](const store::AuditRecord& record) {
    return record.kind == kind && record.key == document.key && record.action != "revealed";
  });
  if (!page) return {};
  auto& records = page->records;
  const auto seen = std::find_if(records.begin(), records.end(), [&](const auto& record) {
    return !record.before_tag.empty() && names_document(condition, record.before_tag);
  });
  if (seen == records.end()) return {};
  records.erase(seen + 1, records.end());
  return std::move(records);
}

AdminResponse make_stale(std::string_view condition, const store::DocumentRef& document,
                         const studio::Studio& studio) {
  Json error;
  const auto changes = find_changes(condition, document, studio.audit_log());
  if (changes.empty()) {
    error["message"] = "this is not what the tag in If-Match names: it was changed since";
  } else {
    std::string who;
    auto& told = error["changes"] = Json::array();
    for (const auto& change : changes) {
      if (who.find("'" + change.actor + "'") == std::string::npos) {
        who += (who.empty() ? "'" : " and '") + change.actor + "'";
      }
      told.push_back({{"actor", change.actor},
                      {"action", change.action},
                      {"at", make_time_text(change.at)},
                      {"record", change.seq}});
    }
    error["message"] = who + " changed this since you read it";
    auto before = Json::parse(changes.back().before, nullptr, false);
    auto now = Json::parse(studio.describe(document), nullptr, false);
    for (const auto member : store::list_kept_books(document.kind)) {
      for (auto* one : {&before, &now}) {
        if (one->is_object()) one->erase(std::string(member));
      }
    }
    if (before.is_object() && now.is_object()) error["difference"] = make_diff(before, now);
  }
  error["pointer"] = "If-Match";
  error["remedy"] =
      "read it again, take over what changed, and send the change with its new ETag in If-Match";
  return make_failed(std::move(error));
}

AdminResponse make_wrong_header(std::string_view name, std::string_view why) {
  return make_refusal(400, "invalid", "the header " + std::string(name) + " " + std::string(why),
                      "send what the ETag of an answer said, once");
}

// The header's value; absent: it is not there. A refusal: nobody can tell what is asked.
std::optional<AdminResponse> read_condition(const AdminRequest& request, std::string_view name,
                                            std::optional<std::string_view>& value) {
  const auto headers = find_headers(request, name);
  if (headers.empty()) return {};
  if (headers.size() > 1) return make_wrong_header(name, "is there twice");
  value = headers.front();
  const bool is_list = read_tags(*value, [](std::string_view, bool) {});
  if (value->empty() || value->size() > kConditionBytesMax || (*value != "*" && !is_list)) {
    return make_wrong_header(name, "is no list of entity tags");
  }
  return {};
}

}  // namespace

std::string make_etag(std::string_view tag, std::string_view body) {
  return '"' + std::string(tag) + '-' + store::make_tag(body) + '"';
}

bool names_document(std::string_view condition, std::string_view tag) {
  if (tag.empty()) return false;
  if (condition == "*") return true;
  bool named = false;
  const bool is_list = read_tags(condition, [&](std::string_view etag, bool is_weak) {
    named = named || (!is_weak && document_part(etag) == tag);
  });
  return is_list && named;
}

bool names_answer(std::string_view condition, std::string_view etag) {
  if (condition == "*") return true;
  bool named = false;
  const bool is_list = read_tags(condition, [&](std::string_view one, bool) {
    named = named || etag == '"' + std::string(one) + '"';
  });
  return is_list && named;
}

std::optional<AdminResponse> check_preconditions(const AdminRequest& request,
                                                 const std::optional<store::DocumentRef>& document,
                                                 const studio::Studio& studio) {
  std::optional<std::string_view> if_match, if_none_match;
  if (auto wrong = read_condition(request, "If-Match", if_match)) return wrong;
  if (auto wrong = read_condition(request, "If-None-Match", if_none_match)) return wrong;
  const bool is_get = request.method == "GET";
  if (!if_match && (is_get || !if_none_match)) return {};
  if (!document) {
    return make_refusal(400, "invalid", "this path takes no precondition",
                        "send the request without If-Match and If-None-Match");
  }
  const auto tag = studio.find_tag(*document);
  if (if_match && tag.empty()) {
    return make_failed({{"message", "there is nothing here that If-Match could name"},
                        {"pointer", "If-Match"},
                        {"remedy", "list what there is; it may have been deleted"}});
  }
  if (if_match && !names_document(*if_match, tag)) return make_stale(*if_match, *document, studio);
  if (!is_get && if_none_match && names_document(*if_none_match, tag)) {
    return make_failed({{"message", "this is there already"},
                        {"pointer", "If-None-Match"},
                        {"remedy", "read it, and change it with its ETag in If-Match"}});
  }
  return {};
}

AdminResponse make_conditional(AdminResponse answer, bool is_get, std::string_view if_none_match,
                               std::string_view tag) {
  if (answer.status < 200 || answer.status > 299 || answer.body.empty() || tag.empty()) {
    return answer;
  }
  auto etag = make_etag(tag, answer.body);
  if (is_get && !if_none_match.empty() && names_answer(if_none_match, etag)) {
    answer = make_empty_answer();
    answer.status = 304;
  }
  answer.headers.emplace_back("ETag", std::move(etag));
  return answer;
}

}  // namespace sluice::admin
