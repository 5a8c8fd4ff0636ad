#include "daemon/http/peer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/http/rate_limit.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

RoleRules sample() {
  RoleRules rules;
  rules.operators.users = {1000};
  rules.support.groups = {50};
  rules.monitoring.users = {1001};
  rules.monitoring.groups = {60};
  return rules;
}

TEST(Role, TheUserWinsOverTheGroupAndTheWiderRoleOverTheNarrower) {
  const auto rules = sample();
  EXPECT_EQ(role_of({0, {0}}, rules), Role::operates);
  EXPECT_EQ(role_of({1000, {60}}, rules), Role::operates);
  EXPECT_EQ(role_of({1001, {50}}, rules), Role::monitoring);
  EXPECT_EQ(role_of({1002, {7, 60, 50}}, rules), Role::support);
  EXPECT_EQ(role_of({1003, {7}}, rules), Role::none);
}

TEST(Role, TheSocketsGroupOperatesWhenNoOperatorIsNamed) {
  auto rules = sample();
  rules.operators = {};
  rules.otherwise_operators = 70;
  EXPECT_EQ(role_of({1003, {70}}, rules), Role::operates);
  EXPECT_EQ(role_of({1003, {70, 50}}, rules), Role::support);  // named, so not by default
  EXPECT_EQ(role_of({1003, {71}}, rules), Role::none);
}

TEST(Role, TheUserOfAnotherNamespaceHasNone) {
  auto rules = sample();
  rules.operators.users.push_back(65534);
  rules.otherwise_operators = 65534;
  EXPECT_EQ(role_of({65534, {65534}}, rules), Role::none);
}

TEST(Peer, IsWhoOpenedTheSocket) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const auto peer = peer_of(ends[0]);
  EXPECT_EQ(peer.uid, geteuid());
  ASSERT_FALSE(peer.groups.empty());
  EXPECT_EQ(peer.groups.front(), getegid());
  close(ends[0]);
  close(ends[1]);
  EXPECT_EQ(role_of(peer_of(-1), {}), Role::none);
}

TEST(RateLimit, LetsASteadyRateThroughAndABurstOfTwoSeconds) {
  RateLimit limit(10);
  Duration now = 100s;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(limit.admit(1, now));
  EXPECT_FALSE(limit.admit(1, now));
  EXPECT_TRUE(limit.admit(2, now));
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(limit.admit(1, now += 100ms));
  EXPECT_FALSE(limit.admit(1, now));
}

TEST(RateLimit, IsBoundedByTheUsersItRemembers) {
  RateLimit limit(1);
  for (uid_t uid = 0; uid < RateLimit::kUsersMax; ++uid) EXPECT_TRUE(limit.admit(uid, 1s));
  EXPECT_FALSE(limit.admit(5000, 1s));
  EXPECT_TRUE(limit.admit(5000, 10s));
}

}  // namespace
}  // namespace rastro
