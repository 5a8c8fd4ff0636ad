#include "core/seeded_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace rastro {
namespace {

TEST(SeededHash, KeepsNearbyNamesApart) {
  const SeededHash hash(42);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100'000; ++i) seen.insert(hash(std::to_string(i)));
  EXPECT_EQ(seen.size(), 100'000u);
}

TEST(SeededHash, TellsLengthAndSeedApart) {
  const SeededHash hash(42);
  EXPECT_NE(hash(std::string_view("a\0", 2)), hash("a"));
  EXPECT_NE(hash(""), hash(std::string_view("\0", 1)));
  EXPECT_NE(hash("a"), SeededHash(43)("a"));
  EXPECT_NE(hash("a", 1), hash("a", 2));
}

}  // namespace
}  // namespace rastro
