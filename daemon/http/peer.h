#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rastro {

// What the other end of the socket may do (DESIGN 10).
enum class Role : std::uint8_t { none, monitoring, support, operates };
std::string_view role_name(Role role);

struct SocketPeer {
  uid_t uid = 65534;
  std::vector<gid_t> groups;  // the primary one first
  Role role = Role::none;
  std::vector<std::string> domains{};  // may see mail of these only; empty: all
};

// Who may do what. Numbers, because names may change hands while the daemon runs.
struct RoleRules {
  struct Members {
    std::vector<uid_t> users;
    std::vector<gid_t> groups;
  };
  Members operators, support, monitoring;
  // root and the daemon's own user: they could read the index's files anyway.
  std::vector<uid_t> always_operators = {0};
  // The socket's group, when no operators are named.
  std::optional<gid_t> otherwise_operators;
  std::vector<std::string> support_domains;  // lower case; empty: all
};

// A user's own entry wins over those of groups; of two entries of one kind the wider role wins.
// The overflow uid, which stands for any user of another namespace, has no role.
Role role_of(const SocketPeer& peer, const RoleRules& rules);

// From SO_PEERCRED and SO_PEERGROUPS; without a role yet. The overflow uid when the kernel does
// not say.
SocketPeer peer_of(int descriptor);

}  // namespace rastro
