// SPDX-License-Identifier: Apache-2.0
#pragma once
// Handlers: what stands behind each route. Inside this room only.

#include "admin/answers.hpp"
#include "admin/resources.hpp"
#include "admin/routes.hpp"

#include <variant>

namespace sluice::admin {

class AdminApi::Handlers {
 public:
  explicit Handlers(AdminParts parts);

  void handle(const AdminRequest& request, const AdminApi::Respond& respond);

 private:
  // ---- the table, a part of it each
  void add_service_routes();
  void add_resource_routes();
  void add_api_routes();
  void add_version_routes();
  void add_release_routes();
  void add_openapi_routes();
  void add_script_routes();
  void add_wizard_routes();
  void add_consumer_routes();
  void add_explain_routes();
  void add_export_routes();
  void add_place_routes();
  void add_published_routes();
  void add_people_routes();
  void add_audit_routes();
  template <class T>
  struct NamedResource;
  template <class T>
  void add_named_routes(const NamedResource<T>& resource);

  // ---- resources that are not named by one word
  AdminResponse create_data_source(const Call& call);
  AdminResponse replace_data_source(const Call& call);
  // Asked on a worker: the source as it is, and the table or the searched text of the request.
  using SourceQuestion = AdminResponse (Handlers::*)(const model::DataSource&,
                                                     const std::string&) const;
  Handler aside(SourceQuestion question);
  void answer_aside(const AdminApi::Respond& respond, std::function<AdminResponse()> ask);
  AdminResponse check_data_source(const model::DataSource& source, const std::string&) const;
  AdminResponse list_tables(const model::DataSource& source, const std::string& search) const;
  AdminResponse describe_table(const model::DataSource& source, const std::string& table) const;
  AdminResponse create_workflow(const Call& call);
  AdminResponse replace_workflow(const Call& call);
  AdminResponse create_api(const Call& call);
  AdminResponse replace_api(const Call& call);

  // ---- from draft to deployment
  void test_api(const Call& call, const AdminApi::Respond& respond);
  AdminResponse finish_test(const studio::TestTicket& ticket, Result<studio::TestOutcome> outcome);
  void run_test(studio::TestTicket ticket, const AdminApi::Respond& respond);
  model::Faults find_missing_parts(std::string_view api_id) const;
  void preview_call(const Call& call, const AdminApi::Respond& respond);
  void suggest_draft(const Call& call, const AdminApi::Respond& respond);
  void read_script(const Call& call, const AdminApi::Respond& respond);
  AdminResponse turn_into_script(const Call& call);
  AdminResponse submit(const Call& call);
  AdminResponse diff_api(const Call& call);
  AdminResponse search(const Call& call);
  AdminResponse plan_rollback(const Call& call);
  AdminResponse roll_back(const Call& call);
  AdminResponse change_deployments(const Call& call);
  AdminResponse get_rest_api_openapi(const Call& call);
  AdminResponse get_version_openapi(const Call& call);
  std::string make_server_url(const model::RestApi& rest_api, const std::string& instance) const;
  void drift(const Call& call, const AdminApi::Respond& respond);
  // With what the one who asks may do now.
  Json describe(const Call& call, const model::Api& api) const;
  Json describe(const Call& call, const model::ApiVersion& version) const;
  AdminResponse publish(const Call& call);
  std::optional<AdminResponse> refuse_moves(const Call& call,
                                            const studio::PublishRequest& request) const;
  AdminResponse plan_publish(const Call& call);
  AdminResponse get_published_api(const Call& call);
  // A deployment as Service Management lists it (R159, R160).
  Json describe_published(const model::Deployment& deployment) const;
  AdminResponse undeploy(const Call& call);

  // ---- consumers
  AdminResponse create_credential(const Call& call);
  AdminResponse rotate_credential(const Call& call);
  AdminResponse create_authorization(const Call& call);
  AdminResponse revoke_authorization(const Call& call);

  void explain(const Call& call, const AdminApi::Respond& respond);

  // ---- who manages, and what was done
  AdminResponse put_member(const Call& call, const Json& body, int status);
  AdminResponse create_token(const Call& call);
  AdminResponse tell_me(const Call& call);
  // An edit of members or tokens, refused where its outcome is not for the caller to bring about.
  template <class UseCase>
  auto change_people(const Call& call, UseCase use_case);
  void read_audit(const AdminApi::Respond& respond,
                  std::function<AdminResponse(const store::AuditLog&)> read);

  AdminResponse apply(const Call& call);
  AdminResponse list_plugins() const;
  AdminResponse check_ready() const;

  struct Caller {
    std::string name;
    studio::Access access;
    std::string token_id = {};  // empty: the node's own
  };
  // What becomes of an authenticated request; `respond` was not called when it throws.
  void dispatch(const Route& route, std::vector<std::string> path, Target target,
                const AdminRequest& request, Caller caller, const AdminApi::Respond& respond);
  std::optional<Caller> find_caller(const AdminRequest& request) const;
  // What stands in the caller's way; nothing: he may.
  static std::optional<AdminResponse> refuse(const Guard& guard, const Call& call);

  const model::State& state() const { return parts_.studio.state(); }
  // A line of the table. Its guard says who may: see guards.hpp for which ones there are.
  Route& add_route(std::string_view method, std::string_view pattern, std::string_view operation,
                   std::string_view summary, Guard guard, Handler handler) {
    return routes_.emplace_back(
        Route{method, pattern, operation, summary, std::move(guard), std::move(handler)});
  }
  // A handler that answers at once.
  Handler now(AdminResponse (Handlers::*handler)(const Call&)) {
    return [this, handler](const Call& call, const AdminApi::Respond& respond) {
      respond((this->*handler)(call));
    };
  }

  AdminParts parts_;
  SecretSettings secrets_;
  std::vector<Route> routes_;
  std::size_t tests_in_flight_ = 0;
  std::size_t explains_in_flight_ = 0;
  std::size_t drifts_in_flight_ = 0;
  std::size_t sources_in_flight_ = 0;
  std::size_t audits_in_flight_ = 0;
};

// ---- shared by the handlers' files

extern const Shape kApplyShape;

// What an authorization says, its API found by what people call it. A refusal otherwise.
std::variant<model::Authorization, AdminResponse> read_authorization(const Json& body,
                                                                     const model::State& state);

Json make_plugin_json(const loader::PluginReport& plugin);

AdminResponse make_unknown(std::string_view noun, std::string_view name);
AdminResponse make_no_version(const Call& call);  // that the path names

// A filter that is absent lets everything pass.
inline bool fits(const Call& call, std::string_view name, std::string_view value) {
  const auto wanted = call.find_query(name);
  return wanted.empty() || wanted == value;
}

// A handler that answers at once.
inline Handler at_once(std::function<AdminResponse(const Call&)> handler) {
  return [handler = std::move(handler)](const Call& call, const AdminApi::Respond& respond) {
    respond(handler(call));
  };
}

// A page of what the caller sees and `keep` takes of a collection, as {"items": [...], "total": n}.
template <class T, class Keep, class Describe>
AdminResponse make_page(const Call& call, const model::Collection<T>& collection, Keep keep,
                        Describe describe);

// By what people write: an id, workspace/name or workspace/workflow/name.
const model::Api* find_api_by_reference(const model::State& state, std::string_view reference);

// "3" and "V3"; 0: none of them.
unsigned parse_version_number(std::string_view text);

// Read a page's bounds; false: they are wrong.
bool parse_page(const Call& call, std::size_t& limit, std::size_t& offset);

template <class T, class Keep, class Describe>
AdminResponse make_page(const Call& call, const model::Collection<T>& collection, Keep keep,
                        Describe describe) {
  std::size_t limit = 0, offset = 0;
  if (!parse_page(call, limit, offset)) {
    return make_refusal(
        400, "invalid", "limit or offset is out of range",
        "use a limit of 1 to " + std::to_string(kItemsPerPageMax) + " and an offset from 0");
  }
  Json items = Json::array();
  std::size_t total = 0;
  for (const auto& [key, noun] : collection.all()) {
    if (!call.sees(noun) || !keep(noun)) continue;
    if (total >= offset && items.size() < limit) items.push_back(describe(noun));
    ++total;
  }
  return make_answer(200, {{"items", std::move(items)}, {"total", total}});
}

}  // namespace sluice::admin
