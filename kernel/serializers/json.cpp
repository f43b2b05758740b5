// SPDX-License-Identifier: Apache-2.0
#include "serializers/json.hpp"

#include "serializers/json_text.hpp"

#include <sluice/serializer.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace sluice::serializers {
namespace {

constexpr std::size_t kNumberBytesMax = 48;  // a 128-bit decimal with sign, point and quotes
constexpr std::string_view kHeadData = R"({"data":)";
constexpr std::string_view kTailPlain = R"(,"success":true})";

struct JsonFormat {
  static constexpr std::string_view kSchema = R"({"type":"object","additionalProperties":false})";
  static constexpr std::string_view kMediaType = "application/json";
  static Result<std::unique_ptr<JsonFormat>> make(Settings, Host) {
    return std::make_unique<JsonFormat>();
  }
};

// Writes rows as they come, straight into the response body. Keeps nothing but the escaped names.
class JsonWriter {
 public:
  JsonWriter(const JsonFormat&, const sluice_render& render, Out out, Op op)
      : render_(render), out_(out), op_(op) {}

  Status begin(std::span<const Column> columns) {
    std::size_t bytes = 0;
    for (const auto& column : columns) bytes += 6 * column.name.n + 4;
    auto* text = static_cast<char*>(op_.scratch(bytes));
    keys_ = static_cast<sluice_str*>(op_.scratch(columns.size() * sizeof(sluice_str)));
    if (!text || !keys_) return op_.fail(SLUICE_E_TOO_LARGE, "the call's memory is used up");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      char* const start = text;
      *text++ = i == 0 ? '{' : ',';
      text = write_json_string(text, to_view(columns[i].name));
      *text++ = ':';
      keys_[i] = {start, static_cast<std::size_t>(text - start)};
      row_bytes_ += keys_[i].n + kNumberBytesMax;
    }
    columns_ = columns.size();
    if (render_.envelope != SLUICE_ENVELOPE_BARE) {
      if (const Status s = out_.write(kHeadData); s != SLUICE_OK) return s;
    }
    switch (render_.shape) {
      case SLUICE_SHAPE_PAGE:
        return write_page_head();
      case SLUICE_SHAPE_LIST:
        return out_.write("[");
      default:
        return SLUICE_OK;
    }
  }

  Status push(std::span<const Cell> row) {
    if (render_.shape == SLUICE_SHAPE_SINGLE && rows_ > 0) return SLUICE_OK;
    std::size_t need = row_bytes_ + 3;
    for (const auto& cell : row) {
      if (cell.type == SLUICE_T_TEXT) need += json_string_bytes_max(cell.v.s.n);
      if (cell.type == SLUICE_T_JSON) need += cell.v.s.n;
      if (cell.type == SLUICE_T_BYTES) need += (cell.v.s.n + 2) / 3 * 4 + 2;
    }
    if (const Status s = out_.reserve(need); s != SLUICE_OK) return s;
    char* p = out_.cursor();
    if (rows_++ > 0) *p++ = ',';
    if (row.empty()) *p++ = '{';
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::memcpy(p, keys_[i].p, keys_[i].n);
      p = write_cell(p + keys_[i].n, row[i]);
    }
    *p++ = '}';
    out_.advance_to(p);
    return SLUICE_OK;
  }

  Status end() {
    Status s = SLUICE_OK;
    switch (render_.shape) {
      case SLUICE_SHAPE_PAGE:
        s = write_page_tail();
        break;
      case SLUICE_SHAPE_LIST:
        s = out_.write("]");
        break;
      default:
        if (rows_ == 0) s = out_.write("null");
        break;
    }
    if (s != SLUICE_OK || render_.envelope == SLUICE_ENVELOPE_BARE) return s;
    if (render_.envelope == SLUICE_ENVELOPE_DEFAULT) return out_.write(kTailPlain);
    if (s = out_.write(R"(,"errCode":0,"errMsg":"success","requestId":")"); s != SLUICE_OK)
      return s;
    if (s = out_.write(to_view(render_.request_id)); s != SLUICE_OK) return s;
    return out_.write(R"(","apiLog":null,"success":true})");
  }

 private:
  Status write_page_head() {
    if (const Status s = out_.reserve(128); s != SLUICE_OK) return s;
    char* p = out_.cursor();
    *p++ = '{';
    if (render_.total_num >= 0) {
      p = copy(p, R"("totalNum":)");
      p = std::to_chars(p, p + 20, render_.total_num).ptr;
      *p++ = ',';
    }
    p = copy(p, R"("pageSize":)");
    p = std::to_chars(p, p + 20, render_.page_size).ptr;
    if (render_.page_num > 0) {
      p = copy(p, R"(,"pageNum":)");
      p = std::to_chars(p, p + 20, render_.page_num).ptr;
    }
    p = copy(p, R"(,"rows":[)");
    out_.advance_to(p);
    return SLUICE_OK;
  }

  Status write_page_tail() {
    if (!SLUICE_HAS(&render_, next_cursor)) return out_.write("]}");
    const auto cursor = to_view(*render_.next_cursor);
    if (cursor.empty()) return out_.write(R"(],"nextCursor":null})");
    constexpr std::string_view kName = R"(],"nextCursor":)";
    if (const Status s = out_.reserve(kName.size() + json_string_bytes_max(cursor.size()) + 1);
        s != SLUICE_OK) {
      return s;
    }
    char* p = write_json_string(copy(out_.cursor(), kName), cursor);
    *p++ = '}';
    out_.advance_to(p);
    return SLUICE_OK;
  }

  static char* copy(char* p, std::string_view text) {
    std::memcpy(p, text.data(), text.size());
    return p + text.size();
  }

  char* write_cell(char* p, const Cell& cell) const {
    switch (cell.type) {
      case SLUICE_T_BOOL:
        return copy(p, cell.v.i ? "true" : "false");
      case SLUICE_T_INT64:
        if (!render_.int64_as_string) return std::to_chars(p, p + 24, cell.v.i).ptr;
        *p++ = '"';
        p = std::to_chars(p, p + 24, cell.v.i).ptr;
        *p++ = '"';
        return p;
      case SLUICE_T_DOUBLE:
        // JSON has no infinity and no NaN.
        return std::isfinite(cell.v.f) ? std::to_chars(p, p + 32, cell.v.f).ptr : copy(p, "null");
      case SLUICE_T_TEXT:
        return write_json_string(p, to_view(cell.v.s));
      case SLUICE_T_JSON:
        return copy(p, to_view(cell.v.s));
      case SLUICE_T_BYTES:
        return write_base64(p, to_view(cell.v.s));
      case SLUICE_T_TIMESTAMP:
        return write_timestamp(p, cell.v.i);
      case SLUICE_T_DECIMAL:
        return write_decimal(p, cell.v.d.lo, cell.v.d.hi, cell.scale);
      default:
        return copy(p, "null");
    }
  }

  const sluice_render render_;
  const Out out_;
  const Op op_;
  sluice_str* keys_ = nullptr;  // in the call's scratch memory: {"name": or ,"name":
  std::size_t columns_ = 0, row_bytes_ = 0, rows_ = 0;
};

}  // namespace

const sluice_plugin* json_plugin() noexcept {
  static const sluice_component component = serializer<JsonFormat, JsonWriter>(
      {.type = "json", .title = "JSON", .summary = "objects in the product's envelopes"});
  static const sluice_component* const list[] = {&component};
  static const sluice_plugin plugin{sizeof plugin,
                                    SLUICE_ABI_MAJOR,
                                    SLUICE_ABI_MINOR,
                                    0,
                                    SLUICE_STR("org.sluice.ser-json"),
                                    SLUICE_STR("1.0.0"),
                                    SLUICE_STR("Sluice"),
                                    SLUICE_STR("Apache-2.0"),
                                    SLUICE_STR("built in"),
                                    list,
                                    1,
                                    0,
                                    nullptr};
  return &plugin;
}

}  // namespace sluice::serializers
