// SPDX-License-Identifier: Apache-2.0
#pragma once
// Published APIs as an OpenAPI 3.1 document: what a consumer reads, and what generates his client.
// Pure. Inside this room only.

#include "admin/shapes.hpp"
#include "model/nouns.hpp"

#include <string>
#include <vector>

namespace sluice::admin {

// One version of one API; its path stands below those servers.
struct PublishedOperation {
  std::string api_id;
  unsigned version = 0;
  std::string tag;                   // its workflow
  std::vector<std::string> servers;  // "https://api.example.com/v1"; empty: nobody knows
  const model::ApiDefinition* definition = nullptr;
  const model::VersionManagement* versions = nullptr;  // of its REST API; null: it has none
};

struct PublishedDocument {
  std::string title, description, version;
  std::vector<PublishedOperation> operations;  // no two of one path and method
};

Json make_published_openapi(const PublishedDocument& document);

}  // namespace sluice::admin
