// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace sluice::maxcompute {

const std::string_view kSettingsSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["endpoint", "project", "access_id", "access_key"],
  "properties": {
    "endpoint": {
      "title": "Endpoint", "type": "string", "format": "uri", "minLength": 8, "maxLength": 1024,
      "description": "Of the region, with its path: https://service.cn-hangzhou.maxcompute.aliyun.com/api"},
    "project": {
      "title": "Project", "type": "string", "minLength": 1, "maxLength": 128,
      "description": "Whose tables are served; it also pays for the queries."},
    "schema": {
      "title": "Schema", "type": "string", "maxLength": 128,
      "description": "Only in projects with the schema model; empty: the project has none."},
    "access_id": {
      "title": "AccessKey ID", "type": "string", "minLength": 1, "maxLength": 256},
    "access_key": {
      "title": "AccessKey secret", "type": "string", "format": "password", "minLength": 1, "maxLength": 256},
    "sts_token": {
      "title": "STS token", "type": "string", "format": "password", "maxLength": 8192,
      "description": "Of temporary credentials."},
    "region": {
      "title": "Region", "type": "string", "maxLength": 64,
      "description": "cn-hangzhou: requests are signed in version 4, bound to region and day. Empty: version 2, which works everywhere."},
    "tunnel_endpoint": {
      "title": "Tunnel endpoint", "type": "string", "format": "uri", "maxLength": 1024,
      "description": "Where rows are downloaded. Empty: the service is asked for it."},
    "quota": {
      "title": "Interactive quota", "type": "string", "maxLength": 128,
      "description": "The acceleration method maxqa runs in it."},
    "job_quota": {
      "title": "Quota of ordinary jobs", "type": "string", "maxLength": 128},
    "tunnel_quota": {
      "title": "Quota of downloads", "type": "string", "maxLength": 128},
    "acceleration": {
      "title": "Acceleration Method", "enum": ["none", "cache", "mcqa", "maxqa"], "default": "none",
      "description": "For queries whose API names none."},
    "fallback": {
      "title": "Fall back to an ordinary job", "type": "boolean", "default": true,
      "description": "When an accelerator is full, away or cannot run the statement."},
    "mcqa_session": {
      "title": "MCQA session", "type": "string", "minLength": 1, "maxLength": 128, "default": "public.default"},
    "cache_seconds": {
      "title": "Results are kept, s", "type": "integer", "minimum": 1, "maximum": 86400, "default": 60,
      "description": "By the acceleration method cache."},
    "cache_mib": {
      "title": "Memory for results, MiB", "type": "integer", "minimum": 1, "maximum": 4096, "default": 64},
    "results": {
      "title": "Route of results", "enum": ["tunnel", "csv"], "default": "tunnel",
      "description": "tunnel: exact types, any number of rows. csv: at most 10000 rows, where no tunnel can be reached."},
    "compression": {
      "title": "Compression of downloads", "enum": ["deflate", "none"], "default": "deflate"},
    "full_scan": {
      "title": "Allow full scans", "type": "boolean", "default": false,
      "description": "Lets a query read every partition of a partitioned table."},
    "job_settings": {
      "title": "Settings of jobs", "type": "object",
      "description": "Sent with every statement: {\"odps.sql.mapper.split.size\": \"256\"}"},
    "request_timeout_ms": {
      "title": "Patience with one request, ms", "type": "integer", "minimum": 100, "maximum": 120000, "default": 10000},
    "query_timeout_ms": {
      "title": "Patience with one query, ms", "type": "integer", "minimum": 100, "maximum": 3600000, "default": 60000,
      "description": "The timeout of an API is usually shorter, and holds then."},
    "poll_ms_max": {
      "title": "Longest pause between two looks at a job, ms", "type": "integer", "minimum": 50, "maximum": 10000, "default": 2000},
    "queries_max": {
      "title": "Queries at once", "type": "integer", "minimum": 1, "maximum": 512, "default": 256},
    "log_view": {
      "title": "Log view", "type": "string", "maxLength": 1024, "default": "https://logview.aliyun.com",
      "description": "Where the details of a test point to. Empty: nowhere."},
    "allow_private_address": {
      "title": "Allow private addresses", "type": "boolean", "default": false,
      "description": "For endpoints inside of a VPC and on this machine."},
    "allow_plain_http": {
      "title": "Allow http://", "type": "boolean", "default": false,
      "description": "Rows then travel unencrypted."}
  }
})json";

namespace {

using std::string_view_literals::operator""sv;

constexpr std::size_t kJobSettingsMax = 64, kJobSettingBytesMax = 4096;

struct MethodName {
  Method method;
  std::string_view name;
};
constexpr std::array kMethods{
    MethodName{Method::kNone, "none"}, MethodName{Method::kCache, "cache"},
    MethodName{Method::kMcqa, "mcqa"}, MethodName{Method::kMaxqa, "maxqa"}};

std::optional<Error> read_number(const Settings& node, std::uint64_t least, std::uint64_t most,
                                 std::uint64_t& value) {
  if (!node.has_value()) return std::nullopt;
  if (node.type() != Settings::Type::kInteger) return node.error("must be a whole number");
  const std::int64_t given = node.integer();
  if (given < static_cast<std::int64_t>(least) || given > static_cast<std::int64_t>(most)) {
    return node.error("must lie between " + std::to_string(least) + " and " + std::to_string(most));
  }
  value = static_cast<std::uint64_t>(given);
  return std::nullopt;
}

std::optional<Error> read_flag(const Settings& node, bool& value) {
  if (!node.has_value()) return std::nullopt;
  if (node.type() != Settings::Type::kBool) return node.error("must be true or false");
  value = node.boolean();
  return std::nullopt;
}

// What goes into headers, URLs and XML: visible ASCII.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

std::optional<Error> read_text(const Settings& node, std::size_t bytes_max, std::string& value) {
  if (!node.has_value()) return std::nullopt;
  if (node.type() != Settings::Type::kString) return node.error("must be a text");
  std::string given = node.text();
  if (given.size() > bytes_max) {
    return node.error("is longer than " + std::to_string(bytes_max) + " bytes");
  }
  if (!is_plain(given))
    return node.error("holds a space, a control character or a letter beyond ASCII");
  value = std::move(given);
  return std::nullopt;
}

// The names of projects, schemas and quotas stand in paths and in SQL.
std::optional<Error> read_name(const Settings& node, std::string& value) {
  if (auto bad = read_text(node, 128, value)) return bad;
  constexpr auto kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-."sv;
  if (value.find_first_not_of(kLetters) != value.npos) {
    return node.error("may hold letters, digits, '_', '-' and '.'");
  }
  return std::nullopt;
}

std::optional<Error> read_url(const Settings& node, bool allows_plain_http, std::string& value) {
  if (auto bad = read_text(node, 1024, value)) return bad;
  if (value.empty()) return std::nullopt;
  std::string_view rest = value;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    if (!allows_plain_http) {
      return node.error("must begin with https://, or set /allow_plain_http");
    }
    rest.remove_prefix(7);
  } else {
    return node.error("must begin with https://");
  }
  if (rest.find_first_of("?#@") != rest.npos) {
    return node.error("a query, a fragment or a user name does not belong here");
  }
  if (rest.empty() || rest.starts_with('/') || rest.starts_with(':')) {
    return node.error("the host is missing");
  }
  while (value.ends_with('/')) value.pop_back();
  return std::nullopt;
}

template <class Value>
struct Word {
  std::string_view text;
  Value value;
};
template <class Value, std::size_t kCount>
std::optional<Error> read_word(const Settings& node, const std::array<Word<Value>, kCount>& words,
                               Value& value) {
  if (!node.has_value()) return std::nullopt;
  const std::string given = node.text();
  std::string known;
  for (const auto& word : words) {
    if (node.type() == Settings::Type::kString && word.text == given) {
      value = word.value;
      return std::nullopt;
    }
    known += (known.empty() ? "\"" : ", \"") + std::string(word.text) + "\"";
  }
  return node.error("must be one of " + known);
}

// Those that this source decides itself, because its literals and its promises depend on them.
constexpr std::array kOwnJobSettings{
    "odps.sql.timezone"sv,      "odps.sql.type.system.odps2"sv,
    "odps.sql.decimal.odps2"sv, "odps.sql.allow.fullscan"sv,
    "odps.sql.submit.mode"sv,   "odps.sql.select.output.format"sv,
    "odps.task.wlm.quota"sv,    "odps.default.schema"sv,
    "odps.namespace.schema"sv,  "odps.sql.allow.namespace.schema"sv};

std::optional<Error> read_job_settings(const Settings& node,
                                       std::map<std::string, std::string>& values) {
  if (!node.has_value()) return std::nullopt;
  if (node.type() != Settings::Type::kObject) return node.error("must be an object");
  std::optional<Error> bad;
  node.each([&](std::string_view key, const Settings& value) {
    if (bad) return;
    if (value.type() != Settings::Type::kString) {
      bad = value.error("must be a text, also when it is a number");
    } else if (!is_plain(key) || key.empty() ||
               key.size() + value.text().size() > kJobSettingBytesMax ||
               value.text().find_first_of("\0\r\n"sv) != std::string::npos) {
      bad = value.error("is no name and value of a setting");
    } else if (std::ranges::find(kOwnJobSettings, key) != kOwnJobSettings.end()) {
      bad = value.error("is set by this data source itself");
    } else if (values.size() == kJobSettingsMax) {
      bad = node.error("holds more than 64 settings");
    } else {
      values.emplace(key, value.text());
    }
  });
  return bad;
}

}  // namespace

std::string_view to_text(Method method) {
  return std::ranges::find(kMethods, method, &MethodName::method)->name;
}

Result<SourceSettings> parse_settings(const Settings& settings) {
  SourceSettings parsed;
  if (auto bad = read_flag(settings["allow_private_address"], parsed.allows_private_address))
    return *bad;
  if (auto bad = read_flag(settings["allow_plain_http"], parsed.allows_plain_http)) return *bad;

  const struct {
    const char* key;
    std::string* value;
    bool is_required;
  } urls[] = {{"endpoint", &parsed.endpoint, true},
              {"tunnel_endpoint", &parsed.tunnel_endpoint, false}};
  for (const auto& [key, value, is_required] : urls) {
    const auto node = settings[key];
    if (auto bad = read_url(node, parsed.allows_plain_http, *value)) return *bad;
    if (is_required && value->empty()) {
      return node.error(
          "the address of the region's service is needed: "
          "https://service.cn-hangzhou.maxcompute.aliyun.com/api");
    }
  }

  const struct {
    const char* key;
    std::string* value;
    const char* missing;
  } names[] = {{"project", &parsed.project, "the name of a project is needed"},
               {"schema", &parsed.schema, nullptr},
               {"quota", &parsed.quota, nullptr},
               {"job_quota", &parsed.job_quota, nullptr},
               {"tunnel_quota", &parsed.tunnel_quota, nullptr},
               {"region", &parsed.credentials.region, nullptr},
               {"mcqa_session", &parsed.mcqa_session, nullptr}};
  for (const auto& [key, value, missing] : names) {
    const auto node = settings[key];
    if (auto bad = read_name(node, *value)) return *bad;
    if (missing && value->empty()) return node.error(missing);
  }
  if (parsed.mcqa_session.empty()) parsed.mcqa_session = "public.default";

  const struct {
    const char* key;
    std::string* value;
    std::size_t bytes_max;
    const char* missing;
  } texts[] = {
      {"access_id", &parsed.credentials.access_id, 256, "the id of an AccessKey is needed"},
      {"access_key", &parsed.credentials.access_key, 256, "the secret of the AccessKey is needed"},
      {"sts_token", &parsed.credentials.sts_token, 8192, nullptr},
      {"log_view", &parsed.log_view, 1024, nullptr}};
  for (const auto& [key, value, bytes_max, missing] : texts) {
    const auto node = settings[key];
    if (auto bad = read_text(node, bytes_max, *value)) return *bad;
    if (missing && value->empty()) return node.error(missing);
  }

  static constexpr std::array<Word<Method>, 4> kMethodWords{{{"none", Method::kNone},
                                                             {"cache", Method::kCache},
                                                             {"mcqa", Method::kMcqa},
                                                             {"maxqa", Method::kMaxqa}}};
  static constexpr std::array<Word<ResultRoute>, 2> kRoutes{
      {{"tunnel", ResultRoute::kTunnel}, {"csv", ResultRoute::kCsv}}};
  static constexpr std::array<Word<bool>, 2> kCompressions{{{"deflate", true}, {"none", false}}};
  const auto method = settings["acceleration"];
  if (auto bad = read_word(method, kMethodWords, parsed.acceleration)) return *bad;
  if (parsed.acceleration == Method::kMaxqa && parsed.quota.empty()) {
    return settings["quota"].error("maxqa runs in an interactive quota: name it");
  }
  if (auto bad = read_word(settings["results"], kRoutes, parsed.results)) return *bad;
  if (auto bad = read_word(settings["compression"], kCompressions, parsed.compresses)) return *bad;
  if (auto bad = read_flag(settings["fallback"], parsed.falls_back)) return *bad;
  if (auto bad = read_flag(settings["full_scan"], parsed.allows_full_scan)) return *bad;
  if (auto bad = read_job_settings(settings["job_settings"], parsed.job_settings)) return *bad;

  std::uint64_t cache_mib = parsed.cache_bytes >> 20, queries = parsed.queries_max;
  const struct {
    const char* key;
    std::uint64_t least, most;
    std::uint64_t* value;
  } numbers[] = {{"cache_seconds", 1, 86'400, &parsed.cache_seconds},
                 {"cache_mib", 1, 4'096, &cache_mib},
                 {"request_timeout_ms", 100, 120'000, &parsed.request_timeout_ms},
                 {"query_timeout_ms", 100, 3'600'000, &parsed.query_timeout_ms},
                 {"poll_ms_max", 50, 10'000, &parsed.poll_ms_max},
                 {"queries_max", 1, 512, &queries}};
  for (const auto& [key, least, most, value] : numbers) {
    if (auto bad = read_number(settings[key], least, most, *value)) return *bad;
  }
  parsed.cache_bytes = static_cast<std::size_t>(cache_mib) << 20;
  parsed.queries_max = static_cast<std::size_t>(queries);
  return parsed;
}

}  // namespace sluice::maxcompute
