// SPDX-License-Identifier: Apache-2.0
#include "store/audit_log.hpp"

#include "store/digest.hpp"
#include "store/hex.hpp"
#include "store/store_op.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace sluice::store {
namespace {

using Json = nlohmann::ordered_json;

// {"hash":"<64 digits>","record":{...},"before":...,"after":...}: the digest is of every byte
// behind kHashHead and the digits.
constexpr std::string_view kHashHead = R"({"hash":")";
constexpr std::string_view kHashTail = R"(",)";
constexpr std::string_view kRecordHead = R"("record":)";
// No text of a record can hold this: its quotation marks are escaped. What stands behind it may.
constexpr std::string_view kBefore = R"(,"before":)";
constexpr std::string_view kAfter = R"(,"after":)";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kKeyDigits = 16;
constexpr std::uint64_t kSeqMax = 9'999'999'999'999'999;
constexpr std::uint64_t kChunk = 1000;  // records of one range: the store answers others between
constexpr std::string_view kHeadPlace = "head/state";
constexpr int kHeadFormat = 1;

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A side of a change as it is kept; what is too large is cut, with a digest of the whole.
std::string make_side(const std::optional<Described>& side) {
  if (!side) return "null";
  if (side->json.size() <= kAuditSideBytesMax) return side->json;
  std::size_t end = kAuditCutBytes;
  while (end > 0 && (static_cast<unsigned char>(side->json[end]) & 0xC0) == 0x80) --end;
  return Json{{"cut", true},
              {"bytes", side->json.size()},
              {"sha256", make_hex(make_sha256(side->json))},
              {"beginning", side->json.substr(0, end)}}
      .dump();
}

// The parts of a record's text; empty hash: it has not its form.
struct Parts {
  std::string_view hash, hashed, record, sides;
};
Parts split(std::string_view body) {
  const auto prefix = kHashHead.size() + kHashDigits + kHashTail.size();
  if (body.size() < prefix || !body.starts_with(kHashHead) || !body.ends_with('}')) return {};
  if (body.substr(kHashHead.size() + kHashDigits, kHashTail.size()) != kHashTail) return {};
  Parts parts;
  parts.hashed = body.substr(prefix);
  if (!parts.hashed.starts_with(kRecordHead)) return {};
  const auto before = parts.hashed.find(kBefore);
  if (before == std::string_view::npos) return {};
  parts.record = parts.hashed.substr(kRecordHead.size(), before - kRecordHead.size());
  parts.sides = parts.hashed.substr(before + kBefore.size());
  parts.sides.remove_suffix(1);  // }
  parts.hash = body.substr(kHashHead.size(), kHashDigits);
  return parts;
}

std::optional<AuditRecord> parse_record(std::string_view body) {
  const auto parts = split(body);
  if (parts.hash.empty()) return std::nullopt;
  const auto json = Json::parse(parts.record, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  AuditRecord record;
  record.hash = parts.hash;
  try {
    record.seq = json.at("seq").get<std::uint64_t>();
    record.previous = json.at("previous").get<std::string>();
    record.at = json.at("at").get<model::UnixMs>();
    record.actor = json.at("actor").get<std::string>();
    record.action = json.at("action").get<std::string>();
    record.kind = json.at("kind").get<std::string>();
    record.key = json.at("key").get<std::string>();
    record.name = json.at("name").get<std::string>();
    record.workspace = json.at("workspace").get<std::string>();
    record.before_tag = json.at("before_tag").get<std::string>();
    record.after_tag = json.at("after_tag").get<std::string>();
    const auto before_bytes = json.at("before_bytes").get<std::size_t>();
    if (before_bytes > parts.sides.size()) return std::nullopt;
    record.before = parts.sides.substr(0, before_bytes);
    const auto after = parts.sides.substr(before_bytes);
    if (!after.starts_with(kAfter)) return std::nullopt;
    record.after = after.substr(kAfter.size());
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  return record;
}

// Follows the chain, record by record.
class Walk {
 public:
  explicit Walk(AuditVerdict& verdict) : verdict_(verdict) {}

  void step(std::string_view key, std::string_view body) {
    const auto seq = parse_number(key).value_or(0);
    if (seq == 0 || make_audit_key(seq) != key) {
      return tell(seq, "a record lies under '" + std::string(key) + "', which is no number of one");
    }
    ++verdict_.records;
    tell_missing(seq - 1);
    expected_ = seq + 1;
    const auto record = parse_record(body);
    const auto parts = split(body);
    if (!record) {
      tell(seq, "the record was changed: it has not the form of one");
    } else if (make_hex(make_sha256(parts.hashed)) != record->hash) {
      tell(seq, "the record was changed: its content does not fit its digest");
    } else if (record->seq != seq) {
      tell(seq, "the record was moved: it was made as number " + std::to_string(record->seq));
    } else if (!last_hash_.empty() && record->previous != last_hash_) {
      tell(seq, "the record does not follow the one before: one of the two was replaced");
    }
    // What was changed tells no more whom it follows: the next one is judged by itself.
    last_hash_ = record ? record->hash : std::string();
    if (record && record->seq != seq) last_hash_.clear();
  }

  // After the last one of those up to the head's number.
  void finish(const AuditHead& head) {
    tell_missing(head.seq);
    if (expected_ == head.seq + 1 && !last_hash_.empty() && last_hash_ != head.hash) {
      tell(head.seq, "the last record is not the one that the head of the log knows");
    }
  }

  void tell(std::uint64_t seq, std::string what) {
    if (verdict_.problems.size() >= kAuditProblemsMax) {
      verdict_.more_problems = true;
    } else {
      verdict_.problems.push_back({seq, std::move(what)});
    }
  }

 private:
  void tell_missing(std::uint64_t last) {
    if (expected_ > last) return;
    const auto count = last - expected_ + 1;
    tell(expected_, count == 1 ? std::string("the record is missing")
                               : "the records up to " + std::to_string(last) + " are missing");
    expected_ = last + 1;
    last_hash_.clear();
  }

  AuditVerdict& verdict_;
  std::uint64_t expected_ = 1;
  std::string last_hash_ = AuditHead().hash;  // empty: not known
};

}  // namespace

std::string make_audit_key(std::uint64_t seq) {
  auto digits = std::to_string(seq);
  if (digits.size() < kKeyDigits) digits.insert(0, kKeyDigits - digits.size(), '0');
  return digits;
}

Result<std::string> append_audit_record(AuditHead& head, const AuditNote& note,
                                        const AuditEntry& entry) try {
  const auto before = make_side(entry.before);
  const Json record = {{"seq", head.seq + 1},
                       {"previous", head.hash},
                       {"at", note.at},
                       {"actor", note.actor},
                       {"action", entry.action},
                       {"kind", entry.kind},
                       {"key", entry.key},
                       {"name", entry.name},
                       {"workspace", entry.workspace},
                       {"before_tag", entry.before ? entry.before->tag : std::string()},
                       {"after_tag", entry.after ? entry.after->tag : std::string()},
                       {"before_bytes", before.size()}};
  std::string hashed(kRecordHead);
  hashed.append(record.dump()).append(kBefore).append(before);
  hashed.append(kAfter).append(make_side(entry.after)).append(1, '}');
  ++head.seq;
  head.hash = make_hex(make_sha256(hashed));
  std::string body(kHashHead);
  return body.append(head.hash).append(kHashTail).append(hashed);
} catch (const Json::exception& e) {
  return Error{SLUICE_E_ARGUMENT, "a name is not valid UTF-8: send it as UTF-8", e.what(), {}};
}

Result<std::string> make_audit_head(const AuditHead& head, const Sealer& sealer) {
  auto sealed = sealer.seal(std::to_string(head.seq) + ":" + head.hash, kHeadPlace);
  if (!sealed) return sealed.error();
  return Json{{"format", kHeadFormat}, {"audit", std::move(*sealed)}}.dump();
}

Result<AuditHead> parse_audit_head(std::string_view body, const Sealer& sealer) {
  const auto damaged = [](const std::string& why) {
    return Error{SLUICE_E_CONFIG, "the head of the store " + why, {}, "/head/state"};
  };
  const auto json = Json::parse(body, nullptr, false);
  if (!json.is_object() || json.value("format", 0) != kHeadFormat || !json.contains("audit") ||
      !json["audit"].is_string()) {
    return damaged("has not the form of one: it was written by a newer release, or is damaged");
  }
  const auto opened = sealer.open(json["audit"].get_ref<const std::string&>(), kHeadPlace);
  if (!opened) return damaged(opened.error().detail);
  const auto colon = opened->find(':');
  const auto seq = parse_number(std::string_view(*opened).substr(0, colon));
  if (!seq || colon == std::string::npos) return damaged("is damaged");
  return AuditHead{*seq, opened->substr(colon + 1)};
}

Error make_head_missing_error() {
  return {SLUICE_E_CONFIG,
          "the head of the store is missing: it was removed, and records of the audit log may be "
          "gone with it; restore the store from a backup",
          {},
          "/head/state"};
}

Result<void> AuditLog::read_range(
    std::uint64_t first, std::uint64_t last, bool backwards,
    const std::function<bool(std::string_view key, std::string_view body)>& take) const {
  StoreOp op;
  bool is_stopped = false;
  StoreSink sink([&](const sluice_store_doc& doc) -> sluice_status {
    if (take(to_view(doc.key), to_view(doc.body))) return SLUICE_OK;
    is_stopped = true;
    return SLUICE_E_CANCELLED;
  });
  const auto first_key = make_audit_key(first), last_key = make_audit_key(last);
  const auto status = table_.range(self_, &op, to_str(kAuditKind), to_str(first_key),
                                   to_str(last_key), backwards ? 1 : 0, &sink);
  if (status != SLUICE_OK && !is_stopped) return op.make_error(status);
  return {};
}

Result<AuditHead> AuditLog::read_head() const {
  auto head = find_head();
  if (!head) return head.error();
  return *head ? std::move(**head) : AuditHead();
}

// Has anything been committed, or does anything lie there?
Result<bool> AuditLog::was_written() const {
  StoreOp op;
  std::uint64_t revision = 0;
  if (const auto status = table_.revision(self_, &op, &revision); status != SLUICE_OK) {
    return op.make_error(status);
  }
  if (revision != 0) return true;
  bool is_any = false;  // the revision may have been set back, too
  StoreSink sink([&](const sluice_store_doc&) -> sluice_status {
    is_any = true;
    return SLUICE_E_CANCELLED;
  });
  const auto status = table_.scan(self_, &op, to_str(std::string_view()), &sink);
  if (status != SLUICE_OK && !is_any) return op.make_error(status);
  return is_any;
}

Result<std::optional<AuditHead>> AuditLog::find_head() const {
  StoreOp op;
  std::optional<std::string> body;
  StoreSink sink([&](const sluice_store_doc& doc) -> sluice_status {
    body = std::string(to_view(doc.body));
    return SLUICE_OK;
  });
  const auto status =
      table_.range(self_, &op, to_str(kHeadKind), to_str(kHeadKey), to_str(kHeadKey), 0, &sink);
  if (status != SLUICE_OK) return op.make_error(status);
  if (!body) return std::optional<AuditHead>();
  auto parsed = parse_audit_head(*body, *sealer_);
  if (!parsed) return parsed.error();
  return std::optional(std::move(*parsed));
}

Result<AuditLog::Page> AuditLog::find(std::uint64_t before, std::size_t limit,
                                      const std::function<bool(const AuditRecord&)>& keep) const {
  Page page;
  if (before == 0) {
    const auto head = read_head();
    if (!head) return head.error();
    before = head->seq + 1;
  }
  std::size_t examined = 0;
  while (before > 1 && page.records.size() < limit && examined < kAuditExaminedMax) {
    const auto last = before - 1;
    const auto first = last > kChunk ? last - kChunk + 1 : 1;
    bool is_full = false;
    auto read = read_range(first, last, true, [&](std::string_view key, std::string_view body) {
      ++examined;
      before = parse_number(key).value_or(before);
      if (auto record = parse_record(body); record && keep(*record)) {
        page.records.push_back(std::move(*record));
      }
      is_full = page.records.size() >= limit || examined >= kAuditExaminedMax;
      return !is_full;
    });
    if (!read) return read.error();
    if (!is_full) before = first;
  }
  page.next = before > 1 ? before : 0;
  return page;
}

Result<AuditVerdict> AuditLog::verify() const {
  AuditVerdict verdict;
  Walk walk(verdict);
  // Asked first: every commit writes the head, so what was written by now has one below.
  const auto was = was_written();
  if (!was) return was.error();
  auto found = find_head();
  const bool is_missing = found && !*found && *was;
  auto head = !found       ? Result<AuditHead>(found.error())
              : is_missing ? Result<AuditHead>(make_head_missing_error())
                           : Result<AuditHead>(found->value_or(AuditHead()));
  if (head) {
    verdict.head = *head;
  } else if (head.error().status == SLUICE_E_CONFIG) {
    walk.tell(0, head.error().detail);
  } else {
    return head.error();
  }
  const auto take = [&](std::string_view key, std::string_view body) {
    walk.step(key, body);
    return true;
  };
  for (std::uint64_t first = 1; first <= verdict.head.seq; first += kChunk) {
    const auto last = std::min(first + kChunk - 1, verdict.head.seq);
    if (auto read = read_range(first, last, false, take); !read) return read.error();
  }
  if (!head) {  // nobody knows which the last one is: all that are there are judged
    if (auto read = read_range(1, kSeqMax, false, take); !read) return read.error();
    return verdict;
  }
  walk.finish(*head);
  // Others may have written meanwhile: only what the head of now does not know either is too much.
  const auto now = read_head();
  if (!now) return now.error();
  std::uint64_t beyond = 0;
  const auto past = [&](std::string_view key, std::string_view) {
    beyond = parse_number(key).value_or(now->seq + 1);
    return false;
  };
  if (auto read = read_range(now->seq + 1, kSeqMax, false, past); !read) {
    return read.error();
  }
  if (beyond != 0) {
    walk.tell(beyond,
              "a record lies behind the end of the log: its head was set back, or the "
              "record was put there");
  }
  return verdict;
}

}  // namespace sluice::store
