// SPDX-License-Identifier: Apache-2.0
// The control path: faults, the record of requests, knobs, state. No client of the service knows
// it, and it takes no signature; the emulator listens on the loopback address unless told
// otherwise.
#include <charconv>
#include <nlohmann/json.hpp>

#include "service.hpp"

namespace emulator {
namespace {

using Json = nlohmann::json;

Response refuse_control(int status, const std::string& why) {
  return make_json(Json{{"error", why}}.dump(), status);
}

std::int64_t parse_since(std::optional<std::string_view> text) {
  std::int64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

Json show(const Knobs& knobs) {
  return {{"runningAnswers", knobs.running_answers.load()},
          {"pageItems", knobs.page_items.load()},
          {"resultRows", knobs.result_rows.load()},
          {"descriptors", knobs.descriptors.load()},
          {"parseErrorsInJob", knobs.parse_errors_in_job.load()},
          {"quickStatementsAnswerAtOnce", knobs.wait_for_quick.load()}};
}

// What is wrong with the document, or nothing.
std::string change(Knobs& knobs, const Json& document) {
  if (!document.is_object()) return "expect an object";
  for (const auto& [key, value] : document.items()) {
    const auto set_number = [&](std::atomic<int>& knob, int min) {
      if (!value.is_number_integer() || value.get<int>() < min) return false;
      knob = value.get<int>();
      return true;
    };
    const auto set_flag = [&](std::atomic<bool>& knob) {
      if (!value.is_boolean()) return false;
      knob = value.get<bool>();
      return true;
    };
    bool good = false;
    if (key == "runningAnswers")
      good = set_number(knobs.running_answers, 0);
    else if (key == "pageItems")
      good = set_number(knobs.page_items, 1);
    else if (key == "resultRows")
      good = set_number(knobs.result_rows, 0);
    else if (key == "descriptors")
      good = set_flag(knobs.descriptors);
    else if (key == "parseErrorsInJob")
      good = set_flag(knobs.parse_errors_in_job);
    else if (key == "quickStatementsAnswerAtOnce")
      good = set_flag(knobs.wait_for_quick);
    else
      return "unknown member " + key;
    if (!good) return key + " has a wrong value";
  }
  return {};
}

}  // namespace

Response Service::control(Request& request) {
  const std::string what = request.path.substr(12);
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  const bool remove = request.method == "DELETE";
  Json document;
  if (post) {
    document = Json::parse(request.body, nullptr, false);
    if (document.is_discarded()) return refuse_control(400, "the body is no JSON");
  }
  if (what == "faults") {
    if (post) {
      const std::string why = faults_.add(document);
      if (!why.empty()) return refuse_control(400, why);
    }
    if (remove) faults_.clear();
    if (get || post || remove) return make_json(faults_.list().dump());
  }
  if (what == "requests") {
    if (remove) journal_.clear();
    if (get || remove) {
      const std::string operation(request.parameter("operation").value_or("*"));
      return make_json(journal_.list(parse_since(request.parameter("since")), operation).dump());
    }
  }
  if (what == "settings") {
    if (post) {
      const std::string why = change(knobs_, document);
      if (!why.empty()) return refuse_control(400, why);
    }
    if (get || post) return make_json(show(knobs_).dump());
  }
  if (what == "state" && get) {
    std::size_t sessions = 0;
    std::size_t lost = 0;
    std::size_t unfinished = 0;
    const auto instances = jobs_.list();
    {
      const std::lock_guard lock(jobs_.sessions());
      for (const InstancePtr& instance : instances) {
        if (instance->session)
          ++(instance->lost ? lost : sessions);
        else if (!instance->job->is_over())
          ++unfinished;
      }
    }
    std::size_t downloads = 0;
    {
      const std::lock_guard lock(mutex_);
      downloads = downloads_.size();
    }
    return make_json(Json{{"instances", instances.size()},
                          {"unfinished", unfinished},
                          {"sessions", sessions},
                          {"lostSessions", lost},
                          {"downloads", downloads},
                          {"running", jobs_.running()},
                          {"connections", connections_ ? connections_() : 0}}
                         .dump());
  }
  return refuse_control(404, "there is faults, requests, settings and state");
}

}  // namespace emulator
