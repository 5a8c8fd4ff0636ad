#include "daemon/http/peer.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace rastro {
namespace {

constexpr uid_t kOverflowUid = 65534;
constexpr std::size_t kGroupsMax = 65'536;  // NGROUPS_MAX of Linux

template <typename Id>
bool holds(const std::vector<Id>& list, Id id) {
  return std::ranges::find(list, id) != list.end();
}

bool any_group(const RoleRules::Members& members, const SocketPeer& peer) {
  return std::ranges::any_of(peer.groups,
                             [&](gid_t group) { return holds(members.groups, group); });
}

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::none:
      return "none";
    case Role::monitoring:
      return "monitoring";
    case Role::support:
      return "support";
    case Role::operates:
      return "operator";
  }
  return "none";
}

Role role_of(const SocketPeer& peer, const RoleRules& rules) {
  if (peer.uid == kOverflowUid) return Role::none;
  if (holds(rules.always_operators, peer.uid)) return Role::operates;
  if (holds(rules.operators.users, peer.uid)) return Role::operates;
  if (holds(rules.support.users, peer.uid)) return Role::support;
  if (holds(rules.monitoring.users, peer.uid)) return Role::monitoring;
  if (any_group(rules.operators, peer)) return Role::operates;
  if (any_group(rules.support, peer)) return Role::support;
  if (any_group(rules.monitoring, peer)) return Role::monitoring;
  if (rules.otherwise_operators && holds(peer.groups, *rules.otherwise_operators))
    return Role::operates;
  return Role::none;
}

SocketPeer peer_of(int descriptor) {
  SocketPeer peer;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return peer;
  peer.uid = credentials.uid;
  peer.groups.push_back(credentials.gid);
  std::vector<gid_t> groups(64);
  for (;;) {
    auto bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes) == 0) {
      groups.resize(bytes / sizeof(gid_t));
      break;
    }
    if (errno != ERANGE || bytes / sizeof(gid_t) > kGroupsMax) {
      groups.clear();
      break;
    }
    groups.resize(bytes / sizeof(gid_t));
  }
  peer.groups.insert(peer.groups.end(), groups.begin(), groups.end());
  return peer;
}

}  // namespace rastro
