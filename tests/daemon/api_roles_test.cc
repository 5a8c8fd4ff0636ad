#include "daemon/api_roles.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace rastro {
namespace {

ApiSettings settings() {
  ApiSettings out;
  out.socket_group = "";
  return out;
}

Role role_for(uid_t uid, std::vector<gid_t> groups, const RoleRules& rules) {
  return role_of({uid, std::move(groups), Role::none}, rules);
}

TEST(ApiRoles, RootAndTheDaemonItselfMayAlwaysDoEverything) {
  auto given = settings();
  given.monitoring = {"user:root"};
  const auto rules = make_role_rules(given);
  ASSERT_TRUE(rules);
  EXPECT_EQ(role_for(0, {0}, *rules), Role::operates);
  EXPECT_EQ(role_for(geteuid(), {12345}, *rules), Role::operates);
}

TEST(ApiRoles, WithoutNamesTheSocketsGroupOperates) {
  const auto own = make_role_rules(settings());
  ASSERT_TRUE(own);
  EXPECT_EQ(own->otherwise_operators, getegid());
  auto given = settings();
  given.socket_group = "daemon";
  const auto named = make_role_rules(given);
  ASSERT_TRUE(named);
  EXPECT_EQ(role_for(4711, {1}, *named), Role::operates);
  EXPECT_EQ(role_for(4711, {4712}, *named), Role::none);
}

TEST(ApiRoles, NamedOperatorsTakeTheGroupsPlace) {
  auto given = settings();
  given.socket_group = "daemon";
  given.operators = {"user:bin"};
  const auto rules = make_role_rules(given);
  ASSERT_TRUE(rules);
  EXPECT_FALSE(rules->otherwise_operators);
  EXPECT_EQ(role_for(2, {}, *rules), Role::operates);
  EXPECT_EQ(role_for(4711, {1}, *rules), Role::none);
}

TEST(ApiRoles, UsersAndGroupsOfEachList) {
  auto given = settings();
  given.support = {"user:mail", "group:bin"};
  given.monitoring = {"group:daemon", "group:bin"};
  const auto rules = make_role_rules(given);
  ASSERT_TRUE(rules);
  EXPECT_EQ(role_for(8, {1}, *rules), Role::support);     // his own entry, not his group's
  EXPECT_EQ(role_for(4711, {2}, *rules), Role::support);  // the wider of two
  EXPECT_EQ(role_for(4711, {9, 1}, *rules), Role::monitoring);
}

TEST(ApiRoles, DomainsHaveNoCase) {
  auto given = settings();
  given.support_domains = {"Example.ORG", ".example.net"};
  const auto rules = make_role_rules(given);
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->support_domains, (std::vector<std::string>{"example.org", ".example.net"}));
}

TEST(ApiRoles, ANameThatTheSystemDoesNotKnowIsAnError) {
  struct Case {
    std::vector<std::string> ApiSettings::*list;
    const char* member;
    const char* want;
  };
  const Case cases[] = {{&ApiSettings::operators, "user:no-such-user",
                         "api.operators: there is no user:no-such-user"},
                        {&ApiSettings::support, "group:no-such-group",
                         "api.support: there is no group:no-such-group"},
                        {&ApiSettings::monitoring, "user:no-such-user",
                         "api.monitoring: there is no user:no-such-user"}};
  for (const auto& one : cases) {
    auto given = settings();
    given.*one.list = {one.member};
    const auto rules = make_role_rules(given);
    ASSERT_FALSE(rules) << one.want;
    EXPECT_EQ(rules.error().code, Error::Code::invalid);
    EXPECT_EQ(rules.error().message, one.want);
  }
  auto given = settings();
  given.socket_group = "no-such-group";
  const auto rules = make_role_rules(given);
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().message, "api.socket_group: there is no group:no-such-group");
}

}  // namespace
}  // namespace rastro
