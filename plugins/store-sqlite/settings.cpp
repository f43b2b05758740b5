// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <filesystem>
#include <system_error>

namespace store_sqlite {

sluice::Result<StoreSettings> StoreSettings::parse(const sluice::Settings& settings) {
  const auto file = settings["file"];
  const auto text = file.text();
  if (text.empty()) return file.error("name the database file");
  if (text.find('\0') != std::string::npos) return file.error("the name holds a NUL character");
  if (text == ":memory:") {
    return file.error("metadata in memory would be gone at the next start: name a file");
  }
  if (text.starts_with("file:")) return file.error("write a plain path, not a file: URI");
  if (text.ends_with('/')) return file.error("this names a folder: name a file in it");

  // Absolute, so that SQLite cannot take it for a URI, and a later change of the working folder
  // changes nothing.
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(text, failed);
  if (failed) return file.error("the working folder cannot be read: give an absolute name");

  const auto wait = settings["lock_wait_ms"];
  const auto kept = settings["deletions_kept"];
  StoreSettings parsed{absolute.lexically_normal().string(), wait.integer(5000),
                       kept.integer(100'000)};
  // The schema says the same; whoever makes an instance without a schema check is stopped here.
  if (parsed.lock_wait_ms < 0 || parsed.lock_wait_ms > 60'000) {
    return wait.error("use 0 to 60000 milliseconds");
  }
  if (parsed.deletions_kept < 1) return kept.error("keep at least 1");
  return parsed;
}

}  // namespace store_sqlite
