// SPDX-License-Identifier: Apache-2.0
#include "jwt_authenticator.hpp"

#include <sluice/plugin.hpp>

SLUICE_PLUGIN("org.sluice.auth-jwt", "0.1.0", "Sluice",
              sluice::authenticator<sluice::jwt::JwtAuthenticator>(
                  {.type = sluice::jwt::kComponentType,
                   .title = "JWT",
                   .summary = "A signed token whose claims name the consumer. For single sign-on "
                              "and distributed systems.",
                   .exec = SLUICE_EXEC_INLINE_FIRST}))
