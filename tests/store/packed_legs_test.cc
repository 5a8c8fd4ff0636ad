#include "store/packed_legs.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/store/leg_samples.h"

namespace rastro {
namespace {

std::vector<std::string> described(const PackedLegs& legs) {
  std::vector<std::string> texts;
  legs.for_each([&](const LegRecord& leg) { texts.push_back(samples::describe(leg)); });
  return texts;
}

TEST(PackedLegsTest, EveryFieldComesBackInOrder) {
  std::mt19937_64 random(20261128);
  PackedLegs legs;
  std::vector<std::string> expected;
  for (std::uint64_t i = 1; i <= 500; ++i) {
    auto leg = samples::random_leg(random, i, samples::start_time());
    leg.held = i % 2 == 0;
    expected.push_back(samples::describe(leg));
    legs.push_back(leg);
  }
  EXPECT_EQ(legs.size(), 500U);
  EXPECT_EQ(described(legs), expected);
  EXPECT_EQ(described(PackedLegs(legs)), expected);
}

// Lengths at the border of what one byte tells, and a text that is empty but not absent.
TEST(PackedLegsTest, LengthsOfEverySizeComeBack) {
  PackedLegs legs;
  const std::vector<std::size_t> sizes = {0, 1, 252, 253, 254, 255, 256, 65'535, 65'536, 1'000'000};
  for (const auto size : sizes) {
    LegRecord leg;
    leg.queue_id = std::string(size, 'q');
    leg.message_id = std::string(size, 'm');
    leg.held = size % 2 == 1;
    leg.lines.resize(size / 16, LineRef{1, 2, 3});
    legs.push_back(leg);
  }
  std::size_t i = 0;
  legs.for_each([&](const LegRecord& leg) {
    const auto size = sizes[i++];
    EXPECT_EQ(leg.queue_id, std::string(size, 'q'));
    ASSERT_TRUE(leg.message_id);
    EXPECT_EQ(*leg.message_id, std::string(size, 'm'));
    EXPECT_FALSE(leg.envelope_sender);
    EXPECT_EQ(leg.held, size % 2 == 1);
    EXPECT_EQ(leg.lines, std::vector<LineRef>(size / 16, LineRef{1, 2, 3}));
  });
  EXPECT_EQ(i, sizes.size());
}

TEST(PackedLegsTest, ClearedOnesAreFilledAgain) {
  PackedLegs legs;
  legs.push_back(samples::simple_leg(1, samples::start_time(), "ana@example.org"));
  for (const std::size_t bytes_max : {0U, 1U << 20}) {
    legs.clear(bytes_max);
    EXPECT_TRUE(legs.empty());
    EXPECT_TRUE(described(legs).empty());
    const auto leg = samples::simple_leg(2, samples::start_time(), "luis@example.org");
    legs.push_back(leg);
    EXPECT_EQ(described(legs), std::vector{samples::describe(leg)});
  }
}

}  // namespace
}  // namespace rastro
