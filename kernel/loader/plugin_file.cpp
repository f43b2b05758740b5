// SPDX-License-Identifier: Apache-2.0
#include "loader/plugin_file.hpp"

#include <sluice/abi.h>

#include <openssl/evp.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

namespace sluice::loader {

namespace fs = std::filesystem;

namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

std::string describe_errno() { return std::generic_category().message(errno); }
std::string quote(const fs::path& path) { return "'" + path.string() + "'"; }

// The whole of a plain file, or nothing and a text in `why`.
std::optional<std::string> read_whole(const fs::path& path, int flags, std::string& why) {
  // O_NONBLOCK: a FIFO of that name must not hold up the start.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    why = describe_errno();
    return std::nullopt;
  }
  if (!S_ISREG(status.st_mode)) {
    why = "not a plain file";
    return std::nullopt;
  }
  if (status.st_size > off_t(kPluginBytesMax)) {
    why = "larger than " + std::to_string(kPluginBytesMax >> 20) + " MiB";
    return std::nullopt;
  }
  std::string bytes(std::size_t(status.st_size), '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      why = n == 0 ? "it shrank while it was read" : describe_errno();
      return std::nullopt;
    }
    done += std::size_t(n);
  }
  return bytes;
}

std::string write_whole(const fs::path& path, std::string_view bytes) {
  const Descriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0500));
  if (!file) return describe_errno();
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return describe_errno();
    bytes.remove_prefix(std::size_t(n));
  }
  return ::fsync(file.get()) == 0 ? std::string() : describe_errno();
}

// Made with mode 0700. One that is there already is not touched, and refused when others could
// write there: they could swap the bytes after the check.
std::string make_private_directory(const fs::path& directory) {
  std::error_code error;
  if (directory.has_parent_path()) fs::create_directories(directory.parent_path(), error);
  if (error) return error.message();
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return describe_errno();
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return describe_errno();
  if (!S_ISDIR(status.st_mode)) return "it is not a directory";
  if (status.st_uid != ::geteuid()) return "it belongs to another user";
  if ((status.st_mode & 0022) != 0) return "others may write there";
  return {};
}

}  // namespace

std::string make_sha256(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::optional<Refusal> read_plugin_file(PluginFile& file) {
  std::string why;
  auto bytes = read_whole(file.path, 0, why);
  if (!bytes) {
    return Refusal{"PLG-001", "cannot read " + quote(file.path) + ": " + why,
                   "check the name in plugins.load, plugins.directory and the file's permissions"};
  }
  file.bytes = std::move(*bytes);
  file.sha256 = make_sha256(file.bytes);
  return std::nullopt;
}

std::optional<Refusal> check_plugin_file(PluginFile& file, std::string_view pinned_sha256) {
  const std::string name = quote(file.path);
  if (!pinned_sha256.empty() && pinned_sha256 != file.sha256) {
    return Refusal{"PLG-010",
                   name + " has sha256 " + file.sha256 + ", but the node file pins " +
                       std::string(pinned_sha256),
                   "install the pinned build, or pin this one if you trust it"};
  }
  auto elf = parse_elf(file.bytes);
  if (!elf) {
    return Refusal{"PLG-002", name + " is not a loadable plugin: " + elf.error().detail,
                   "install a build of the plugin for this machine"};
  }
  file.elf = std::move(*elf);
  if (!file.elf.note) {
    return Refusal{"PLG-003",
                   name + " carries no sluice note: it was not built with SLUICE_PLUGIN()",
                   "name a Sluice plugin; its author finds SLUICE_PLUGIN() in sluice/plugin.hpp"};
  }
  if (const auto major = file.elf.note->abi_major; major != SLUICE_ABI_MAJOR) {
    return Refusal{"PLG-004",
                   name + " is built for plugin ABI " + std::to_string(major) +
                       ", this gateway speaks ABI " + std::to_string(SLUICE_ABI_MAJOR),
                   major > SLUICE_ABI_MAJOR
                       ? "upgrade the gateway, or get a build of the plugin for this one"
                       : "get a newer build of the plugin"};
  }
  for (const auto& library : file.elf.needed) {
    if (!library.starts_with("libc++")) continue;
    return Refusal{"PLG-014",
                   name + " needs " + library +
                       ", a second C++ runtime, which this process cannot host safely",
                   "link it statically: sluice_add_plugin() does, or -static-libstdc++"};
  }
  if (!file.elf.unique.empty()) {
    return Refusal{"PLG-015",
                   name + " exports GNU_UNIQUE symbols that every plugin would share, such as " +
                       file.elf.unique.front().substr(0, 200),
                   "build it with sluice_add_plugin(), or with -fno-gnu-unique and the SDK's "
                   "version script"};
  }
  const auto& exported = file.elf.exported;
  if (std::find(exported.begin(), exported.end(), SLUICE_PLUGIN_MAIN) == exported.end()) {
    return Refusal{"PLG-006", name + " does not export " SLUICE_PLUGIN_MAIN,
                   "build it with sluice_add_plugin() and SLUICE_PLUGIN()"};
  }
  return std::nullopt;
}

std::optional<Refusal> stage_plugin_file(PluginFile& file, const fs::path& directory) {
  const auto refuse = [&](const std::string& why) {
    return Refusal{
        "PLG-018",
        "no private copy of " + quote(file.path) + " can be kept in " + quote(directory) + ": " +
            why,
        "make plugins.state_directory a directory that only the gateway's user can write"};
  };
  if (auto why = make_private_directory(directory); !why.empty()) return refuse(why);
  const fs::path staged = fs::absolute(directory) / (file.sha256 + ".so");
  std::string ignored;
  if (auto kept = read_whole(staged, O_NOFOLLOW, ignored); kept && *kept == file.bytes) {
    file.staged = staged;
    return std::nullopt;
  }
  // Written aside and renamed over: a copy that is mapped already keeps its own bytes, and a crash
  // halfway leaves nothing under the final name.
  const fs::path fresh = staged.string() + ".new" + std::to_string(::getpid());
  ::unlink(fresh.c_str());
  auto why = write_whole(fresh, file.bytes);
  if (why.empty() && ::rename(fresh.c_str(), staged.c_str()) != 0) why = describe_errno();
  if (!why.empty()) {
    ::unlink(fresh.c_str());
    return refuse(why);
  }
  file.staged = staged;
  return std::nullopt;
}

}  // namespace sluice::loader
