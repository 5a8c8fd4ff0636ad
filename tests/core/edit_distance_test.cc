#include "core/edit_distance.h"

#include <gtest/gtest.h>

#include <cctype>
#include <random>
#include <string>

namespace rastro {
namespace {

TEST(EditDistance, CountsStepsUpToTheLimit) {
  EXPECT_EQ(edit_distance("juan", "juan", 2), 0U);
  EXPECT_EQ(edit_distance("juan", "jaun", 2), 1U);  // neighbours swapped
  EXPECT_EQ(edit_distance("juan", "juann", 2), 1U);
  EXPECT_EQ(edit_distance("juan", "jan", 2), 1U);
  EXPECT_EQ(edit_distance("juan", "joam", 2), 2U);
  EXPECT_EQ(edit_distance("juan", "pedro", 2), 3U);
  EXPECT_EQ(edit_distance("", "ab", 2), 2U);
  EXPECT_EQ(edit_distance("", "abcdef", 2), 3U);
}

// Random slips of random addresses, in any case.
TEST(EditDistance, WhatIsWithinIsNeverRuledOutByItsLetters) {
  std::mt19937 dice(7);
  const std::string letters = "abcxyz0159.-_@\xc3\xb1";
  const auto letter = [&] { return letters[dice() % letters.size()]; };
  for (int round = 0; round < 5'000; ++round) {
    std::string one;
    for (auto left = 1 + dice() % 20; left > 0; --left) one += letter();
    auto other = one;
    for (int step = 0; step < 2; ++step) {
      const auto at = dice() % (other.size() + 1);
      if (dice() % 2 == 0) {
        other.insert(at, 1, letter());
      } else if (at < other.size()) {
        other[at] = letter();
      }
    }
    EXPECT_LE(edit_distance(one, other, 2), 2U) << one << " and " << other;
    for (auto& c : other) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_TRUE(may_be_within(one, other, 2)) << one << " and " << other;
  }
  EXPECT_FALSE(may_be_within("juan@example.org", "pedro@otra.example", 2));
  EXPECT_FALSE(may_be_within("juan@example.org", "mxvk@example.org", 2));
}

}  // namespace
}  // namespace rastro
