// SPDX-License-Identifier: Apache-2.0
#pragma once
// Run: one query from execute() to its end, and what must follow at the service when its caller is
// gone. There is no thread: the walk is a coroutine that is resumed by whoever brings what it waits
// for (the host's client, a timer, a caller that stops or goes on), one at a time.

#include "documents.hpp"
#include "fault.hpp"
#include "records.hpp"
#include "shared.hpp"
#include "task.hpp"
#include "wire.hpp"

#include <sluice/data_source.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::maxcompute {

// nullopt: it went well.
using Trouble = std::optional<Fault>;

class Run : public std::enable_shared_from_this<Run> {
 public:
  struct Wanted {
    std::string statement;  // as it is sent
    Method method = Method::kNone;
    std::uint64_t max_rows = 0;  // 0 = no bound
  };
  Run(std::shared_ptr<Shared> shared, Wanted wanted, Rows rows, Pending pending);

  void start();                   // [run] once, when it is admitted
  void refuse(const Error& why);  // [run] instead of it
  void stop();                    // [any] the caller wants no answer any more
  void resume();                  // [any] the sink takes rows again
  void wake();                    // [any] what it waited for in Shared is decided

 private:
  // ---- waiting
  enum Wait : unsigned { kForHttp = 1, kForTimer = 2, kForResume = 4, kForWake = 8 };
  struct HttpEvent {
    enum class Kind { kHead, kData, kEnd } kind = Kind::kEnd;
    std::uint64_t request = 0;
    int http_status = 0;
    Pairs headers = {};
    std::string text = {};  // bytes, or why it ended
    Status status = SLUICE_OK;
  };
  struct Waiting;       // the awaitable
  struct HttpListener;  // brings events of one request
  struct Signals {      // what happened since it was last asked
    bool accepts_stop = true;
    bool stop = false, resume = false, wake = false;
    std::uint64_t fired_timer = 0;
    std::deque<HttpEvent> http = {};
    std::size_t http_bytes = 0;
    std::uint64_t paused_request = 0;  // a client's request that waits for resume()
  };
  Waiting wait(unsigned for_what);
  bool is_ready(unsigned for_what) const;  // with mutex_ held
  template <class Change>
  void signal(Change change);
  std::optional<HttpEvent> take_http();
  // Has the caller gone, or is its time over? Then it is told, at once.
  bool is_given_up();
  void give_up();

  // ---- one request
  enum class OnStop { kCancel, kFinish };
  struct Answer {
    Trouble trouble;  // of the transport, or an HTTP status of 300 and above
    int http_status = 0;
    Pairs headers;
    std::string body;
  };
  Task<Answer> ask(const Draft& draft, OnStop on_stop, std::uint64_t body_bytes_max);
  // Repeats what is safe to repeat.
  Task<Answer> ask_again(const Draft& draft, std::uint64_t body_bytes_max = kAnswerBytesMax);
  // Repeats what was not taken, and nothing else.
  Task<Answer> hand_in(const Draft& draft);
  Task<bool> sleep(std::uint64_t ms);  // false: given up meanwhile
  Task<bool> await_resume();           // likewise
  std::uint64_t now_ns() const { return shared_->timers->monotonic_ns(); }
  bool fits_deadline(std::uint64_t ms) const { return now_ns() + ms * 1'000'000 < deadline_ns_; }
  Fault make_stopped() const;

  // ---- the walk
  Task<bool> live();
  Task<Trouble> work();
  Task<Trouble> run_cached();
  Task<Trouble> run_ordinary(JobSettings extra);
  Task<Trouble> run_maxqa();
  Task<Trouble> run_mcqa();
  Task<bool> clean_up();
  void finish(const Trouble& trouble);
  void complete(Status status);
  void note(std::string_view name, std::string_view value);

  // A job or a query of a session at the service.
  struct Job {
    std::string path;            // "/projects/p/instances/i", below /mcqa for MaxQA
    std::string id;              // of the instance
    Pairs headers;               // of MaxQA
    std::int64_t query_id = -1;  // in a session
    bool is_running = false;
  };
  Draft make_draft(std::string method, std::string path, Pairs parameters = {}) const;
  std::string instances_path(bool is_maxqa) const;
  Task<Trouble> submit(const std::string& xml, bool is_maxqa, const std::string& connection);
  Task<Trouble> await_job();
  Task<Trouble> judge_job(InstanceState state);
  void keep_cookie(const Pairs& headers);
  void note_job();
  Task<Trouble> find_connection(std::string& connection);
  Task<Trouble> find_session(std::string& session);
  Task<Trouble> attach_session(std::string& session);
  Task<Trouble> query_session(const std::string& session);

  // ---- rows
  Task<Trouble> read_rows();
  Task<Trouble> find_tunnel(std::string& url);
  Task<Trouble> read_tunnel();
  Task<Trouble> read_csv_result();
  Task<Trouble> read_session_rows(const std::string& session);
  Task<Trouble> read_session_csv(const std::string& session);
  Task<Trouble> push_csv(const std::string& text, std::vector<ColumnSpec> columns);
  Task<Trouble> stream(const Draft& draft, const std::vector<ColumnSpec>* columns,
                       std::uint64_t& taken, std::uint64_t& bytes);
  Trouble begin_rows(std::span<const ColumnSpec> columns);
  enum class Pushed { kOk, kPause, kFull, kStop };
  Pushed push_row(std::span<const Cell> row);

  const std::shared_ptr<Shared> shared_;
  const Wanted wanted_;
  const Rows rows_;
  Pending pending_;
  sluice_op* op_;  // null once the call is complete
  std::uint64_t deadline_ns_;
  Timers::Id deadline_timer_ = 0;

  // Only the walk touches these.
  Task<bool> walk_;
  Job job_;
  std::optional<InstanceState> finished_;  // of a job that was over when it was submitted
  std::uint64_t last_request_ = 0, last_timer_ = 0;
  bool has_begun_ = false, is_full_ = false;
  std::uint64_t pushed_ = 0;
  Status sink_status_ = SLUICE_OK;  // what the sink refused with
  std::shared_ptr<KeptResult> recorder_;
  std::string session_;  // of MCQA, that the query runs in

  std::mutex mutex_;  // guards what others bring
  Signals signals_;
  unsigned waits_for_ = 0;
  std::coroutine_handle<> waiting_;
};

}  // namespace sluice::maxcompute
