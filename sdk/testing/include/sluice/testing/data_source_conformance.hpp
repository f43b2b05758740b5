// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every data source must do. A plugin's test describes the plugin and gets the cases; see
// authenticator_conformance.hpp for how.

#include <sluice/testing/conformance.hpp>
#include <sluice/testing/plugin_under_test.hpp>
#include <sluice/testing/recorders.hpp>
#include <sluice/testing/scripted_op.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace sluice::testing {

// A query and its whole answer, as RecordingRows tells it.
struct SampleQuery {
  std::string name;
  OwnedQuery query;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

struct DataSourceSubject : PluginSubject {
  // Together they should show every cell type of the source, NULL, and an empty result.
  std::vector<SampleQuery> samples = {};
  // At least 10 rows.
  std::optional<OwnedQuery> many_rows = {};
  // Passes at least 20 checkpoints before it ends by itself, with at least one row.
  std::optional<OwnedQuery> long_query = {};
  // Has one text argument and answers one row with that very text. Nothing that the argument says
  // may change what is run.
  std::optional<OwnedQuery> echo = {};
  // With sluice.catalog/1: a table that exists.
  std::string known_table = {};
};

// How GoogleTest shows a subject: by its name, not by its bytes.
inline void PrintTo(const DataSourceSubject& subject, std::ostream* out) { *out << subject.name; }

std::string name_of_subject(const ::testing::TestParamInfo<DataSourceSubject>& info);

class DataSourceConformance : public ::testing::TestWithParam<DataSourceSubject> {
 protected:
  void SetUp() override;
  std::unique_ptr<TestInstance> make_started();
  const sluice_component* component_ = nullptr;
  FakeHost host_;
  std::unique_ptr<TestInstance> instance_;
};

}  // namespace sluice::testing
