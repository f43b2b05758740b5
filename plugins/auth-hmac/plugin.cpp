// SPDX-License-Identifier: Apache-2.0
#include "hmac_authenticator.hpp"

#include <sluice/plugin.hpp>

SLUICE_PLUGIN("org.sluice.auth-hmac", "0.1.0", "Sluice",
              sluice::authenticator<sluice::hmac::HmacAuthenticator>(
                  {.type = sluice::hmac::kComponentType,
                   .title = "HMAC signature",
                   .summary = "A signature over the request with the headers of Alibaba's SDKs. "
                              "For integrity, and where a secret may not travel.",
                   .exec = SLUICE_EXEC_INLINE}))
