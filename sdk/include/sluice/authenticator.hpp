// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an authenticator answers, and the function that turns an author's class into a component.
//
//   class MyAuth {
//    public:
//     static constexpr std::string_view kSchema = R"({"type":"object"})";
//     static Result<std::unique_ptr<MyAuth>> make(Settings, Host);
//     AuthOutcome authenticate(const Request&, Op) const;            // [run] from many threads
//   };
// and, when people can be given credentials of its kind (sluice.credential-maker/1):
//     static constexpr std::string_view kCredentialSchema = R"({"type":"object"})";
//     static Result<MadeCredential> make_credential(Settings given, Host);   // [ctl]
//
//   SLUICE_PLUGIN("com.example.my-auth", "1.0.0", "Example", authenticator<MyAuth>({.type =
//   "my-auth"}))

#include <sluice/abilities.h>
#include <sluice/component.hpp>

#include <span>
#include <string>
#include <variant>
#include <vector>

namespace sluice {
inline namespace v1 {

// Who calls. Views into the credential or op scratch memory: valid until the op completes.
struct Principal {
  std::string_view consumer;
  std::string_view credential_id = {};
  // Set when the credential covers the parameters: the API binds those and no others.
  bool parameters_verified = false;
  std::span<const sluice_pair> parameters = {};
  std::span<const sluice_pair> claims = {};
  std::uint64_t valid_until_ns = 0;  // CLOCK_REALTIME; 0 = this request only
};

// What to answer a caller who is not let in.
struct Refusal {
  int http_status = 401;
  std::string code;     // X-Ca-Error-Code
  std::string message;  // X-Ca-Error-Message; never a secret
  std::vector<std::pair<std::string, std::string>> headers = {};  // challenges first
  std::string internal = {};                                      // the exact reason, for the log
};
struct NoCredentials : Refusal {};  // nothing of my kind was sent
struct Rejected : Refusal {};       // it was sent and is no good
// Not judged: what checkpoint() answered, or SLUICE_RETRY_ON_WORKER from an inline attempt that
// would have to wait.
struct Unfinished {
  Status status = SLUICE_RETRY_ON_WORKER;
};
using AuthOutcome = std::variant<Principal, NoCredentials, Rejected, Unfinished>;

// What make_credential() answers; sluice_made_credential says what each part is for.
struct MadeCredential {
  bool is_unique = true;
  std::string secret = {};
  std::string display = {};
  std::vector<std::string> lookups = {};
  std::vector<std::pair<std::string, std::string>> attributes = {};
  std::vector<std::pair<std::string, std::string>> shown = {};
};

namespace detail __attribute__((visibility("hidden"))) {

  inline std::vector<sluice_pair> to_pairs(
      const std::vector<std::pair<std::string, std::string>>& texts) {
    std::vector<sluice_pair> pairs;
    pairs.reserve(texts.size());
    for (const auto& [name, value] : texts) pairs.push_back({to_str(name), to_str(value)});
    return pairs;
  }

  template <class T>
  struct CredentialMakerTable {
    static Status make(const sluice_host* host, const sluice_node* given, sluice_err* err,
                       sluice_made_credential_out* out) noexcept {
      try {
        const Result<MadeCredential> made = T::make_credential(Settings(host, given), Host(host));
        if (!made) return fail_with(host, err, made.error());
        std::vector<sluice_str> lookups;
        for (const auto& lookup : made->lookups) lookups.push_back(to_str(lookup));
        const auto attributes = to_pairs(made->attributes);
        const auto shown = to_pairs(made->shown);
        const sluice_made_credential raw{
            sizeof raw,     made->is_unique, to_str(made->secret), to_str(made->display),
            lookups.data(), lookups.size(),  attributes.data(),    attributes.size(),
            shown.data(),   shown.size()};
        out->vt->made(out, &raw);
        return SLUICE_OK;
      } catch (...) {
        return fail_with_current_exception(host, err);
      }
    }
    static const void* extension(void*, const char* id) noexcept {
      static const sluice_credential_maker kTable{sizeof(sluice_credential_maker), 0,
                                                  to_str(T::kCredentialSchema), &make};
      return id && std::string_view(id) == SLUICE_CREDENTIAL_MAKER_ID ? &kTable : nullptr;
    }
  };

  template <class T>
  constexpr ExtensionFn maker_or_null() noexcept {
    if constexpr (requires { T::kCredentialSchema; }) return &CredentialMakerTable<T>::extension;
    return nullptr;
  }

  inline void push_refusal(sluice_auth_out * out, const Refusal& refusal) {
    std::vector<sluice_pair> headers;
    headers.reserve(refusal.headers.size());
    for (const auto& [name, value] : refusal.headers) {
      headers.push_back({to_str(name), to_str(value)});
    }
    const sluice_refusal raw{
        sizeof raw,     refusal.http_status, to_str(refusal.code),    to_str(refusal.message),
        headers.data(), headers.size(),      to_str(refusal.internal)};
    out->vt->refuse(out, &raw);
  }

  inline Status push_outcome(sluice_auth_out * out, const AuthOutcome& outcome) {
    if (const auto* who = std::get_if<Principal>(&outcome)) {
      const sluice_principal raw{sizeof raw,
                                 who->parameters_verified,
                                 to_str(who->consumer),
                                 to_str(who->credential_id),
                                 who->parameters.data(),
                                 who->parameters.size(),
                                 who->claims.data(),
                                 who->claims.size(),
                                 who->valid_until_ns};
      out->vt->accept(out, &raw);
      return SLUICE_OK;
    }
    if (const auto* none = std::get_if<NoCredentials>(&outcome)) {
      push_refusal(out, *none);
      return SLUICE_SKIP;
    }
    if (const auto* unfinished = std::get_if<Unfinished>(&outcome)) return unfinished->status;
    push_refusal(out, std::get<Rejected>(outcome));
    return SLUICE_E_UNAUTHENTICATED;
  }

}  // namespace )

// The promise of an asynchronous authenticator to answer. [any]
class PendingAuth {
 public:
  PendingAuth(sluice_op* op, sluice_auth_out* out) noexcept : pending_(op), out_(out) {}
  Op op() const noexcept { return pending_.op(); }
  void complete(const AuthOutcome& outcome) {
    pending_.complete(detail::push_outcome(out_, outcome));
  }
  void fail(Status status, std::string_view text, std::string_view internal = {}) noexcept {
    pending_.fail(status, text, internal);
  }

 private:
  Pending pending_;
  sluice_auth_out* out_;
};

namespace detail __attribute__((visibility("hidden"))) {
  template <class T>
  struct AuthenticatorTable {
    static Status authenticate(void* self, sluice_op* op, sluice_auth_out* out) noexcept {
      T& object = Instance<T>::of(self);
      try {
        if constexpr (requires { object.authenticate(Request(op->request), Op(op)); }) {
          return push_outcome(out, object.authenticate(Request(op->request), Op(op)));
        } else {
          object.authenticate(Request(op->request), PendingAuth(op, out));
          return SLUICE_PENDING;
        }
      } catch (...) {
        return fail_with_current_exception(op);
      }
    }
    static constexpr sluice_authenticator kTable{sizeof(sluice_authenticator), 0, &authenticate,
                                                 cancel_or_null<T>()};
  };
}  // namespace )

template <class T>
sluice_component authenticator(const ComponentInfo& info) noexcept {
  return detail::make_component<T>(SLUICE_KIND_AUTHENTICATOR,
                                   &detail::AuthenticatorTable<T>::kTable, info,
                                   detail::maker_or_null<T>());
}

}  // namespace v1
}  // namespace sluice
