// SPDX-License-Identifier: Apache-2.0
#include "api_key_authenticator.hpp"

#include <sluice/plugin.hpp>

SLUICE_PLUGIN("org.sluice.auth-apikey", "0.1.0", "Sluice",
              sluice::authenticator<sluice::apikey::ApiKeyAuthenticator>(
                  {.type = sluice::apikey::kComponentType,
                   .title = "API key",
                   .summary = "A secret text in Authorization: Bearer, a header or the query. For "
                              "light use, tools and tests.",
                   .exec = SLUICE_EXEC_INLINE}))
