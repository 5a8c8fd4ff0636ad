#include "core/enhanced_status.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

struct StatusCase {
  std::string name;
  std::string_view text;
  std::optional<EnhancedStatus> want;
  friend void PrintTo(const StatusCase& c, std::ostream* os) { *os << c.name; }
};
class ParseEnhancedStatus : public testing::TestWithParam<StatusCase> {};
TEST_P(ParseEnhancedStatus, MatchesTable) {
  EXPECT_EQ(parse_enhanced_status(GetParam().text), GetParam().want);
}
const StatusCase kCases[] = {
    {"usual", "5.1.1", EnhancedStatus{5, 1, 1}},
    {"three_digits", "4.7.650", EnhancedStatus{4, 7, 650}},
    {"class_three", "3.1.1", std::nullopt},
    {"class_twenty", "20.1.1", std::nullopt},
    {"two_parts", "5.1", std::nullopt},
    {"four_parts", "5.1.1.1", std::nullopt},
    {"four_digits", "5.1.1000", std::nullopt},
    {"letters", "5.1.a", std::nullopt},
    {"trailing_blank", "5.1.1 ", std::nullopt},
    {"word_behind", "5.1.1x", std::nullopt},
    {"empty", "", std::nullopt},
};
INSTANTIATE_TEST_SUITE_P(, ParseEnhancedStatus, testing::ValuesIn(kCases),
                         [](const auto& tested) { return tested.param.name; });

TEST(MaybeTakeEnhancedStatus, TakesItOffTheFrontOnly) {
  std::string_view rest = "4.2.2 mailbox full";
  EXPECT_EQ(maybe_take_enhanced_status(rest), (EnhancedStatus{4, 2, 2}));
  EXPECT_EQ(rest, " mailbox full");
  rest = "4.2.2.1 is an address";
  EXPECT_EQ(maybe_take_enhanced_status(rest), std::nullopt);
  EXPECT_EQ(rest, "4.2.2.1 is an address");
}

TEST(EnhancedStatusText, PrintsWhatItParsed) {
  EXPECT_EQ(to_string(*parse_enhanced_status("4.7.26")), "4.7.26");
}

}  // namespace
}  // namespace rastro
