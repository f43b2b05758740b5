// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/recorders.hpp>

#include <charconv>
#include <string_view>

namespace sluice::testing {
namespace {

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string quote(std::string_view prefix, std::string_view text) {
  std::string quoted(prefix);
  quoted += '\'';
  quoted += text;
  quoted += '\'';
  return quoted;
}

std::string to_decimal_text(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  std::string shortest(text, end);
  // 2.0 must not look like the integer 2.
  if (shortest.find_first_of(".en") == shortest.npos) shortest += ".0";
  return shortest;
}

std::string to_decimal_text(std::uint64_t lo, std::int64_t hi, std::int32_t scale) {
  __extension__ using Wide = unsigned __int128;
  Wide value = (static_cast<Wide>(static_cast<std::uint64_t>(hi)) << 64) | lo;
  const bool negative = hi < 0;
  if (negative) value = ~value + 1;
  std::string backwards;
  for (std::int32_t place = 0; value != 0 || place <= scale; value /= 10, ++place) {
    if (place == scale && scale > 0) backwards += '.';
    backwards += static_cast<char>('0' + static_cast<int>(value % 10));
  }
  if (negative) backwards += '-';
  return {backwards.rbegin(), backwards.rend()};
}

std::vector<std::string> to_texts(const sluice_str* texts, std::size_t count) {
  std::vector<std::string> copies;
  for (std::size_t i = 0; i < count; ++i) copies.emplace_back(to_view(texts[i]));
  return copies;
}

}  // namespace

std::string to_text(const Cell& cell) {
  switch (cell.type) {
    case SLUICE_T_NULL:
      return "NULL";
    case SLUICE_T_BOOL:
      return cell.v.i ? "true" : "false";
    case SLUICE_T_INT64:
      return std::to_string(cell.v.i);
    case SLUICE_T_DOUBLE:
      return to_decimal_text(cell.v.f);
    case SLUICE_T_TEXT:
      return quote("", to_view(cell.v.s));
    case SLUICE_T_BYTES:
      return quote("x", to_hex(to_view(cell.v.s)));
    case SLUICE_T_TIMESTAMP:
      return std::string("timestamp ").append(std::to_string(cell.v.i));
    case SLUICE_T_DECIMAL:
      return std::string("decimal ").append(to_decimal_text(cell.v.d.lo, cell.v.d.hi, cell.scale));
    case SLUICE_T_JSON:
      return quote("json", to_view(cell.v.s));
    default:
      return std::string("unknown type ").append(std::to_string(cell.type));
  }
}

// ------------------------------------------------------------------------------------------ rows

RecordingRows::RecordingRows() {
  table_.size = sizeof table_;
  table_.types = kAllTypes;
  table_.begin = [](sluice_rows* rows, const sluice_column* columns, std::size_t count) {
    return static_cast<Shown*>(rows)->owner->begin(columns, count);
  };
  table_.push = [](sluice_rows* rows, const sluice_cell* cells, std::size_t count) {
    return static_cast<Shown*>(rows)->owner->push(cells, count);
  };
  shown_.vt = &table_;
  shown_.owner = this;
}

void RecordingRows::refuse_row(std::uint64_t number, Status status) {
  refused_row_ = number;
  refusal_ = status;
}

Status RecordingRows::begin(const sluice_column* given, std::size_t count) {
  if (++begun > 1) fault = "begin() was called twice";
  for (std::size_t i = 0; i < count; ++i) {
    columns.emplace_back(to_view(given[i].name));
    column_types.push_back(given[i].type);
  }
  return SLUICE_OK;
}

Status RecordingRows::push(const sluice_cell* cells, std::size_t count) {
  if (begun == 0) fault = "push() came before begin()";
  if (count == 0) fault = "push() of no rows";
  if (paused_) fault = "push() came before resume()";
  for (std::size_t row = 0; row < count; ++row, cells += columns.size()) {
    if (pushed_ > refused_row_) ++after_refusal;
    if (pushed_++ >= refused_row_) return refusal_;
    auto& texts = rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if ((table_.types >> cells[i].type & 1u) == 0) fault = "a type that the sink does not take";
      texts.push_back(to_text(cells[i]));
    }
    if (pushed_ % pause_each_ == 0) paused_ = true;
  }
  return paused_ ? Status{SLUICE_PAUSE} : Status{SLUICE_OK};
}

// --------------------------------------------------------------------------------------- catalog

RecordingCatalog::RecordingCatalog() {
  table_.size = sizeof table_;
  table_.table = [](sluice_catalog_out* out, const sluice_table_info* info) {
    auto& self = *static_cast<Shown*>(out)->owner;
    (info->is_view ? self.views : self.tables).emplace_back(to_view(info->name));
    return Status{SLUICE_OK};
  };
  table_.column = [](sluice_catalog_out* out, const sluice_column_info* info) {
    static_cast<Shown*>(out)->owner->columns.push_back(
        {std::string(to_view(info->name)), std::string(to_view(info->declared)), info->type,
         info->nullable != 0, info->primary_key});
    return Status{SLUICE_OK};
  };
  table_.index = [](sluice_catalog_out* out, const sluice_index_info* info) {
    static_cast<Shown*>(out)->owner->indexes.push_back(
        {std::string(to_view(info->name)), info->unique != 0,
         to_texts(info->columns, info->column_count)});
    return Status{SLUICE_OK};
  };
  shown_.vt = &table_;
  shown_.owner = this;
}

RecordingExplain::RecordingExplain() {
  table_.size = sizeof table_;
  table_.step = [](sluice_explain_out* out, sluice_str text, std::uint32_t full) {
    auto& self = *static_cast<Shown*>(out)->owner;
    self.steps.emplace_back(to_view(text));
    self.full_scan = self.full_scan || full != 0;
    return Status{SLUICE_OK};
  };
  shown_.vt = &table_;
  shown_.owner = this;
}

RecordingStatement::RecordingStatement() {
  table_.size = sizeof table_;
  table_.column = [](sluice_statement_out* out, const sluice_column_info* info) {
    static_cast<Shown*>(out)->owner->columns.push_back(
        {std::string(to_view(info->name)), std::string(to_view(info->declared)), info->type});
    return Status{SLUICE_OK};
  };
  table_.fault = [](sluice_statement_out* out, sluice_str text, std::uint64_t offset) {
    auto& self = *static_cast<Shown*>(out)->owner;
    self.fault = to_view(text);
    self.fault_offset = offset;
  };
  shown_.vt = &table_;
  shown_.owner = this;
}

// ---------------------------------------------------------------------------------- authentication

RecordingAuthOut::RecordingAuthOut() {
  table_.size = sizeof table_;
  table_.accept = [](sluice_auth_out* out, const sluice_principal* who) {
    auto& self = *static_cast<Shown*>(out)->owner;
    ++self.accepted;
    self.parameters_verified = who->parameters_verified != 0;
    for (std::size_t i = 0; i < who->parameter_count; ++i) {
      self.parameters.emplace_back(to_view(who->parameters[i].name),
                                   to_view(who->parameters[i].value));
    }
    self.consumer = to_view(who->consumer);
    self.credential_id = to_view(who->credential_id);
    self.valid_until_ns = who->valid_until_ns;
    for (std::size_t i = 0; i < who->claim_count; ++i) {
      self.claims.emplace_back(to_view(who->claims[i].name), to_view(who->claims[i].value));
    }
  };
  table_.refuse = [](sluice_auth_out* out, const sluice_refusal* refusal) {
    auto& self = *static_cast<Shown*>(out)->owner;
    ++self.refused;
    self.http_status = refusal->http_status;
    self.code = to_view(refusal->code);
    self.message = to_view(refusal->message);
    self.internal = to_view(refusal->internal);
    for (std::size_t i = 0; i < refusal->header_count; ++i) {
      self.headers.emplace_back(to_view(refusal->headers[i].name),
                                to_view(refusal->headers[i].value));
    }
  };
  shown_.vt = &table_;
  shown_.owner = this;
}

std::string RecordingAuthOut::find_header(const std::string& name) const {
  for (const auto& [sent, value] : headers) {
    if (sent == name) return value;
  }
  return {};
}

// ----------------------------------------------------------------------------------------- queries

OwnedQuery::OwnedQuery(std::string statement, std::vector<Argument> arguments, std::uint64_t bound)
    : text(std::move(statement)), args(std::move(arguments)), max_rows(bound) {}

const sluice_query* OwnedQuery::raw() const {
  static constexpr std::string_view kResource = "sample";
  cells_.clear();
  for (const auto& arg : args) {
    cells_.push_back(arg.cell);
    if (arg.has_text) cells_.back().v.s = to_str(arg.text);
  }
  shown_ = {sizeof shown_, 0,        to_str(text),        to_str(kResource), cells_.data(),
            cells_.size(), max_rows, to_str(acceleration)};
  return &shown_;
}

}  // namespace sluice::testing
