// SPDX-License-Identifier: Apache-2.0
#pragma once
// Preconditions of a request (RFC 9110, section 13): If-Match, so that nobody overwrites what he
// has not seen, and If-None-Match, so that nothing is sent twice. Inside this room only.
//
// An entity tag has two halves, "TAG-DIGEST". TAG is of the document that the path names, another
// one after each edit: If-Match compares it alone, for whoever saves a draft does not care that a
// test of it was run meanwhile. DIGEST is of the answer's body, which tells more than the document
// (what may be done now, what is live): If-None-Match compares both.

#include "admin/admin_api.hpp"
#include "store/audit_log.hpp"
#include "store/documents.hpp"
#include "studio/studio.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::admin {

inline constexpr std::size_t kConditionBytesMax = 4096;  // of one header

// The value of an ETag header.
std::string make_etag(std::string_view tag, std::string_view body);

// Does one of a condition's entity tags name this document as it is? "*" names any that is there;
// a weak tag names none. `tag` empty: there is no document.
bool names_document(std::string_view condition, std::string_view tag);
// Does one of them name this answer? Weak or not (RFC 9110, 13.1.2).
bool names_answer(std::string_view condition, std::string_view etag);

// What If-Match and If-None-Match ask of a request that changes `document`. An answer: they do not
// hold, and nothing may be done: 412, with who changed what since the tag that was sent, as far as
// the audit log tells.
std::optional<AdminResponse> check_preconditions(const AdminRequest& request,
                                                 const std::optional<store::DocumentRef>& document,
                                                 const studio::Studio& studio);

// Puts the ETag on a successful answer, and makes it a 304 when the one who asks has it already.
AdminResponse make_conditional(AdminResponse answer, bool is_get, std::string_view if_none_match,
                               std::string_view tag);

}  // namespace sluice::admin
