// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeHttpClient: sluice.http-client/1 without a network. It answers from a script, either inside
// send(), which is the earliest a plugin must be ready for, or when the test says so.

#include <sluice/abilities.h>
#include <sluice/testing/fake_host.hpp>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sluice::testing {

class FakeHttpClient {
 public:
  // What a URL answers: a status other than SLUICE_OK is a failure of the transport.
  struct Answer {
    int http_status = 200;
    std::string body = {};
    Status status = SLUICE_OK;
    bool held = false;  // until deliver()
    std::vector<std::pair<std::string, std::string>> headers = {};
  };
  struct Sent {
    std::string method, url, body;
    std::uint32_t flags = 0;
    std::uint64_t body_bytes_max = 0, deadline_ns = 0;
    bool with_op = false;
    std::vector<std::pair<std::string, std::string>> headers = {};
  };

  // Offered by the host from now on; it must outlive the host's instances.
  explicit FakeHttpClient(FakeHost& host);
  FakeHttpClient(const FakeHttpClient&) = delete;
  FakeHttpClient& operator=(const FakeHttpClient&) = delete;

  // The answer from now on; a URL without one answers SLUICE_E_UNAVAILABLE. [any]
  void answer(std::string url, Answer answer);
  // Answers what no URL was told for: a server inside of the test. [any]; `respond` runs in send().
  void answer_by(std::function<Answer(const Sent&)> respond);
  // Every send() fails with this and begins nothing; SLUICE_OK: no longer. [any]
  void refuse_sending(Status status);

  // Ends the oldest held request, on this thread. False when none is held. [any]
  bool deliver();
  // Waits until so many were sent in all; false after 30 s, so that a test fails and does not hang.
  bool await_sent(std::size_t count);  // [any]

  std::vector<Sent> sent() const;  // [any]
  std::size_t cancelled() const;   // how many were given up [any]
  std::size_t held() const;        // [any]

 private:
  struct Held {
    std::uint64_t id;
    const sluice_http_events* events;
    void* user;
    std::uint64_t body_bytes_max;
    Answer answer;
  };
  struct Table;
  static void finish(const Held& held);

  mutable std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::map<std::string, Answer> answers_;
  std::function<Answer(const Sent&)> respond_;
  std::vector<Sent> sent_;
  std::deque<Held> held_;
  Status refusal_ = SLUICE_OK;
  std::uint64_t last_id_ = 0;
  std::size_t cancelled_ = 0;
};

}  // namespace sluice::testing
