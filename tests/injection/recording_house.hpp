// SPDX-License-Identifier: Apache-2.0
#pragma once
// A data service over a real SQLite file, in this process: the shared library is loaded as a node
// loads it, a definition becomes a backend, and what the source is asked is recorded on its way.

#include "call/in_process.hpp"
#include "loader/registry.hpp"
#include "model/nouns.hpp"
#include "snapshot/snapshot.hpp"

#include <sluice/rows.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tests {

// One statement that the source was asked, with copies of its arguments.
struct AskedStatement {
  std::string text;
  std::vector<Cell> arguments;  // texts point into `texts`
  std::vector<std::unique_ptr<std::string>> texts;
};

class RecordingHouse {
 public:
  explicit RecordingHouse(const std::string& create_sql);  // fills a new database file
  ~RecordingHouse();
  RecordingHouse(const RecordingHouse&) = delete;
  RecordingHouse& operator=(const RecordingHouse&) = delete;

  // Throws what the backend says against it.
  std::shared_ptr<const snapshot::Backend> make_backend(const model::ApiDefinition& definition);
  // Serves one request; `asked` has what came to the source then.
  call::InProcessResponse ask(const std::shared_ptr<const snapshot::Backend>& backend,
                              const call::InProcessRequest& request);
  const std::string& database() const { return file_; }

  std::vector<AskedStatement> asked;

 private:
  class Services;
  std::string folder_, file_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<loader::Registry> registry_;
  std::shared_ptr<loader::Instance> real_, source_, serializer_;
};

}  // namespace sluice::tests
