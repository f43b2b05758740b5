// SPDX-License-Identifier: Apache-2.0
#pragma once

// Faults that a test asks for at run time (README.md lists them), and the record of what was
// received. Both are reached below /__emulator/, which no client of the service knows.

#include <cstdint>
#include <deque>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"

namespace emulator {

struct Fault {
  std::string kind;
  std::string on = "*";    // an operation, or a beginning of its name with a star
  std::int64_t times = 1;  // how often it strikes; -1: always
  std::int64_t after = 0;  // how many matching requests go by first
  double probability = 1;
  int status = 503;
  std::string code;
  std::string message;
  std::optional<int> retry_after_s;
  int delay_ms = 1000;
  std::int64_t bytes = 16;  // truncate: what is still sent of the body
  std::int64_t skew_s = 3600;
  std::string what = "record";  // corrupt: record, stream, count or bytes
};

// Thread-safe.
class FaultPlan {
 public:
  // Adds faults; the text says what is wrong with the document, or is empty.
  std::string add(const nlohmann::json& document);
  nlohmann::json list() const;
  void clear();
  // The faults that strike a request of this operation now; they are used up by it.
  std::vector<Fault> take(std::string_view operation);

 private:
  mutable std::mutex mutex_;
  std::vector<Fault> faults_;
  std::mt19937_64 random_{20261123};
};

const Fault* find_fault(const std::vector<Fault>& faults, std::string_view kind);

struct Entry {
  std::int64_t number = 0;
  std::int64_t time_ms = 0;
  std::string operation;
  std::string method;
  std::string target;
  std::string canonical;
  Headers headers;  // without secrets
  std::string body;
  std::size_t body_bytes = 0;
  int status = 0;
  std::string error_code;
  std::string request_id;
  std::vector<std::string> faults;
};

// The last requests, bounded. Thread-safe.
class Journal {
 public:
  std::int64_t add(Entry entry);  // its number
  // What a request was answered that waited for its answer.
  void set_answer(std::int64_t number, int status, std::string error_code);
  nlohmann::json list(std::int64_t since, std::string_view operation) const;
  void clear();
  static Headers without_secrets(const Headers& headers);

 private:
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
  std::int64_t next_ = 1;
};

bool matches_operation(std::string_view pattern, std::string_view operation);

}  // namespace emulator
