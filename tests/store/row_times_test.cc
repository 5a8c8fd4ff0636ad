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
  EXPECT_GT(writer_->snapshot()->files.front()->notes->row_times()->known(), kLegs / 2);
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
  EXPECT_EQ(slowly.of(1).leg_id_max, UINT64_MAX) << "nothing is known yet";
  for (std::uint32_t row = 700; row < kLegs; row += 700)
    EXPECT_TRUE(slowly.read_on(*database, row));
  EXPECT_TRUE(slowly.read_on(*database, kLegs));
  RowTimes at_once;
  EXPECT_TRUE(at_once.read_on(*database, kLegs));
  EXPECT_EQ(slowly.packed(), at_once.packed());
  EXPECT_EQ(slowly.of(kLegs + 1).leg_id_max, UINT64_MAX);
  EXPECT_GT(slowly.others().size(), 0U);
  EXPECT_LT(slowly.others().size(), kLegs / 20);
}

TEST_F(RowTimesTest, AFinishedHourKeepsThemAndAStartReadsThem) {
  fill();
  seal();
  const auto path = samples::shard_files(directory_.path()).front();
  auto database = Database::open(path, Database::Mode::read_only);
  ASSERT_TRUE(database);
  const auto kept = read_row_times(*database);
  ASSERT_TRUE(kept);
  RowTimes expected;
  ASSERT_TRUE(expected.read_on(*database, kLegs));
  EXPECT_EQ(kept->packed(), expected.packed());
  EXPECT_EQ(kept->others(), expected.others());
  reopen();
  reader_ = samples::reader_of(*writer_);
  const auto& notes = writer_->snapshot()->files.front()->notes;
  EXPECT_EQ(notes->row_times(), nullptr);
  samples::find(*reader_, {{KeyKind::recipient, "a@example.net"}},
                {samples::start_time(), samples::start_time() + 1min});
  ASSERT_NE(notes->row_times(), nullptr);
  EXPECT_EQ(notes->row_times()->known(), kLegs);
}

// The writer begins in the middle of a file after a start: the rest is read when it is sealed.
TEST_F(RowTimesTest, AnHourThatSawAStartKeepsThemToo) {
  fill();
  reopen();
  reader_ = samples::reader_of(*writer_);
  expect_all_windows("open, after a start");
  seal();
  auto database =
      Database::open(samples::shard_files(directory_.path()).front(), Database::Mode::read_only);
  ASSERT_TRUE(database);
  const auto kept = read_row_times(*database);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->known(), kLegs);
  reopen();
  reader_ = samples::reader_of(*writer_);
  expect_all_windows("sealed, after another");
}

TEST(RowTimesOthersTest, GoingDownMeetsEveryRowThatMayBeWanted) {
  RowTimes times;
  std::mt19937_64 random(12);
  for (int i = 0; i < 5'000; ++i) {
    const auto late = random() % 3 == 0 ? static_cast<std::int64_t>(random() % 3'600) : 0;
    const auto at = 1'772'359'200'000'000 + std::int64_t{i} * 300'000 - late * 1'000'000;
    times.add({at, at, static_cast<std::uint64_t>(at / 1'000'000) << 32});
  }
  EXPECT_GT(times.others().size(), 5'000U / 4) << "an hour may begin with many";
  const auto first = times.others().front();
  EXPECT_EQ(times.of(first.row).opened_min, std::int64_t{first.opened_second} * 1'000'000);
  for (const bool sorted : {false, true}) {
    if (sorted) times.sort_others();
    for (const std::int64_t seconds : {0, 1, 60, 1'500, 4'000}) {
      RowTimes::Wanted wanted{1'772'359'500'000'000, 1'772'359'500'000'000 + seconds * 1'000'000};
      wanted.leg_id_from = std::uint64_t{1'772'359'400} << 32;
      for (const bool misses : {false, true}) {
        RowTimes::Downwards downwards(times);
        std::uint32_t met = 0;
        for (std::uint32_t row = 5'010; row > 0;) {
          const auto next = downwards.next(row, wanted);
          ASSERT_LE(next, row);
          for (auto passed = row; passed > next; --passed) {
            ASSERT_FALSE(wanted.may_be(times.of(passed))) << passed << " of " << seconds << " s";
          }
          if (next == 0) break;
          ++met;
          if (misses && !wanted.may_be(times.of(next))) downwards.note_miss();
          row = next - 1;
        }
        if (seconds < 60) {
          EXPECT_LT(met, 2'600U) << "most are passed over";
        }
      }
    }
  }
}

TEST(RowTimesOthersTest, WhatIsWantedMayBecomeLess) {
  RowTimes times;
  const auto start = std::int64_t{1'772'359'200};
  // Two thousands' own rows, then as many that were opened an hour before them, second by second.
  for (std::int64_t i = 0; i < 2'048; ++i) {
    const auto at = (start + 3'600) * 1'000'000 + i;
    times.add({at, at, static_cast<std::uint64_t>(start + 3'600) << 32});
  }
  for (std::int64_t i = 0; i < 2'048; ++i) {
    times.add({(start + i) * 1'000'000, (start + 3'600) * 1'000'000,
               static_cast<std::uint64_t>(start + i) << 32});
  }
  times.sort_others();
  ASSERT_EQ(times.others().size(), 2'048U);
  RowTimes::Downwards downwards(times);
  RowTimes::Wanted wanted{start * 1'000'000, (start + 3'000) * 1'000'000};
  EXPECT_EQ(downwards.next(4'096, wanted), 4'096U);
  wanted.leg_id_from = static_cast<std::uint64_t>(start + 2'047) << 32;
  std::uint32_t row = 4'095;
  std::uint32_t reads = 0;
  while ((row = downwards.next(row, wanted)) > 0) {
    ++reads;
    downwards.note_miss();
    --row;
  }
  EXPECT_LT(reads, 40U) << "it takes a few rows to notice";
}

TEST(RowTimesBytesTest, ComeBackAsTheyWereAndTornOnesStayWithinBounds) {
  RowTimes times;
  std::mt19937_64 random(11);
  for (int i = 0; i < 5'000; ++i) {
    const auto late = random() % 40 == 0 ? 3'600'000'000 : 0;
    const auto at = 1'772'359'200'000'000 + std::int64_t{i} * 300'000 - late;
    const auto second = static_cast<std::uint64_t>(at / 1'000'000) + (random() % 100 == 0 ? 1 : 0);
    times.add({at, at + static_cast<std::int64_t>(random() % 1'000'000),
               second << 32 | (random() & UINT32_MAX)});
  }
  const auto packed = times.packed();
  const auto whole = RowTimes::unpacked(packed);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->known(), 5'000U);
  EXPECT_EQ(whole->others(), times.others());
  for (std::uint32_t row = 1; row <= 5'000; ++row) {
    EXPECT_EQ(whole->of(row).opened_min, times.of(row).opened_min);
    EXPECT_EQ(whole->of(row).active_max, times.of(row).active_max);
    EXPECT_LE(whole->of(row).leg_id_min, times.of(row).leg_id_min);
    EXPECT_GE(whole->of(row).leg_id_max, times.of(row).leg_id_max);
  }
  EXPECT_FALSE(RowTimes::unpacked(""));
  EXPECT_FALSE(RowTimes::unpacked("\xff\xff\xff\xff\x0f"));  // four thousand million rows
  for (std::size_t size = 0; size < packed.size(); ++size) {
    static_cast<void>(RowTimes::unpacked(packed.substr(0, size)));
  }
  for (int i = 0; i < 20'000; ++i) {
    auto torn = packed;
    torn[random() % torn.size()] = static_cast<char>(random());
    if (const auto taken = RowTimes::unpacked(torn)) {
      for (std::uint32_t row = 1; row <= std::min(taken->known(), 6'000U); row += 97) {
        static_cast<void>(taken->of(row));
      }
    }
  }
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
