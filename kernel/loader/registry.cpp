// SPDX-License-Identifier: Apache-2.0
#include "loader/registry.hpp"

#include "loader/host_table.hpp"
#include "loader/plugin_file.hpp"
#include "loader/plugin_table.hpp"

#include <boost/dll/shared_library.hpp>

#include <algorithm>
#include <optional>

namespace sluice::loader {

namespace {

namespace fs = std::filesystem;
using PluginMain = const sluice_plugin*(std::uint32_t, std::uint32_t);

constexpr int kInfo = 2, kError = 4;

// A library that was opened stays open until the process is gone, even a refused one: its code may
// have left objects behind. Never destroyed, so that no order of unloading exists at exit either.
std::vector<boost::dll::shared_library>& opened_libraries() {
  static auto* const libraries = new std::vector<boost::dll::shared_library>;
  return *libraries;
}

std::string quote(const fs::path& path) { return "'" + path.string() + "'"; }

// Boost wraps the dynamic linker's words in its own and ends with a meaningless errno.
std::string extract_linker_text(std::string_view text, const PluginFile& file) {
  constexpr std::string_view kBefore = "dlerror system message: ";
  if (const auto at = text.find(kBefore); at != text.npos) text.remove_prefix(at + kBefore.size());
  if (const auto end = text.rfind("): "); end != text.npos) text = text.substr(0, end);
  const std::string staged = file.staged.string();
  std::string cleaned(text);
  for (auto at = cleaned.find(staged); at != cleaned.npos; at = cleaned.find(staged)) {
    cleaned.replace(at, staged.size(), file.path.filename().string());
  }
  return cleaned;
}

// Opens the staged copy and asks it for its table; the only place where Boost.DLL is called.
std::optional<Refusal> open_plugin_file(const PluginFile& file, const sluice_plugin*& plugin) {
  const std::string name = quote(file.path);
  PluginMain* plugin_main = nullptr;
  try {
    auto& library = opened_libraries().emplace_back();
    library.load(file.staged, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (!library.has(SLUICE_PLUGIN_MAIN)) {
      return Refusal{"PLG-006", name + " does not export " SLUICE_PLUGIN_MAIN,
                     "build it with sluice_add_plugin() and SLUICE_PLUGIN()"};
    }
    plugin_main = &library.get<PluginMain>(SLUICE_PLUGIN_MAIN);
    plugin = plugin_main(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR);
  } catch (const std::exception& e) {
    if (plugin_main) {
      return Refusal{"PLG-009", name + " threw while describing itself", "report it to its author"};
    }
    return Refusal{"PLG-005", name + " does not load: " + extract_linker_text(e.what(), file),
                   "install the library that is missing, or a build of the plugin for this system"};
  } catch (...) {
    return Refusal{"PLG-009", name + " threw while describing itself", "report it to its author"};
  }
  if (!plugin) {
    return Refusal{"PLG-007",
                   name + " declines to serve plugin ABI " + std::to_string(SLUICE_ABI_MAJOR) +
                       "." + std::to_string(SLUICE_ABI_MINOR),
                   "get a build of the plugin for this gateway"};
  }
  return std::nullopt;
}

std::optional<Refusal> check_plugin_table(const std::string& name, const sluice_plugin& plugin) {
  if (SLUICE_FIELD(&plugin, min_host_minor) && plugin.min_host_minor > SLUICE_ABI_MINOR) {
    return Refusal{"PLG-008",
                   name + " needs plugin ABI " + std::to_string(SLUICE_ABI_MAJOR) + "." +
                       std::to_string(plugin.min_host_minor) + ", this gateway has " +
                       std::to_string(SLUICE_ABI_MAJOR) + "." + std::to_string(SLUICE_ABI_MINOR),
                   "upgrade the gateway"};
  }
  if (auto fault = find_table_fault(plugin); !fault.empty()) {
    return Refusal{"PLG-009", name + " describes itself badly: " + fault,
                   "report it to its author: sluice plugin inspect shows the same"};
  }
  return std::nullopt;
}

void describe(const sluice_plugin& plugin, PluginReport& report) {
  report.id = to_view(plugin.id);
  report.version = to_view(plugin.version);
  report.vendor = to_view(plugin.vendor);
  report.license = to_view(plugin.license);
  report.sdk = to_view(plugin.sdk);
  report.abi_major = plugin.abi_major;
  report.abi_minor = plugin.abi_minor;
  for (std::uint32_t i = 0; i < plugin.component_count; ++i) {
    const sluice_component& c = *plugin.components[i];
    report.components.push_back({std::string(name_kind(c.kind)), std::string(to_view(c.type)),
                                 std::string(to_view(c.title)), std::string(to_view(c.summary)),
                                 std::string(name_exec(c.exec)),
                                 std::string(to_view(c.settings_schema))});
  }
}

void refuse(PluginReport& report, Refusal refusal) {
  report.loaded = false;
  report.code = std::move(refusal.code);
  report.reason = std::move(refusal.reason);
  report.remedy = std::move(refusal.remedy);
}

// Every step that one file goes through alone, each only after the one before.
std::optional<Refusal> open_checked(PluginReport& report, std::string_view pinned_sha256,
                                    const fs::path& state_directory, const sluice_plugin*& plugin) {
  PluginFile file;
  file.path = report.file;
  if (auto refusal = read_plugin_file(file)) return refusal;
  report.sha256 = file.sha256;
  if (auto refusal = check_plugin_file(file, pinned_sha256)) return refusal;
  report.abi_major = file.elf.note->abi_major;
  report.abi_minor = file.elf.note->abi_minor;
  if (auto refusal = stage_plugin_file(file, state_directory)) return refusal;
  if (auto refusal = open_plugin_file(file, plugin)) return refusal;
  if (auto refusal = check_plugin_table(quote(file.path), *plugin)) return refusal;
  describe(*plugin, report);
  return std::nullopt;
}

// The host as a plugin sees it in load(), before any instance exists.
struct LoadHost final : sluice_host {
  const std::function<void(int, std::string_view)>* log_to = nullptr;

  explicit LoadHost(const Registry::Options& options)
      : sluice_host(make_host_table(&write_log, &find_none)), log_to(&options.log) {}

  static void write_log(const sluice_host* host, std::int32_t level, sluice_str text) noexcept try {
    const auto& log = *static_cast<const LoadHost*>(host)->log_to;
    if (log) log(level, to_view(text));
  } catch (...) {
    // A log that fails must not fail what is being logged.
  }
  static const void* find_none(const sluice_host*, const char*) noexcept { return nullptr; }
};

// A name that cannot leave the directory, or a path that the operator wrote in full.
std::optional<fs::path> find_file(const std::string& name, const fs::path& directory) {
  if (name.ends_with(".so")) return directory / name;  // an absolute path stays as it is
  const bool is_plain = !name.empty() && name.front() != '.' && name.find('/') == name.npos;
  return is_plain ? std::optional(directory / (name + ".so")) : std::nullopt;
}

}  // namespace

// Fills a registry; the part of Registry that needs headers of others.
class RegistryFiller {
 public:
  RegistryFiller(Registry& registry, const Registry::Options& options)
      : registry_(registry), options_(options) {}

  void load(const PluginRequest& request) {
    PluginReport report;
    report.name = request.name;
    const auto file = find_file(request.name, options_.directory);
    if (!file) {
      refuse(report, {"PLG-001", "'" + request.name + "' is not the name of a plugin file",
                      "write a name such as auth-apikey, or a path that ends in .so"});
    } else {
      report.file = *file;
      const sluice_plugin* plugin = nullptr;
      auto refusal = open_checked(report, request.sha256, options_.state_directory, plugin);
      if (!refusal) refusal = find_duplicate(quote(*file), *plugin);
      if (!refusal) refusal = run_load(quote(*file), *plugin);
      if (refusal) {
        refuse(report, std::move(*refusal));
      } else {
        take(*plugin, report);
      }
    }
    finish(std::move(report));
  }

  void add_builtin(const sluice_plugin& plugin) {
    PluginReport report;
    report.name = "built in";
    std::string name = "the built-in table";
    auto refusal = check_plugin_table(name, plugin);
    if (!refusal) {
      describe(plugin, report);
      report.name = report.id;
      name += " '" + report.id + "'";
      refusal = find_duplicate(name, plugin);
    }
    if (!refusal) refusal = run_load(name, plugin);
    if (refusal) {
      refuse(report, std::move(*refusal));
    } else {
      take(plugin, report);
    }
    finish(std::move(report));
  }

 private:
  std::optional<Refusal> find_duplicate(const std::string& name,
                                        const sluice_plugin& plugin) const {
    for (std::uint32_t i = 0; i < plugin.component_count; ++i) {
      const sluice_component& c = *plugin.components[i];
      const bool in_itself = std::any_of(
          plugin.components, plugin.components + i, [&](const sluice_component* earlier) {
            return earlier->kind == c.kind && to_view(earlier->type) == to_view(c.type);
          });
      if (!in_itself && !registry_.find(c.kind, to_view(c.type))) continue;
      const std::string what =
          std::string(name_kind(c.kind)) + " '" + std::string(to_view(c.type)) + "'";
      return Refusal{
          "PLG-009",
          name + " brings the " + what + (in_itself ? " twice" : ", which is here already"),
          "load only one of the plugins that bring it"};
    }
    return std::nullopt;
  }

  std::optional<Refusal> run_load(const std::string& name, const sluice_plugin& plugin) const {
    if (!SLUICE_HAS(&plugin, load)) return std::nullopt;
    // The plugin may keep the handle, so it stays, as the image does.
    static auto* const hosts = new std::vector<std::unique_ptr<LoadHost>>;
    LoadHost* const host = hosts->emplace_back(std::make_unique<LoadHost>(options_)).get();
    host->instance = plugin.id;
    static const std::function<void(int, std::string_view)> no_log;
    ErrorPlace error;
    Status status = SLUICE_E_INTERNAL;
    try {
      status = plugin.load(host, error.raw());
    } catch (...) {
      error.text = "it threw";
    }
    host->log_to = &no_log;  // the options are the caller's and end with this call
    if (status == SLUICE_OK) return std::nullopt;
    return Refusal{"PLG-019",
                   name + " could not set itself up: " +
                       (error.text.empty() ? "it gives no reason" : error.text),
                   "read the plugin's manual; the reason is its own"};
  }

  void take(const sluice_plugin& plugin, PluginReport& report) {
    registry_.components_.insert(registry_.components_.end(), plugin.components,
                                 plugin.components + plugin.component_count);
    report.loaded = true;
  }

  void finish(PluginReport report) {
    if (options_.log) {
      if (report.loaded) {
        options_.log(kInfo, "plugin " + report.id + " " + report.version + " is loaded");
      } else {
        options_.log(kError, report.code + " " + report.reason + "; " + report.remedy);
      }
    }
    registry_.reports_.push_back(std::move(report));
  }

  Registry& registry_;
  const Registry::Options& options_;
};

Registry Registry::load(const Options& options) {
  Registry registry;
  RegistryFiller filler(registry, options);
  for (const auto* plugin : options.builtins) {
    if (plugin) filler.add_builtin(*plugin);
  }
  for (const auto& request : options.load) filler.load(request);
  return registry;
}

void Registry::add_builtin(const sluice_plugin* plugin) {
  if (!plugin) return;
  const Options options;
  RegistryFiller(*this, options).add_builtin(*plugin);
}

const sluice_component* Registry::find(std::uint32_t kind, std::string_view type) const {
  const auto it = std::find_if(components_.begin(), components_.end(), [&](const auto* component) {
    return component->kind == kind && to_view(component->type) == type;
  });
  return it == components_.end() ? nullptr : *it;
}

PluginReport inspect_file(const fs::path& file, const fs::path& state_directory) {
  PluginReport report;
  report.name = file.stem().string();
  report.file = file;
  const sluice_plugin* plugin = nullptr;
  if (auto refusal = open_checked(report, {}, state_directory, plugin)) {
    refuse(report, std::move(*refusal));
  } else {
    report.loaded = true;
  }
  return report;
}

}  // namespace sluice::loader
