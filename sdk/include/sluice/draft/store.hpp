// SPDX-License-Identifier: Apache-2.0
#pragma once
// DRAFT: the C++ face of draft/store.h, for authors of stores inside this repository.
//
//   class MyStore {
//    public:
//     static constexpr std::string_view kSchema = R"({"type":"object"})";
//     static Result<std::unique_ptr<MyStore>> make(Settings, Host);
//     Status commit(std::span<const sluice_store_write>, std::uint64_t* revision, std::size_t*
//     failed, Op); Status get(std::string_view kind, std::string_view key, StoreOut, Op); Status
//     scan(std::string_view kind, StoreOut, Op); Status changes(std::uint64_t since, StoreOut, Op);
//     Status revision(std::uint64_t*, Op);
//     Status scan_others(std::string_view kind, StoreOut, Op);
//     Status range(const StoreRange&, StoreOut, Op);
//   };

#include <sluice/component.hpp>
#include <sluice/draft/store.h>

#include <span>

namespace sluice {
inline namespace v1 {

struct StoreRange {
  std::string_view kind, first, last;  // keys, both included
  bool backwards = false;
};

class StoreOut {
 public:
  explicit StoreOut(sluice_store_out* out) noexcept : out_(out) {}
  Status doc(const sluice_store_doc& doc) const noexcept { return out_->vt->doc(out_, &doc); }

 private:
  sluice_store_out* out_;
};

namespace detail __attribute__((visibility("hidden"))) {
  template <class T>
  struct StoreTable {
    template <class Step>
    static Status guarded(sluice_op* op, Step step) noexcept {
      try {
        return step();
      } catch (...) {
        return fail_with_current_exception(op);
      }
    }
    static Status commit(void* self, sluice_op* op, const sluice_store_write* writes, std::size_t n,
                         std::uint64_t* revision, std::size_t* failed) noexcept {
      return guarded(op, [&] {
        return Instance<T>::of(self).commit({writes, n}, revision, failed, Op(op));
      });
    }
    static Status get(void* self, sluice_op* op, sluice_str kind, sluice_str key,
                      sluice_store_out* out) noexcept {
      return guarded(op, [&] {
        return Instance<T>::of(self).get(to_view(kind), to_view(key), StoreOut(out), Op(op));
      });
    }
    static Status scan(void* self, sluice_op* op, sluice_str kind, sluice_store_out* out) noexcept {
      return guarded(
          op, [&] { return Instance<T>::of(self).scan(to_view(kind), StoreOut(out), Op(op)); });
    }
    static Status changes(void* self, sluice_op* op, std::uint64_t since,
                          sluice_store_out* out) noexcept {
      return guarded(op,
                     [&] { return Instance<T>::of(self).changes(since, StoreOut(out), Op(op)); });
    }
    static Status revision(void* self, sluice_op* op, std::uint64_t* out) noexcept {
      return guarded(op, [&] { return Instance<T>::of(self).revision(out, Op(op)); });
    }
    static Status scan_others(void* self, sluice_op* op, sluice_str kind,
                              sluice_store_out* out) noexcept {
      return guarded(op, [&] {
        return Instance<T>::of(self).scan_others(to_view(kind), StoreOut(out), Op(op));
      });
    }
    static Status range(void* self, sluice_op* op, sluice_str kind, sluice_str first,
                        sluice_str last, std::uint32_t backwards, sluice_store_out* out) noexcept {
      return guarded(op, [&] {
        return Instance<T>::of(self).range(
            {to_view(kind), to_view(first), to_view(last), backwards != 0}, StoreOut(out), Op(op));
      });
    }
    static constexpr sluice_store kTable{
        sizeof(sluice_store), 0, &commit, &get, &scan, &changes, &revision, &scan_others, &range};
  };
}  // namespace )

template <class T>
sluice_component store(const ComponentInfo& info) noexcept {
  return detail::make_component<T>(SLUICE_KIND_STORE, &detail::StoreTable<T>::kTable, info);
}

}  // namespace v1
}  // namespace sluice
