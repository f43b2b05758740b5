// SPDX-License-Identifier: Apache-2.0
#pragma once
// The node as the client commands see it: its admin API, and how its answers are told. Inside the
// command line only; JSON is nlohmann's here as in the rooms that write these documents.

#include "main/cli.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {

using Json = nlohmann::ordered_json;
using QueryPairs = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::size_t kItemsToldMax = 100'000;  // of one `get`; more are left out, and said

// What every client command is given.
struct NodeOptions {
  bool json = false;
  std::string admin;  // URL
  std::string token;
};

struct Answer {
  int status = 0;
  Json body = {};         // null when there was none
  std::string etag = {};  // of what was answered; empty when it has none
  bool ok() const noexcept { return status >= 200 && status < 300; }
};

// "/admin/v1/apis" + {"name": "x y"} -> "/admin/v1/apis?name=x%20y"; empty values are left out.
std::string make_path(std::string_view path, const QueryPairs& query);

class Node {
 public:
  Node(const Surroundings& surroundings, NodeOptions options)
      : surroundings_(surroundings), options_(std::move(options)) {}

  // An Error: the node could not be asked. A refusal is an Answer.
  // `if_match`: the tag of what was read before; refused when somebody changed it since.
  Result<Answer> ask(std::string_view method, const std::string& path, const Json& body = {},
                     const std::string& if_match = {}) const;
  // All pages of a list as one answer.
  Result<Answer> ask_list(std::string_view path, const QueryPairs& query) const;

  // The id of an API written as an id, workspace/name, workspace/workflow/name or a name that only
  // one API has; a refusal is told and is an Error without a detail.
  Result<std::string> find_api(const std::string& reference) const;

  // Tells a refusal (or that nobody could be asked) and answers the exit code.
  int refuse(const Result<Answer>& answer) const;
  int refuse(const Error& error) const;
  // The same, with what to do said in commands; programs are answered what the node said.
  int refuse(const Result<Answer>& answer, const std::string& remedy) const;
  // Tells `text` to people, or the answer's JSON to programs.
  int tell(const Answer& answer, const std::string& text) const;

  const Surroundings& surroundings() const noexcept { return surroundings_; }
  const NodeOptions& options() const noexcept { return options_; }

 private:
  const Surroundings& surroundings_;
  NodeOptions options_;
};

// Members of an answer as text for a cell: yes and no, nothing for null, lists joined by commas.
std::string make_cell(const Json& object, std::string_view member);

// Tells an error of the command itself, in the form the node's refusals have.
int tell_error(const Surroundings& surroundings, bool json, const Error& error);

std::string dump_json(const Json& json);

}  // namespace sluice::cli
