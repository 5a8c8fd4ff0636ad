#include "config/reason_rules.h"

#include <gmock/gmock.h>

namespace rastro {
namespace {

using testing::HasSubstr;

TEST(ReasonRulesFile, ReadsEveryKey) {
  const auto rules = parse_reason_rules(
      "rules:\n"
      "- name: a\n  provider: P\n  reason: greylisted\n  match: [x, 'y z']\n  class: 4\n"
      "  code: 450\n  status: 4.x.1\n  samples: 450 4.7.1 x\n"
      "- {name: b, reason: loop, status: x.4.6}\n",
      "f");
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->size(), 2U);
  const auto& first = rules->front();
  EXPECT_EQ(first.name, "a");
  EXPECT_EQ(first.provider, "P");
  EXPECT_EQ(first.reason, Reason::greylisted);
  EXPECT_THAT(first.patterns, testing::ElementsAre("x", "y z"));
  EXPECT_EQ(first.klass, 4);
  EXPECT_EQ(first.code, 450);
  ASSERT_TRUE(first.status);
  EXPECT_EQ(first.status->klass, 4);
  EXPECT_EQ(first.status->subject, std::nullopt);
  EXPECT_EQ(first.status->detail, 1);
  EXPECT_THAT(first.samples, testing::ElementsAre("450 4.7.1 x"));
  EXPECT_EQ(first.line, 2);
  EXPECT_EQ(first.column, 3);
  EXPECT_EQ(rules->back().status->klass, std::nullopt);
}

TEST(ReasonRulesFile, EmptyFileIsNoRules) {
  EXPECT_TRUE(parse_reason_rules("", "f").value().empty());
}

struct RuleMistakeCase {
  std::string name;
  std::string_view text;
  std::string_view want;
  friend void PrintTo(const RuleMistakeCase& c, std::ostream* os) { *os << c.name; }
};
class RulesMistake : public testing::TestWithParam<RuleMistakeCase> {};
TEST_P(RulesMistake, IsNamedWithItsPlace) {
  const auto rules = parse_reason_rules(GetParam().text, "f");
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().code, Error::Code::invalid);
  EXPECT_THAT(rules.error().message, HasSubstr(std::string(GetParam().want)));
}
const RuleMistakeCase kRuleMistakes[] = {
    {"no_list", "rules: 3\n", "f:1:1: the file holds one list, called rules"},
    {"other_key", "rulez: []\n", "f:1:1: unknown key \"rulez\""},
    {"not_a_map", "rules:\n- x\n", "f:2:3: a rule is a map"},
    {"no_name", "rules:\n- {reason: loop, match: x}\n", "f:2:3: a rule needs a name"},
    {"no_reason", "rules:\n- {name: a, match: x}\n", "f:2:3: a rule needs a reason"},
    {"no_condition", "rules:\n- {name: a, reason: loop}\n", "f:2:3: a rule needs match, class"},
    {"two_names",
     "rules:\n- {name: a, reason: loop, match: x}\n- {name: a, reason: tls, match: y}\n",
     "f:3:3: two rules are called \"a\""},
    {"bad_reason", "rules:\n- {name: a, reason: grumpy, match: x}\n",
     "reason: \"grumpy\" is none; known: greylisted rate_limited"},
    {"bad_class", "rules:\n- {name: a, reason: loop, class: 6}\n", "class: a number from 4 to 5"},
    {"bad_code", "rules:\n- {name: a, reason: loop, code: 250}\n", "code: a number from 400"},
    {"bad_status", "rules:\n- {name: a, reason: loop, status: 5.1}\n", "status: an enhanced"},
    {"status_of_success", "rules:\n- {name: a, reason: loop, status: 2.1.1}\n", "status: an"},
    {"empty_match", "rules:\n- {name: a, reason: loop, match: []}\n", "match: a text or a list"},
    {"bad_key", "rules:\n- {name: a, reason: loop, match: x, pattern: y}\n",
     "unknown key \"pattern\""},
};
INSTANTIATE_TEST_SUITE_P(, RulesMistake, testing::ValuesIn(kRuleMistakes),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace rastro
