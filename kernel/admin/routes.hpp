// SPDX-License-Identifier: Apache-2.0
#pragma once
// Routes of the management API: the table's form, how a request finds its line, and the OpenAPI
// document made from it. Inside this room only.

#include "admin/admin_api.hpp"
#include "admin/guards.hpp"
#include "admin/shapes.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::admin {

using Handler = std::function<void(const Call&, const AdminApi::Respond&)>;

enum class BodyNeed { kNone, kOptional, kRequired };

struct Route {
  std::string_view method;
  std::string_view pattern;    // "/admin/v1/apis/{id}/versions/{version}"
  std::string_view operation;  // operationId
  std::string_view summary;
  Guard guard;  // who may: no line without one
  Handler handler;

  BodyNeed body_need = BodyNeed::kNone;
  std::size_t body_bytes_max = kBodyBytesMax;
  const Shape* takes = nullptr;  // the body's shape; nullptr: any
  Purpose purpose = Purpose::kCreate;
  int success = 200;
  const Shape* answers = nullptr;
  bool is_tagged = false;     // its answer is the document of its guard, and carries the ETag
  bool answers_list = false;  // {"items": [...], "total": n}; takes limit and offset
  std::vector<std::string_view> query = {};

  // ---- what the table's lines say beyond that
  Route& take(const Shape& shape, Purpose use = Purpose::kCreate) {
    body_need = BodyNeed::kRequired;
    takes = &shape;
    purpose = use;
    return *this;
  }
  Route& take_large(const Shape& shape, std::size_t bytes_max) {
    body_bytes_max = bytes_max;
    return take(shape);
  }
  Route& take_maybe(const Shape& shape) {
    take(shape).body_need = BodyNeed::kOptional;
    return *this;
  }
  Route& answer(int status, const Shape& shape) {
    success = status;
    answers = &shape;
    return *this;
  }
  Route& answer_nothing() {
    success = 204;
    return *this;
  }
  Route& answer_list(const Shape& shape, std::vector<std::string_view> filters = {}) {
    answers = &shape;
    answers_list = true;
    return with_query(std::move(filters));
  }
  Route& tagged() {
    is_tagged = true;
    return *this;
  }
  Route& with_query(std::vector<std::string_view> names) {
    query = std::move(names);
    return *this;
  }
};

struct Target {
  std::vector<std::string> segments;  // decoded
  std::map<std::string, std::string, std::less<>> query;
};

// A request target in origin form. Errors: a broken %XX, a name twice, more than kTargetBytesMax.
Result<Target> parse_target(std::string_view target);

struct Match {
  const Route* route = nullptr;      // nullptr: nothing for this method
  std::vector<std::string> path;     // values of the {parts}
  std::vector<std::string> allowed;  // methods of this path; empty: no such path
};
Match find_route(const std::vector<Route>& routes, std::string_view method, const Target& target);

// With the permission of each route, and of each kind of document that apply takes.
Json make_openapi(const std::vector<Route>& routes, const std::string& version);

}  // namespace sluice::admin
