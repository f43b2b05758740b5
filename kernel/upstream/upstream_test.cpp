// SPDX-License-Identifier: Apache-2.0
// A backend service over real sockets: what goes on to it, what comes back, and whom it asks.
#include "upstream/proxy_backend.hpp"

#include "call/in_process.hpp"
#include "gateway/gateway.hpp"
#include "http/clock.hpp"
#include "http/server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <thread>

namespace sluice::upstream {
namespace {

using Texts = std::vector<std::string>;

// What listens in the other network: tells what it was asked, and answers as it is told to.
class Service final : public http::Handler {
 public:
  using Answer = std::function<void(http::Exchange&)>;
  explicit Service(Answer answer) : answer_(std::move(answer)) {
    server_ = std::move(*http::Server::listen(io_, "127.0.0.1", 0, {}, *this));
    io_.start();
  }
  ~Service() {
    server_->drain(0, 1000);
    io_.stop();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  void handle(http::Exchange& exchange) override {
    const auto& request = exchange.request();
    Texts seen{std::string(request.method) + " " + std::string(request.path) + "?" +
               std::string(request.query)};
    for (const auto& header : request.headers) {
      seen.push_back(std::string(header.name) + ": " + std::string(header.value));
    }
    if (!request.body.empty()) seen.push_back("> " + std::string(request.body));
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(std::move(seen));
    }
    answer_(exchange);
  }
  std::vector<Texts> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  const Answer answer_;
  std::mutex mutex_;
  std::vector<Texts> asked_;
  http::IoThreads io_{1};
  std::unique_ptr<http::Server> server_;
};

void answer_ok(http::Exchange& exchange) { exchange.send({.status = 200}, R"({"data":1})"); }

class Nobody final : public gateway::Observer {
 public:
  void observe(unsigned, const call::Observation&, std::uint64_t) override {}
};

// A gateway of one anonymous route through a backend service.
struct House {
  explicit House(Texts addresses, model::HttpMethod method = model::HttpMethod::kGet,
                 std::int64_t timeout_ms = 10'000, model::HealthCheck check = {},
                 model::VersionManagement versions = {}) {
    const model::BackendService service{.name = "data",
                                        .network = "inner",
                                        .addresses = std::move(addresses),
                                        .health_check = check};
    model::ApiDefinition definition;
    definition.method = method;
    definition.request_parameters = {
        {.name = "user_id", .default_value = {}},
        {.name = "of body", .position = model::Position::kBody, .default_value = {}}};
    upstream = std::make_shared<Upstream>(service, *client);
    std::vector<snapshot::Route> routes;
    routes.push_back({.api_id = "api-1",
                      .method = method == model::HttpMethod::kPost ? "POST" : "GET",
                      .path = "/v1/user",
                      .version_management = std::move(versions),
                      .timeout_ms = timeout_ms,
                      .is_anonymous = true,
                      .backend = make_proxy_backend(definition, upstream)});
    holder.store(*snapshot::Snapshot::make(std::move(routes), nullptr));
  }
  call::InProcessResponse call(call::InProcessRequest request = {}) {
    request.path = "/v1/user";
    return call::run_in_process(gateway, request);
  }
  std::unique_ptr<http::OutgoingClient> client = std::move(*http::OutgoingClient::make({}));
  std::shared_ptr<Upstream> upstream;
  call::WorkerPool workers{1, 4};
  snapshot::Holder holder{1};
  Nobody observer;
  gateway::Gateway gateway{holder, workers, observer, 1};
};

bool has_line(const Texts& lines, std::string_view wanted) {
  return std::ranges::any_of(lines, [&](const std::string& line) { return line == wanted; });
}
bool has_header(const Texts& lines, std::string_view lower_name) {
  return std::ranges::any_of(lines, [&](std::string line) {
    std::ranges::transform(line, line.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    });
    return line.starts_with(std::string(lower_name) + ":");
  });
}

// An address where nobody listens.
std::string find_dead_address() {
  Service gone(&answer_ok);
  return gone.address();
}

// Proves: R134
TEST(ProxyBackend, HandsOnWhatTheApiDeclaresAndNothingThatProvesWhoCalls) {
  Service service(&answer_ok);
  House house({service.address()}, model::HttpMethod::kPost);
  const auto answer = house.call(
      {.method = "POST",
       .query = "user_id=1%202&apikey=secret&user%5Fid=3&x=&user_idle=4",
       .headers = {{"Authorization", "Bearer secret"},
                   {"X-Ca-Key", "secret"},
                   {"Cookie", "secret"},
                   {"X-Mse-Consumer", "somebody else"},
                   {"X-Ca-Request-Id", "somebody else's"},
                   {"X-Forwarded-For", "1.2.3.4"},
                   {"Content-Type", "application/json"},
                   {"Accept", "application/json"},
                   {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}},
       .body = R"({"of body":1})"});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"data":1})");
  ASSERT_EQ(service.asked().size(), 1u);
  const auto asked = service.asked()[0];
  EXPECT_EQ(asked[0], "POST /v1/user?user_id=1%202&user%5Fid=3");
  for (const char* line : {"Content-Type: application/json", "Accept: application/json",
                           "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                           "> {\"of body\":1}"}) {
    EXPECT_TRUE(has_line(asked, line)) << line;
  }
  for (const char* name : {"authorization", "x-ca-key", "cookie", "x-mse-consumer"}) {
    EXPECT_FALSE(has_header(asked, name)) << name << ": nobody was authenticated";
  }
  for (const auto& line : asked) {
    EXPECT_EQ(line.find("somebody else"), std::string::npos) << line;
    EXPECT_EQ(line.find("secret"), std::string::npos) << line;
    EXPECT_EQ(line.find("1.2.3.4"), std::string::npos) << line;
  }
  EXPECT_TRUE(has_header(asked, "x-ca-request-id"));
}

// Proves: R134
TEST(ProxyBackend, WhatComesBackIsHandedOnOrNamed) {
  const struct {
    const char* name;
    Service::Answer answer;
    int status;
    const char* says;
  } cases[] = {
      {"its answer", &answer_ok, 200, R"({"data":1})"},
      {"its refusal",
       [](http::Exchange& e) { e.send({.status = 400}, R"({"errCode":1108110519})"); }, 400,
       R"({"errCode":1108110519})"},
      {"that it is overloaded", [](http::Exchange& e) { e.send({.status = 503}, "later"); }, 503,
       "later"},
      {"that it knows no API", [](http::Exchange& e) { e.send({.status = 404}, "none"); }, 404,
       "none"},
      {"that it does not let this gateway in",
       [](http::Exchange& e) { e.send({.status = 401}, "who are you"); }, 502, "1108110622"},
      {"an answer that is cut",
       [](http::Exchange& e) {
         e.begin_stream({.status = 200});
         e.abort_stream();
       },
       502, "1108110703"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Service service(c.answer);
    House house({service.address()});
    const auto answer = house.call();
    EXPECT_EQ(answer.status, c.status);
    EXPECT_NE(answer.body.find(c.says), std::string::npos) << answer.body;
    EXPECT_EQ(answer.body.find(service.address()), std::string::npos) << "nobody's business";
  }
}

TEST(ProxyBackend, ASuccessIsStreamedAndAnythingElseIsBounded) {
  const auto of_size = [](int status, std::size_t bytes) {
    return [status, bytes](http::Exchange& e) {
      e.send({.status = status, .content_type = "text/x"}, std::string(bytes, 'x'));
    };
  };
  constexpr std::size_t kBound = call::Call::kAsyncBodyBytesMax;
  Service large(of_size(200, kBound + 1));
  const auto streamed = House({large.address()}).call();
  EXPECT_EQ(streamed.status, 200);
  EXPECT_EQ(streamed.body.size(), kBound + 1);
  EXPECT_GT(streamed.pieces, 100u) << "never whole in memory";
  EXPECT_EQ(streamed.headers.at(0).second, "text/x");
  Service refusal(of_size(404, 100'000));
  EXPECT_EQ(House({refusal.address()}).call().body.size(), 100'000u);
  Service boundless(of_size(404, kBound + 1));
  const auto refused = House({boundless.address()}).call();
  EXPECT_EQ(refused.status, 502);
  EXPECT_NE(refused.body.find("1108110622"), std::string::npos) << refused.body;
}

TEST(ProxyBackend, AnAnswerThatBreaksOffDoesNotLookWhole) {
  static const std::string piece(200'000, 'x');
  Service service([](http::Exchange& e) {
    e.begin_stream({.status = 200});
    e.write_piece(
        piece, [](void* user, bool) { static_cast<http::Exchange*>(user)->abort_stream(); }, &e);
  });
  const auto answer = House({service.address()}).call();
  EXPECT_TRUE(answer.status == 502 || answer.was_cut) << answer.status;
}

// Proves: R054, R134
TEST(ProxyBackend, TheVersionThatTheCallSaidGoesOn) {
  Service service(&answer_ok);
  using Scheme = model::VersionScheme;
  House query({service.address()}, model::HttpMethod::kGet, 10'000, {},
              {.enabled = true, .scheme = Scheme::kQuery, .version = "v1", .name = "ver"});
  EXPECT_EQ(query.call({.query = "ver=v1&user_id=7&key=secret"}).status, 200);
  EXPECT_EQ(query.call({.query = "user_id=7"}).status, 404);
  House header({service.address()}, model::HttpMethod::kGet, 10'000, {},
               {.enabled = true, .scheme = Scheme::kHeader, .version = "v1", .name = "X-Ver"});
  EXPECT_EQ(header.call({.query = "ver=v1", .headers = {{"x-ver", "v1"}}}).status, 200);
  EXPECT_EQ(header.call().status, 404);
  const auto asked = service.asked();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0][0], "GET /v1/user?ver=v1&user_id=7");
  EXPECT_EQ(asked[1][0], "GET /v1/user?");
  EXPECT_TRUE(has_line(asked[1], "X-Ver: v1")) << asked[1].back();
}

TEST(ProxyBackend, ADeadlineEndsTheCallThere) {
  // Never answered: the exchange is let go when the other side leaves.
  struct Silent final : http::ClientGoneListener {
    void client_gone() override { ++gone; }
    std::atomic<int> gone{0};
  } silent;
  std::atomic<http::Exchange*> kept{nullptr};
  Service service([&](http::Exchange& e) {
    e.suspend(silent);
    kept = &e;
  });
  {
    House house({service.address()}, model::HttpMethod::kGet, 50);
    const auto answer = house.call();
    EXPECT_EQ(answer.status, 504);
    EXPECT_NE(answer.body.find("1108110583"), std::string::npos) << answer.body;
  }
  while (silent.gone == 0) std::this_thread::yield();
  std::atomic<bool> is_ended{false};
  std::pair<http::Exchange*, std::atomic<bool>*> both{kept.load(), &is_ended};
  both.first->io().post(
      [](void* user) {
        auto& [exchange, ended] = *static_cast<decltype(both)*>(user);
        exchange->abort_stream();
        *ended = true;
      },
      &both);
  while (!is_ended) std::this_thread::yield();
}

// Proves: R135
TEST(ProxyBackend, AddressesTakeTurnsAndADeadOneIsPassedOver) {
  Service a(&answer_ok), b(&answer_ok);
  const auto dead = find_dead_address();
  House house({a.address(), dead, b.address()});
  for (int i = 0; i < 12; ++i) EXPECT_EQ(house.call().status, 200);
  EXPECT_GE(a.asked().size(), 4u);
  EXPECT_GE(b.asked().size(), 4u);
  EXPECT_EQ(a.asked().size() + b.asked().size(), 12u);
  const auto health = house.upstream->health();
  ASSERT_EQ(health.size(), 3u);
  EXPECT_TRUE(health[0].is_healthy);
  EXPECT_FALSE(health[1].is_healthy) << "three failures in a row";
  EXPECT_EQ(health[1].address, dead);
  EXPECT_NE(health[1].reason.find("cannot be reached"), std::string::npos) << health[1].reason;
  EXPECT_GT(health[1].changed_at, 0);

  // What may change something is not sent twice.
  House post({dead, a.address()}, model::HttpMethod::kPost);
  EXPECT_EQ(post.call({.method = "POST"}).status, 502);
  EXPECT_EQ(post.call({.method = "POST"}).status, 200);
  // When none is alive the least bad is asked.
  House none({dead});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(none.call().status, 502);
}

// Proves: R135
TEST(Upstream, ChecksAskEachAddressAndTurnIt) {
  std::atomic<int> status{200};
  Service service([&](http::Exchange& e) { e.send({.status = status}, ""); });
  House house({service.address()}, model::HttpMethod::kGet, 10'000,
              {.path = "/healthz?deep=1",
               .interval_ms = 1000,
               .timeout_ms = 5000,
               .healthy_threshold = 2,
               .unhealthy_threshold = 2});
  std::uint64_t now = 0;
  const auto check = [&] {
    const auto before = service.asked().size();
    // What was asked may still be on its way: then nothing is asked, and time goes on.
    while (service.asked().size() == before) {
      now += 1'000'000'000;
      house.upstream->check(now);
      std::this_thread::yield();
    }
  };
  const auto becomes = [&](bool healthy) {
    for (int i = 0; i < 20; ++i) {
      check();
      if (house.upstream->health()[0].is_healthy == healthy) return true;
    }
    return false;
  };
  check();
  EXPECT_EQ(service.asked()[0][0], "GET /healthz?deep=1");
  EXPECT_TRUE(house.upstream->health()[0].is_healthy);
  status = 500;
  EXPECT_TRUE(becomes(false));
  EXPECT_NE(house.upstream->health()[0].reason.find("answered 500"), std::string::npos);
  status = 204;
  EXPECT_TRUE(becomes(true));
  EXPECT_EQ(house.upstream->health()[0].reason, "");
  // Not before its time.
  const auto asked = service.asked().size();
  house.upstream->check(now);
  EXPECT_EQ(service.asked().size(), asked);
}

TEST(Upstreams, KeepTheAddressesOfAServiceWhileSomebodyCallsThem) {
  const auto client = std::move(*http::OutgoingClient::make({}));
  Upstreams upstreams(*client);
  const model::BackendService service{.name = "data", .addresses = {"127.0.0.1:1"}};
  auto kept = upstreams.find_or_make(service);
  EXPECT_EQ(upstreams.find_or_make(service), kept);
  auto changed = service;
  changed.addresses.push_back("127.0.0.1:2");
  EXPECT_NE(upstreams.find_or_make(changed), kept);
  upstreams.collect();
  EXPECT_EQ(upstreams.find(changed), nullptr);
  EXPECT_EQ(upstreams.find(service), kept);
  kept.reset();
  upstreams.collect();
  EXPECT_EQ(upstreams.find(service), nullptr);
}

}  // namespace
}  // namespace sluice::upstream
