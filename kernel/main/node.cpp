// SPDX-License-Identifier: Apache-2.0
#include "main/node.hpp"

#include "admin/admin_api.hpp"
#include "gateway/gateway.hpp"
#include "http/clock.hpp"
#include "http/outgoing.hpp"
#include "http/server.hpp"
#include "main/admin_listener.hpp"
#include "main/lower_floor.hpp"
#include "main/store_opening.hpp"
#include "observe/access_log.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"
#include "serializers/json.hpp"
#include "store/repository.hpp"

#include <sluice/abilities.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>

namespace sluice::node {
namespace {

constexpr std::uint64_t kFlushNs = 200'000'000;   // access log
constexpr std::uint64_t kTickNs = 2'000'000'000;  // troubles are tried again, the store is asked
constexpr std::uint64_t kDrainGraceMs = 200;
constexpr std::size_t kTokenBytesMax = 4096;
constexpr unsigned kControlWorkers = 2;

class SystemClock final : public studio::Clock {
 public:
  model::UnixMs now_ms() const override {
    return static_cast<model::UnixMs>(http::clock_ns(CLOCK_REALTIME) / 1'000'000);
  }
};

// What plugins may ask of this process.
class Services final : public loader::HostServices {
 public:
  Services(observe::Log& log, http::OutgoingClient& outgoing) : log_(log), outgoing_(outgoing) {}
  void log(std::string_view instance, int level, std::string_view text) override {
    log_.write(static_cast<observe::Level>(std::clamp(level, 0, 5)), instance, text);
  }
  const void* find_extension(std::string_view id) override {
    if (id == SLUICE_IO_PASS_ID) return &kIoPass;
    if (id == SLUICE_HTTP_CLIENT_ID) return &kHttpClient;
    return id == kOutgoingId ? &outgoing_ : nullptr;
  }

 private:
  static constexpr sluice_io_pass kIoPass{
      .size = sizeof(sluice_io_pass),
      .reserved = 0,
      .at_end = [](const sluice_host*, void (*fn)(void*), void* user) -> std::int32_t {
        auto* io = http::IoThreads::current();
        return io && io->run_at_pass_end(fn, user) ? 1 : 0;
      }};
  // The tables of abi.h carry no state: what a host's function needs it asks that host for.
  static constexpr const char* kOutgoingId = "sluice.host.outgoing";
  static http::OutgoingClient& outgoing_of(const sluice_host* host) {
    return *static_cast<http::OutgoingClient*>(
        const_cast<void*>(host->extension(host, kOutgoingId)));
  }
  static constexpr sluice_http_client kHttpClient{
      .size = sizeof(sluice_http_client),
      .reserved = 0,
      .send = [](const sluice_host* host, sluice_op* op, const sluice_http_request* request,
                 const sluice_http_events* events, void* user, std::uint64_t* id) -> sluice_status {
        return outgoing_of(host).send(*request, op ? op->deadline_ns : UINT64_MAX, *events, user,
                                      id);
      },
      .cancel = [](const sluice_host* host, std::uint64_t id) { outgoing_of(host).cancel(id); },
      .resume = [](const sluice_host* host, std::uint64_t id) { outgoing_of(host).resume(id); }};
  observe::Log& log_;
  http::OutgoingClient& outgoing_;
};

// What settings may name: nothing of the node's own.
config::FileAccess make_file_access(const config::NodeConfig& config) {
  config::FileAccess::Paths own{config.file, config.store.key_file, config.admin.token_file,
                                config.log.file};
  if (config.store.rest.starts_with('/') && !config.store.rest.starts_with("//")) {
    for (const char* tail : {"", "-wal", "-shm", "-journal"}) {
      own.emplace_back(config.store.rest + tail);
    }
  }
  std::erase_if(own, [](const auto& path) { return path.empty(); });
  return {std::move(own), config.files.data_directories};
}

// One shard of log and metrics an I/O thread.
class CallObserver final : public gateway::Observer {
 public:
  CallObserver(observe::AccessLog* access, unsigned io_threads) : metrics(io_threads) {
    for (unsigned i = 0; access && i < io_threads; ++i) shards_.push_back(access->open_shard());
  }
  void observe(unsigned io_thread, const call::Observation& call,
               std::uint64_t duration_ns) override {
    metrics.count_call(io_thread, call.http_status, duration_ns / 1000, call.bytes);
    if (shards_.empty()) return;
    shards_[io_thread]->append({.time_ns = http::realtime_ns() - duration_ns,
                                .method = call.method,
                                .path = call.path,
                                .status = call.http_status,
                                .duration_us = duration_ns / 1000,
                                .bytes = call.bytes,
                                .consumer = call.consumer,
                                .api_id = call.api_id,
                                .request_id = call.request_id,
                                .error_code = {},
                                .reason = call.refusal_reason});
  }
  // Half-full buffers reach the file within kFlushNs. Begun on the shard's own thread.
  void start_flushing(http::IoThread& io) {
    if (shards_.empty()) return;
    flushers_.push_back(std::make_unique<Flusher>(Flusher{io, *shards_[io.index()]}));
    io.post([](void* flusher) { flush(flusher); }, flushers_.back().get());
  }

  observe::Metrics metrics;

 private:
  struct Flusher {
    http::IoThread& io;
    observe::AccessLog::Shard& shard;
  };
  static void flush(void* user) {
    auto& flusher = *static_cast<Flusher*>(user);
    flusher.shard.flush();
    flusher.io.start_timer(kFlushNs, &flush, user);
  }
  std::vector<std::unique_ptr<observe::AccessLog::Shard>> shards_;
  std::vector<std::unique_ptr<Flusher>> flushers_;
};

// The token in the file; made on first use, readable by its owner only.
Result<std::string> load_or_make_token(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string token;
  if (in && std::getline(in, token)) {
    if (token.size() >= 16 && token.size() <= kTokenBytesMax) return token;
    return Error{SLUICE_E_CONFIG,
                 "the admin token in " + file.string() +
                     " is shorter than 16 characters; write a longer one, or delete "
                     "the file to have one made",
                 {},
                 {}};
  }
  unsigned char bytes[32];
  if (!studio::make_system_random()(bytes)) {
    return Error{SLUICE_E_UNAVAILABLE, "no randomness for an admin token", {}, {}};
  }
  token = "sat_";
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const unsigned char byte : bytes) {
    token += kHex[byte >> 4];
    token += kHex[byte & 15];
  }
  std::error_code ec;
  std::filesystem::create_directories(file.parent_path(), ec);
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const std::string line = token + "\n";
  const bool is_written =
      fd >= 0 && ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (fd >= 0) ::close(fd);
  if (!is_written) {
    return Error{SLUICE_E_UNAVAILABLE,
                 "cannot write the admin token to " + file.string() +
                     "; is the folder there and writable? (admin.token_file)",
                 {},
                 {}};
  }
  return token;
}

http::Limits to_http_limits(const config::Limits& limits) {
  return {.header_bytes = limits.header_bytes,
          .header_count = limits.header_count,
          .request_line_bytes = limits.request_line_bytes,
          .body_bytes = limits.body_bytes,
          .connections = limits.connections,
          .header_timeout_ms = limits.header_timeout_ms,
          .body_timeout_ms = limits.body_timeout_ms,
          .idle_timeout_ms = limits.idle_timeout_ms};
}

// The cores that this process may use, which a container or a supervisor may have cut down: two
// busy I/O threads on one core take turns of milliseconds.
unsigned cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return std::max(1u, static_cast<unsigned>(CPU_COUNT(&allowed)));
}

}  // namespace

loader::Registry load_registry(const config::NodeConfig& config,
                               std::function<void(int, std::string_view)> log) {
  loader::Registry::Options options{.directory = config.plugins.directory,
                                    .state_directory = config.plugins.state_directory,
                                    .load = {},
                                    .log = std::move(log)};
  for (const auto& entry : config.plugins.load) options.load.push_back({entry.name, entry.sha256});
  auto registry = loader::Registry::load(options);
  registry.add_builtin(serializers::json_plugin());
  return registry;
}

// In the order of making; the last stands on all before it.
struct Node::Parts {
  config::NodeConfig config;
  std::unique_ptr<observe::Log> log;
  std::unique_ptr<observe::AccessLog> access;
  std::unique_ptr<http::OutgoingClient> outgoing;
  std::unique_ptr<Services> services;
  loader::Registry registry;
  SystemClock clock;
  std::unique_ptr<loader::Instance> store_instance;
  std::unique_ptr<store::Store> store;
  LowerFloor::Holders holders;
  std::unique_ptr<CallObserver> observer;
  std::unique_ptr<call::WorkerPool> workers, control_workers;
  std::unique_ptr<LowerFloor> lower_floor;
  std::unique_ptr<studio::Studio> studio;
  std::string token;
  std::unique_ptr<http::IoThreads> io, control_io;
  std::map<std::string, std::unique_ptr<gateway::Gateway>> gateways;
  std::unique_ptr<admin::AdminApi> admin;
  std::unique_ptr<AdminListener> admin_listener;
  std::map<std::string, std::unique_ptr<http::Server>> servers;
  std::unique_ptr<http::Server> admin_server;
  bool stopped = false;

  unsigned io_threads() const {
    return config.limits.io_threads ? config.limits.io_threads : cores();
  }

  admin::HealthReport health() const {
    admin::HealthReport report;
    for (const auto& plugin : registry.reports()) {
      if (!plugin.loaded) report.reasons.push_back(plugin.code + " " + plugin.reason);
    }
    for (const auto& trouble : lower_floor->troubles()) {
      report.reasons.push_back(trouble.name + ": " + trouble.reason);
    }
    report.ready = report.reasons.empty();
    return report;
  }

  std::string metrics() const {
    std::vector<observe::Metrics::Reading> others;
    double open = 0, accepted = 0, refused = 0;
    for (const auto& [name, server] : servers) {
      const auto counters = server->counters();
      open += static_cast<double>(counters.connections_open);
      accepted += static_cast<double>(counters.connections_accepted);
      refused += static_cast<double>(counters.connections_refused);
    }
    others.push_back({"sluice_connections_open", open});
    others.push_back({"sluice_connections_accepted", accepted});
    others.push_back({"sluice_connections_refused", refused});
    if (access) {
      others.push_back(
          {"sluice_access_log_dropped_lines", static_cast<double>(access->dropped_lines())});
    }
    const auto admissions = lower_floor->list_admissions();
    const auto add_per_group = [&](const char* name, auto count) {
      for (const auto& [group, counts] : admissions) {
        others.push_back({name, static_cast<double>(counts.*count), {{"group", group}}});
      }
    };
    add_per_group("sluice_resource_group_in_flight", &call::Admission::Counts::in_flight);
    add_per_group("sluice_resource_group_waiting", &call::Admission::Counts::waiting);
    add_per_group("sluice_resource_group_refused_total", &call::Admission::Counts::refused);
    return observer->metrics.to_text(others);
  }

  // The gateway instances of this node's file are there, and no longer Creating (R033).
  Result<void> claim_instances() {
    for (const auto& gateway : config.gateways) {
      const auto* known = studio->state().gateway_instances.find(gateway.instance);
      if (known && known->status != model::InstanceStatus::kCreating) continue;
      auto put = studio->run("node", [&](studio::Edit& edit) {
        return edit.serve_gateway_instance(gateway.instance);
      });
      if (!put) return put.error();
    }
    return {};
  }

  // On the control thread: another node's writes are served, what was missing is tried again.
  void tick() {
    if (const auto newest = store->read_revision(); newest && *newest != store->loaded_revision()) {
      if (auto done = studio->refresh(); !done) {
        log->write(observe::Level::kError, "node", "refresh: " + done.error().detail);
      } else if (auto claimed = claim_instances(); !claimed) {
        log->write(observe::Level::kWarn, "node", "instances: " + claimed.error().detail);
      }
    } else if (!lower_floor->troubles().empty()) {
      if (auto done = studio->serve(); !done) {
        log->write(observe::Level::kWarn, "node", "serve: " + done.error().detail);
      }
    }
    lower_floor->check_backends();
    lower_floor->collect();
    control_io->at(0).start_timer(
        kTickNs, [](void* parts) { static_cast<Parts*>(parts)->tick(); }, this);
  }
};

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Node::~Node() {
  if (parts_) stop();
}

Result<std::unique_ptr<Node>> Node::make(const config::NodeConfig& config) {
  auto parts = std::make_unique<Parts>();
  Parts& p = *parts;
  p.config = config;
  auto log = observe::Log::make(
      {.level = static_cast<observe::Level>(config.log.level), .file = config.log.file});
  if (!log) return log.error();
  p.log = std::move(*log);
  if (config.log.access) {
    auto access = observe::AccessLog::make({.file = config.log.file});
    if (!access) return access.error();
    p.access = std::move(*access);
  }
  auto outgoing = http::OutgoingClient::make(
      {.ca_file = config.outgoing.ca_file, .private_hosts = config.outgoing.private_hosts});
  if (!outgoing) return outgoing.error();
  p.outgoing = std::move(*outgoing);
  p.services = std::make_unique<Services>(*p.log, *p.outgoing);
  p.registry = load_registry(config, [&log = *p.log](int level, std::string_view text) {
    log.write(static_cast<observe::Level>(level), "loader", text);
  });
  for (const auto& report : p.registry.reports()) {
    if (!report.loaded) {
      p.log->write(observe::Level::kError, "loader",
                   report.code + " " + report.reason + ". " + report.remedy);
    }
  }

  auto opened = open_store(config, p.registry, *p.services);
  if (!opened) return opened.error();
  p.store_instance = std::move(opened->instance);
  const auto& key = opened->key;
  p.store = std::make_unique<store::Store>(
      *opened->table, p.store_instance->self(), std::make_shared<const store::Sealer>(key),
      [&log = *p.log](int level, std::string_view text) {
        log.write(static_cast<observe::Level>(level), "store", text);
      },
      admin::make_settings_mask(p.registry.reports()));

  const unsigned io_threads = p.io_threads();
  p.observer = std::make_unique<CallObserver>(p.access.get(), io_threads);
  p.workers = std::make_unique<call::WorkerPool>(
      config.limits.workers ? config.limits.workers : 4 * cores(), config.limits.worker_queue);
  p.control_workers = std::make_unique<call::WorkerPool>(kControlWorkers, 64);
  for (const auto& gateway : config.gateways) {
    p.holders[gateway.instance] = std::make_unique<snapshot::Holder>(io_threads);
  }
  p.lower_floor = std::make_unique<LowerFloor>(p.registry, *p.services, *p.workers, p.holders,
                                               *p.outgoing, store::derive_key(key, "page cursors"),
                                               make_file_access(config));
  auto studio = studio::Studio::make(*p.store, *p.lower_floor, p.clock,
                                     studio::make_system_random(), config.node.region);
  if (!studio) return studio.error();
  p.studio = std::move(*studio);
  if (auto done = p.claim_instances(); !done) return done.error();
  if (auto served = p.studio->serve(); !served) return served.error();

  auto token = load_or_make_token(config.admin.token_file);
  if (!token) return token.error();
  p.token = *token;
  return std::unique_ptr<Node>(new Node(std::move(parts)));
}

studio::Studio& Node::studio() { return *parts_->studio; }

Result<void> Node::start() {
  Parts& p = *parts_;
  p.io = std::make_unique<http::IoThreads>(p.io_threads());
  p.control_io = std::make_unique<http::IoThreads>(1);
  const auto post_to_control = [io = p.control_io.get()](std::function<void()> work) {
    io->at(0).post(
        [](void* user) {
          const std::unique_ptr<std::function<void()>> owned(
              static_cast<std::function<void()>*>(user));
          (*owned)();
        },
        new std::function<void()>(std::move(work)));
  };
  const auto run_on_worker = [workers = p.control_workers.get()](std::function<void()> work) {
    auto* owned = new std::function<void()>(std::move(work));
    const auto run = [](void* user) {
      const std::unique_ptr<std::function<void()>> held(static_cast<std::function<void()>*>(user));
      (*held)();
    };
    if (!workers->try_submit(run, owned)) run(owned);
  };
  p.admin = std::make_unique<admin::AdminApi>(admin::AdminParts{
      .studio = *p.studio,
      .lower_floor = *p.lower_floor,
      .tokens = admin::TokenChecker({admin::TokenChecker::make_known("admin", p.token)}),
      .run_on_worker = run_on_worker,
      .post_to_control = post_to_control,
      .health = [&p] { return p.health(); },
      .metrics = [&p] { return p.metrics(); },
      .plugins = p.registry.reports(),
      .origin = [this](const std::string& instance) { return gateway_url(instance); }});
  p.admin_listener = std::make_unique<AdminListener>(*p.admin);
  const http::Limits limits = to_http_limits(p.config.limits);
  for (const auto& wanted : p.config.gateways) {
    auto& gateway = p.gateways[wanted.instance];
    gateway = std::make_unique<gateway::Gateway>(*p.holders[wanted.instance], *p.workers,
                                                 *p.observer, p.io->size());
    auto server =
        http::Server::listen(*p.io, wanted.listen.host, wanted.listen.port, limits, *gateway);
    if (!server) return server.error();
    p.servers[wanted.instance] = std::move(*server);
  }
  // The management API bounds each route's body itself.
  http::Limits admin_limits = limits;
  admin_limits.body_bytes = admin::kApplyBytesMax;
  auto admin_server =
      http::Server::listen(*p.control_io, p.config.admin.listen.host, p.config.admin.listen.port,
                           admin_limits, *p.admin_listener);
  if (!admin_server) return admin_server.error();
  p.admin_server = std::move(*admin_server);
  for (unsigned i = 0; i < p.io->size(); ++i) p.observer->start_flushing(p.io->at(i));
  p.control_io->at(0).post([](void* parts) { static_cast<Parts*>(parts)->tick(); }, &p);
  p.io->start();
  p.control_io->start();
  for (const auto& [name, server] : p.servers) {
    p.log->write(observe::Level::kInfo, "node",
                 "gateway " + name + " answers at " + gateway_url(name));
  }
  p.log->write(observe::Level::kInfo, "node", "management API at " + admin_url());
  return {};
}

void Node::run_until_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int which = 0;
  sigwait(&signals, &which);
  parts_->log->write(observe::Level::kInfo, "node",
                     "stopping: no new connections, calls in flight end");
  stop();
}

void Node::stop() {
  Parts& p = *parts_;
  if (std::exchange(p.stopped, true)) return;
  const std::uint64_t timeout = p.config.limits.drain_timeout_ms;
  if (p.io) {
    // Not yet running when start() failed half-way: then there is nobody to drain.
    for (auto& [name, server] : p.servers) server->drain(kDrainGraceMs, timeout);
    if (p.admin_server) p.admin_server->drain(0, timeout);
    p.control_workers.reset();
    p.control_io->stop();
    // While they can still call out: what they began elsewhere is theirs to end.
    if (p.lower_floor) p.lower_floor->drain();
    // What went out ends now, while the calls that wait for it still have their threads.
    p.outgoing->stop();
    p.workers.reset();
    p.io->stop();
  }
}

std::string Node::gateway_url(const std::string& instance) const {
  const auto found = parts_->servers.find(instance);
  if (found == parts_->servers.end()) return {};
  const auto& server = *found->second;
  for (const auto& gateway : parts_->config.gateways) {
    if (gateway.instance != instance) continue;
    return "http://" + config::to_text({gateway.listen.host, server.port()});
  }
  return {};
}
std::string Node::admin_url() const {
  return "http://" +
         config::to_text({parts_->config.admin.listen.host, parts_->admin_server->port()});
}
const std::string& Node::admin_token() const { return parts_->token; }

}  // namespace sluice::node
