// SPDX-License-Identifier: Apache-2.0
#include "main/auth_verify.hpp"

#include "config/node_config.hpp"
#include "config/read_file.hpp"
#include "main/node.hpp"
#include "verify/judge.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <filesystem>
#include <ostream>

namespace sluice::node {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = std::size_t{64} << 20;

// Plugins of a checker may warn; what refuses a case is told in its line.
class QuietServices final : public loader::HostServices {
 public:
  void log(std::string_view, int, std::string_view) override {}
  const void* find_extension(std::string_view) override { return nullptr; }
};

Error unreadable(std::string what, const std::string& file, const std::string& where = {}) {
  return {SLUICE_E_ARGUMENT, file + (where.empty() ? "" : where) + ": " + what, {}, {}};
}

// The authenticators of a node file, or all that stand beside the program.
Result<loader::Registry> load_authenticators(const cli::VerifyOptions& options) {
  const auto quiet = [](int, std::string_view) {};
  if (!options.config.empty()) {
    const auto config = config::load_node_config(options.config);
    if (!config) return config.error();
    return load_registry(*config, quiet);
  }
  fs::path directory = options.plugin_directory;
  std::error_code ec;
  if (directory.empty()) {
    directory =
        fs::read_symlink("/proc/self/exe", ec).parent_path().parent_path() / "lib/sluice/plugins";
  }
  loader::Registry::Options load{
      .directory = directory,
      .state_directory = fs::temp_directory_path() / ("sluice-verify-" + std::to_string(getuid())),
      .load = {},
      .builtins = {},
      .log = quiet};
  for (const auto& entry : fs::directory_iterator(directory, ec)) {
    const auto& path = entry.path();
    if (path.extension() == ".so" && path.stem().string().starts_with("auth-")) {
      load.load.push_back({path.stem().string(), {}});
    }
  }
  if (load.load.empty()) {
    return Error{SLUICE_E_NOT_FOUND,
                 "no authenticator stands in " + directory.string() +
                     ": name the folder with --plugins, or a node file with --config",
                 {},
                 {}};
  }
  return loader::Registry::load(load);
}

Json make_line(const verify::Case& one, const verify::Judgement& judgement) {
  const verify::Verdict& verdict = judgement.verdict;
  Json line{{"name", one.name}, {"accept", verdict.accept}};
  line["consumer"] = verdict.accept ? Json(verdict.consumer) : Json(nullptr);
  line["status"] = verdict.status;
  line["message"] = verdict.message;
  line["bind"] = Json::object();
  for (const auto& [name, value] : verdict.bind) line["bind"][name] = value;
  line["headers"] = Json::object();
  for (const auto& [name, value] : verdict.headers) {
    auto& held = line["headers"][name];
    held = held.is_null() ? value : held.get<std::string>() + ", " + value;
  }
  if (!judgement.troubles.empty()) line["troubles"] = judgement.troubles;
  if (judgement.pass) {
    line["pass"] = *judgement.pass;
    if (!*judgement.pass) line["why"] = judgement.why_not;
  }
  return line;
}

// What cannot be judged is refused, as the gateway would, and says why.
verify::Judgement refuse(const verify::Case& one, const Error& error) {
  verify::Judgement judgement;
  judgement.verdict.status = 503;
  judgement.verdict.message =
      "the case cannot be judged: " + (error.where.empty() ? "" : error.where + ": ") +
      error.detail;
  if (one.expect) {
    judgement.pass = false;
    judgement.why_not = judgement.verdict.message;
  }
  return judgement;
}

}  // namespace

int run_auth_verify(const cli::VerifyOptions& options, const cli::Surroundings& surroundings) {
  const auto refuse_all = [&](const Error& error) {
    surroundings.err << "sluice auth verify: " << error.detail << "\n";
    return cli::kExitUsage;
  };
  const auto text = config::read_file(options.cases, kFileBytesMax);
  if (!text) return refuse_all(unreadable(text.error().detail, options.cases.string()));
  const auto cases = verify::parse_cases(*text);
  if (!cases) {
    return refuse_all(unreadable(cases.error().detail, options.cases.string(),
                                 cases.error().where.empty() ? "" : " at " + cases.error().where));
  }
  const auto registry = load_authenticators(options);
  if (!registry) return refuse_all(registry.error());

  QuietServices services;
  verify::Judge judge(*registry, services);
  std::size_t met = 0, unmet = 0;
  for (const auto& one : *cases) {
    auto judged = judge.judge(one);
    const auto judgement = judged ? std::move(*judged) : refuse(one, judged.error());
    if (judgement.pass) ++(*judgement.pass ? met : unmet);
    surroundings.out
        << make_line(one, judgement).dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  }
  surroundings.err << cases->size() << " cases: " << met << " as expected, " << unmet << " not, "
                   << cases->size() - met - unmet << " without an expectation\n";
  return unmet == 0 ? cli::kExitOk : cli::kExitRefused;
}

}  // namespace sluice::node
