#include "daemon/correlate/host_clocks.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace rastro {
namespace {

using std::chrono::seconds;

TEST(HostClocks, GoByTheHostThatIsFurthestBehind) {
  HostClocks clocks;
  EXPECT_EQ(clocks.slowest(), Time{});
  clocks.saw("mx1", Time(seconds(1000)));
  EXPECT_EQ(clocks.slowest(), Time(seconds(1000)));
  clocks.saw("mx2", Time(seconds(10)));
  clocks.saw("mx1", Time(seconds(2000)));
  EXPECT_EQ(clocks.slowest(), Time(seconds(10)));
  clocks.saw("mx2", Time(seconds(1500)));
  EXPECT_EQ(clocks.slowest(), Time(seconds(1500)));
}

TEST(HostClocks, AreNotSetBackByALateLine) {
  HostClocks clocks;
  clocks.saw("mx1", Time(seconds(1000)));
  clocks.saw("mx1", Time(seconds(900)));
  EXPECT_EQ(clocks.slowest(), Time(seconds(1000)));
}

TEST(HostClocks, ASilentHostHoldsNothingUp) {
  HostClocks clocks;
  clocks.saw("silent", Time(seconds(10)));
  for (std::uint64_t i = 0; i <= HostClocks::kSilentAfterLines; ++i) {
    clocks.saw("mx1", Time(seconds(1000)));
  }
  EXPECT_EQ(clocks.slowest(), Time(seconds(1000)));
  clocks.saw("silent", Time(seconds(20)));
  EXPECT_EQ(clocks.slowest(), Time(seconds(20)));
}

TEST(HostClocks, MadeUpHostsAreBounded) {
  HostClocks clocks;
  clocks.saw("mx1", Time(seconds(1000)));
  for (std::size_t i = 1; i < HostClocks::kHostsMax; ++i) {
    clocks.saw("forged" + std::to_string(i), Time(seconds(1000)));
  }
  clocks.saw("one too many", Time(seconds(1)));
  EXPECT_EQ(clocks.slowest(), Time(seconds(1000)));
}

}  // namespace
}  // namespace rastro
