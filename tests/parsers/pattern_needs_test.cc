// What a pattern needs is never more than what it takes to match.
#include "parsers/pattern_needs.h"

#include <gmock/gmock.h>
#include <re2/re2.h>

#include <algorithm>
#include <fstream>

#include "config/reason_rules.h"
#include "parsers/reply_mask.h"

namespace rastro {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(PatternNeeds, ALiteralIsAllThereIsToIt) {
  const auto needs = needs_of("Mailbox full");
  EXPECT_THAT(needs.clauses, ElementsAre(ElementsAre("mailbox full")));
  EXPECT_TRUE(needs.enough);
}

TEST(PatternNeeds, FewAlternativesAreWrittenOut) {
  const auto needs = needs_of(R"(user (is )?(un|not )known)");
  EXPECT_THAT(needs.clauses,
              ElementsAre(UnorderedElementsAre("user unknown", "user not known", "user is unknown",
                                               "user is not known")));
  EXPECT_TRUE(needs.enough);
}

TEST(PatternNeeds, TheLongerOfTwoLiteralsIsLeftOut) {
  EXPECT_THAT(needs_of("blocked( by)?").clauses, ElementsAre(ElementsAre("blocked")));
}

TEST(PatternNeeds, WhatStandsBetweenPartsIsNotLookedAt) {
  const auto needs = needs_of(R"(denied[^.]*\bspam list.+ x+y)");
  EXPECT_THAT(needs.clauses, ElementsAre(ElementsAre("denied"), ElementsAre("spam list")));
  EXPECT_FALSE(needs.enough);
}

TEST(PatternNeeds, WhereItStandsMatters) {
  EXPECT_FALSE(needs_of("^blocked").enough);
  EXPECT_FALSE(needs_of(R"(blocked\b)").enough);
  EXPECT_THAT(needs_of(R"(s314\d)").clauses, ElementsAre(ElementsAre("s314")));
  EXPECT_FALSE(needs_of(R"(s314\d)").enough);
}

TEST(PatternNeeds, AnAlternativeThatNeedsNothingFreesAll) {
  EXPECT_THAT(needs_of("(blocked|.+)").clauses, IsEmpty());
  EXPECT_THAT(needs_of("(blocked by.*x|no such.*y)").clauses,
              ElementsAre(UnorderedElementsAre("blocked by", "no such")));
}

TEST(PatternNeeds, WhatIsNotKnownNeedsNothing) {
  for (const auto* pattern : {R"(\x41bcd)", "(?i)abcdef", "abc{x}def", "[[:alpha:]]bcd", "abc)",
                              "abc**", R"(\pLabc)", "abc\\", "abc[def"}) {
    EXPECT_THAT(needs_of(pattern).clauses, IsEmpty()) << pattern;
    EXPECT_FALSE(needs_of(pattern).enough) << pattern;
  }
}

bool are_met(const PatternNeeds& needs, const std::string& text) {
  return std::ranges::all_of(needs.clauses, [&](const std::vector<std::string>& clause) {
    return std::ranges::any_of(clause, [&](const std::string& literal) {
      return text.find(literal) != std::string::npos;
    });
  });
}

// Every shipped pattern, asked of every sample of every rule.
TEST(PatternNeeds, AgreeWithTheExpressionsThemselves) {
  const auto rules = parse_reason_rules(shipped_reason_rules(), "reasons.yaml");
  ASSERT_TRUE(rules);
  std::vector<std::string> texts;
  for (const auto& rule : *rules) {
    for (const auto& sample : rule.samples) texts.push_back(rule_text(MaskedReply(sample).text()));
  }
  ASSERT_GT(texts.size(), 100U);
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_case_sensitive(false);
  std::size_t matches = 0;
  for (const auto& rule : *rules) {
    for (const auto& pattern : rule.patterns) {
      const auto needs = needs_of(pattern);
      EXPECT_THAT(needs.clauses, testing::Not(IsEmpty())) << pattern;
      const RE2 expression(pattern, options);
      for (const auto& text : texts) {
        const bool met = are_met(needs, text);
        const bool matches_it = RE2::PartialMatch(text, expression);
        matches += matches_it ? 1U : 0U;
        ASSERT_FALSE(matches_it && !met) << pattern << " in " << text;
        ASSERT_FALSE(needs.enough && met != matches_it) << pattern << " in " << text;
      }
    }
  }
  EXPECT_GT(matches, texts.size());
}

}  // namespace
}  // namespace rastro
