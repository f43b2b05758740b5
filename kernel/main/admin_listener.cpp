// SPDX-License-Identifier: Apache-2.0
#include "main/admin_listener.hpp"

#include <memory>

namespace sluice::node {
namespace {

// A change that was begun is finished, whether its caller waits or not.
class NobodyCares final : public http::ClientGoneListener {
 public:
  void client_gone() override {}
};
NobodyCares nobody_cares;

void send(http::Exchange& exchange, const admin::AdminResponse& response) {
  http::ResponseHead head{.status = response.status};
  std::vector<http::Header> headers;
  for (const auto& [name, value] : response.headers) {
    if (name == "Content-Type") {
      head.content_type = value;
    } else {
      headers.push_back({name, value});
    }
  }
  head.headers = headers;
  exchange.send(head, response.body);
}

}  // namespace

void AdminListener::handle(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  admin::AdminRequest asked;
  asked.method = request.method;
  asked.target = request.path;
  if (!request.query.empty()) asked.target.append("?").append(request.query);
  asked.body = request.body;
  for (const auto& header : request.headers) asked.headers.emplace_back(header.name, header.value);

  auto is_answered = std::make_shared<bool>(false);
  api_.handle(std::move(asked), [&exchange, is_answered](const admin::AdminResponse& response) {
    *is_answered = true;
    send(exchange, response);
  });
  if (!*is_answered) exchange.suspend(nobody_cares);
}

}  // namespace sluice::node
