// SPDX-License-Identifier: Apache-2.0
#include "documents.hpp"

#include "text.hpp"
#include "xml.hpp"

#include <nlohmann/json.hpp>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace sluice::maxcompute {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kColumnsMax = 4096;
constexpr std::size_t kInstanceIdBytesMax = 128;
constexpr std::string_view kXmlHead = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

// Settings come from an operator and are UTF-8 or not: what is not is replaced.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string property_xml(std::string_view name, std::string_view value) {
  std::string out = "<Property><Name>";
  append_xml_text(out, name);
  out += "</Name><Value>";
  append_xml_text(out, value);
  return out + "</Value></Property>";
}

std::string job_xml(std::string_view task) {
  return std::string(kXmlHead) + "<Instance><Job><Priority>9</Priority><Tasks>" +
         std::string(task) + "</Tasks><DAG><RunMode>Sequence</RunMode></DAG></Job></Instance>";
}

std::string key_value_xml(std::string_view key, std::string_view value) {
  std::string out(kXmlHead);
  out += "<Instance><Key>";
  append_xml_text(out, key);
  out += "</Key><Value>";
  append_xml_text(out, value);
  return out + "</Value></Instance>";
}

std::string read_text(const Json& object, std::string_view name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Of an array of columns, whose members are written small or large.
std::optional<std::vector<ColumnSpec>> read_columns(const Json& array) {
  if (!array.is_array() || array.size() > kColumnsMax) return std::nullopt;
  std::vector<ColumnSpec> columns;
  for (const auto& item : array) {
    if (!item.is_object()) return std::nullopt;
    const bool is_large = item.contains("Name");
    ColumnSpec column{read_text(item, is_large ? "Name" : "name"),
                      read_text(item, is_large ? "Type" : "type"),
                      {}};
    auto type = parse_type(column.declared);
    if (!type) return std::nullopt;
    column.type = std::move(*type);
    columns.push_back(std::move(column));
  }
  return columns;
}

std::optional<std::vector<ColumnSpec>> read_schema(const Json& schema) {
  if (!schema.is_object() || !schema.contains("columns")) return std::nullopt;
  return read_columns(schema["columns"]);
}

std::optional<std::string> decode_quoted_printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out += ' ';
    } else if (text[i] == '=') {
      if (i + 2 >= text.size()) return std::nullopt;
      const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        return -1;
      };
      const int high = digit(text[i + 1]), low = digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// RFC 2047: =?utf-8?B?...?= and =?utf-8?Q?...?=, several of them with blanks between.
std::optional<std::string> decode_mime(std::string_view text) {
  if (!text.starts_with("=?")) return std::string(text);
  std::string out;
  while (!text.empty()) {
    if (text.front() == ' ' || text.front() == '\t') {
      text.remove_prefix(1);
      continue;
    }
    if (!text.starts_with("=?")) return std::nullopt;
    const auto charset_end = text.find('?', 2);
    if (charset_end == text.npos || charset_end + 3 > text.size() || text[charset_end + 2] != '?') {
      return std::nullopt;
    }
    const char encoding = text[charset_end + 1];
    const auto end = text.find("?=", charset_end + 3);
    if (end == text.npos) return std::nullopt;
    const auto word = text.substr(charset_end + 3, end - charset_end - 3);
    const auto decoded = encoding == 'B' || encoding == 'b'   ? decode_base64(word)
                         : encoding == 'Q' || encoding == 'q' ? decode_quoted_printable(word)
                                                              : std::nullopt;
    if (!decoded) return std::nullopt;
    out += *decoded;
    text.remove_prefix(end + 2);
  }
  return out;
}

}  // namespace

JobSettings make_job_settings(const SourceSettings& settings, const JobSettings& extra) {
  JobSettings all = extra;
  all.insert(settings.job_settings.begin(), settings.job_settings.end());
  // Literals and results are what they are under these.
  all["odps.sql.timezone"] = "UTC";
  all["odps.sql.type.system.odps2"] = "true";
  all["odps.sql.decimal.odps2"] = "true";
  if (settings.allows_full_scan) all["odps.sql.allow.fullscan"] = "true";
  if (!settings.job_quota.empty()) all["odps.task.wlm.quota"] = settings.job_quota;
  if (!settings.schema.empty()) {
    all["odps.sql.allow.namespace.schema"] = "true";
    all["odps.namespace.schema"] = "true";
    all["odps.default.schema"] = settings.schema;
  }
  return all;
}

std::string make_uuid() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string text = encode_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  for (const std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, 1, '-');
  return text;
}

std::string make_job_xml(std::string_view statement, const JobSettings& settings,
                         std::string_view uuid) {
  std::string task = "<SQL><Name>" + std::string(kJobTask) + "</Name><Config>";
  task += property_xml("settings", dump(Json(settings)));
  task += property_xml("uuid", uuid);
  task += "</Config><Query>";
  append_xml_text(task, statement);
  task += "</Query></SQL>";
  return job_xml(task);
}

std::string make_attach_xml(const SourceSettings& settings, std::string_view uuid) {
  const JobSettings hints{{"odps.sql.session.share.id", settings.mcqa_session},
                          {"odps.sql.submit.mode", "script"}};
  return job_xml("<SQLRT><Name>" + std::string(kSessionTask) + "</Name><Config>" +
                 property_xml("settings", dump(Json(hints))) + property_xml("uuid", uuid) +
                 "</Config></SQLRT>");
}

std::string make_session_query_xml(std::string_view statement, const JobSettings& settings) {
  return key_value_xml("query", dump(Json{{"query", statement}, {"settings", settings}}));
}

std::string make_session_cancel_xml(std::int64_t query_id) {
  return key_value_xml("cancel", std::to_string(query_id));
}

std::optional<std::string> parse_instance_id(std::string_view location) {
  constexpr std::string_view kLetters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";
  location = location.substr(0, location.find_first_of("?#"));
  const auto slash = location.rfind('/');
  const auto id = slash == location.npos ? location : location.substr(slash + 1);
  if (id.empty() || id.size() > kInstanceIdBytesMax || id.find_first_not_of(kLetters) != id.npos) {
    return std::nullopt;
  }
  return std::string(id);
}

std::optional<InstanceState> parse_instance(std::string_view xml) {
  const auto root = parse_xml(xml);
  if (!root || root->name != "Instance") return std::nullopt;
  InstanceState state{std::string(root->text_of("Status")), {}};
  const XmlNode* tasks = root->find("Tasks");
  if (!tasks) return state;
  for (const auto& task : tasks->children) {
    if (task.name != "Task") continue;
    auto& read = state.tasks.emplace_back();
    read.status = task.text_of("Status");
    read.descriptor = task.text_of("ResultDescriptor");
    const XmlNode* result = task.find("Result");
    if (!result) continue;
    const auto* transform = result->find_attribute("Transform");
    if (transform && equals_folded(*transform, "Base64")) {
      read.result = decode_base64(result->text);
      if (!read.result) return std::nullopt;
    } else {
      read.result = result->text;
    }
  }
  return state;
}

ResultDescriptor parse_descriptor(std::string_view text) {
  ResultDescriptor descriptor;
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return descriptor;
  const std::string extent = read_text(json, "SelectResultStatus");
  using Extent = ResultDescriptor::Extent;
  descriptor.extent = extent == "FULL"        ? Extent::kFull
                      : extent == "TRUNCATED" ? Extent::kTruncated
                      : extent == "NO"        ? Extent::kNone
                                              : Extent::kUnknown;
  const auto schema = json.find("Schema");
  if (schema != json.end() && schema->is_object() && schema->contains("Columns")) {
    if (auto columns = read_columns((*schema)["Columns"])) descriptor.columns = std::move(*columns);
  }
  return descriptor;
}

std::optional<DownloadSession> parse_download_session(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  DownloadSession session{
      read_text(json, "DownloadID"), to_lower(read_text(json, "Status")), 0, {}};
  if (session.id.empty()) return std::nullopt;
  const auto count = json.find("RecordCount");
  if (count != json.end() && count->is_number_unsigned()) {
    session.record_count = count->get<std::uint64_t>();
  } else if (count != json.end() && count->is_number_integer() && count->get<std::int64_t>() < 0) {
    return std::nullopt;
  }
  if (session.status == "initiating") return session;
  const auto schema = json.find("Schema");
  if (schema == json.end()) return std::nullopt;
  auto columns = read_schema(*schema);
  if (!columns) return std::nullopt;
  session.columns = std::move(*columns);
  return session;
}

std::optional<std::vector<ColumnSpec>> parse_tunnel_schema(std::string_view header) {
  const auto text = decode_mime(header);
  if (!text) return std::nullopt;
  return read_schema(Json::parse(*text, nullptr, false));
}

std::optional<SessionAnswer> parse_session_answer(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  SessionAnswer answer;
  const auto status = json.find("status");
  if (status != json.end() && status->is_number_integer()) {
    answer.status = status->get<std::int64_t>();
  } else {
    answer.status_text = read_text(json, "status");
  }
  answer.result = read_text(json, "result");
  return answer;
}

std::optional<SessionQuery> parse_session_query(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  SessionQuery query;
  const auto id = json.find("queryId");
  if (id != json.end() && id->is_number_integer()) query.query_id = id->get<std::int64_t>();
  query.result = read_text(json, "result");
  return query;
}

std::optional<TablePage> parse_table_page(std::string_view xml) {
  const auto root = parse_xml(xml);
  if (!root || root->name != "Tables") return std::nullopt;
  TablePage page{{}, std::string(root->text_of("Marker"))};
  for (const auto& table : root->children) {
    if (table.name != "Table") continue;
    const auto type = table.text_of("Type");
    page.tables.push_back({std::string(table.text_of("Name")),
                           std::string(table.text_of("Comment")),
                           type == "VIRTUAL_VIEW" || type == "MATERIALIZED_VIEW"});
  }
  return page;
}

std::optional<std::vector<TableColumn>> parse_table(std::string_view xml) {
  const auto root = parse_xml(xml);
  if (!root || root->name != "Table") return std::nullopt;
  const auto json = Json::parse(root->text_of("Schema"), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  std::vector<TableColumn> columns;
  for (const char* group : {"columns", "partitionKeys"}) {
    const auto array = json.find(group);
    if (array == json.end() || !array->is_array()) continue;
    for (const auto& item : *array) {
      if (!item.is_object() || columns.size() == kColumnsMax) return std::nullopt;
      const bool is_partition = group == std::string_view("partitionKeys");
      const auto nullable = item.find("isNullable");
      const bool is_nullable =
          nullable == item.end() || !nullable->is_boolean() || nullable->get<bool>();
      columns.push_back({read_text(item, "name"), read_text(item, "type"),
                         read_text(item, "comment"), is_nullable && !is_partition, is_partition});
    }
  }
  return columns;
}

std::optional<std::vector<ColumnSpec>> parse_explained(std::string_view text) {
  const auto first = text.find('{'), last = text.rfind('}');
  if (first == text.npos || last == text.npos || last < first) return std::nullopt;
  return read_schema(Json::parse(text.substr(first, last - first + 1), nullptr, false));
}

std::string parse_connection(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  return json.is_object() ? read_text(json, "connInfo") : std::string();
}

}  // namespace sluice::maxcompute
