// SPDX-License-Identifier: Apache-2.0
#pragma once
// The documents that go to the service and come from it, as values: maxcompute.md 4 to 9.

#include "settings.hpp"
#include "type.hpp"

#include <sluice/result.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::maxcompute {

// ---- sent

using JobSettings = std::map<std::string, std::string>;

// What every job of this source is told; `extra` is added or wins.
JobSettings make_job_settings(const SourceSettings& settings, const JobSettings& extra = {});
std::string make_job_xml(std::string_view statement, const JobSettings& settings,
                         std::string_view uuid);
std::string make_attach_xml(const SourceSettings& settings, std::string_view uuid);
std::string make_session_query_xml(std::string_view statement, const JobSettings& settings);
std::string make_session_cancel_xml(std::int64_t query_id);
// Tells a submission that got no answer from others, in the service's own records.
std::string make_uuid();
inline constexpr std::string_view kStopXml =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    "<Instance><Status>Terminated</Status></Instance>";
inline constexpr std::string_view kJobTask = "AnonymousSQLTask";
inline constexpr std::string_view kSessionTask = "AnonymousSQLRTTask";

// ---- read; nothing when the text is not such a document

// The last segment of a Location: an opaque id of up to 128 letters, digits, '_' and '-'.
std::optional<std::string> parse_instance_id(std::string_view location);

struct TaskState {
  std::string status;                 // as it came; empty: the document has no task
  std::optional<std::string> result;  // decoded from Base64
  std::string descriptor;             // JSON, may be empty
};
struct InstanceState {
  std::string status;  // "Running", "Terminated" ...; empty in a document of results
  std::vector<TaskState> tasks;
};
std::optional<InstanceState> parse_instance(std::string_view xml);

struct ResultDescriptor {
  enum class Extent { kUnknown, kFull, kTruncated, kNone } extent = Extent::kUnknown;
  std::vector<ColumnSpec> columns;  // empty: not told
};
ResultDescriptor parse_descriptor(std::string_view json);

struct DownloadSession {
  std::string id, status;
  std::uint64_t record_count = 0;
  std::vector<ColumnSpec> columns;
};
std::optional<DownloadSession> parse_download_session(std::string_view json);
// {"columns":[...],"partitionKeys":[...]}; also MIME-encoded, as headers may be.
std::optional<std::vector<ColumnSpec>> parse_tunnel_schema(std::string_view header);

// What ?info answers: {"status":5,"result":"..."}; the status of a PUT is a text.
struct SessionAnswer {
  std::int64_t status = 0;
  std::string status_text, result;
};
std::optional<SessionAnswer> parse_session_answer(std::string_view json);
// The result of a PUT: {"queryId":1,"status":"ok"}.
struct SessionQuery {
  std::int64_t query_id = -1;
  std::string result;
};
std::optional<SessionQuery> parse_session_query(std::string_view json);

struct TableEntry {
  std::string name, comment;
  bool is_view = false;
};
struct TablePage {
  std::vector<TableEntry> tables;
  std::string marker;  // empty: the last page
};
std::optional<TablePage> parse_table_page(std::string_view xml);

struct TableColumn {
  std::string name, declared, comment;
  bool is_nullable = true, is_partition = false;
};
std::optional<std::vector<TableColumn>> parse_table(std::string_view xml);

// What "explain output" tells: {"columns":[...]}, perhaps with words around it.
std::optional<std::vector<ColumnSpec>> parse_explained(std::string_view text);

std::string parse_connection(std::string_view json);  // of MaxQA; empty: none

}  // namespace sluice::maxcompute
