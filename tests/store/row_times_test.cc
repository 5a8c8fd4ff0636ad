#include "store/row_times.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

// An hour of rows nearly in order of time, with stragglers from long before and legs that came
// early and were active late.
class RowTimesTest : public WriterFixture {
 protected:
  static constexpr std::uint64_t kLegs = 6'000;
  void fill() {
    open();
    std::mt19937_64 random(9);
    std::vector<LegRecord> batch;
    for (std::uint64_t i = 0; i < kLegs; ++i) {
      auto at = samples::start_time() + i * 500ms;
      if (random() % 500 == 0) at -= std::chrono::minutes(random() % 600);
      auto leg = samples::simple_leg(i, at, i % 3 == 0 ? "a@example.net" : "b@example.net");
      if (random() % 300 == 0) leg.last_activity_at = at + std::chrono::minutes(random() % 50);
      legs_.push_back(leg);
      batch.push_back(leg);
      if (batch.size() == 200) {
        commit(std::move(batch), samples::start_time() + i * 500ms);
        batch.clear();
      }
    }
    reader_ = samples::reader_of(*writer_);
  }
  void seal() {
    clock_.advance(1h);
    commit({samples::simple_leg(kLegs + 1, samples::start_time() + 1h, "later@example.com")},
           clock_.wall());
    samples::work_until_done(*writer_);
  }
  std::size_t expected(const TimeRange& range) const {
    return static_cast<std::size_t>(
        std::count_if(legs_.begin(), legs_.end(), [&](const LegRecord& leg) {
          return leg.recipients[0].recipient == "a@example.net" && leg.opened_at <= range.until &&
                 std::max(leg.opened_at, leg.last_activity_at) >= range.from;
        }));
  }
  void expect_all_windows(const char* when) {
    for (int minute = -30; minute < 90; minute += 7) {
      const TimeRange range{samples::start_time() + minute * 1min,
                            samples::start_time() + (minute + 5) * 1min};
      EXPECT_EQ(samples::find(*reader_, {{KeyKind::recipient, "a@example.net"}}, range).size(),
                expected(range))
          << when << ", minute " << minute;
    }
  }
  std::vector<LegRecord> legs_;
  std::unique_ptr<StoreReader> reader_;
};

TEST_F(RowTimesTest, AWindowHoldsTheSameLegsInEveryStateOfTheFile) {
  fill();
  expect_all_windows("open");
  EXPECT_EQ(writer_->snapshot()->files.front()->notes->row_times()->known(), kLegs);
  seal();
  expect_all_windows("sealed");
  reopen();
  reader_ = samples::reader_of(*writer_);
  expect_all_windows("after a start");
}

TEST_F(RowTimesTest, AreReadOnAsTheFileGrows) {
  fill();
  auto database =
      Database::open(samples::shard_files(directory_.path()).front(), Database::Mode::read_only);
  ASSERT_TRUE(database);
  RowTimes slowly;
  EXPECT_EQ(slowly.of(1), nullptr);
  for (std::uint32_t row = 700; row < kLegs; row += 700)
    EXPECT_TRUE(slowly.read_on(*database, row));
  EXPECT_TRUE(slowly.read_on(*database, kLegs));
  RowTimes at_once;
  EXPECT_TRUE(at_once.read_on(*database, kLegs));
  std::size_t others = 0;
  for (std::uint32_t row = 1; row <= kLegs; ++row) {
    ASSERT_EQ(slowly.of(row) == nullptr, at_once.of(row) == nullptr);
    if (slowly.of(row) == nullptr) {
      ++others;
      continue;
    }
    ASSERT_EQ(slowly.of(row)->opened_min, at_once.of(row)->opened_min);
    ASSERT_EQ(slowly.of(row)->active_max, at_once.of(row)->active_max);
    ASSERT_EQ(slowly.of(row)->leg_id_min, at_once.of(row)->leg_id_min);
    ASSERT_EQ(slowly.of(row)->leg_id_max, at_once.of(row)->leg_id_max);
  }
  EXPECT_EQ(slowly.of(kLegs + 1), nullptr);
  EXPECT_GT(others, 0U);
  EXPECT_LT(others, kLegs / 20);
}

// Whoever has enough narrows what is wanted; the rest is passed over.
TEST_F(RowTimesTest, OnlyLegsThatAreWantedAreVisited) {
  fill();
  seal();
  for (const bool newest : {true, false}) {
    LegIdRange wanted;
    std::vector<std::uint64_t> kept;
    std::size_t visits = 0;
    QueryLimits limits;
    limits.wanted = &wanted;
    const TimeRange range{samples::start_time() + 5min, samples::start_time() + 40min};
    const auto done = reader_->for_each_leg(
        {{KeyKind::recipient, "a@example.net"}}, range, limits, [&](const LegRecord& leg) {
          ++visits;
          EXPECT_TRUE(wanted.holds(leg.id));
          kept.push_back(leg.id);
          std::sort(kept.begin(), kept.end());
          if (kept.size() > 10) newest ? kept.erase(kept.begin()) : kept.erase(kept.end() - 1);
          if (kept.size() == 10)
            (newest ? wanted.from : wanted.until) = newest ? kept.front() : kept.back();
          return Visit::go_on;
        });
    ASSERT_TRUE(done);
    std::vector<std::uint64_t> all;
    for (const auto& leg :
         samples::find(*reader_, {{KeyKind::recipient, "a@example.net"}}, range)) {
      all.push_back(leg.id);
    }
    std::sort(all.begin(), all.end());
    ASSERT_GT(all.size(), 1'000U);
    const auto want = newest ? std::vector(all.end() - 10, all.end())
                             : std::vector(all.begin(), all.begin() + 10);
    EXPECT_EQ(kept, want);
    if (newest) {
      EXPECT_LT(visits, 100U);
    }
  }
}

}  // namespace
}  // namespace rastro
