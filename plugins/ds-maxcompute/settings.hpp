// SPDX-License-Identifier: Apache-2.0
#pragma once
// The settings of one MaxCompute data source, as a value.

#include <sluice/host.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sluice::maxcompute {

// How a query is run (R082). The names are those of kAcceleration in source.cpp.
enum class Method { kNone, kCache, kMcqa, kMaxqa };
std::string_view to_text(Method method);

// How rows come back: by the instance tunnel, or as the CSV text of ?result.
enum class ResultRoute { kTunnel, kCsv };

struct Credentials {
  std::string access_id, access_key;
  std::string sts_token;  // empty: the keys are permanent
  std::string region;     // empty: signed in version 2
};

struct SourceSettings {
  std::string endpoint;  // no '/' at its end
  std::string project;
  std::string schema;
  Credentials credentials;
  std::string tunnel_endpoint;  // empty: discovered
  std::string quota;            // interactive, for MaxQA
  std::string job_quota, tunnel_quota;
  Method acceleration = Method::kNone;  // of queries that name none
  bool falls_back = true;
  std::string mcqa_session = "public.default";
  std::uint64_t cache_seconds = 60;
  std::size_t cache_bytes = std::size_t{64} << 20;
  ResultRoute results = ResultRoute::kTunnel;
  bool compresses = true;
  bool allows_full_scan = false;
  std::map<std::string, std::string> job_settings;
  std::uint64_t request_timeout_ms = 10'000;
  std::uint64_t query_timeout_ms = 60'000;
  std::uint64_t poll_ms_max = 2'000;
  std::size_t queries_max = 256;
  std::string log_view = "https://logview.aliyun.com";
  bool allows_private_address = false, allows_plain_http = false;
};

extern const std::string_view kSettingsSchema;

// Checks what the schema cannot; opens no connection. [ctl]
Result<SourceSettings> parse_settings(const Settings& settings);

}  // namespace sluice::maxcompute
