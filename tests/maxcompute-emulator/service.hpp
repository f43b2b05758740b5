// SPDX-License-Identifier: Apache-2.0
#pragma once

// The service itself: it judges a request (signature, date, token), finds the operation, lets the
// faults strike that a test asked for, and answers. REST below /api and the tunnel share one port.
// Its handlers stand in rest_*.cpp, tunnel.cpp and control.cpp.

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "executor.hpp"
#include "faults.hpp"
#include "jobs.hpp"
#include "message.hpp"
#include "signer.hpp"
#include "warehouse.hpp"

namespace emulator {

struct Options {
  ProjectFacts project;
  Credentials credentials;
  std::string quota;
};

// What a test may change while it runs.
struct Knobs {
  std::atomic<int> running_answers{1};
  std::atomic<int> page_items{1000};
  std::atomic<int> result_rows{10000};
  std::atomic<bool> descriptors{true};
  std::atomic<bool> parse_errors_in_job{false};
  std::atomic<bool> wait_for_quick{true};  // DDL and the like answer the submission itself
};

struct Download {
  std::string id;
  std::string path;  // what it was made for
  std::string partition;
  SystemTime created = std::chrono::system_clock::now();
  JobPtr job;  // makes the rows; nullptr: they are there
  std::shared_ptr<const ResultSet> rows;
  std::vector<Column> partition_columns;
  std::int64_t rows_max = -1;
};

using DownloadPtr = std::shared_ptr<Download>;

struct Upload {
  std::string id;
  std::string path;
  std::string partition;
  bool overwrite = false;
  Table table;
  std::map<std::int64_t, std::string> blocks;  // record streams, checked
  std::size_t bytes = 0;
  bool done = false;
};

using UploadPtr = std::shared_ptr<Upload>;

// One request on its way through the handlers.
struct Call {
  Request request;
  std::vector<std::string> path;  // segments
  std::string operation;
  std::string request_id;
  std::vector<Fault> faults;
};

class Service {
 public:
  Service(Options options, Warehouse& warehouse);

  Response handle(Request request);

  void set_connections(std::function<std::int64_t()> count) { connections_ = std::move(count); }

 private:
  using Handler = Response (Service::*)(Call&);
  struct Route {
    std::string operation;
    Handler handler = nullptr;
    bool tunnel = false;  // errors in JSON
  };

  // service.cpp
  Response answer(Call& call, std::string& canonical);
  std::optional<Route> find_route(const Call& call) const;
  std::optional<Route> find_project_route(const Request& request,
                                          const std::vector<std::string>& path) const;
  std::optional<Route> find_table_route(const Request& request) const;
  std::optional<Route> find_instance_route(const Request& request, bool collection) const;
  Response refuse(const Refusal& refusal, const Call& call, bool json) const;
  static void apply_wire_faults(const std::vector<Fault>& faults, Response& response);
  bool is_project(std::string_view name) const;
  std::string host_of(const Request& request) const;

  // rest_project.cpp
  Response list_projects(Call& call);
  Response get_project(Call& call);
  Response sign_bearer_token(Call& call);
  Response refuse_logs(Call& call);
  Response list_schemas(Call& call);
  Response list_none(Call& call);
  Response get_schema(Call& call);
  Response list_tables(Call& call);
  Response get_table(Call& call);
  Response list_partitions(Call& call);
  Response get_partition(Call& call);
  Response preview_table(Call& call);
  Response get_tenant(Call& call);
  Response get_host(Call& call);
  Response find_tunnel(Call& call);

  // rest_instances.cpp
  Response create_instance(Call& call);
  Response list_instances(Call& call);
  Response get_instance(Call& call);
  Response get_task_status(Call& call);
  Response get_result(Call& call);
  Response get_source(Call& call);
  Response get_progress(Call& call);
  Response get_summary(Call& call);
  Response stop_instance(Call& call);
  Response create_sql(Call& call, const struct XmlElement& job, const struct XmlElement& task,
                      bool accelerated);
  std::string make_result_document(const Instance& instance) const;
  std::string make_task_document(const Instance& instance, bool over) const;
  InstancePtr instance_of(const Call& call) const;

  // rest_acceleration.cpp
  Response create_session(Call& call, const struct XmlElement& task);
  Response get_task_info(Call& call);
  Response put_task_info(Call& call);
  Response download_query(Call& call);
  Response connect_maxqa(Call& call);
  Response list_quotas(Call& call);
  Response get_quota(Call& call);
  Response create_maxqa_session(Call& call);
  void check_connection(const Call& call) const;
  std::string make_cookie();

  // tunnel.cpp
  Response create_instance_download(Call& call);
  Response create_table_download(Call& call);
  Response get_download(Call& call);
  Response get_data(Call& call);
  Response create_upload(Call& call);
  Response put_block(Call& call);
  Response get_upload(Call& call);
  Response commit_upload(Call& call);
  DownloadPtr find_download(const Call& call);
  UploadPtr find_upload(const Call& call);
  void keep(DownloadPtr download);
  Response describe_download(const Download& download, int status) const;
  Response stream_rows(const Call& call, std::shared_ptr<const ResultSet> rows,
                       struct StreamOptions options) const;
  Table table_of(const Call& call, bool tunnel);

  // control.cpp
  Response control(Request& request);

  Options options_;
  Warehouse& warehouse_;
  Jobs jobs_;
  FaultPlan faults_;
  Journal journal_;
  Knobs knobs_;
  std::function<std::int64_t()> connections_;

  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, DownloadPtr> downloads_;
  std::deque<std::string> download_order_;
  std::map<std::string, UploadPtr> uploads_;
  std::deque<std::string> upload_order_;
  std::string connection_token_;
  std::set<std::string> cookies_;
  std::deque<std::string> cookie_order_;
};

// Thrown by handlers, caught by the dispatcher.
struct Refused {
  Refusal refusal;
};

[[noreturn]] void refuse_with(int status, std::string code, std::string message);

// The partition that a request names (pt='a',hh=1), or a refusal.
Partition find_partition(Connection& connection, const Table& table, std::string_view spec,
                         bool tunnel);

// Members of documents that several handlers write.
std::string make_schema_json(const std::vector<Column>& columns,
                             const std::vector<Column>& partition_columns, bool tunnel);

}  // namespace emulator
