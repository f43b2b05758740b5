// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/fake_http_client.hpp>

#include <algorithm>
#include <chrono>

namespace sluice::testing {
namespace {

// The client's functions are given the host and nothing else: the host leads back to the client.
constexpr const char* kSelf = "sluice.testing.fake-http-client";

}  // namespace

struct FakeHttpClient::Table {
  static FakeHttpClient& of(const sluice_host* host) {
    return *static_cast<FakeHttpClient*>(const_cast<void*>(host->extension(host, kSelf)));
  }

  static sluice_status send(const sluice_host* host, sluice_op* op,
                            const sluice_http_request* request, const sluice_http_events* events,
                            void* user, std::uint64_t* id) {
    FakeHttpClient& self = of(host);
    Held held{};
    {
      const std::lock_guard lock(self.mutex_);
      if (self.refusal_ != SLUICE_OK) return self.refusal_;
      const std::string url(to_view(request->url));
      Sent sent{std::string(to_view(request->method)),
                url,
                std::string(to_view(request->body)),
                request->flags,
                request->body_bytes_max,
                request->deadline_ns,
                op != nullptr};
      for (std::size_t i = 0; i < request->header_count; ++i) {
        sent.headers.emplace_back(to_view(request->headers[i].name),
                                  to_view(request->headers[i].value));
      }
      const auto found = self.answers_.find(url);
      const Answer answer = found != self.answers_.end() ? found->second
                            : self.respond_              ? self.respond_(sent)
                                                         : Answer{.status = SLUICE_E_UNAVAILABLE};
      self.sent_.push_back(std::move(sent));
      held = {++self.last_id_, events, user, request->body_bytes_max, answer};
      *id = held.id;
      if (answer.held) self.held_.push_back(held);
      self.changed_.notify_all();
    }
    if (!held.answer.held) finish(held);
    return SLUICE_OK;
  }

  static void cancel(const sluice_host* host, std::uint64_t id) {
    FakeHttpClient& self = of(host);
    Held given_up{};
    {
      const std::lock_guard lock(self.mutex_);
      const auto place = std::find_if(self.held_.begin(), self.held_.end(),
                                      [&](const Held& held) { return held.id == id; });
      if (place == self.held_.end()) return;
      given_up = *place;
      self.held_.erase(place);
      ++self.cancelled_;
    }
    given_up.answer.status = SLUICE_E_CANCELLED;
    finish(given_up);
  }
};

FakeHttpClient::FakeHttpClient(FakeHost& host) {
  static constexpr sluice_http_client kTable{sizeof(sluice_http_client), 0, &Table::send,
                                             &Table::cancel};
  host.offer(kSelf, this);
  host.offer(SLUICE_HTTP_CLIENT_ID, &kTable);
}

void FakeHttpClient::finish(const Held& held) {
  const Answer& answer = held.answer;
  Status status = answer.status;
  if (status == SLUICE_OK) {
    std::vector<sluice_pair> headers;
    for (const auto& [name, value] : answer.headers) {
      headers.push_back({to_str(name), to_str(value)});
    }
    held.events->head(held.user, answer.http_status, headers.data(), headers.size());
    // In two pieces, as bodies come.
    const std::size_t half = answer.body.size() / 2;
    for (const auto piece : {to_str(std::string_view(answer.body).substr(0, half)),
                             to_str(std::string_view(answer.body).substr(half))}) {
      if (status == SLUICE_OK && piece.n > 0)
        status = held.events->data(held.user, piece.p, piece.n);
    }
    if (answer.body.size() > held.body_bytes_max) status = SLUICE_E_TOO_LARGE;
  }
  held.events->end(held.user, status, to_str(status == SLUICE_OK ? "" : "as the test says"));
}

void FakeHttpClient::answer(std::string url, Answer answer) {
  const std::lock_guard lock(mutex_);
  answers_[std::move(url)] = std::move(answer);
}

void FakeHttpClient::answer_by(std::function<Answer(const Sent&)> respond) {
  const std::lock_guard lock(mutex_);
  respond_ = std::move(respond);
}

void FakeHttpClient::refuse_sending(Status status) {
  const std::lock_guard lock(mutex_);
  refusal_ = status;
}

bool FakeHttpClient::deliver() {
  Held oldest{};
  {
    const std::lock_guard lock(mutex_);
    if (held_.empty()) return false;
    oldest = std::move(held_.front());
    held_.pop_front();
  }
  finish(oldest);
  return true;
}

bool FakeHttpClient::await_sent(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return sent_.size() >= count; });
}

std::vector<FakeHttpClient::Sent> FakeHttpClient::sent() const {
  const std::lock_guard lock(mutex_);
  return sent_;
}
std::size_t FakeHttpClient::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}
std::size_t FakeHttpClient::held() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

}  // namespace sluice::testing
