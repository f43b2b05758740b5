// SPDX-License-Identifier: Apache-2.0
#include "verify/cases.hpp"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <set>

namespace sluice::verify {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLastSecond = 253402300799;  // of the year 9999

// Reading ends at the first fault, which unwinds to parse_cases().
struct Fault {
  std::string where, what;
};

// One value of the file and the pointer to it.
class Place {
 public:
  Place(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  [[noreturn]] void refuse(std::string what) const { throw Fault{where_, std::move(what)}; }
  const Json& json() const { return json_; }

  std::optional<Place> find(const char* name) const {
    const auto member = json_.find(name);
    if (member == json_.end() || member->is_null()) return std::nullopt;
    return Place(*member, where_ + "/" + name);
  }
  Place at(const char* name) const {
    if (auto found = find(name)) return *found;
    throw Fault{where_ + "/" + name, "is missing"};
  }
  const Place& object() const {
    if (!json_.is_object()) refuse("must be an object");
    return *this;
  }
  std::string text() const {
    if (!json_.is_string()) refuse("must be a string");
    return json_.get<std::string>();
  }
  bool boolean() const {
    if (!json_.is_boolean()) refuse("must be true or false");
    return json_.get<bool>();
  }
  std::vector<Place> items() const {
    if (!json_.is_array()) refuse("must be a list");
    std::vector<Place> places;
    for (std::size_t i = 0; i < json_.size(); ++i) {
      places.emplace_back(json_[i], where_ + "/" + std::to_string(i));
    }
    return places;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const auto& item : items()) all.push_back(item.text());
    return all;
  }

 private:
  const Json& json_;
  std::string where_;
};

std::string decode_base64(const Place& place) {
  const std::string text = place.text();
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0 || text.size() % 4 != 0) place.refuse("must be base64 with its padding");
  const auto padding = text.size() - (text.find_last_not_of('=') + 1);
  bytes.resize(static_cast<std::size_t>(size) - std::min<std::size_t>(padding, 2));
  return bytes;
}

SentRequest read_request(const Place& place) {
  place.object();
  SentRequest request;
  request.method = place.at("method").text();
  const std::string target = place.at("path_and_query").text();
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  if (const auto headers = place.find("headers")) {
    for (const auto& line : headers->items()) {
      const auto parts = line.texts();
      if (parts.size() != 2) line.refuse("must be a list of a name and a value");
      request.headers.emplace_back(parts[0], parts[1]);
    }
  }
  if (const auto body = place.find("body")) request.body = body->text();
  if (const auto body = place.find("body_base64")) request.body = decode_base64(*body);
  return request;
}

// Members of `from` that are there, under the same names.
Json pick(const Place& from, std::initializer_list<const char*> names) {
  Json picked = Json::object();
  for (const char* name : names) {
    if (const auto found = from.find(name)) picked[name] = found->json();
  }
  return picked;
}

// How each method writes its consumers and settings; what is made of it for the plugin.
class Method {
 public:
  virtual ~Method() = default;
  virtual std::string type() const = 0;
  // One JSON text for each credential of the consumer.
  virtual std::vector<std::string> read_credentials(const Place& consumer) = 0;
  virtual Json make_settings(const Place& config) = 0;
};

class Hmac final : public Method {
  std::string type() const override { return "hmac"; }
  std::vector<std::string> read_credentials(const Place& consumer) override {
    return {Json{{"access_key", consumer.at("key").text()},
                 {"secret_key", consumer.at("secret").text()}}
                .dump()};
  }
  Json make_settings(const Place& config) override {
    return pick(config, {"date_offset", "nonce_check", "require_nonce", "require_content_md5",
                         "algorithms"});
  }
};

class ApiKey final : public Method {
 public:
  explicit ApiKey(const Place& config) {
    const auto source = config.find("source");
    default_ = source ? read_source(*source) : Source{Json{{"type", "bearer"}}, "bearer"};
    // A source that no consumer has is one at which keys are not looked for, unless it is the
    // configuration's own.
    if (source) sources_.push_back(default_.settings);
  }
  std::string type() const override { return "api-key"; }
  std::vector<std::string> read_credentials(const Place& consumer) override {
    const auto own = consumer.find("source");
    const Source source = own ? read_source(*own) : default_;
    if (std::ranges::find(sources_, source.settings) == sources_.end()) {
      sources_.push_back(source.settings);
    }
    std::vector<std::string> credentials;
    for (const auto& key : consumer.at("keys").texts()) {
      credentials.push_back(Json{{"key", key}, {"source", source.label}}.dump());
    }
    return credentials;
  }
  Json make_settings(const Place&) override {
    if (sources_.empty()) sources_.push_back(default_.settings);
    return {{"sources", sources_}};
  }

 private:
  struct Source {
    Json settings;      // {"type":"header","name":"x-api-key"}
    std::string label;  // "header:x-api-key"
  };
  static Source read_source(const Place& place) {
    const std::string type = place.object().at("type").text();
    if (type == "bearer") return {Json{{"type", type}}, type};
    if (type != "header" && type != "query") {
      place.at("type").refuse("must be \"bearer\", \"header\" or \"query\"");
    }
    std::string name = place.at("name").text();
    if (type == "header") {
      std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
      });
    }
    return {Json{{"type", type}, {"name", name}}, type + ":" + name};
  }
  Source default_;
  Json sources_ = Json::array();
};

// Consumers may look for their tokens in different places: the API looks in all of them, and a
// consumer without places of its own has the default ones.
class Jwt final : public Method {
 public:
  std::string type() const override { return "jwt"; }
  std::vector<std::string> read_credentials(const Place& consumer) override {
    Json given =
        pick(consumer, {"jwks", "issuer", "audiences", "claims", "from_headers", "from_params",
                        "from_cookies", "clock_skew_seconds", "require_exp", "algorithms",
                        "keep_token", "claims_to_headers", "typ", "check_jti"});
    bool has_places = false;
    for (const char* list : {"from_headers", "from_params", "from_cookies"}) {
      if (!given.contains(list)) continue;
      has_places = true;
      add_places(list, given[list]);
    }
    if (!has_places) needs_default_ = true;
    return {given.dump()};
  }
  Json make_settings(const Place& config) override {
    Json settings = pick(config, {"max_token_bytes"});
    if (!needs_default_) {
      settings.update(places_);
      return settings;
    }
    const Json defaults{
        {"from_headers", Json::array({{{"name", "Authorization"}, {"value_prefix", "Bearer "}}})},
        {"from_params", Json::array({"access_token"})}};
    for (const auto& [list, places] : defaults.items()) add_places(list, places);
    settings.update(places_);
    settings["default_places"] = defaults;
    return settings;
  }

 private:
  void add_places(const std::string& list, const Json& places) {
    Json& all = places_[list];
    if (all.is_null()) all = Json::array();
    for (const auto& place : places) {
      if (std::ranges::find(all, place) == all.end()) all.push_back(place);
    }
  }
  Json places_ = Json::object();
  bool needs_default_ = false;
};

// Another authenticator: its settings and what its credential maker takes, as they are.
class Other final : public Method {
 public:
  explicit Other(std::string type) : type_(std::move(type)) {}
  std::string type() const override { return type_; }
  std::vector<std::string> read_credentials(const Place& consumer) override {
    std::vector<std::string> credentials;
    if (const auto given = consumer.find("credentials")) {
      for (const auto& one : given->items()) credentials.push_back(one.object().json().dump());
    }
    return credentials;
  }
  Json make_settings(const Place& config) override {
    const auto settings = config.find("settings");
    return settings ? settings->json() : Json::object();
  }

 private:
  std::string type_;
};

std::unique_ptr<Method> make_method(const std::string& name, const Place& config) {
  if (name == "hmac") return std::make_unique<Hmac>();
  if (name == "jwt") return std::make_unique<Jwt>();
  if (name == "apikey" || name == "api-key") return std::make_unique<ApiKey>(config);
  return std::make_unique<Other>(name);
}

std::uint64_t read_clock(const Place& place) {
  if (!place.json().is_number()) place.refuse("must be a number of seconds since 1970");
  const double seconds = place.json().get<double>();
  if (!(seconds >= 0 && seconds <= kLastSecond)) {
    place.refuse("must be a number of seconds since 1970 and before the year 10000");
  }
  if (place.json().is_number_integer()) {
    return place.json().get<std::uint64_t>() * 1'000'000'000u;
  }
  return static_cast<std::uint64_t>(seconds * 1e9);
}

Expectation read_expectation(const Place& place) {
  Expectation expect;
  place.object();
  if (const auto accept = place.find("accept")) expect.accept = accept->boolean();
  if (const auto consumer = place.find("consumer")) expect.consumer = consumer->text();
  if (const auto bind = place.find("bind")) {
    auto& pairs = expect.bind.emplace();
    for (const auto& [name, value] : bind->object().json().items()) {
      pairs[name] = Place(value, "").text();
    }
  }
  if (const auto status = place.find("status")) {
    if (!status->json().is_number_integer()) status->refuse("must be a whole number");
    expect.status = status->json().get<int>();
  }
  return expect;
}

Case read_case(const Place& place) {
  Case one;
  one.name = place.object().at("name").text();
  const Place config = place.at("config").object();
  const auto method = make_method(place.at("method").text(), config);
  one.type = method->type();
  for (const auto& consumer : config.at("consumers").items()) {
    GivenConsumer given;
    given.name = consumer.object().at("name").text();
    if (const auto enabled = consumer.find("enabled")) given.enabled = enabled->boolean();
    given.credentials = method->read_credentials(consumer);
    one.consumers.push_back(std::move(given));
  }
  one.settings_json = method->make_settings(config).dump();
  if (const auto allow = config.find("allow")) one.allow = allow->texts();
  for (const auto& [name, requests] :
       {std::pair{"before", &one.before}, std::pair{"before_rejected", &one.before_rejected}}) {
    const auto found = place.find(name);
    if (!found) continue;
    for (const auto& request : found->items()) requests->push_back(read_request(request));
  }
  one.request = read_request(place.at("request"));
  one.now_ns = read_clock(place.at("now"));
  if (const auto expect = place.find("expect")) one.expect = read_expectation(*expect);
  return one;
}

Error wrong(std::string what, std::string where = {}) {
  return {SLUICE_E_ARGUMENT, std::move(what), {}, std::move(where)};
}

}  // namespace

Result<std::vector<Case>> parse_cases(std::string_view json) try {
  const Json root = Json::parse(json);
  const auto places = Place(root, "").items();
  if (places.size() > kCasesMax) {
    return wrong("more than " + std::to_string(kCasesMax) + " cases: split the file");
  }
  std::vector<Case> cases;
  std::set<std::string> names;
  for (const auto& place : places) {
    cases.push_back(read_case(place));
    if (!names.insert(cases.back().name).second) {
      place.at("name").refuse("is the name of an earlier case");
    }
  }
  return cases;
} catch (const Json::parse_error& e) {
  return wrong("not JSON at byte " + std::to_string(e.byte));
} catch (const Fault& fault) {
  return wrong(fault.what, fault.where);
}

}  // namespace sluice::verify
