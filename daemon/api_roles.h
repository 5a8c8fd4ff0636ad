#pragma once

#include "config/config.h"
#include "core/result.h"
#include "daemon/http/peer.h"

namespace rastro {

// The roles as numbers of users and groups, looked up once at start.
// Error::invalid: a name that the system does not know.
Result<RoleRules> make_role_rules(const ApiSettings& settings);

}  // namespace rastro
