// SPDX-License-Identifier: Apache-2.0
// The tunnel: sessions over results and tables, their record streams, uploads into tables.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "compression.hpp"
#include "records.hpp"
#include "result_set.hpp"
#include "service.hpp"
#include "sql_ast.hpp"
#include "text.hpp"
#include "values.hpp"

namespace emulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDownloadsMax = 2000;
constexpr std::size_t kUploadsMax = 200;
constexpr std::size_t kUploadBytesMax = 256U << 20;
constexpr std::string_view kOwner = "ALIYUN$owner1";

// "(0,3)"
std::optional<std::pair<std::int64_t, std::int64_t>> parse_range(std::string_view text) {
  if (text.size() < 5 || text.front() != '(' || text.back() != ')') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::pair<std::int64_t, std::int64_t> range;
  const auto comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::string_view first = trim(text.substr(0, comma));
  const std::string_view second = trim(text.substr(comma + 1));
  const auto read = [](std::string_view part, std::int64_t& value) {
    const auto end = std::from_chars(part.data(), part.data() + part.size(), value);
    return end.ec == std::errc{} && end.ptr == part.data() + part.size() && value >= 0;
  };
  if (!read(first, range.first) || !read(second, range.second)) return std::nullopt;
  return range;
}

std::vector<Column> columns_of(const Download& download) {
  if (download.rows) return download.rows->columns();
  return {};
}

Corruption corruption_of(const std::vector<Fault>& faults) {
  const Fault* fault = find_fault(faults, "corrupt");
  if (fault == nullptr) return Corruption::kNone;
  if (fault->what == "stream") return Corruption::kStream;
  if (fault->what == "count") return Corruption::kCount;
  if (fault->what == "bytes") return Corruption::kBytes;
  return Corruption::kRecord;
}

}  // namespace

void Service::keep(DownloadPtr download) {
  const std::lock_guard lock(mutex_);
  download_order_.push_back(download->id);
  downloads_[download->id] = std::move(download);
  if (download_order_.size() > kDownloadsMax) {
    downloads_.erase(download_order_.front());
    download_order_.pop_front();
  }
}

DownloadPtr Service::find_download(const Call& call) {
  const std::string id(call.request.parameter("downloadid").value_or(""));
  const std::lock_guard lock(mutex_);
  const auto found = downloads_.find(id);
  if (found == downloads_.end() || found->second->path != call.request.path ||
      found->second->partition != call.request.parameter("partition").value_or("")) {
    refuse_with(404, "NoSuchDownload", "The specified download id does not exist.");
  }
  return found->second;
}

Response Service::describe_download(const Download& download, int status) const {
  const bool ready = !download.job || download.job->is_over();
  std::int64_t count = 0;
  if (download.rows) count = download.rows->count();
  if (download.rows_max >= 0) count = std::min(count, download.rows_max);
  const Json document = {{"DownloadID", download.id},
                         {"Initiated", format_http_date(download.created)},
                         {"Owner", kOwner},
                         {"QuotaName", "default"},
                         {"RecordCount", count},
                         {"Schema", Json::parse(make_schema_json(
                                        columns_of(download), download.partition_columns, true))},
                         {"Status", ready ? "normal" : "initiating"}};
  return make_json(document.dump(), status);
}

Response Service::create_instance_download(Call& call) {
  const InstancePtr instance = jobs_.find(call.path.back());
  if (!is_project(call.path[1])) {
    refuse_with(404, "NoSuchProject", "The specified project name does not exist.");
  }
  if (!instance || instance->session) {
    refuse_with(404, "NoSuchInstance", "The specified instance does not exist.");
  }
  if (!instance->job->is_over()) {
    refuse_with(400, "InstanceNotTerminate", "The specified instance is not terminated yet.");
  }
  const Outcome& outcome = instance->job->outcome();
  if (outcome.failed) refuse_with(400, "TaskFailed", outcome.text);
  if (!outcome.select) {
    refuse_with(400, "InstanceTypeNotSupported", "Non select query not supported");
  }
  auto download = std::make_shared<Download>();
  download->id = make_session_id();
  download->path = call.request.path;
  download->partition = call.request.parameter("partition").value_or("");
  download->rows = outcome.rows;
  if (call.request.has("instance_tunnel_limit_enabled")) {
    download->rows_max = knobs_.result_rows;
  }
  keep(download);
  return describe_download(*download, 200);
}

// A snapshot of a table or of one partition; with asyncmode it is made after the answer.
Response Service::create_table_download(Call& call) {
  const Table table = table_of(call, true);
  if (table.kind == TableKind::kView) {
    refuse_with(400, "InvalidArgument", "Invalid argument. A view has no data of its own.");
  }
  const std::string spec(call.request.parameter("partition").value_or(""));
  if (spec.empty() != table.partition_columns.empty()) {
    if (spec.empty()) {
      refuse_with(400, "MissingPartitionSpec",
                  "You need to specify a partitionspec along with the specified table.");
    }
    refuse_with(400, "InvalidPartitionSpec", "The specified partitionspec is not valid.");
  }
  Partition partition;
  if (!spec.empty()) {
    auto connection = warehouse_.lend();
    partition = find_partition(*connection, table, spec, true);
  }
  auto download = std::make_shared<Download>();
  download->id = make_session_id();
  download->path = call.request.path;
  download->partition = spec;
  download->partition_columns = table.partition_columns;
  auto rows = std::make_shared<ResultSet>(table.columns);
  download->rows = rows;
  download->job = jobs_.start(
      [this, table, partition, rows](const std::atomic<bool>& cancelled) {
        Outcome outcome;
        try {
          auto connection = warehouse_.lend();
          connection->set_cancelled(&cancelled);
          std::vector<std::string> names;
          for (const Column& column : table.columns) names.push_back(quote_name(column.name));
          std::string text = "SELECT " + join(names, ", ") + " FROM " + table.stored_name();
          for (std::size_t i = 0; i < partition.size(); ++i) {
            text += (i == 0 ? " WHERE CAST(" : " AND CAST(") +
                    quote_name(table.partition_columns[i].name) + " AS TEXT) = ?";
          }
          auto statement = connection->prepare(text);
          for (std::size_t i = 0; i < partition.size(); ++i) {
            statement.bind(static_cast<int>(i + 1), partition[i]);
          }
          Values row(table.columns.size());
          while (statement.step()) {
            for (std::size_t i = 0; i < row.size(); ++i) {
              row[i] =
                  value_from_column(statement.handle(), static_cast<int>(i), table.columns[i].type);
            }
            rows->append(row);
          }
          rows->finish();
        } catch (const std::exception& error) {
          outcome.failed = true;
          outcome.text = error.what();
        }
        return outcome;
      },
      0);
  if (!download->job) throw Refused{{429, "SlotExceeded", "Your slot quota is exceeded.", 1}};
  keep(download);
  const auto make = [this, download, kept = std::make_shared<Call>(call)](int status) {
    if (download->job->is_over() && download->job->outcome().failed) {
      return refuse({500, "InternalServerError", download->job->outcome().text}, *kept, true);
    }
    return describe_download(*download, status);
  };
  Response waiting;
  if (call.request.parameter("asyncmode").value_or("") == "true") {
    // An answer that knows nothing of the rows yet.
    Download empty = *download;
    empty.rows = std::make_shared<ResultSet>(table.columns);
    const Json document = Json::parse(describe_download(empty, 202).body);
    Json initiating = document;
    initiating["Status"] = "initiating";
    return make_json(initiating.dump(), 202);
  }
  waiting.later = [download, make]() -> std::optional<Response> {
    if (!download->job->is_over()) return std::nullopt;
    return make(200);
  };
  return waiting;
}

Response Service::get_download(Call& call) {
  const DownloadPtr download = find_download(call);
  if (download->job && !download->job->is_over()) {
    Download empty = *download;
    empty.rows = std::make_shared<ResultSet>(download->rows->columns());
    return describe_download(empty, 200);
  }
  if (download->job && download->job->outcome().failed) {
    refuse_with(500, "InternalServerError", download->job->outcome().text);
  }
  return describe_download(*download, 200);
}

Response Service::stream_rows(const Call& call, std::shared_ptr<const ResultSet> rows,
                              StreamOptions options) const {
  if (call.request.has("arrow")) {
    refuse_with(400, "InvalidArgument", "Invalid argument. Arrow streams are not supported here.");
  }
  options.corruption = corruption_of(call.faults);
  auto stream = make_record_stream(std::move(rows), std::move(options));
  const std::string encoding = choose_encoding(call.request.header("Accept-Encoding").value_or(""));
  Response response;
  response.headers.emplace_back("Content-Type", "application/octet-stream");
  if (!encoding.empty()) response.headers.emplace_back("Content-Encoding", encoding);
  response.stream = encode(std::move(stream), encoding);
  return response;
}

Response Service::get_data(Call& call) {
  const DownloadPtr download = find_download(call);
  if (download->job && !download->job->is_over()) {
    refuse_with(409, "StatusConflict",
                "You cannot complete the specified operation under the current upload or download "
                "status.");
  }
  const auto range = parse_range(call.request.parameter("rowrange").value_or(""));
  std::int64_t count = download->rows->count();
  if (download->rows_max >= 0) count = std::min(count, download->rows_max);
  if (!range || range->first > count) {
    refuse_with(400, "InvalidRowRange", "The specified row range is not valid.");
  }
  StreamOptions options;
  options.start = range->first;
  options.count = std::min(range->second, count - range->first);
  if (const auto columns = call.request.parameter("columns"); columns && !columns->empty()) {
    for (const std::string& name : split(*columns, ',')) {
      const auto& all = download->rows->columns();
      const auto found = std::find_if(all.begin(), all.end(), [&](const Column& column) {
        return equals_ignoring_case(column.name, trim(name));
      });
      if (found == all.end()) {
        refuse_with(400, "InvalidArgument", "Invalid argument. There is no column " + name + ".");
      }
      options.columns.push_back(static_cast<std::size_t>(found - all.begin()));
    }
  }
  return stream_rows(call, download->rows, std::move(options));
}

// --------------------------------------------------------------------------------------- uploads

UploadPtr Service::find_upload(const Call& call) {
  const std::string id(call.request.parameter("uploadid").value_or(""));
  const std::lock_guard lock(mutex_);
  const auto found = uploads_.find(id);
  if (found == uploads_.end() || found->second->path != call.request.path) {
    refuse_with(404, "NoSuchUpload", "The specified upload id does not exist.");
  }
  return found->second;
}

namespace {

Response describe_upload(const Upload& upload) {
  Json blocks = Json::array();
  for (const auto& [id, bytes] : upload.blocks) {
    blocks.push_back(
        {{"BlockID", id}, {"CreateTime", 0}, {"Date", ""}, {"FileName", std::to_string(id)}});
  }
  const Json document = {
      {"UploadID", upload.id},
      {"Status", upload.done ? "closed" : "normal"},
      {"Owner", kOwner},
      {"Initiated", format_http_date(std::chrono::system_clock::now())},
      {"QuotaName", "default"},
      {"MaxFieldSize", 8388608},
      {"Schema",
       Json::parse(make_schema_json(upload.table.columns, upload.table.partition_columns, true))},
      {"UploadedBlockList", blocks}};
  return make_json(document.dump());
}

}  // namespace

Response Service::create_upload(Call& call) {
  auto upload = std::make_shared<Upload>();
  upload->table = table_of(call, true);
  upload->id = make_session_id();
  upload->path = call.request.path;
  upload->partition = call.request.parameter("partition").value_or("");
  upload->overwrite = call.request.parameter("overwrite").value_or("") == "true";
  if (upload->table.kind != TableKind::kTable) {
    refuse_with(400, "InvalidArgument", "Invalid argument. Only tables take rows.");
  }
  if (upload->partition.empty() != upload->table.partition_columns.empty()) {
    refuse_with(400, upload->partition.empty() ? "MissingPartitionSpec" : "InvalidPartitionSpec",
                "You need to specify a partitionspec along with the specified table.");
  }
  if (!upload->partition.empty()) {
    auto connection = warehouse_.lend();
    find_partition(*connection, upload->table, upload->partition, true);
  }
  {
    const std::lock_guard lock(mutex_);
    upload_order_.push_back(upload->id);
    uploads_[upload->id] = upload;
    if (upload_order_.size() > kUploadsMax) {
      uploads_.erase(upload_order_.front());
      upload_order_.pop_front();
    }
  }
  return describe_upload(*upload);
}

Response Service::put_block(Call& call) {
  const UploadPtr upload = find_upload(call);
  std::int64_t block = 0;
  const auto id = call.request.parameter("blockid").value_or("0");
  const auto end = std::from_chars(id.data(), id.data() + id.size(), block);
  auto plain = decode(call.request.body, call.request.header("Content-Encoding").value_or(""));
  if (end.ec != std::errc{} || !plain) {
    refuse_with(400, "InvalidArgument",
                "Invalid argument. The block or its encoding is not valid.");
  }
  RecordReader reader(*plain, upload->table.columns);
  while (reader.next()) {
  }
  if (!reader.error().empty()) {
    refuse_with(400, "InvalidArgument", "Invalid argument. " + reader.error() + ".");
  }
  const std::lock_guard lock(mutex_);
  upload->bytes += plain->size();
  if (upload->done || upload->bytes > kUploadBytesMax) {
    refuse_with(409, "StatusConflict", "The upload is over, or too large.");
  }
  upload->blocks[block] = std::move(*plain);
  return describe_upload(*upload);
}

Response Service::get_upload(Call& call) {
  const UploadPtr upload = find_upload(call);
  const std::lock_guard lock(mutex_);
  return describe_upload(*upload);
}

Response Service::commit_upload(Call& call) {
  const UploadPtr upload = find_upload(call);
  std::map<std::int64_t, std::string> blocks;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(upload->done, true)) {
      refuse_with(409, "StatusConflict", "The upload is over already.");
    }
    blocks = std::move(upload->blocks);
    upload->blocks.clear();
  }
  const Table& table = upload->table;
  const std::lock_guard writing(warehouse_.writing());
  auto connection = warehouse_.lend();
  Partition partition;
  if (!upload->partition.empty()) {
    partition = find_partition(*connection, table, upload->partition, true);
  }
  std::vector<std::string> names;
  for (const Column& column : table.all_columns()) names.push_back(quote_name(column.name));
  std::string marks = "?";
  for (std::size_t i = 1; i < names.size(); ++i) marks += ", ?";
  connection->run("BEGIN IMMEDIATE");
  try {
    if (upload->overwrite && partition.empty()) {
      connection->run("DELETE FROM " + table.stored_name());
    } else if (upload->overwrite) {
      connection->drop_partition(table, partition);
      connection->add_partition(table, partition);
    }
    auto statement = connection->prepare("INSERT INTO " + table.stored_name() + " (" +
                                         join(names, ", ") + ") VALUES (" + marks + ")");
    for (const auto& [id, bytes] : blocks) {
      RecordReader reader(bytes, table.columns);
      while (const auto row = reader.next()) {
        statement.reset();
        int index = 1;
        for (std::size_t i = 0; i < row->size(); ++i) {
          bind_to_sqlite(statement.handle(), index++, (*row)[i], table.columns[i].type);
        }
        for (const std::string& value : partition) statement.bind(index++, value);
        statement.step();
      }
    }
    connection->touch(table);
    connection->run("COMMIT");
  } catch (...) {
    connection->run("ROLLBACK");
    throw;
  }
  return describe_upload(*upload);
}

}  // namespace emulator
