// SPDX-License-Identifier: Apache-2.0
#pragma once
// Result and Error: the one way in which something fails, on both sides of the boundary.
//
// Everybody returns them; only the gateway's `problem` room turns an Error into an HTTP status.

#include <sluice/abi.h>

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice {
inline namespace v1 {

// SLUICE_OK, SLUICE_PENDING ... SLUICE_E_*; the gateway's rooms add codes of their own below -1000.
using Status = sluice_status;

// A failure. A value; copying it allocates.
struct Error {
  Status status = SLUICE_E_INTERNAL;
  std::string detail;    // for the caller: what, where, what to do. No secret, SQL, path or stack.
  std::string internal;  // for the log
  std::string where;     // JSON pointer, parameter name or file:line; may be empty

  friend bool operator==(const Error&, const Error&) = default;
};

// Either a value or an Error. Asking for the one that is not there is a bug of the asker.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const noexcept { return held_.index() == 0; }
  bool ok() const noexcept { return held_.index() == 0; }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  T& value() {
    assert(ok());
    return *std::get_if<0>(&held_);
  }
  const T& value() const {
    assert(ok());
    return *std::get_if<0>(&held_);
  }
  Error& error() {
    assert(!ok());
    return *std::get_if<1>(&held_);
  }
  const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&held_);
  }

 private:
  std::variant<T, Error> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  explicit operator bool() const noexcept { return ok_; }
  bool ok() const noexcept { return ok_; }
  Error& error() {
    assert(!ok_);
    return error_;
  }
  const Error& error() const {
    assert(!ok_);
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

// ---- text across the boundary: lent views, never owners
inline sluice_str to_str(std::string_view s) noexcept { return {s.data(), s.size()}; }
inline std::string_view to_view(sluice_str s) noexcept { return {s.p, s.n}; }

}  // namespace v1
}  // namespace sluice
