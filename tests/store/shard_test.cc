#include "store/shard.h"

#include <gtest/gtest.h>

#include "tests/store/leg_samples.h"

namespace rastro {
namespace {

TEST(ShardName, IsItsHour) {
  EXPECT_EQ(to_string(ShardName{samples::start_time(), 0}), "20260301T10.db");
  EXPECT_EQ(to_string(ShardName{samples::start_time(), 2}), "20260301T10-2.db");
  for (const unsigned suffix : {0U, 1U, 17U}) {
    const ShardName name{samples::start_time(), suffix};
    EXPECT_EQ(parse_shard_name(to_string(name)), name);
  }
  EXPECT_LT((ShardName{samples::start_time(), 9}), (ShardName{samples::start_time(), 10}));
}

struct RefusedName {
  std::string name;
  std::string text;
  friend void PrintTo(const RefusedName& c, std::ostream* os) { *os << c.name; }
};
class RefusedNameTest : public testing::TestWithParam<RefusedName> {};
TEST_P(RefusedNameTest, IsNoShard) { EXPECT_FALSE(parse_shard_name(GetParam().text)); }
const RefusedName kRefused[] = {
    {"empty", ""},
    {"only_ending", ".db"},
    {"wal", "20260301T10.db-wal"},
    {"bad", "20260301T10.db.bad"},
    {"being_made", "20260301T10.db.new"},
    {"no_hour", "20260301.db"},
    {"hour_24", "20260301T24.db"},
    {"month_13", "20261301T10.db"},
    {"february_30", "20260230T10.db"},
    {"blank", "2026 301T10.db"},
    {"sign", "+0260301T10.db"},
    {"suffix_0", "20260301T10-0.db"},
    {"suffix_text", "20260301T10-x.db"},
    {"suffix_sign", "20260301T10--1.db"},
    {"longer", "20260301T105.db"},
    {"lower_t", "20260301t10.db"},
};
INSTANTIATE_TEST_SUITE_P(, RefusedNameTest, testing::ValuesIn(kRefused),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace rastro
