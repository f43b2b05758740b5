// SPDX-License-Identifier: Apache-2.0
#pragma once
// The byte sink of a response body, and the function that turns an author's classes into a
// serializer.
//
//   struct MyFormat { kSchema; kMediaType; make(); };              // shared by all writers
//   class MyWriter {                                               // one response; must not throw
//    public:                                                       //   from its destructor
//     MyWriter(const MyFormat&, const sluice_render&, Out, Op);
//     Status begin(std::span<const Column>);                       // once, first
//     Status push(std::span<const Cell> row);
//     Status end();                                                // only when the rows are
//     complete
//   };
//   serializer<MyFormat, MyWriter>({.type = "csv"})

#include <sluice/component.hpp>
#include <sluice/rows.hpp>

#include <cstring>
#include <new>

namespace sluice {
inline namespace v1 {

// Bytes of a response body. [run]
class Out {
 public:
  explicit Out(sluice_out* out) noexcept : out_(out) {}

  // Room for `bytes` more. What was written before may be gone afterwards: never look back.
  Status reserve(std::size_t bytes) const noexcept {
    return static_cast<std::size_t>(out_->end - out_->cur) >= bytes ? SLUICE_OK
                                                                    : out_->reserve(out_, bytes);
  }
  char* cursor() const noexcept { return reinterpret_cast<char*>(out_->cur); }
  void advance_to(char* cursor) const noexcept {
    out_->cur = reinterpret_cast<std::uint8_t*>(cursor);
  }
  Status write(std::string_view bytes) const noexcept {
    if (const Status s = reserve(bytes.size()); s != SLUICE_OK) return s;
    std::memcpy(out_->cur, bytes.data(), bytes.size());
    out_->cur += bytes.size();
    return SLUICE_OK;
  }

 private:
  sluice_out* out_;
};

namespace detail __attribute__((visibility("hidden"))) {
  template <class T, class Writer>
  struct SerializerTable {
    struct Held {
      sluice_rows rows;
      Writer writer;
      std::size_t columns;
    };
    static Held& held(sluice_rows* rows) noexcept { return *reinterpret_cast<Held*>(rows); }

    static Status begin(sluice_rows* rows, const sluice_column* columns, std::size_t n) noexcept {
      held(rows).columns = n;
      try {
        return held(rows).writer.begin({columns, n});
      } catch (...) {
        return SLUICE_E_INTERNAL;
      }
    }
    static Status push(sluice_rows* rows, const sluice_cell* cells, std::size_t count) noexcept {
      Held& h = held(rows);
      try {
        for (; count; --count, cells += h.columns) {
          if (const Status s = h.writer.push({cells, h.columns}); s != SLUICE_OK) return s;
        }
        return SLUICE_OK;
      } catch (...) {
        return SLUICE_E_INTERNAL;
      }
    }
    static constexpr sluice_rows_vt kRows{sizeof(sluice_rows_vt), 0x1ff, &begin, &push, nullptr};

    static Status open(void* self, sluice_op* op, const sluice_render* render, sluice_out* out,
                       sluice_rows** writer) noexcept {
      void* memory = Op(op).scratch(sizeof(Held));
      if (!memory) return Op(op).fail(SLUICE_E_TOO_LARGE, "the call's memory is used up");
      try {
        auto* made = new (memory)
            Held{{&kRows}, Writer(Instance<T>::of(self), *render, Out(out), Op(op)), 0};
        *writer = &made->rows;
        return SLUICE_OK;
      } catch (...) {
        return fail_with_current_exception(op);
      }
    }
    static Status close(void*, sluice_rows* rows, Status why) noexcept {
      Held& h = held(rows);
      Status s = why;
      if (why == SLUICE_OK) {
        try {
          s = h.writer.end();
        } catch (...) {
          s = SLUICE_E_INTERNAL;
        }
      }
      h.~Held();
      return s;
    }
  };
}  // namespace )

// T::kMediaType is the Content-Type of what Writer writes.
template <class T, class Writer>
sluice_component serializer(const ComponentInfo& info) noexcept {
  using Table = detail::SerializerTable<T, Writer>;
  static const sluice_serializer kTable{sizeof(sluice_serializer), 0, to_str(T::kMediaType),
                                        &Table::open, &Table::close};
  return detail::make_component<T>(SLUICE_KIND_SERIALIZER, &kTable, info);
}

}  // namespace v1
}  // namespace sluice
