// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a caller of a published API shows, and where, as an OpenAPI document says it. Pure. Inside
// this room only.

#include "admin/shapes.hpp"
#include "model/nouns.hpp"

namespace sluice::admin {

// The operation's `security`: ways, any of which will do, each a set of schemes that go together.
// They are added to `schemes`, #/components/securitySchemes, which operations share. Where a
// credential stands is said by the settings of the version; of an authenticator that this page does
// not know, only its name is told.
Json make_security(const model::Authentication& authentication, Json& schemes);

}  // namespace sluice::admin
