// SPDX-License-Identifier: Apache-2.0
// The small parts: texts, types, XML, CSV, documents, faults, the cache.
#include "cache.hpp"
#include "csv.hpp"
#include "documents.hpp"
#include "fault.hpp"
#include "text.hpp"
#include "type.hpp"
#include "values.hpp"
#include "xml.hpp"

#include <sluice/testing/recorders.hpp>

#include <gtest/gtest.h>

namespace sluice::maxcompute {
namespace {

TEST(Text, EncodesAndDecodes) {
  std::string encoded;
  append_encoded(encoded, "/a b(0,3)\xc3\xa9~", Slash::kKept);
  EXPECT_EQ(encoded, "/a%20b%280%2C3%29%C3%A9~");
  for (const std::string text : {"", "f", "fo", "foo", "foob"}) {
    EXPECT_EQ(decode_base64(encode_base64(text)), text);
  }
  EXPECT_EQ(decode_base64("Zm\n9v"), "foo");
  EXPECT_FALSE(decode_base64("Zm9v!"));
  EXPECT_FALSE(decode_base64("Z"));
  std::string json;
  append_json_string(json, "a\"\\\n\xff\xc3\xa9");
  EXPECT_EQ(json, "\"a\\\"\\\\\\u000a\xef\xbf\xbd\xc3\xa9\"");
}

TEST(Text, ReadsTimes) {
  EXPECT_EQ(parse_date("2026-11-23"), 20780);
  EXPECT_FALSE(parse_date("2026-02-30"));
  const auto at = parse_date_time("2026-11-23 06:00:00.5");
  ASSERT_TRUE(at);
  EXPECT_EQ(at->unix_s, 1'795'413'600);
  EXPECT_EQ(at->nanoseconds, 500'000'000);
  EXPECT_FALSE(parse_date_time("2026-11-23 25:00:00"));
  EXPECT_EQ(parse_retry_after("2", 0), 2000u);
  EXPECT_EQ(parse_retry_after("Mon, 23 Nov 2026 06:00:05 GMT", 1'795'413'600), 5000u);
  EXPECT_EQ(parse_retry_after("99999999", 0), 86'400'000u);
  EXPECT_FALSE(parse_retry_after("soon", 0));
  std::string interval;
  append_day_time(interval, -1, 500'000'000);
  EXPECT_EQ(interval, "-0 00:00:00.5");
}

TEST(Type, ReadsWhatSchemasWrite) {
  const struct {
    const char* text;
    bool is_one;
    TypeKind kind;
  } cases[] = {
      {"bigint", true, TypeKind::kBigint},
      {"DECIMAL(38, 18)", true, TypeKind::kDecimal},
      {" varchar ( 20 ) ", true, TypeKind::kVarchar},
      {"TIMESTAMP_NTZ", true, TypeKind::kTimestampNtz},
      {"array< array<int> >", true, TypeKind::kArray},
      {"map<string,array<int>>", true, TypeKind::kMap},
      {"struct<a:bigint,`b ``c`:struct<c:string>>", true, TypeKind::kStruct},
      {"array<bigint", false, {}},
      {"map<string>", false, {}},
      {"struct<a>", false, {}},
      {"bigint x", false, {}},
      {"decimal(1", false, {}},
      {"geometry", false, {}},
      {"", false, {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const auto type = parse_type(c.text);
    ASSERT_EQ(type.has_value(), c.is_one);
    if (type) {
      EXPECT_EQ(type->kind, c.kind);
    }
  }
  EXPECT_EQ(parse_type("struct<a:bigint,`b ``c`:int>")->names,
            (std::vector<std::string>{"a", "b `c"}));
  std::string deep = "int";
  for (int i = 0; i < 40; ++i) deep = "array<" + deep + ">";
  EXPECT_FALSE(parse_type(deep));
}

TEST(Xml, ReadsTreesAndRefusesTricks) {
  const auto root = parse_xml("<a x='1'><b>t<![CDATA[<&]]></b><b/></a>");
  ASSERT_TRUE(root);
  EXPECT_EQ(*root->find_attribute("x"), "1");
  EXPECT_EQ(root->text_of("b"), "t<&");
  for (const char* text :
       {"", "<a>", "<a></b>", "x", "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "<a/><b/>"}) {
    EXPECT_FALSE(parse_xml(text)) << text;
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  for (int i = 0; i < 100; ++i) deep += "</a>";
  EXPECT_FALSE(parse_xml(deep));
  std::string text;
  append_xml_text(text, "a<b>&\r\n]]>");
  EXPECT_EQ(text, "a&lt;b&gt;&amp;&#13;\n]]&gt;");
}

std::string read_csv(std::string_view text) {
  CsvReader reader(text);
  std::vector<CsvField> row;
  std::string told;
  for (;;) {
    const auto step = reader.next(row);
    if (step == CsvReader::Step::kEnd) return told;
    if (step == CsvReader::Step::kBroken) return told + "broken";
    for (const auto& field : row) told += (field.is_null() ? "NULL" : "[" + field.text + "]");
    told += "/";
  }
}

TEST(Csv, ReadsWhatTheServiceWrites) {
  const struct {
    const char *text, *rows;
  } cases[] = {
      {"", ""},
      {"\"id\",\"name\",\"price\"\n1,\"alpha\",1.5\n2,\\N,\\N\n",
       "[id][name][price]/[1][alpha][1.5]/[2]NULLNULL/"},
      {"a,b\r\n1,x\r\n", "[a][b]/[1][x]/"},
      {"a", "[a]/"},
      {"\"a\"\"b\",\"line\nbreak\"\n", "[a\"b][line\nbreak]/"},
      {"\"\\N\",\n", "[\\N][]/"},
      {",\n", "[][]/"},
      {"\"never ends\n", "broken"},
  };
  for (const auto& c : cases) EXPECT_EQ(read_csv(c.text), c.rows) << c.text;
}

TEST(Values, FromCsvByTypeOrByLook) {
  const struct {
    const char *type, *text;
    bool was_quoted;
    const char* cell;
  } cases[] = {
      {"bigint", "-5", false, "-5"},
      {"double", "1.5", false, "1.5"},
      {"double", "NaN", false, "nan"},
      {"decimal(10,2)", "12.50", false, "decimal 12.50"},
      {"boolean", "true", false, "true"},
      {"string", "12", true, "'12'"},
      {"date", "2026-11-23", false, "'2026-11-23'"},
      {"datetime", "2026-11-23 06:00:00", false, "timestamp 1795413600000000"},
      {"timestamp", "2026-11-23 06:00:00.123456789", false, "'2026-11-23T06:00:00.123456789Z'"},
      {"timestamp_ntz", "2026-11-23 06:00:00.5", false, "'2026-11-23T06:00:00.5'"},
      {"array<bigint>", "[1,2]", true, "json'[1,2]'"},
      {"map<string,bigint>", "{k1:10}", true, "'{k1:10}'"},
      {"binary", "x", true, "x'78'"},
      {"bigint", "odd", false, "'odd'"},
      {nullptr, "12", false, "12"},
      {nullptr, "12", true, "'12'"},
      {nullptr, "1.50", false, "decimal 1.50"},
      {nullptr, "false", false, "false"},
      {nullptr, "x", false, "'x'"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    std::optional<Type> type;
    if (c.type) type = parse_type(c.type);
    RowCells row;
    row.begin(1);
    set_from_csv(row, 0, type ? &*type : nullptr, c.text, c.was_quoted);
    EXPECT_EQ(testing::to_text(row.finish()[0]), c.cell);
  }
  EXPECT_EQ(widen(0.1f), 0.1);
}

TEST(Documents, AreWrittenAsTheServiceReadsThem) {
  SourceSettings settings;
  settings.schema = "s1";
  settings.job_settings = {{"odps.instance.priority", "5"}};
  const std::string xml = make_job_xml("select ']]>' < 1;", make_job_settings(settings), "u-1");
  const auto root = parse_xml(xml);
  ASSERT_TRUE(root) << xml;
  const auto* sql = root->find("Job")->find("Tasks")->find("SQL");
  ASSERT_TRUE(sql);
  EXPECT_EQ(sql->text_of("Query"), "select ']]>' < 1;");
  EXPECT_EQ(sql->text_of("Name"), "AnonymousSQLTask");
  const auto* property = sql->find("Config")->find("Property");
  EXPECT_EQ(property->text_of("Name"), "settings");
  EXPECT_EQ(property->text_of("Value"),
            R"({"odps.default.schema":"s1","odps.instance.priority":"5",)"
            R"("odps.namespace.schema":"true","odps.sql.allow.namespace.schema":"true",)"
            R"("odps.sql.decimal.odps2":"true","odps.sql.timezone":"UTC",)"
            R"("odps.sql.type.system.odps2":"true"})");
  settings.allows_full_scan = true;
  EXPECT_EQ(make_job_settings(settings).at("odps.sql.allow.fullscan"), "true");
}

TEST(Documents, AreReadAsTheServiceWritesThem) {
  EXPECT_EQ(parse_instance_id("http://h/api/projects/p/instances/20261123g0_mcqa"),
            "20261123g0_mcqa");
  EXPECT_FALSE(parse_instance_id("http://h/api/"));
  EXPECT_FALSE(parse_instance_id("http://h/api/a%2Fb"));

  const auto state = parse_instance(
      "<?xml version=\"1.0\"?><Instance><Tasks><Task Type=\"SQL\"><Name>A</Name>"
      "<Status>Success</"
      "Status><ResultDescriptor>{\"IsSelect\":true,\"SelectResultStatus\":\"FULL\","
      "\"Schema\":{\"Columns\":[{\"Name\":\"id\",\"Type\":\"bigint\"}]}}</ResultDescriptor>"
      "<Result Transform=\"Base64\" Format=\"csv\"><![CDATA[ImlkIgoxCg==]]></Result>"
      "</Task></Tasks></Instance>");
  ASSERT_TRUE(state);
  ASSERT_EQ(state->tasks.size(), 1u);
  EXPECT_EQ(state->tasks[0].result, "\"id\"\n1\n");
  const auto descriptor = parse_descriptor(state->tasks[0].descriptor);
  EXPECT_EQ(descriptor.extent, ResultDescriptor::Extent::kFull);
  ASSERT_EQ(descriptor.columns.size(), 1u);
  EXPECT_EQ(descriptor.columns[0].type.kind, TypeKind::kBigint);

  const auto session = parse_download_session(
      R"({"DownloadID":"d1","RecordCount":3,"Schema":{"columns":[{"name":"id","type":"bigint"}],)"
      R"("partitionKeys":[]},"Status":"normal"})");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->record_count, 3u);
  EXPECT_EQ(session->columns[0].name, "id");

  const char* schema = R"({"columns":[{"name":"n","type":"string"}],"partitionKeys":[]})";
  EXPECT_EQ(parse_tunnel_schema(schema)->size(), 1u);
  EXPECT_EQ(parse_tunnel_schema("=?utf-8?B?" + encode_base64(schema) + "?=")->at(0).name, "n");
  EXPECT_EQ(
      parse_tunnel_schema("=?utf-8?Q?{\"columns\":[{\"name\":\"=C3=A9\",\"type\":\"int\"}]}?=")
          ->at(0)
          .name,
      "\xc3\xa9");
  EXPECT_FALSE(parse_tunnel_schema("=?utf-8?X?a?="));

  const auto page = parse_table_page(
      "<Tables><Marker>m</Marker><MaxItems>2</MaxItems><Table><Name>a</Name><Type>MANAGED_TABLE"
      "</Type></Table><Table><Name>v</Name><Type>VIRTUAL_VIEW</Type></Table></Tables>");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->marker, "m");
  EXPECT_EQ(page->tables.size(), 2u);
  EXPECT_TRUE(page->tables[1].is_view);
}

TEST(Fault, TellsTheCasesApart) {
  const struct {
    const char* name;
    int http_status;
    const char* body;
    Status status;
    bool is_transient;
  } cases[] = {
      {"wrong secret", 401,
       "<Error><Code>SignatureNotMatch</Code><Message>ODPS-0410042:Invalid signature value"
       "</Message></Error>",
       SLUICE_E_UNAVAILABLE, false},
      {"skewed clock", 400,
       "<Error><Code>RequestTimeTooSkewd</Code><Message>ODPS-0410031:Authentication request "
       "expired</Message></Error>",
       SLUICE_E_UNAVAILABLE, false},
      {"no permission", 403, R"({"Code":"NoPermission","Message":"You do not have enough"})",
       SLUICE_E_FORBIDDEN, false},
      {"no table", 404,
       "<Error><Code>NoSuchObject</Code><Message>ODPS-0130131:Table not found</Message></Error>",
       SLUICE_E_NOT_FOUND, false},
      {"no project", 404,
       "<Error><Code>NoSuchObject</Code><Message>ODPS-0420111:Project not found</Message></Error>",
       SLUICE_E_UNAVAILABLE, false},
      {"syntax", 400,
       "<Error><Code>ParseError</Code><Message>ODPS-0130161:[1,1] Parse exception</Message>"
       "</Error>",
       SLUICE_E_ARGUMENT, false},
      {"throttled", 429, "", SLUICE_E_BUSY, true},
      {"throttled by the tunnel", 400, R"({"Code":"FlowExceeded","Message":"x"})", SLUICE_E_BUSY,
       true},
      {"away", 503, R"({"Code":"ServiceUnavailable","Message":"x"})", SLUICE_E_UNAVAILABLE, true},
      {"broken inside", 500, "<html>", SLUICE_E_UNAVAILABLE, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Fault fault = make_http_fault(c.http_status, c.body, "r1", 0);
    EXPECT_EQ(fault.error.status, c.status);
    EXPECT_EQ(fault.is_transient, c.is_transient);
    EXPECT_FALSE(fault.error.detail.empty());
    EXPECT_EQ(fault.error.detail.find("ODPS"), std::string::npos)
        << "the service's words are for the log";
  }
}

// Whoever is told E_BUSY is told when to come again.
TEST(Fault, TellsWhenToTryAgain) {
  const struct {
    const char* name;
    int http_status;
    const char* body;
    std::uint64_t told_ms, retry_after_ms;
  } cases[] = {
      {"by its header", 429, "", 7'000, 7'000},
      {"throttled without a time", 429, "", 0, 1'000},
      {"by the tunnel's own member", 400,
       R"({"Code":"FlowExceeded","Message":"x","HoldClientMillis":2500})", 0, 2'500},
      {"the header before the member", 429,
       R"({"Code":"FlowExceeded","Message":"x","HoldClientMillis":2500})", 4'000, 4'000},
      {"a member that is no time", 429, R"({"Code":"FlowExceeded","HoldClientMillis":-1})", 0,
       1'000},
      {"a member that is no end", 429, R"({"HoldClientMillis":18446744073709551615})", 0,
       3'600'000},
      {"away for a while", 503, "", 5'000, 5'000},
      {"away", 503, "", 0, 0},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(make_http_fault(c.http_status, c.body, "r1", c.told_ms).retry_after_ms,
              c.retry_after_ms)
        << c.name;
  }
  EXPECT_EQ(make_task_fault("ODPS-1830001:no resources").retry_after_ms, 1'000u);
  EXPECT_EQ(make_task_fault("ODPS-0123091:Illegal type cast").retry_after_ms, 0u);
}

TEST(Fault, OfJobs) {
  const struct {
    const char* text;
    Status status;
    bool is_of_accelerator, is_session_lost;
  } cases[] = {
      {"ODPS-0130131:[1,15] Table not found - table p.t cannot be resolved", SLUICE_E_NOT_FOUND,
       false, false},
      {"ODPS-0130071:[1,8] Semantic analysis exception - column x cannot be resolved",
       SLUICE_E_NOT_FOUND, false, false},
      {"ODPS-0130071:[0,0] Semantic analysis exception - physical plan generation failed: "
       "Table(p,t) is full scan with all partitions, please specify partition predicates.",
       SLUICE_E_ARGUMENT, false, false},
      {"ODPS-0123091:Illegal type cast", SLUICE_E_ARGUMENT, false, false},
      {"ODPS-0123105:Job got killed", SLUICE_E_INTERNAL, false, false},
      {"ODPS-1810001:session lost", SLUICE_E_UNAVAILABLE, false, true},
      {"ODPS-1830001:no resources", SLUICE_E_BUSY, true, false},
      {"ODPS-1850001 Non select query not supported.", SLUICE_E_ARGUMENT, true, false},
      {"Wait for cache data timeout", SLUICE_E_TIMEOUT, true, false},
      {"what", SLUICE_E_ARGUMENT, false, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const Fault fault = make_task_fault(c.text);
    EXPECT_EQ(fault.error.status, c.status);
    EXPECT_EQ(fault.is_of_accelerator, c.is_of_accelerator);
    EXPECT_EQ(fault.is_session_lost, c.is_session_lost);
    EXPECT_EQ(fault.error.internal, c.text);
  }
}

std::shared_ptr<KeptResult> make_result(std::size_t text_bytes) {
  auto result = std::make_shared<KeptResult>(1 << 20);
  const Column column = make_column("c", SLUICE_T_TEXT);
  result->begin({&column, 1});
  const std::string text(text_bytes, 'x');
  const Cell cell = make_text(text);
  result->add({&cell, 1});
  return result;
}

TEST(ResultCache, KeepsForAWhileInBoundedMemory) {
  ResultCache cache(10'000, 100);
  cache.keep("a", make_result(3'500), 0);
  cache.keep("b", make_result(3'500), 10);
  ASSERT_TRUE(cache.find("a", 50));
  EXPECT_EQ(cache.find("a", 50)->age_ns, 50u);
  cache.keep("c", make_result(3'500), 60);
  EXPECT_FALSE(cache.find("b", 61)) << "the one used longest ago went";
  EXPECT_TRUE(cache.find("a", 61));
  EXPECT_FALSE(cache.find("a", 100)) << "its time is over";
  cache.keep("d", make_result(20'000), 100);
  EXPECT_FALSE(cache.find("d", 100)) << "larger than all of it";
  EXPECT_LE(cache.bytes(), 10'000u);

  std::vector<Cell> room;
  EXPECT_EQ(testing::to_text(make_result(2)->row(0, room)[0]), "'xx'");
}

}  // namespace
}  // namespace sluice::maxcompute
