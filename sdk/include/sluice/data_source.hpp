// SPDX-License-Identifier: Apache-2.0
#pragma once
// Query, Catalog sinks, and the function that turns an author's class into a data source.
//
//   class MySource {
//    public:
//     static constexpr std::string_view kSchema = R"({"type":"object"})";
//     static constexpr sluice_dialect kDialect = {...};            // optional: wizard mode
//     static constexpr sluice_acceleration kAcceleration = {...};  // optional: several ways to run
//     static Result<std::unique_ptr<MySource>> make(Settings, Host);
//     Status execute(const Query&, Rows, Op) const;  // or void execute(Query, Rows, Pending)
//     Status list_tables(std::string_view search, CatalogOut, Op) const;    // optional, with
//     Status describe_table(std::string_view table, CatalogOut, Op) const;  //   this one
//     Status explain(const Query&, ExplainOut, Op) const;                   // optional
//     Status describe(const Query&, StatementOut, Op) const;  // optional: script mode finds fields
//     void cancel(Op);  // optional: stop the work at the source
//     void resume(Op);  // asynchronous sources: after SLUICE_PAUSE
//   };

#include <sluice/abilities.h>
#include <sluice/component.hpp>
#include <sluice/rows.hpp>

#include <cstring>
#include <span>
#include <string_view>

namespace sluice {
inline namespace v1 {

// One statement and its typed arguments. Borrowed until the op completes.
class Query {
 public:
  explicit Query(const sluice_query* query) noexcept : query_(query) {}

  std::string_view text() const noexcept { return to_view(query_->text); }
  std::string_view resource() const noexcept { return to_view(query_->resource); }
  std::span<const Cell> args() const noexcept { return {query_->args, query_->arg_count}; }
  std::uint64_t max_rows() const noexcept { return query_->max_rows; }  // 0 = no bound
  // A method of the source's kAcceleration; empty: the source's own choice.
  std::string_view acceleration() const noexcept {
    return SLUICE_FIELD(query_, acceleration) ? to_view(query_->acceleration) : std::string_view();
  }
  const sluice_query* raw() const noexcept { return query_; }

 private:
  const sluice_query* query_;
};

// What a catalogue tells; see sluice/abilities.h. Everything pushed is copied at once. [run]
class CatalogOut {
 public:
  explicit CatalogOut(sluice_catalog_out* out) noexcept : out_(out) {}
  Status table(const sluice_table_info& info) const noexcept {
    return out_->vt->table(out_, &info);
  }
  Status column(const sluice_column_info& info) const noexcept {
    return out_->vt->column(out_, &info);
  }
  Status index(const sluice_index_info& info) const noexcept {
    return out_->vt->index(out_, &info);
  }

 private:
  sluice_catalog_out* out_;
};

class ExplainOut {
 public:
  explicit ExplainOut(sluice_explain_out* out) noexcept : out_(out) {}
  Status step(std::string_view text, bool full_scan) const noexcept {
    return out_->vt->step(out_, to_str(text), full_scan);
  }

 private:
  sluice_explain_out* out_;
};

// What a statement would answer; see sluice_statement.
class StatementOut {
 public:
  explicit StatementOut(sluice_statement_out* out) noexcept : out_(out) {}
  Status column(const sluice_column_info& info) const noexcept {
    return out_->vt->column(out_, &info);
  }
  void fault(std::string_view text, std::uint64_t offset = UINT64_MAX) const noexcept {
    out_->vt->fault(out_, to_str(text), offset);
  }

 private:
  sluice_statement_out* out_;
};

namespace detail __attribute__((visibility("hidden"))) {
  template <class T>
  struct DataSourceTable {
    static Status execute(void* self, sluice_op* op, const sluice_query* query,
                          sluice_rows* rows) noexcept {
      T& object = Instance<T>::of(self);
      try {
        if constexpr (requires { object.execute(Query(query), Rows(rows), Op(op)); }) {
          return object.execute(Query(query), Rows(rows), Op(op));
        } else {
          object.execute(Query(query), Rows(rows), Pending(op));
          return SLUICE_PENDING;
        }
      } catch (...) {
        return fail_with_current_exception(op);
      }
    }
    static Status list_tables(void* self, sluice_op* op, sluice_str search,
                              sluice_catalog_out* out) noexcept {
      try {
        return Instance<T>::of(self).list_tables(to_view(search), CatalogOut(out), Op(op));
      } catch (...) {
        return fail_with_current_exception(op);
      }
    }
    static Status describe_table(void* self, sluice_op* op, sluice_str table,
                                 sluice_catalog_out* out) noexcept {
      try {
        return Instance<T>::of(self).describe_table(to_view(table), CatalogOut(out), Op(op));
      } catch (...) {
        return fail_with_current_exception(op);
      }
    }
    static Status explain(void* self, sluice_op* op, const sluice_query* query,
                          sluice_explain_out* out) noexcept {
      try {
        return Instance<T>::of(self).explain(Query(query), ExplainOut(out), Op(op));
      } catch (...) {
        return fail_with_current_exception(op);
      }
    }
    static Status describe(void* self, sluice_op* op, const sluice_query* query,
                           sluice_statement_out* out) noexcept {
      try {
        return Instance<T>::of(self).describe(Query(query), StatementOut(out), Op(op));
      } catch (...) {
        return fail_with_current_exception(op);
      }
    }
    static const void* extension([[maybe_unused]] void* self, const char* id) noexcept {
      if constexpr (requires { &T::describe_table; }) {
        static constexpr sluice_catalog kCatalog{sizeof(sluice_catalog), 0, &list_tables,
                                                 &describe_table};
        if (std::strcmp(id, SLUICE_CATALOG_ID) == 0) return &kCatalog;
      }
      if constexpr (requires { &T::explain; }) {
        static constexpr sluice_explain kExplain{sizeof(sluice_explain), 0, &explain};
        if (std::strcmp(id, SLUICE_EXPLAIN_ID) == 0) return &kExplain;
      }
      if constexpr (requires { &T::describe; }) {
        static constexpr sluice_statement kStatement{sizeof(sluice_statement), 0, &describe};
        if (std::strcmp(id, SLUICE_STATEMENT_ID) == 0) return &kStatement;
      }
      if constexpr (requires { T::kDialect; }) {
        if (std::strcmp(id, SLUICE_DIALECT_ID) == 0) return &T::kDialect;
      }
      if constexpr (requires { T::kAcceleration; }) {
        if (std::strcmp(id, SLUICE_ACCELERATION_ID) == 0) return &T::kAcceleration;
      }
      return nullptr;
    }
    static constexpr sluice_data_source kTable{sizeof(sluice_data_source), 0, &execute,
                                               cancel_or_null<T>(), resume_or_null<T>()};
  };
}  // namespace )

template <class T>
sluice_component data_source(const ComponentInfo& info) noexcept {
  return detail::make_component<T>(SLUICE_KIND_DATA_SOURCE, &detail::DataSourceTable<T>::kTable,
                                   info, &detail::DataSourceTable<T>::extension);
}

}  // namespace v1
}  // namespace sluice
