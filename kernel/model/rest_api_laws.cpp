// SPDX-License-Identifier: Apache-2.0
// The laws of REST APIs: what stands in the address before an API's own path, and how callers say
// which version of a REST API they mean (R054).
#include "model/characters.hpp"
#include "model/fault_collector.hpp"

#include <algorithm>
#include <array>

namespace sluice::model {
namespace {

constexpr std::string_view kRule = "R054";

bool is_version(std::string_view text) {
  const auto is_allowed = [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return is_letter(code) || is_digit(code) || c == '_' || c == '-' || c == '.';
  };
  return !text.empty() && text.size() <= kRestApiVersionBytesMax && text != "." && text != ".." &&
         std::ranges::all_of(text, is_allowed);
}

// RFC 9110 5.6.2
bool is_token(std::string_view text) {
  const auto is_allowed = [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return is_letter(code) || is_digit(code) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kHeaderNameBytesMax &&
         std::ranges::all_of(text, is_allowed);
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return lower;
}

// What HTTP, the gateway, its authenticators or a proxy before it read for themselves.
bool is_taken_header(std::string_view name) {
  constexpr std::array<std::string_view, 16> kNames = {"authorization",
                                                       "host",
                                                       "connection",
                                                       "keep-alive",
                                                       "transfer-encoding",
                                                       "te",
                                                       "trailer",
                                                       "upgrade",
                                                       "expect",
                                                       "cookie",
                                                       "date",
                                                       "range",
                                                       "origin",
                                                       "via",
                                                       "x-api-key",
                                                       "forwarded"};
  constexpr std::array<std::string_view, 10> kBeginnings = {
      "content-", "accept",       "proxy-", "if-",  "x-ca-",
      "x-mse-",   "x-forwarded-", "trace",  "sec-", "access-control-"};
  const auto lower = to_lower(name);
  return std::ranges::find(kNames, lower) != kNames.end() ||
         std::ranges::any_of(kBeginnings,
                             [&](auto beginning) { return lower.starts_with(beginning); });
}

bool is_paging_word(std::string_view name) {
  return name == "pageNum" || name == "pageSize" || name == "returnTotalNum" || name == "cursor";
}

void check_name(const VersionManagement& versions, Collector& faults) {
  const auto add = [&](std::string what, std::string remedy) {
    faults.add("/name", std::string(kRule), std::move(what), std::move(remedy));
  };
  const auto& name = versions.name;
  switch (versions.scheme) {
    case VersionScheme::kPath:
      if (!name.empty()) add("a version in the path has no name", "leave the name out");
      return;
    case VersionScheme::kQuery:
      if (name.empty())
        return add("the query parameter of the version has no name", "write version");
      if (auto fault = find_parameter_name_fault(name, "/name")) {
        return add(std::move(fault->what), std::move(fault->remedy));
      }
      if (is_paging_word(name)) {
        add("'" + name + "' belongs to the paging of APIs", "choose another name, such as version");
      }
      return;
    case VersionScheme::kHeader:
      if (name.empty()) return add("the header of the version has no name", "write X-Version");
      if (!is_token(name)) {
        return add("'" + name + "' is no name of a header",
                   "use letters, digits and -, at most " + std::to_string(kHeaderNameBytesMax) +
                       " characters, such as X-Version");
      }
      if (is_taken_header(name)) {
        add("the header " + name + " has a meaning of its own",
            "use another one, such as X-Version");
      }
      return;
  }
}

}  // namespace

Faults find_faults(const VersionManagement& versions) {
  Collector faults;
  if (!versions.enabled) {
    if (versions.scheme != VersionScheme::kPath) {
      faults.add("/scheme", std::string(kRule), "version management is off, and there is a scheme",
                 "leave it out, or set enabled to true");
    }
    if (!versions.version.empty()) {
      faults.add("/version", std::string(kRule),
                 "version management is off, and there is a version",
                 "leave it out, or set enabled to true");
    }
    if (!versions.name.empty()) {
      faults.add("/name", std::string(kRule), "version management is off, and there is a name",
                 "leave it out, or set enabled to true");
    }
    return faults.take();
  }
  if (!is_version(versions.version)) {
    faults.add("/version", std::string(kRule),
               versions.version.empty() ? "no version is said"
                                        : "'" + versions.version + "' is no version",
               "use 1 to " + std::to_string(kRestApiVersionBytesMax) +
                   " letters, digits, _, - and ., such as v1");
  }
  check_name(versions, faults);
  return faults.take();
}

Faults find_faults(const RestApi& rest_api) {
  Collector faults;
  faults.add(find_plain_name_fault(rest_api.name, "/name"));
  faults.add(find_base_path_fault(rest_api.base_path, "/base_path"));
  faults.add(find_domain_fault(rest_api.domain, "/domain"));
  faults.check_description(rest_api.description, "/description");
  faults.add(find_region_fault(rest_api.region, "/region"));
  for (auto& fault : find_faults(rest_api.version_management)) {
    fault.where = "/version_management" + fault.where;
    faults.add(std::move(fault));
  }
  return faults.take();
}

std::string join_paths(std::string_view base_path, std::string_view api_path) {
  while (base_path.ends_with('/')) base_path.remove_suffix(1);
  std::string joined(base_path);
  if (!api_path.starts_with('/')) joined += '/';
  joined += api_path;
  return joined;
}

std::string make_call_path(const RestApi& rest_api, std::string_view api_path) {
  const auto& versions = rest_api.version_management;
  if (!versions.enabled || versions.scheme != VersionScheme::kPath) {
    return join_paths(rest_api.base_path, api_path);
  }
  return join_paths(join_paths(rest_api.base_path, versions.version), api_path);
}

std::string describe_place(const VersionManagement& versions) {
  switch (versions.scheme) {
    case VersionScheme::kPath:
      break;
    case VersionScheme::kQuery:
      return "the query parameter '" + versions.name + "'";
    case VersionScheme::kHeader:
      return "the header " + versions.name;
  }
  return "the path";
}

std::optional<Fault> find_version_parameter_fault(const VersionManagement& versions,
                                                  const ApiDefinition& definition) {
  if (!versions.enabled || versions.scheme != VersionScheme::kQuery) return std::nullopt;
  const auto fault = [&](std::string where) {
    return Fault{std::move(where), std::string(kRule),
                 "'" + versions.name + "' is where callers say the version of the REST API",
                 "choose another name"};
  };
  for (std::size_t i = 0; i < definition.request_parameters.size(); ++i) {
    // One of the body, too: a signature says names and values, not where they stand.
    if (definition.request_parameters[i].name == versions.name) {
      return fault("/request_parameters/" + std::to_string(i) + "/name");
    }
  }
  if (definition.caller_order.parameter == versions.name) return fault("/caller_order/parameter");
  return std::nullopt;
}

}  // namespace sluice::model
