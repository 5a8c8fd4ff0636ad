#include "core/journey.h"

#include <gtest/gtest.h>

namespace rastro {
namespace {

TEST(LegId, SurvivesItsText) {
  for (const std::uint64_t id : {0ULL, 1ULL, 0xffffffffffffffffULL, 0x6740f8d1deadbeefULL}) {
    const auto text = format_leg_id(id);
    EXPECT_EQ(text.size(), 13u);
    EXPECT_EQ(parse_leg_id(text), id);
  }
}

TEST(LegId, SortsByTimeAsText) {
  const Time t0{std::chrono::seconds(1'700'000'000)};
  const auto early = make_leg_id("mx1", Mta::postfix, "postfix", "4XzQ", 0, t0);
  const auto late =
      make_leg_id("mx1", Mta::postfix, "postfix", "4XzQ", 0, t0 + std::chrono::seconds(1));
  EXPECT_LT(format_leg_id(early), format_leg_id(late));
}

TEST(LegId, TellsLegsOfOneSecondApart) {
  const Time t{std::chrono::seconds(1'700'000'000)};
  const auto id = make_leg_id("mx1", Mta::postfix, "postfix", "A1", 0, t);
  EXPECT_EQ(id, make_leg_id("mx1", Mta::postfix, "postfix", "A1", 0, t));
  EXPECT_NE(id, make_leg_id("mx2", Mta::postfix, "postfix", "A1", 0, t));
  EXPECT_NE(id, make_leg_id("mx1", Mta::exim, "postfix", "A1", 0, t));
  EXPECT_NE(id, make_leg_id("mx1", Mta::postfix, "postfix-out", "A1", 0, t));
  EXPECT_NE(id, make_leg_id("mx1", Mta::postfix, "postfix", "A2", 0, t));
  EXPECT_NE(id, make_leg_id("mx1", Mta::postfix, "postfix", "A1", 1, t));
}

TEST(LegId, RefusesWhatIsNone) {
  for (const auto* text :
       {"", "0123", "0123456789abcu", "0123456789abI", "g000000000000", "00000000000000"}) {
    EXPECT_EQ(parse_leg_id(text), std::nullopt) << text;
  }
}

TEST(Names, EveryOutcomeHasItsOwn) {
  for (int i = 0; i <= static_cast<int>(Outcome::passed); ++i) {
    const auto outcome = static_cast<Outcome>(i);
    EXPECT_FALSE(outcome_name(outcome).empty());
    EXPECT_EQ(parse_outcome(outcome_name(outcome)), outcome);
  }
  EXPECT_EQ(parse_outcome("sent"), std::nullopt);
  EXPECT_EQ(parse_outcome(""), std::nullopt);
}

TEST(Names, EveryReasonHasItsOwn) {
  for (std::size_t i = 1; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_EQ(parse_reason(reason_name(reason)), reason);
  }
  EXPECT_EQ(parse_reason(""), std::nullopt);
  EXPECT_EQ(parse_reason("busy"), std::nullopt);
}

}  // namespace
}  // namespace rastro
