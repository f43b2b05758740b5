// SPDX-License-Identifier: Apache-2.0
// Load on ds-maxcompute against the emulator.
//
//   maxcompute_load download          a million rows by tunnel, relative to a bare socket loop that
//                                     reads the same bytes (scripts/bench --maxcompute)
//   maxcompute_load soak [N] [T]      N queries (10000) of T threads (16): random methods, faults,
//                                     deadlines and callers that leave; ends with 1 when a job, a
//                                     session, a connection, a descriptor or memory was left
//                                     behind. The suite runs a short one.
#include "plugins/ds-maxcompute/signing.hpp"
#include "plugins/ds-maxcompute/text.hpp"
#include "tests/plugins/emulator_process.hpp"

#include "http/clock.hpp"

#include <sluice/testing/plugin_under_test.hpp>
#include <sluice/testing/recorders.hpp>
#include <sluice/testing/scripted_op.hpp>

#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

namespace sluice::testing {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto to_s = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return to_s(usage.ru_utime) + to_s(usage.ru_stime);
}

double rss_mib() {
  std::ifstream statm("/proc/self/statm");
  long all = 0, resident = 0;
  statm >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

std::int64_t count_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all)) - 1;  // without the one that looks
}

// Takes every row and keeps none.
struct CountingRows : sluice_rows {
  CountingRows() : sluice_rows{&kTable} {}
  std::uint64_t rows = 0;
  double rss_most = 0;
  Clock::time_point began = {};  // when the columns came: the job is over, its rows are asked for
  static constexpr sluice_rows_vt kTable{
      sizeof(sluice_rows_vt), kAllTypes,
      [](sluice_rows* sink, const sluice_column*, std::size_t) -> sluice_status {
        static_cast<CountingRows*>(sink)->began = Clock::now();
        return SLUICE_OK;
      },
      [](sluice_rows* sink, const sluice_cell*, std::size_t n) -> sluice_status {
        auto& self = *static_cast<CountingRows*>(sink);
        self.rows += n;
        if (self.rows % 65'536 == 0) self.rss_most = std::max(self.rss_most, rss_mib());
        return SLUICE_OK;
      },
      nullptr};
};

struct Source {
  Source(const EmulatorProcess& emulator, const std::string& more)
      : client(std::move(*http::OutgoingClient::make({}))) {
    offer_outgoing(host, *client);
    auto plugin = load_plugin(SLUICE_PLUGIN_DIR "/ds-maxcompute.so");
    if (!plugin) throw std::runtime_error(plugin.error().internal);
    component = find_component(**plugin, SLUICE_KIND_DATA_SOURCE, "maxcompute");
    auto made = TestInstance::make(*component, host, emulator.make_settings(more));
    if (!made) throw std::runtime_error(made.error().where + ": " + made.error().detail);
    instance = std::move(*made);
    if (auto started = instance->start(); !started) throw std::runtime_error("no start");
  }
  std::unique_ptr<http::OutgoingClient> client;
  FakeHost host;
  const sluice_component* component = nullptr;
  std::unique_ptr<TestInstance> instance;
};

// ---------------------------------------------------------------------------------------- download

// The bytes of one answer over a plain socket; nothing is done with them.
std::uint64_t read_by_socket(const std::string& url, const std::string& head) {
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      write(fd, head.data(), head.size()) != static_cast<ssize_t>(head.size())) {
    throw std::runtime_error("no connection");
  }
  static char buffer[1 << 16];
  std::uint64_t bytes = 0;
  bool is_first = true;
  for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0; is_first = false) {
    if (is_first && std::string_view(buffer, 12) != "HTTP/1.1 200") {
      throw std::runtime_error(std::string(buffer, static_cast<std::size_t>(n)));
    }
    bytes += static_cast<std::uint64_t>(n);
  }
  close(fd);
  return bytes;
}

std::string make_head(const EmulatorProcess& emulator, const std::string& method,
                      const std::string& path, maxcompute::Pairs parameters) {
  parameters.emplace_back("curr_project", "demo_proj");
  const auto now = static_cast<std::int64_t>(http::realtime_ns() / 1'000'000'000);
  maxcompute::Pairs headers{{"Date", maxcompute::to_http_date(now)},
                            {"x-odps-tunnel-version", "6"}};
  const maxcompute::Credentials credentials{"testAccessId", "testSecret", {}, {}};
  headers.emplace_back(
      "Authorization",
      maxcompute::make_authorization(
          credentials, maxcompute::make_canonical_text({method, path, parameters, headers}), now));
  std::string target = path;
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    target += separator + name + "=";
    maxcompute::append_encoded(target, value, maxcompute::Slash::kEncoded);
    separator = '&';
  }
  std::string head = method + " " + target + " HTTP/1.1\r\nHost: " + emulator.url().substr(7) +
                     "\r\nConnection: close\r\nContent-Length: 0\r\n";
  for (const auto& [name, value] : headers) head += name + ": " + value + "\r\n";
  return head + "\r\n";
}

std::string ask_by_socket(const EmulatorProcess& emulator, const std::string& head) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(
      static_cast<std::uint16_t>(std::stoi(emulator.url().substr(emulator.url().rfind(':') + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      write(fd, head.data(), head.size()) > 0) {
    char buffer[4096];
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(n));
    }
  }
  close(fd);
  const auto body = answer.find("\r\n\r\n");
  return body == answer.npos ? std::string() : answer.substr(body + 4);
}

int run_download() {
  EmulatorProcess emulator;
  emulator.control("POST", "settings", R"({"runningAnswers":0})");
  std::string instance;
  std::printf("%-34s %12s %10s %8s %10s %10s\n", "a million rows", "rows/s", "MiB/s", "CPU s",
              "RSS MiB", "job ms");
  double plain_s = 0, plain_cpu = 0;
  for (const bool is_packed : {false, true}) {
    Source source(emulator, is_packed ? "" : R"(,"compression":"none")");
    OwnedQuery query("SELECT id, name, price FROM million_rows");
    query.acceleration = "none";
    double best = 1e9, cpu = 0, growth = 0, job = 0;
    for (int round = 0; round < 3; ++round) {
      CountingRows rows;
      ScriptedOp op;
      const double rss = rss_mib(), cpu_before = cpu_seconds();
      const auto began = Clock::now();
      const Status status = op.await(source.instance->execute(op.raw(), query.raw(), &rows));
      const double took = seconds_since(rows.began);
      if (status != SLUICE_OK || rows.rows != 1'000'000) {
        std::printf("failed: %d %s\n", status, op.failure().internal.c_str());
        return 1;
      }
      if (took < best) {
        best = took;
        cpu = cpu_seconds() - cpu_before;
        growth = rows.rss_most - rss;
        job = std::chrono::duration<double>(rows.began - began).count();
      }
      for (const auto& [name, value] : op.notes()) {
        if (name == "instance") instance = value;
      }
    }
    if (!is_packed) plain_s = best, plain_cpu = cpu;
    std::printf("%-34s %12.0f %10s %8.2f %+10.1f %10.0f\n",
                is_packed ? "ds-maxcompute, deflate" : "ds-maxcompute, plain", 1e6 / best, "", cpu,
                growth, job * 1e3);
  }
  const std::string path = "/projects/demo_proj/instances/" + instance;
  const auto session = nlohmann::json::parse(
      ask_by_socket(emulator, make_head(emulator, "POST", path, {{"downloads", ""}})));
  double best = 1e9, cpu = 0;
  std::uint64_t bytes = 0;
  for (int round = 0; round < 3; ++round) {
    const double cpu_before = cpu_seconds();
    const auto began = Clock::now();
    bytes = read_by_socket(emulator.url(),
                           make_head(emulator, "GET", path,
                                     {{"downloadid", session["DownloadID"].get<std::string>()},
                                      {"rowrange", "(0,1000000)"},
                                      {"data", ""}}));
    if (const double took = seconds_since(began); took < best) {
      best = took;
      cpu = cpu_seconds() - cpu_before;
    }
  }
  std::printf("%-34s %12.0f %10.1f %8.2f\n", "a bare socket loop, the same bytes", 1e6 / best,
              static_cast<double>(bytes) / best / (1 << 20), cpu);
  std::printf(
      "ds-maxcompute takes %.2f times as long for the same bytes, and %.0f ns of CPU a row\n",
      plain_s / best, plain_cpu * 1e3);
  return 0;
}

// -------------------------------------------------------------------------------------------- soak

// Submissions are not dropped: a session whose attaching got no answer is known to nobody. Nor is a
// stop refused for good: what it was to stop would stay, as it should not.
constexpr const char* kFaults = R"([
  {"kind":"slow","on":"*","times":-1,"probability":0.02,"delayMs":300},
  {"kind":"status","on":"*","times":-1,"probability":0.02,"status":503},
  {"kind":"status","on":"instance.*","times":-1,"probability":0.01,"status":500},
  {"kind":"throttle","on":"*","times":-1,"probability":0.02,"retryAfter":1},
  {"kind":"truncate","on":"tunnel.*","times":-1,"probability":0.03,"bytes":40},
  {"kind":"truncate","on":"query.*","times":-1,"probability":0.02,"bytes":40},
  {"kind":"drop","on":"instance.s*","times":-1,"probability":0.02},
  {"kind":"drop","on":"query.*","times":-1,"probability":0.02},
  {"kind":"drop","on":"maxqa.*","times":-1,"probability":0.02},
  {"kind":"drop","on":"tunnel.*","times":-1,"probability":0.02},
  {"kind":"corrupt","on":"tunnel.data","times":-1,"probability":0.03,"what":"record"},
  {"kind":"corrupt","on":"query.data","times":-1,"probability":0.02,"what":"stream"},
  {"kind":"corrupt","on":"tunnel.data","times":-1,"probability":0.01,"what":"count"},
  {"kind":"expired_token","on":"tunnel.*","times":-1,"probability":0.005},
  {"kind":"expired_token","on":"instance.create","times":-1,"probability":0.005},
  {"kind":"clock_skew","on":"maxqa.*","times":-1,"probability":0.005,"skewSeconds":3600},
  {"kind":"clock_skew","on":"instance.create","times":-1,"probability":0.005,"skewSeconds":3600},
  {"kind":"job_failure","on":"instance.create","times":-1,"probability":0.02,
   "message":"ODPS-0123091:Illegal type cast"},
  {"kind":"job_slow","on":"instance.create","times":-1,"probability":0.02,"delayMs":5000},
  {"kind":"lost_session","on":"query.submit","times":-1,"probability":0.02},
  {"kind":"lost_session","on":"query.submit","times":-1,"probability":0.02,
   "message":"ODPS-1830001:no resources"}])";

int run_soak(int queries, int threads) {
  EmulatorProcess emulator;
  emulator.control("POST", "settings", R"({"runningAnswers":0})");
  emulator.add_fault(kFaults);
  const std::int64_t descriptors_before = count_descriptors();
  auto source = std::make_unique<Source>(emulator, R"(,"cache_mib":1,"cache_seconds":2)");
  const auto* table = static_cast<const sluice_data_source*>(source->component->api);
  constexpr const char* kMethods[] = {"none", "maxqa", "mcqa", "cache"};
  std::atomic<int> next{0}, strays{0}, hangs{0}, wrong{0};
  std::mutex mutex;
  std::map<Status, int> statuses;
  struct Sample {
    double rss = 0;
    std::int64_t descriptors = 0;
  };
  std::map<int, Sample> samples;
  const int sample_each = std::max(queries / 10, 1);
  const auto work = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i; (i = next++) < queries;) {
      OwnedQuery query("SELECT id, name FROM ten_thousand_rows WHERE id > ?1 LIMIT ?2",
                       {static_cast<int>(random() % 50), static_cast<int>(random() % 400)});
      query.acceleration = kMethods[random() % 4];
      ScriptedOp op;
      RecordingRows rows;
      const std::uint64_t within_ms = 100 + random() % 3'000;
      op.raw()->deadline_ns = http::monotonic_ns() + within_ms * 1'000'000;
      const auto began = Clock::now();
      const Status returned = source->instance->execute(op.raw(), query.raw(), rows.raw());
      if (random() % 10 == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 200));
        op.cancel();
        table->cancel(source->instance->self(), op.raw());
      }
      const Status status = op.await(returned);
      if (seconds_since(began) * 1000 > static_cast<double>(within_ms) + 1'000) ++hangs;
      strays += static_cast<int>(op.stray_completions());
      if (!rows.fault.empty()) ++wrong;
      if (status == SLUICE_OK) {
        for (std::size_t r = 0; r < rows.rows.size(); ++r) {
          // Every row once and in its place, whatever was cut and asked for again.
          if (rows.rows[r][1] != "'name-" + rows.rows[r][0] + "'" ||
              (r > 0 && std::stoll(rows.rows[r][0]) != std::stoll(rows.rows[r - 1][0]) + 1)) {
            ++wrong;
            break;
          }
        }
      }
      const std::lock_guard lock(mutex);
      ++statuses[status];
      if ((i + 1) % sample_each == 0) {
        emulator.control("DELETE", "requests");
        malloc_trim(0);
        const Sample& now = samples[i + 1] = {rss_mib(), count_descriptors()};
        std::printf("%6d queries, RSS %.1f MiB, %lld descriptors\n", i + 1, now.rss,
                    static_cast<long long>(now.descriptors));
        std::fflush(stdout);
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) workers.emplace_back(work, static_cast<unsigned>(t) + 1);
  }
  for (const auto& [status, count] : statuses) std::printf("status %4d: %d\n", status, count);
  emulator.control("DELETE", "faults");
  source->instance.reset();
  source->client.reset();
  bool is_clean = true;
  const auto judge = [&](const char* what, std::int64_t got, std::int64_t most) {
    std::printf("%-32s %lld\n", what, static_cast<long long>(got));
    is_clean = is_clean && got <= most;
  };
  (void)emulator.await_count("running", 0);
  (void)emulator.await_count("connections", 1);
  judge("calls past their deadline", hangs, 0);
  judge("stray completions", strays, 0);
  judge("wrong rows", wrong, 0);
  judge("jobs left running", emulator.count("running"), 0);
  judge("jobs left unfinished", emulator.count("unfinished"), 0);
  judge("sessions left", emulator.count("sessions"), 0);
  judge("connections (the question's own)", emulator.count("connections"), 1);
  judge("descriptors left", count_descriptors() - descriptors_before, 0);
  // After the first 1000 everything was met once; a short run takes its second half.
  const auto settled = samples.lower_bound(std::min(1'000, queries / 2));
  if (settled != samples.end()) {
    const Sample& last = samples.rbegin()->second;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr std::int64_t kGrowthMax = 64;  // what is freed stays a while in a sanitizer's hands
#else
    constexpr std::int64_t kGrowthMax = 4;
#endif
    std::printf("since %d queries\n", settled->first);
    judge("RSS growth, MiB", static_cast<std::int64_t>(last.rss - settled->second.rss), kGrowthMax);
  }
  std::printf("%s\n", is_clean ? "clean" : "NOT clean");
  return is_clean ? 0 : 1;
}

}  // namespace
}  // namespace sluice::testing

int main(int argc, char** argv) try {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "download") return sluice::testing::run_download();
  if (what == "soak") {
    return sluice::testing::run_soak(argc > 2 ? std::atoi(argv[2]) : 10'000,
                                     argc > 3 ? std::atoi(argv[3]) : 16);
  }
  std::fprintf(stderr, "usage: maxcompute_load download | soak [QUERIES] [THREADS]\n");
  return 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
