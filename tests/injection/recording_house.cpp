// SPDX-License-Identifier: Apache-2.0
#include "tests/injection/recording_house.hpp"

#include "call/call.hpp"
#include "call/worker_pool.hpp"
#include "dataservice/default_backend.hpp"
#include "serializers/json.hpp"

#include <sluice/data_source.hpp>

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace sluice::tests {
namespace {

namespace fs = std::filesystem;

// One house at a time: what its source is asked and whom it hands it to.
struct Behind {
  const loader::Instance* real = nullptr;
  std::vector<AskedStatement>* asked = nullptr;
};
Behind& behind() {
  static Behind the_one;
  return the_one;
}

class RecordingSource {
 public:
  static constexpr std::string_view kSchema = R"({"type":"object"})";
  static inline sluice_dialect kDialect{};

  static Result<std::unique_ptr<RecordingSource>> make(const Settings&, Host) {
    return std::make_unique<RecordingSource>();
  }
  Status execute(const Query& query, const Rows& rows, const Op& op) const {
    auto& asked = behind().asked->emplace_back();
    asked.text = query.text();
    for (Cell cell : query.args()) {
      if (cell.type == SLUICE_T_TEXT || cell.type == SLUICE_T_BYTES) {
        asked.texts.push_back(std::make_unique<std::string>(to_view(cell.v.s)));
        cell.v.s = to_str(*asked.texts.back());
      }
      asked.arguments.push_back(cell);
    }
    const auto& real = *behind().real;
    const auto* table = static_cast<const sluice_data_source*>(real.component().api);
    return table->execute(real.self(), op.raw(), query.raw(), rows.raw());
  }
};

std::shared_ptr<loader::Instance> make_instance(const sluice_component& component,
                                                const std::string& settings,
                                                loader::HostServices& services) {
  auto made = loader::Instance::make(component, "test", settings, services);
  if (!made) throw std::runtime_error(made.error().detail);
  if (auto started = (*made)->start(); !started) throw std::runtime_error(started.error().detail);
  return std::move(*made);
}

// Runs on a worker: a query that outlives the inline budget is then no second one in the record.
const sluice_component& recording_component() {
  static const sluice_component component =
      data_source<RecordingSource>({.type = "recording", .exec = SLUICE_EXEC_WORKER});
  return component;
}

class Served final : public http::Handler {
 public:
  explicit Served(std::shared_ptr<const snapshot::Backend> backend)
      : backend_(std::move(backend)) {}
  void handle(http::Exchange& exchange) override {
    call_.begin(
        exchange, 1, nullptr, [](void*) { return std::shared_ptr<const void>(); }, nullptr);
    backend_->serve(call_, route_);
  }

 private:
  static call::WorkerPool& workers() {
    static call::WorkerPool pool{1, 16};
    return pool;
  }
  const std::shared_ptr<const snapshot::Backend> backend_;
  const snapshot::Route route_;
  call::Call call_{workers(), [](void*, call::Call&) {}, nullptr};
};

}  // namespace

class RecordingHouse::Services final : public loader::HostServices {
 public:
  void log(std::string_view, int, std::string_view) override {}
  const void* find_extension(std::string_view) override { return nullptr; }
};

RecordingHouse::RecordingHouse(const std::string& create_sql)
    : services_(std::make_unique<Services>()) {
  auto pattern = (fs::temp_directory_path() / "sluice-recording-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  file_ = folder_ + "/people.db";
  sqlite3* db = nullptr;
  const bool is_made = sqlite3_open(file_.c_str(), &db) == SQLITE_OK &&
                       sqlite3_exec(db, create_sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  const std::string why = sqlite3_errmsg(db);
  sqlite3_close(db);
  if (!is_made) throw std::runtime_error(why);

  registry_ = std::make_unique<loader::Registry>(
      loader::Registry::load({.directory = SLUICE_PLUGIN_DIR,
                              .state_directory = folder_ + "/state",
                              .load = {{"ds-sqlite", ""}},
                              .log = [](int, std::string_view) {}}));
  const auto* component = registry_->find(SLUICE_KIND_DATA_SOURCE, "sqlite");
  if (!component) throw std::runtime_error(registry_->reports().at(0).reason);
  real_ = make_instance(*component, R"({"file":")" + file_ + "\"}", *services_);
  RecordingSource::kDialect =
      *static_cast<const sluice_dialect*>(real_->find_extension(SLUICE_DIALECT_ID));
  source_ = make_instance(recording_component(), "{}", *services_);
  serializer_ = make_instance(*serializers::json_plugin()->components[0], "{}", *services_);
  behind() = {real_.get(), &asked};
}

RecordingHouse::~RecordingHouse() {
  source_.reset();
  real_.reset();
  fs::remove_all(folder_);
}

std::shared_ptr<const snapshot::Backend> RecordingHouse::make_backend(
    const model::ApiDefinition& definition) {
  auto made = dataservice::make_default_backend(definition, source_, serializer_, "cursor key");
  if (!made) throw std::runtime_error(made.error().where + " " + made.error().detail);
  return *made;
}

call::InProcessResponse RecordingHouse::ask(const std::shared_ptr<const snapshot::Backend>& backend,
                                            const call::InProcessRequest& request) {
  asked.clear();
  Served served(backend);
  return call::run_in_process(served, request);
}

}  // namespace sluice::tests
