// SPDX-License-Identifier: Apache-2.0
#include "tests/plugins/emulator_process.hpp"

#include "http/clock.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace sluice::testing {
namespace {

constexpr const char* kProgram = SLUICE_BINARY_DIR "/bin/maxcompute-emulator";
constexpr const char* kOutgoing = "sluice.testing.outgoing";

// One request, waited for.
struct Asked {
  std::mutex mutex;
  std::condition_variable changed;
  std::string body;
  int http_status = 0;
  bool is_over = false;

  static constexpr sluice_http_events kEvents{
      sizeof(sluice_http_events), 0,
      [](void* user, std::int32_t status, const sluice_pair*, std::size_t) {
        static_cast<Asked*>(user)->http_status = status;
      },
      [](void* user, const void* bytes, std::size_t n) -> sluice_status {
        static_cast<Asked*>(user)->body.append(static_cast<const char*>(bytes), n);
        return SLUICE_OK;
      },
      [](void* user, sluice_status, sluice_str) {
        auto& self = *static_cast<Asked*>(user);
        const std::lock_guard lock(self.mutex);
        self.is_over = true;
        self.changed.notify_all();
      }};
};

http::OutgoingClient& outgoing_of(const sluice_host* host) {
  return *static_cast<http::OutgoingClient*>(const_cast<void*>(host->extension(host, kOutgoing)));
}

constexpr sluice_http_client kClient{
    sizeof(sluice_http_client), 0,
    [](const sluice_host* host, sluice_op* op, const sluice_http_request* request,
       const sluice_http_events* events, void* user, std::uint64_t* id) -> sluice_status {
      return outgoing_of(host).send(*request, op ? op->deadline_ns : UINT64_MAX, *events, user, id);
    },
    [](const sluice_host* host, std::uint64_t id) { outgoing_of(host).cancel(id); },
    [](const sluice_host* host, std::uint64_t id) { outgoing_of(host).resume(id); }};

}  // namespace

http::OutgoingClient& shared_outgoing() {
  static const auto client = [] {
    auto made = http::OutgoingClient::make({});
    if (!made) throw std::runtime_error(made.error().detail);
    return std::move(*made);
  }();
  return *client;
}

void offer_outgoing(FakeHost& host, http::OutgoingClient& client) {
  host.offer(kOutgoing, &client);
  host.offer(SLUICE_HTTP_CLIENT_ID, &kClient);
}

EmulatorProcess::EmulatorProcess(const std::vector<std::string>& more_options) {
  std::vector<std::string> words{kProgram,      "--port",       "0",        "--project",
                                 "demo_proj",   "--quota",      "fast_q",   "--demo",
                                 "--access-id", "testAccessId", "--secret", "testSecret"};
  words.insert(words.end(), more_options.begin(), more_options.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int failed = posix_spawn(&pid_, kProgram, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  output_ = ends[0];
  if (failed != 0) throw std::runtime_error(std::string(kProgram) + " does not start");
  std::string line;
  for (char c; line.find('\n') == line.npos && read(output_, &c, 1) == 1;) line += c;
  const auto at = line.find("127.0.0.1:");
  if (at == line.npos) throw std::runtime_error("the emulator said: " + line);
  port_ = static_cast<std::uint16_t>(std::stoi(line.substr(at + 10)));
  auto client = http::OutgoingClient::make({});
  if (!client) throw std::runtime_error(client.error().detail);
  client_ = std::move(*client);
}

EmulatorProcess::~EmulatorProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  if (output_ >= 0) close(output_);
}

std::string EmulatorProcess::make_settings(const std::string& more) const {
  return R"({"endpoint":")" + url() +
         R"(/api","project":"demo_proj","access_id":"testAccessId","access_key":"testSecret",)"
         R"("quota":"fast_q","allow_private_address":true,"allow_plain_http":true)" +
         more + "}";
}

std::string EmulatorProcess::control(const std::string& method, const std::string& path,
                                     const std::string& body) const {
  Asked asked;
  const std::string target = url() + "/__emulator/" + path;
  const sluice_pair type{SLUICE_STR("Content-Type"), SLUICE_STR("application/json")};
  const sluice_http_request request{sizeof request,
                                    SLUICE_HTTP_ALLOW_PRIVATE,
                                    to_str(method),
                                    to_str(target),
                                    to_str(body),
                                    &type,
                                    1,
                                    64u << 20,
                                    http::monotonic_ns() + 20'000'000'000};
  std::uint64_t id = 0;
  if (client_->send(request, UINT64_MAX, Asked::kEvents, &asked, &id) != SLUICE_OK) {
    throw std::runtime_error("the emulator cannot be asked");
  }
  std::unique_lock lock(asked.mutex);
  asked.changed.wait(lock, [&] { return asked.is_over; });
  if (asked.http_status != 200) throw std::runtime_error("the emulator refuses: " + asked.body);
  return asked.body;
}

void EmulatorProcess::clear() const {
  control("DELETE", "faults");
  control("DELETE", "requests");
}

std::int64_t EmulatorProcess::count(const std::string& member) const {
  return nlohmann::json::parse(control("GET", "state")).at(member).get<std::int64_t>();
}

bool EmulatorProcess::await_count(const std::string& member, std::int64_t wanted) const {
  for (int i = 0; i < 200; ++i) {
    if (count(member) == wanted) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // another process's time
  }
  return false;
}

}  // namespace sluice::testing
