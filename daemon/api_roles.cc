#include "daemon/api_roles.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <string_view>

#include "core/address.h"

namespace rastro {
namespace {

Error unknown(const std::string& setting, const std::string& member) {
  return make_error(Error::Code::invalid, setting + ": there is no " + member);
}

Result<void> add_members(const std::string& setting, const std::vector<std::string>& members,
                         RoleRules::Members& out) {
  constexpr std::string_view kUser = "user:";
  constexpr std::string_view kGroup = "group:";
  for (const auto& member : members) {
    if (member.starts_with(kUser)) {
      const auto* user = getpwnam(member.c_str() + kUser.size());
      if (user == nullptr) return unknown(setting, member);
      out.users.push_back(user->pw_uid);
    } else if (member.starts_with(kGroup)) {
      const auto* group = getgrnam(member.c_str() + kGroup.size());
      if (group == nullptr) return unknown(setting, member);
      out.groups.push_back(group->gr_gid);
    }
  }
  return {};
}

}  // namespace

Result<RoleRules> make_role_rules(const ApiSettings& settings) {
  RoleRules rules;
  rules.always_operators.push_back(geteuid());
  if (auto done = add_members("api.operators", settings.operators, rules.operators); !done)
    return done.error();
  if (auto done = add_members("api.support", settings.support, rules.support); !done)
    return done.error();
  if (auto done = add_members("api.monitoring", settings.monitoring, rules.monitoring); !done)
    return done.error();
  for (const auto& domain : settings.support_domains)
    rules.support_domains.push_back(ascii_lower(domain));
  if (!settings.operators.empty()) return rules;
  rules.otherwise_operators = getegid();
  if (settings.socket_group.empty()) return rules;
  const auto* group = getgrnam(settings.socket_group.c_str());
  if (group == nullptr) return unknown("api.socket_group", "group:" + settings.socket_group);
  rules.otherwise_operators = group->gr_gid;
  return rules;
}

}  // namespace rastro
