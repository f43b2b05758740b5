// SPDX-License-Identifier: Apache-2.0
#pragma once
// Registry: the components this process has, from plugins and built in. The composition root fills
// it once, at start; afterwards everybody reads. Nothing is ever unloaded.

#include <sluice/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::loader {

// One line of the node file's plugins.load.
struct PluginRequest {
  std::string name;    // "auth-apikey": file <directory>/auth-apikey.so; or a path ending in .so
  std::string sha256;  // pin, 64 hex digits; empty = not pinned
};

struct ComponentReport {
  std::string kind;  // "authenticator", "data-source", "serializer", "backend", "store"
  std::string type, title, summary;
  std::string exec;  // "inline", "worker", "async", "inline-first"
  std::string settings_schema;
};

// What became of one plugin file: loaded, or refused with a reason and a remedy.
struct PluginReport {
  std::string name;
  std::filesystem::path file;
  bool loaded = false;
  std::string code;    // "PLG-004" when refused
  std::string reason;  // names the file; for operators, not for callers
  std::string remedy;
  std::string id, version, vendor, license, sdk;
  std::uint32_t abi_major = 0, abi_minor = 0;
  std::string sha256;  // of the bytes read
  std::vector<ComponentReport> components;
};

class Registry {
 public:
  struct Options {
    std::filesystem::path directory;        // where names are looked up
    std::filesystem::path state_directory;  // private staged copies, named by digest; made 0700
    std::vector<PluginRequest> load;
    std::vector<const sluice_plugin*> builtins;  // added before the files, so they win a type
    std::function<void(int level, std::string_view text)> log;  // levels as sluice_host.log
  };

  // Loads exactly what is named, each on its own: a refused file is reported and the rest load.
  // [ctl]
  static Registry load(const Options& options);

  Registry() = default;
  Registry(Registry&&) = default;
  Registry& operator=(Registry&&) = default;

  // A component linked into the gateway, through the same table as a plugin's. A duplicate type is
  // refused like a plugin's (the report says so). [ctl]
  void add_builtin(const sluice_plugin* plugin);

  const sluice_component* find(std::uint32_t kind, std::string_view type) const;  // [any]
  const std::vector<PluginReport>& reports() const noexcept { return reports_; }

 private:
  friend class RegistryFiller;
  std::vector<PluginReport> reports_;
  std::vector<const sluice_component*> components_;
};

// One file on its own, as `sluice plugin inspect` shows it: every check of Registry::load but those
// against other plugins. Runs the plugin's code when the file passes. [ctl]
PluginReport inspect_file(const std::filesystem::path& file,
                          const std::filesystem::path& state_directory);

// What a plugin may ask of this process; the composition root implements it.
class HostServices {
 public:
  virtual ~HostServices() = default;
  virtual void log(std::string_view instance, int level, std::string_view text) = 0;  // [any]
  virtual const void* find_extension(std::string_view id) = 0;                        // [any]
};

// One instance of a component with its settings: create -> start -> drain -> stop -> destroy, in
// that order, whatever fails. Calls go through component() and self(). Destruction drains and stops
// first.
class Instance {
 public:
  // Checks `settings_json` against the component's schema, then create()s. Errors point into the
  // settings (Error::where, a JSON pointer) and list every fault of the schema. [ctl]
  static Result<std::unique_ptr<Instance>> make(const sluice_component& component, std::string name,
                                                std::string_view settings_json,
                                                HostServices& services);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  Result<void> start();               // [ctl] once
  void drain();                       // [ctl] idempotent
  void stop();                        // [ctl] idempotent; no call may be in flight
  Result<void> check_health() const;  // [any] may block

  const sluice_component& component() const noexcept { return component_; }
  void* self() const noexcept { return self_; }
  const std::string& name() const noexcept;
  const void* find_extension(const char* id) const noexcept;

 private:
  struct HostSide;
  Instance(const sluice_component& component, std::unique_ptr<HostSide> host_side);

  const sluice_component& component_;
  std::unique_ptr<HostSide> host_side_;
  void* self_ = nullptr;
  bool created_ = false, started_ = false, drained_ = false, stopped_ = false;
};

}  // namespace sluice::loader
