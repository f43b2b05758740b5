// SPDX-License-Identifier: Apache-2.0
#pragma once
// OutgoingClient: HTTP that leaves the gateway, for plugins (sluice.http-client/1) and for nobody
// else. One thread, apart from the data plane's: a slow server elsewhere never slows a call here.
//
// One guard for all of it: unless a request allows private addresses, a name that resolves to one
// (loopback, private, link-local, ...) is refused when the connection is made, so no URL reaches
// what only this machine may reach. TLS is verified against the system's authorities and the name.

#include <sluice/abilities.h>
#include <sluice/result.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::http {

struct OutgoingOptions {
  std::filesystem::path ca_file;  // PEM; authorities beside the system's. Empty: only those
  std::size_t in_flight_max = 1024;
  // Hosts, as URLs name them in lower case, that may be private where a request allows it. Absent:
  // any host may. Whoever configures a plugin writes the request's flag; this is the node owner's.
  std::optional<std::vector<std::string>> private_hosts = {};
};

inline constexpr std::size_t kOutgoingUrlBytesMax = 8192;
inline constexpr std::size_t kOutgoingHeadBytesMax = std::size_t{64} << 10;
inline constexpr std::size_t kIdlePerPlaceMax = 8;  // connections kept for one host and port
inline constexpr std::size_t kIdleMax = 64;         // and in all
inline constexpr std::uint64_t kIdleNs = 30'000'000'000;

class OutgoingClient {
 public:
  // CONFIG: the file of authorities cannot be read. [ctl]
  static Result<std::unique_ptr<OutgoingClient>> make(const OutgoingOptions& options);
  ~OutgoingClient();  // stop()
  OutgoingClient(const OutgoingClient&) = delete;
  OutgoingClient& operator=(const OutgoingClient&) = delete;

  // As sluice_http_client.send says; `deadline_ns` is an op's, or UINT64_MAX. [any]
  Status send(const sluice_http_request& request, std::uint64_t deadline_ns,
              const sluice_http_events& events, void* user, std::uint64_t* id);
  void cancel(std::uint64_t id);  // [any]
  // After data() answered SLUICE_PAUSE: nothing is read of the answer until then. [any]
  void resume(std::uint64_t id);
  // Everything in flight ends with E_CANCELLED; nothing is begun any more, a later send() says so.
  // [ctl]
  void stop();

 private:
  struct Parts;
  explicit OutgoingClient(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Is this the text of an address that anybody may be sent to? Not: loopback, private, shared
// (100.64/10), link-local, unique-local, unspecified, multicast, reserved, benchmarking and
// documentation addresses; IPv4 inside IPv6 (mapped, compatible, NAT64, 6to4) is judged as IPv4.
// False for what is no address. [any]
bool is_public_address(std::string_view address);

}  // namespace sluice::http
