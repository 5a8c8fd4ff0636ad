#include "daemon/api_roles.h"

#include <grp.h>
#include <unistd.h>

namespace rastro {

Result<RoleRules> make_role_rules(const ApiSettings& settings) {
  RoleRules rules;
  rules.always_operators.push_back(geteuid());
  rules.otherwise_operators = getegid();
  if (!settings.socket_group.empty()) {
    const auto* group = getgrnam(settings.socket_group.c_str());
    if (group == nullptr) {
      return make_error(Error::Code::invalid,
                        "api.socket_group: there is no group " + settings.socket_group);
    }
    rules.otherwise_operators = group->gr_gid;
  }
  return rules;
}

}  // namespace rastro
