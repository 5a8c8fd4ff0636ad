#include "store/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/store/leg_samples.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

class RetentionTest : public WriterFixture {
 protected:
  // All that was written is of 10:00 to 10:01.
  void write_one() {
    open();
    commit({samples::simple_leg(1, samples::start_time(), "a@example.net")}, samples::start_time());
    clock_.jump_wall(samples::start_time() + 1min - clock_.wall());
  }
  // A day goes by with a little mail in each hour.
  void busy_day(int hours) {
    for (int i = 1; i <= hours; ++i) {
      clock_.advance(1h);
      commit({samples::simple_leg(1000 + static_cast<std::uint64_t>(i), clock_.wall(),
                                  "busy@example.net")},
             clock_.wall());
      samples::work_until_done(*writer_);
    }
  }
};

TEST_F(RetentionTest, AnEndedLegIsShownFor24HoursAndItsFileGoneSoonAfter) {
  write_one();
  busy_day(23);
  const LegKey key{KeyKind::recipient, "a@example.net"};
  EXPECT_EQ(count_of({key}), 1U);
  let_pass(62min);
  EXPECT_EQ(count_of({key}), 0U);
  let_pass(65min);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db-wal"));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db-shm"));
  EXPECT_GE(writer_->counters().files_expired, 1U);
  EXPECT_EQ(count_of({{KeyKind::recipient, "busy@example.net"}}), 23U - 1U);
}

TEST_F(RetentionTest, HidesWhatEndedLongAgoThoughItsFileIsStillThere) {
  write_one();
  clock_.advance(49min);
  const auto late = samples::simple_leg(2, clock_.wall(), "late@example.net");
  commit({late}, late.opened_at);
  busy_day(23);
  let_pass(25min);  // 24 h 14 min after the first, 23 h 24 min after the second
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
  EXPECT_EQ(count_of({{KeyKind::recipient, "a@example.net"}}), 0U);
  EXPECT_EQ(count_of({{KeyKind::recipient, "late@example.net"}}), 1U);
  auto reader = samples::reader_of(*writer_);
  EXPECT_FALSE(reader->load_leg(samples::simple_leg(1, samples::start_time(), "").id)->has_value());
}

TEST_F(RetentionTest, AQuietServerLosesItsOpenFileTooButNotItsPositions) {
  write_one();
  Batch batch = samples::batch_of({}, samples::start_time());
  SourcePosition position;
  position.source = 1;
  position.path = "/var/log/mail.log";
  position.offset = 77;
  batch.positions = {position};
  batch.pending = {{"k", "v"}};
  samples::commit_or_die(*writer_, batch);
  let_pass(25h);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
  EXPECT_EQ(count_of({}), 0U);
  reopen();
  EXPECT_EQ(writer_->load_positions()->size(), 1U);
  EXPECT_EQ(writer_->load_pending()->size(), 1U);
}

TEST_F(RetentionTest, TheOldestHourGoesFirstWhenTheIndexIsLargerThanItMayBe) {
  options_.bytes_max = 400'000;  // an empty file is about 90 kB
  write_one();
  busy_day(8);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
  EXPECT_GE(writer_->counters().files_dropped_full, 1U);
  std::uintmax_t bytes = 0;
  for (const auto& file : samples::shard_files(directory_.path())) {
    bytes += std::filesystem::file_size(file);
  }
  EXPECT_LE(bytes, options_.bytes_max + 200'000);  // the newest hour stays whatever its size
  EXPECT_EQ(count_of({{KeyKind::recipient, "a@example.net"}}), 0U);
  auto reader = samples::reader_of(*writer_);
  const auto holes = reader->holes({samples::start_time(), samples::start_time()});
  ASSERT_TRUE(holes);
  ASSERT_EQ(holes->size(), 1U);
  EXPECT_THAT(holes->front().cause, testing::HasSubstr("store.bytes_max"));
}

// The first start reads a day back; what is being read is old, and yet goes to its own hours.
TEST_F(RetentionTest, ABacklogIsWrittenToItsOwnHours) {
  open();
  clock_.jump_wall(samples::start_time() + 24h + 30min - clock_.wall());
  for (int i = 0; i < 24; ++i) {
    for (int part = 0; part < 3; ++part) {
      const auto at = samples::start_time() + i * 1h + part * 20min;
      commit({samples::simple_leg(static_cast<std::uint64_t>(i * 3 + part), at, "b@example.net")},
             at);
      clock_.advance(40s);
      samples::work_until_done(*writer_);
    }
  }
  EXPECT_GE(files(), 22U);
  EXPECT_LE(files(), 24U);
  EXPECT_GE(count_of({}), 63U);
}

TEST_F(RetentionTest, RunsRightAfterAStart) {
  write_one();
  writer_.reset();
  clock_.jump_wall(72h);
  open();
  samples::work_until_done(*writer_);
  EXPECT_EQ(count_of({}), 0U);
  let_pass(12min);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
}

TEST_F(RetentionTest, AClockJumpDropsNothingForTenMinutes) {
  write_one();
  samples::work_until_done(*writer_);
  clock_.jump_wall(72h);
  let_pass(9min);
  EXPECT_EQ(count_of({}), 1U);
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
  // The clock is right again: nothing was lost.
  clock_.jump_wall(-72h);
  let_pass(30min);
  EXPECT_EQ(count_of({}), 1U);
  // And when it really is three days later.
  clock_.jump_wall(72h);
  let_pass(12min);
  EXPECT_EQ(count_of({}), 0U);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
}

TEST_F(RetentionTest, AfterAStopOfDaysOnARunningHostFilesGoAtOnce) {
  write_one();
  samples::work_until_done(*writer_);
  writer_.reset();
  clock_.advance(72h);
  open();
  samples::work_until_done(*writer_);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
}

// Before the network tells the time.
TEST_F(RetentionTest, AStartUnderAWrongClockDropsNothingAtOnce) {
  write_one();
  samples::work_until_done(*writer_);
  writer_.reset();
  clock_.jump_wall(72h);
  open();
  let_pass(9min);
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
  writer_.reset();
  clock_.jump_wall(-72h);
  open();
  let_pass(30min);
  EXPECT_EQ(count_of({}), 1U);
}

TEST_F(RetentionTest, AStampFromTheFutureKeepsNoFileForEver) {
  write_one();
  const auto ahead = clock_.wall() + std::chrono::days(400);
  commit({samples::simple_leg(9, ahead, "f@example.net")}, clock_.wall());
  let_pass(26h);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
}

TEST_F(RetentionTest, AnOpenLegOutlivesItsFilesUntilItsAgeIsUp) {
  open();
  const auto leg = samples::deferred_leg(5, samples::start_time(), "held@example.net");
  commit({leg}, samples::start_time());
  const LegKey key{KeyKind::recipient, "held@example.net"};
  busy_day(30);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
  ASSERT_EQ(count_of({key}), 1U);
  busy_day(24 * 6 - 31);
  ASSERT_EQ(count_of({key}), 1U);
  {
    auto reader = samples::reader_of(*writer_);
    EXPECT_EQ(samples::find(*reader, {key})[0].recipients[0].outcome, Outcome::deferred);
  }
  busy_day(2);
  {
    auto reader = samples::reader_of(*writer_);
    const auto found = samples::find(*reader, {key});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].recipients[0].outcome, Outcome::unknown);
    EXPECT_EQ(found[0].recipients[0].unknown_because, UnknownBecause::no_end_logged);
    EXPECT_FALSE(is_open(found[0]));
  }
  EXPECT_EQ(writer_->counters().legs_given_up, 1U);
  busy_day(26);
  EXPECT_EQ(count_of({key}), 0U);
  EXPECT_LE(files(), 28U);
}

TEST_F(RetentionTest, KeepEverythingDropsNothing) {
  options_.keep_everything = true;
  write_one();
  let_pass(72h);
  EXPECT_EQ(count_of({}), 1U);
}

TEST_F(RetentionTest, AQuarantinedFileHoldsAddressesTooAndGoes) {
  write_one();
  writer_.reset();
  std::filesystem::resize_file(directory_.path() / "20260301T10.db", 5000);
  open();
  auto reader = samples::reader_of(*writer_);
  ASSERT_EQ(reader->troubles().size(), 1U);
  let_pass(20h);
  EXPECT_EQ(reader->troubles().size(), 1U);
  let_pass(6h);
  EXPECT_TRUE(reader->troubles().empty());
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db.bad"));
}

}  // namespace
}  // namespace rastro
