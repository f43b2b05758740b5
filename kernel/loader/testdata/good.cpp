// SPDX-License-Identifier: Apache-2.0
// A plugin with the SDK whose one component tells through its log what happens to it, and fails in
// the way its settings ask for.
#include <sluice/sdk.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace {

class Talker {
 public:
  static constexpr std::string_view kSchema = R"({
    "type": "object", "additionalProperties": false,
    "properties": {
      "fail": {"enum": ["create", "create-throws", "start", "start-throws", "health"]},
      "list": {"type": "array", "items": {"type": "string"}},
      "deep": {"type": "object"}
    }})";

  static sluice::Result<std::unique_ptr<Talker>> make(sluice::Settings settings,
                                                      sluice::Host host) {
    const std::string fail = settings["fail"].text();
    if (fail == "create") return settings["list"].error("must not be empty");
    if (fail == "create-throws") throw std::runtime_error("thrown in make");
    host.info("create " + settings["deep"].text("{}"));
    settings["list"].each([&](std::string_view, const sluice::Settings& item) {
      host.info("item " + item.where() + " " + item.text());
    });
    if (host.raw()->extension(host.raw(), "test.answer/1")) host.info("extension found");
    return std::make_unique<Talker>(host, fail);
  }

  Talker(sluice::Host host, std::string fail) : host_(host), fail_(std::move(fail)) {}
  ~Talker() { host_.info("destroy"); }

  sluice::Result<void> start() {
    if (fail_ == "start") return sluice::Error{SLUICE_E_UNAVAILABLE, "nobody answers", {}, {}};
    if (fail_ == "start-throws") throw std::runtime_error("thrown in start");
    host_.info("start");
    return {};
  }
  void drain() { host_.info("drain"); }
  void stop() { host_.info("stop"); }
  sluice::Result<void> check_health() {
    if (fail_ == "health") return sluice::Error{SLUICE_E_UNAVAILABLE, "I feel unwell", {}, {}};
    return {};
  }
  sluice::AuthOutcome authenticate(const sluice::Request&, sluice::Op) const {
    return sluice::NoCredentials{};
  }

 private:
  sluice::Host host_;
  std::string fail_;
};

}  // namespace

SLUICE_PLUGIN("org.example.good", "1.0.0", "Example",
              sluice::authenticator<Talker>({.type = "talker", .title = "Talker"}))
