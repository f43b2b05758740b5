// SPDX-License-Identifier: Apache-2.0
#pragma once
// The glue between an author's class and the C tables: instances, their life, and the place where
// exceptions stop. Authors use the functions of authenticator.hpp, data_source.hpp ... instead.
//
// An author's class T has
//   static constexpr std::string_view kSchema;                    JSON Schema of its settings
//   static Result<std::unique_ptr<T>> make(Settings, Host);       [ctl] no thread, no socket
// and, where it needs them,
//   Result<void> start();  void drain();  void stop();            [ctl]
//   Result<void> check_health();                                  [any] may block

#include <sluice/host.hpp>
#include <sluice/op.hpp>

#include <exception>
#include <memory>

namespace sluice {
inline namespace v1 {

// Hidden even when the author forgets -fvisibility=hidden: template statics would otherwise become
// GNU_UNIQUE symbols, of which a process has one, whatever the flags of dlopen. Two vendors'
// classes of one name would share a table, and the second plugin would run the first one's code.
namespace detail __attribute__((visibility("hidden"))) {

  inline Status fail_with_current_exception(sluice_op * op) noexcept {
    try {
      throw;
    } catch (const std::exception& e) {
      return Op(op).fail(SLUICE_E_INTERNAL, "the plugin failed", e.what());
    } catch (...) {
      return Op(op).fail(SLUICE_E_INTERNAL, "the plugin failed", "unknown exception");
    }
  }

  inline Status fail_with_current_exception(const sluice_host* host, sluice_err* err) noexcept {
    const auto say = [&](std::string_view text) {
      host->fail(err, SLUICE_E_INTERNAL, to_str(""), to_str(text));
      return SLUICE_E_INTERNAL;
    };
    try {
      throw;
    } catch (const std::exception& e) {
      return say(e.what());
    } catch (...) {
      return say("unknown exception");
    }
  }

  inline Status fail_with(const sluice_host* host, sluice_err* err, const Error& e) noexcept {
    host->fail(err, e.status, to_str(e.where), to_str(e.detail));
    return e.status;
  }

  // One instance: the author's object and the host it was made with.
  template <class T>
  struct Instance {
    const sluice_host* host;
    std::unique_ptr<T> object;

    static T& of(void* self) noexcept { return *static_cast<Instance*>(self)->object; }

    static Status create(const sluice_host* host, const sluice_node* settings, sluice_err* err,
                         void** self) noexcept {
      try {
        auto made = T::make(Settings(host, settings), Host(host));
        if (!made) return fail_with(host, err, made.error());
        *self = new Instance{host, std::move(*made)};
        return SLUICE_OK;
      } catch (...) {
        return fail_with_current_exception(host, err);
      }
    }
    static void destroy(void* self) noexcept { delete static_cast<Instance*>(self); }

    static Status start(void* self, sluice_err* err) noexcept {
      if constexpr (requires(T & t) { t.start(); }) {
        return run_checked(self, err, [](T& t) { return t.start(); });
      } else {
        return SLUICE_OK;
      }
    }
    static void drain(void* self) noexcept {
      if constexpr (requires(T & t) { t.drain(); }) of(self).drain();
    }
    static void stop(void* self) noexcept {
      if constexpr (requires(T & t) { t.stop(); }) of(self).stop();
    }
    static Status health(void* self, sluice_err* err) noexcept {
      if constexpr (requires(T & t) { t.check_health(); }) {
        return run_checked(self, err, [](T& t) { return t.check_health(); });
      } else {
        return SLUICE_OK;
      }
    }
    static void cancel(void* self, sluice_op* op) noexcept {
      if constexpr (requires(T & t) { t.cancel(Op(op)); }) of(self).cancel(Op(op));
    }
    static void resume(void* self, sluice_op* op) noexcept {
      if constexpr (requires(T & t) { t.resume(Op(op)); }) of(self).resume(Op(op));
    }

   private:
    template <class Step>
    static Status run_checked(void* self, sluice_err* err, Step step) noexcept {
      auto* instance = static_cast<Instance*>(self);
      try {
        Result<void> done = step(*instance->object);
        return done ? SLUICE_OK : fail_with(instance->host, err, done.error());
      } catch (...) {
        return fail_with_current_exception(instance->host, err);
      }
    }
  };

  template <class T>
  using CancelFn = void (*)(void*, sluice_op*);

  template <class T>
  constexpr CancelFn<T> cancel_or_null() noexcept {
    if constexpr (requires(T & t, sluice_op * o) { t.cancel(Op(o)); }) return &Instance<T>::cancel;
    return nullptr;
  }
  template <class T>
  constexpr CancelFn<T> resume_or_null() noexcept {
    if constexpr (requires(T & t, sluice_op * o) { t.resume(Op(o)); }) return &Instance<T>::resume;
    return nullptr;
  }

  using ExtensionFn = const void* (*)(void*, const char*);

}  // namespace )

// How a component presents itself. All text must be literals.
struct ComponentInfo {
  std::string_view type;
  std::string_view title = {};
  std::string_view summary = {};
  std::uint32_t exec = SLUICE_EXEC_INLINE;
  std::uint32_t max_concurrency = 0;  // 0 = any number
};

namespace detail __attribute__((visibility("hidden"))) {
  template <class T>
  sluice_component make_component(std::uint32_t kind, const void* api, const ComponentInfo& info,
                                  ExtensionFn extension = nullptr) noexcept {
    using I = Instance<T>;
    return {sizeof(sluice_component),
            kind,
            to_str(info.type),
            to_str(info.title),
            to_str(info.summary),
            to_str(T::kSchema),
            info.exec,
            info.max_concurrency,
            api,
            &I::create,
            &I::start,
            &I::drain,
            &I::stop,
            &I::destroy,
            &I::health,
            extension};
  }
}  // namespace )

}  // namespace v1
}  // namespace sluice
