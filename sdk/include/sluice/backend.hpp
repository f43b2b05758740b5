// SPDX-License-Identifier: Apache-2.0
#pragma once
// The function that turns an author's class into a backend: an upstream that takes a request and
// gives a response.
//
//   class MyBackend {
//    public:
//     static constexpr std::string_view kSchema = R"({"type":"object"})";
//     static Result<std::unique_ptr<MyBackend>> make(Settings, Host);
//     Status handle(const Request&, Response, Op);                 // or (Request, Response,
//     Pending)
//   };

#include <sluice/component.hpp>

namespace sluice {
inline namespace v1 {

// Where a backend writes its answer: status, headers, then the body in pieces. [run]
class Response {
 public:
  explicit Response(sluice_response* response) noexcept : response_(response) {}
  void status(int http_status) const noexcept { response_->vt->status(response_, http_status); }
  void header(std::string_view name, std::string_view value) const noexcept {
    response_->vt->header(response_, to_str(name), to_str(value));
  }
  Status body(std::string_view piece) const noexcept {
    return response_->vt->body(response_, piece.data(), piece.size());
  }

 private:
  sluice_response* response_;
};

namespace detail __attribute__((visibility("hidden"))) {
  template <class T>
  struct BackendTable {
    static Status handle(void* self, sluice_op* op, sluice_response* response) noexcept {
      T& object = Instance<T>::of(self);
      try {
        if constexpr (requires {
                        object.handle(Request(op->request), Response(response), Op(op));
                      }) {
          return object.handle(Request(op->request), Response(response), Op(op));
        } else {
          object.handle(Request(op->request), Response(response), Pending(op));
          return SLUICE_PENDING;
        }
      } catch (...) {
        return fail_with_current_exception(op);
      }
    }
    static constexpr sluice_backend kTable{sizeof(sluice_backend), 0, &handle, cancel_or_null<T>(),
                                           resume_or_null<T>()};
  };
}  // namespace )

template <class T>
sluice_component backend(const ComponentInfo& info) noexcept {
  return detail::make_component<T>(SLUICE_KIND_BACKEND, &detail::BackendTable<T>::kTable, info);
}

}  // namespace v1
}  // namespace sluice
