// SPDX-License-Identifier: Apache-2.0
// The audit log: who changed what, whether all of it is still there, and secrets that are shown
// again, which is written down before. Records are read on a worker: there may be many.
#include "admin/handlers.hpp"
#include "store/audit_log.hpp"

#include <charconv>

namespace sluice::admin {
namespace {

constexpr std::size_t kRecordsPerPage = 100;  // when nothing is said

// A number in decimal digits; 0: it is none.
std::uint64_t parse_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size() ? number : 0;
}

// What is asked for of a list of records.
struct Wanted {
  std::string workspace, actor, kind, name, action;
  model::UnixMs from = 0, to = 0;  // 0: from or to wherever; `to` itself is in it
  std::uint64_t before = 0;        // 0: from the last one on
  std::size_t limit = kRecordsPerPage;

  bool takes(const store::AuditRecord& record) const {
    const auto fits = [](const std::string& wanted, const std::string& value) {
      return wanted.empty() || wanted == value;
    };
    const bool is_place = workspace == model::kEveryWorkspace ? record.workspace.empty()
                                                              : fits(workspace, record.workspace);
    return is_place && fits(actor, record.actor) && fits(kind, record.kind) &&
           (fits(name, record.name) || name == record.key) && fits(action, record.action) &&
           (from == 0 || record.at >= from) && (to == 0 || record.at <= to);
  }
};

std::variant<Wanted, AdminResponse> read_wanted(const Call& call) {
  Wanted wanted;
  wanted.workspace = call.find_query("workspace");
  wanted.actor = call.find_query("actor");
  wanted.kind = call.find_query("kind");
  wanted.name = call.find_query("name");
  wanted.action = call.find_query("action");
  const auto read_time = [&](const char* name, model::UnixMs& time) {
    const auto text = call.find_query(name);
    if (text.empty()) return true;
    const auto parsed = parse_time(text);
    time = parsed.value_or(0);
    return parsed.has_value();
  };
  if (!read_time("from", wanted.from) || !read_time("to", wanted.to)) {
    return make_refusal(400, "invalid", "from or to is no time", "write 2026-01-31T08:30:00Z");
  }
  if (const auto text = call.find_query("before"); !text.empty()) {
    wanted.before = parse_count(text);
    if (wanted.before == 0) {
      return make_refusal(400, "invalid", "before is no number of a record",
                          "write what 'next' of the page before said");
    }
  }
  if (const auto text = call.find_query("limit"); !text.empty()) {
    wanted.limit = parse_count(text);
    if (wanted.limit == 0 || wanted.limit > kItemsPerPageMax) {
      return make_refusal(400, "invalid", "limit is out of range",
                          "use 1 to " + std::to_string(kItemsPerPageMax));
    }
  }
  return wanted;
}

// What belongs to no workspace is for admins of every workspace.
bool may_read(const studio::Access& access, const store::AuditRecord& record) {
  return access.may(Permission::kReadAudit, record.workspace.empty()
                                                ? std::string_view(model::kEveryWorkspace)
                                                : std::string_view(record.workspace));
}

}  // namespace

void AdminApi::Handlers::add_audit_routes() {
  add_route("GET", "/admin/v1/audit", "listAuditRecords",
            "who changed what, newest first, of the workspaces whose admin one is",
            somewhere(Permission::kReadAudit),
            [this](const Call& call, const AdminApi::Respond& respond) {
              auto read = read_wanted(call);
              if (auto* refusal = std::get_if<AdminResponse>(&read)) {
                return respond(std::move(*refusal));
              }
              read_audit(respond, [wanted = std::get<Wanted>(read),
                                   access = call.access](const store::AuditLog& log) {
                const auto page =
                    log.find(wanted.before, wanted.limit, [&](const store::AuditRecord& record) {
                      return wanted.takes(record) && may_read(access, record);
                    });
                if (!page) return make_error_answer(page.error());
                Json items = Json::array();
                for (const auto& record : page->records) {
                  items.push_back(make_json(record, AuditSides::kLeftOut));
                }
                return make_answer(200, {{"items", std::move(items)},
                                         {"next", page->next == 0 ? Json() : Json(page->next)}});
              });
            })
      .answer(200, kAuditPageShape)
      .with_query(
          {"workspace", "actor", "kind", "name", "action", "from", "to", "before", "limit"});
  add_route("GET", "/admin/v1/audit/{number}", "getAuditRecord",
            "one record, with what was there before and after", somewhere(Permission::kReadAudit),
            [this](const Call& call, const AdminApi::Respond& respond) {
              const auto number = parse_count(call.path[0]);
              read_audit(respond, [number, text = call.path[0],
                                   access = call.access](const store::AuditLog& log) {
                constexpr auto kEvery = [](const store::AuditRecord&) { return true; };
                const auto page =
                    number == 0 ? store::AuditLog::Page() : log.find(number + 1, 1, kEvery);
                if (!page) return make_error_answer(page.error());
                const bool is_there = !page->records.empty() && page->records[0].seq == number &&
                                      may_read(access, page->records[0]);
                if (!is_there) return make_unknown("audit record", text);
                return make_answer(200, make_json(page->records[0], AuditSides::kTold));
              });
            })
      .answer(200, kAuditRecordShape);
  add_route("POST", "/admin/v1/audit/verify", "verifyAudit",
            "read every record and say which are changed, moved or missing",
            everywhere(Permission::kReadAudit),
            [this](const Call&, const AdminApi::Respond& respond) {
              read_audit(respond, [](const store::AuditLog& log) {
                const auto verdict = log.verify();
                return verdict ? make_answer(200, make_json(*verdict))
                               : make_error_answer(verdict.error());
              });
            })
      .answer(200, kAuditVerdictShape);
  add_route("POST", "/admin/v1/credentials/{id}/reveal", "revealCredential",
            "show its secrets again; who asked is written down first",
            on(Permission::kRevealSecrets, "credential", &model::State::credentials),
            at_once([this](const Call& call) {
              auto shown = parts_.studio.reveal_credential(call.actor, call.path[0]);
              if (!shown) return make_error_answer(shown.error());
              const auto* credential = state().credentials.find(call.path[0]);
              if (!credential) return make_unknown("credential", call.path[0]);
              return make_answer(
                  200, make_json(studio::IssuedCredential{*credential, std::move(*shown)}));
            }))
      .answer(200, kIssuedCredentialShape);
}

// Off the control thread, which others wait for.
void AdminApi::Handlers::read_audit(const AdminApi::Respond& respond,
                                    std::function<AdminResponse(const store::AuditLog&)> read) {
  if (audits_in_flight_ >= kAuditsInFlightMax) {
    return respond(make_refusal(429, "busy", "the audit log is being read by others",
                                "wait for one of them to be answered and try again"));
  }
  ++audits_in_flight_;
  const auto run = [this, respond, read = std::move(read)] {
    const auto ask = [&] {
      try {
        return read(parts_.studio.audit_log());
      } catch (const std::exception& e) {
        return make_error_answer({SLUICE_E_INTERNAL, "the audit log was not read", e.what(), {}});
      }
    };
    const auto answer = std::make_shared<AdminResponse>(ask());
    parts_.post_to_control([this, respond, answer] {
      --audits_in_flight_;
      respond(std::move(*answer));
    });
  };
  try {
    parts_.run_on_worker(run);
  } catch (const std::exception&) {  // the pool takes no more: what throws has not begun
    --audits_in_flight_;
    respond(make_refusal(429, "busy", "no worker is free", "try again later"));
  }
}

}  // namespace sluice::admin
