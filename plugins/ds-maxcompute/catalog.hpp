// SPDX-License-Identifier: Apache-2.0
#pragma once
// What tables there are and what they are made of, and whatever else may be waited for. Blocks: it
// is asked on workers only.

#include "shared.hpp"

#include <sluice/data_source.hpp>

#include <string_view>

namespace sluice::maxcompute {

inline constexpr std::size_t kTablesMax = 10'000;  // of one list; more: search

Status list_tables(Shared& shared, std::string_view search, const CatalogOut& out, const Op& op);
Status describe_table(Shared& shared, std::string_view table, const CatalogOut& out, const Op& op);
// The columns that a statement would answer: the service explains it as a job, and runs nothing.
Status describe_statement(Shared& shared, const Query& query, const StatementOut& out,
                          const Op& op);
// Ends what attach_session() of a query began; the session that others share goes on. [ctl]
void end_session(Shared& shared, const std::string& session);
// Network, credentials, clock and project at once.
Result<void> check_project(Shared& shared);

}  // namespace sluice::maxcompute
