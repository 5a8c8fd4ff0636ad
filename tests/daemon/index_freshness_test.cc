#include "daemon/index_freshness.h"

#include <gtest/gtest.h>

#include <thread>

namespace rastro {
namespace {

using namespace std::chrono_literals;

class IndexFreshnessTest : public testing::Test {
 protected:
  Duration asked() {
    const auto from = clock_.steady();
    freshness_.ask();
    return clock_.steady() - from;
  }
  // The ingest thread's side of a question: what was read is committed when somebody waits for it.
  std::thread answering() {
    return std::thread([this] {
      while (!freshness_.is_awaited()) std::this_thread::yield();
      freshness_.tell({clock_.steady(), true, false});
    });
  }

  SystemClock clock_;
  std::atomic<int> woken_{0};
  IndexFreshness freshness_{clock_, [this] { ++woken_; }};
};

TEST_F(IndexFreshnessTest, NobodyWaitsForAnIndexThatHasEverything) {
  freshness_.tell({clock_.steady() - 10s, true, false});
  freshness_.ask();
  EXPECT_EQ(woken_, 0);
}

TEST_F(IndexFreshnessTest, NobodyWaitsForLinesOfThisMoment) {
  freshness_.tell({clock_.steady(), false, false});
  freshness_.ask();
  EXPECT_EQ(woken_, 0);
}

TEST_F(IndexFreshnessTest, NobodyWaitsForTheEndOfABacklog) {
  freshness_.tell({clock_.steady() - 10s, false, true});
  freshness_.ask();
  EXPECT_EQ(woken_, 0);
  EXPECT_EQ(freshness_.complete_until(), std::nullopt);
}

TEST_F(IndexFreshnessTest, AQuestionWaitsForLinesThatWereReadAWhileAgo) {
  freshness_.tell({clock_.steady() - 1s, false, false});
  auto ingest = answering();
  EXPECT_LT(asked(), IndexFreshness::kPatience);
  ingest.join();
  EXPECT_EQ(woken_, 1);
  EXPECT_FALSE(freshness_.is_awaited());
}

TEST_F(IndexFreshnessTest, AnIndexThatCannotBeWrittenIsNotWaitedForLong) {
  freshness_.tell({clock_.steady() - 1s, false, false});
  EXPECT_GE(asked(), IndexFreshness::kPatience);
}

TEST_F(IndexFreshnessTest, LinesAreCommittedAsTheyComeForAWhileAfterAQuestion) {
  ManualClock clock{Time(1'000s)};
  IndexFreshness freshness(clock, [] {});
  EXPECT_FALSE(freshness.is_asked());
  freshness.ask();
  EXPECT_TRUE(freshness.is_asked());
  clock.advance(IndexFreshness::kAskedFor);
  EXPECT_FALSE(freshness.is_asked());
}

TEST_F(IndexFreshnessTest, TellsUpToWhenTheIndexIsComplete) {
  ManualClock clock{Time(1'000s)};
  IndexFreshness freshness(clock, [] {});
  EXPECT_EQ(freshness.complete_until(), std::nullopt);  // nothing was read yet
  clock.advance(10s);
  freshness.tell({clock.steady() - 4s, false, false});
  EXPECT_EQ(freshness.complete_until(), Time(1'006s));
  clock.advance(1s);
  EXPECT_EQ(freshness.complete_until(), Time(1'006s));
}

}  // namespace
}  // namespace rastro
