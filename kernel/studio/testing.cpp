// SPDX-License-Identifier: Apache-2.0
// What a test leaves behind: its record, the tested mark, and samples for the description.
#include "studio/edit_parts.hpp"

#include <algorithm>
#include <utility>

namespace sluice::studio {
namespace {

std::string cut(std::string_view text, std::size_t bytes_max) {
  return std::string(model::cut_text(text, bytes_max));
}

std::vector<std::pair<std::string, std::string>> cut_pairs(
    const std::vector<std::pair<std::string, std::string>>& pairs, std::size_t count_max) {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& [name, value] : pairs) {
    if (kept.size() == count_max) break;
    kept.emplace_back(cut(name, model::kTextBytesMax), cut(value, model::kTextBytesMax));
  }
  return kept;
}

model::TestRecord make_record(const TestTicket& ticket, const Result<TestOutcome>& outcome,
                              model::TestVerdict verdict) {
  model::TestRecord record;
  record.api_id = ticket.api_id;
  record.version = ticket.version;
  record.draft_revision = ticket.draft_revision;
  record.actor = ticket.actor;
  record.started_at = ticket.started_at;
  record.parameters = cut_pairs(ticket.parameters, model::kParametersMax);
  record.verdict = verdict;
  if (!outcome) {
    record.fault = cut(outcome.error().detail, model::kTextBytesMax);
    return record;
  }
  const auto& request = outcome->request;
  record.request_target =
      cut(request.query.empty() ? request.path : request.path + "?" + request.query,
          model::kTestBodyBytesMax);
  record.request_body = cut(request.body, model::kTestBodyBytesMax);
  record.http_status = outcome->http_status;
  record.headers = cut_pairs(outcome->headers, kTestHeadersMax);
  record.body = cut(outcome->body, model::kTestBodyBytesMax);
  record.is_body_cut = outcome->body.size() > model::kTestBodyBytesMax;
  record.duration_us = outcome->duration_us;
  record.sql = cut(outcome->sql, model::kTestBodyBytesMax);
  for (const auto& [name, value] : outcome->notes) {
    record.notes.emplace_back(cut(name, model::kTextBytesMax), cut(value, model::kTextBytesMax));
  }
  for (const auto& hint : outcome->hints) record.hints.push_back(cut(hint, model::kTextBytesMax));
  record.fault = cut(outcome->fault, model::kTextBytesMax);
  return record;
}

}  // namespace

Result<TestReport> Studio::finish_test(const TestTicket& ticket, Result<TestOutcome> outcome) {
  const auto* found = state_.apis.find(ticket.api_id);
  if (!found) return not_found("API", ticket.api_id);
  auto api = *found;
  const bool is_draft = ticket.version == 0;
  auto verdict = outcome && is_success(*outcome) ? TestVerdict::kPassed : TestVerdict::kFailed;
  if (verdict == TestVerdict::kPassed && is_draft && api.draft_revision != ticket.draft_revision) {
    verdict = TestVerdict::kDraftChanged;
  }
  if (verdict == TestVerdict::kPassed && is_draft) {
    api.tested_revision = ticket.draft_revision;
    api.tested_table = outcome->table;
    if (api.tested_table.columns.size() > model::kTableColumnsMax) api.tested_table = {};
  }
  auto edit = begin_edit(ticket.actor);
  const auto name = edit.name_of(api);
  auto record = make_record(ticket, outcome, verdict);
  const auto number = record.number = ++api.last_test;
  edit.keep(ticket.api_id, name, std::move(api));
  edit.keep(model::make_test_key(ticket.api_id, number), model::make_test_key(name, number),
            std::move(record));
  const auto records = list_test_records(edit.state(), ticket.api_id);
  std::vector<unsigned> old;
  for (std::size_t i = model::kTestRecordsMax; i < records.size(); ++i) {
    old.push_back(records[i]->number);
  }
  for (const auto one : old) {
    edit.drop<model::TestRecord>(model::make_test_key(ticket.api_id, one),
                                 model::make_test_key(name, one));
  }
  if (auto done = finish_edit(std::move(edit), ApplyMode::kCommit); !done) return done.error();
  if (!outcome) return outcome.error();
  return TestReport{std::move(*outcome), verdict, number};
}

Result<Put<model::Api>> Edit::save_sample(std::string_view api_id, unsigned test_record) {
  const auto* found = state_.apis.find(api_id);
  if (!found) return not_found("API", api_id);
  if (auto allowed = check_owner(*found); !allowed) return allowed.error();
  const auto* record = state_.test_records.find(model::make_test_key(api_id, test_record));
  if (!record) {
    return not_found("test record", "T" + std::to_string(test_record));
  }
  if (record->http_status == 0) {
    return conflict("this test could not be tried and has no answer: test again");
  }
  if (record->is_body_cut) {
    return conflict("the answer of this test is longer than a sample may be (" +
                    std::to_string(model::kAnswerSampleBytesMax) +
                    " bytes): test with parameters that find less");
  }
  if (!model::count_characters(record->body.get())) {
    return conflict("the answer of this test is not valid UTF-8 and cannot be shown as a sample");
  }
  auto api = *found;
  const bool was_tested = api.tested_revision == api.draft_revision;
  const bool is_success = record->http_status >= 200 && record->http_status < 300;
  auto& sample = is_success ? api.draft.success_sample : api.draft.failure_sample;
  if (sample != record->body) {
    sample = record->body;
    ++api.draft_revision;
    if (was_tested) api.tested_revision = api.draft_revision;
  }
  auto key = api.id;
  auto name = name_of(api);
  return keep(std::move(key), std::move(name), std::move(api));
}

std::vector<const model::TestRecord*> list_test_records(const model::State& state,
                                                        std::string_view api_id) {
  std::vector<const model::TestRecord*> records;
  const auto prefix = model::make_key(api_id, "");
  const auto& all = state.test_records.all();
  for (auto it = all.lower_bound(prefix); it != all.end() && it->first.starts_with(prefix); ++it) {
    records.push_back(&it->second);
  }
  std::sort(records.begin(), records.end(),
            [](const auto* a, const auto* b) { return a->number > b->number; });
  return records;
}

}  // namespace sluice::studio
