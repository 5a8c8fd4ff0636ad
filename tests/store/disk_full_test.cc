#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>

#include "tests/store/leg_samples.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

class DiskFullTest : public WriterFixture {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=6m") != 0) {
      GTEST_SKIP() << "cannot mount a small tmpfs here: " << std::strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    writer_.reset();
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  Batch batch_of_hour(int hour) {
    const auto at = samples::start_time() + hour * 1h;
    clock_.advance(std::max(Duration::zero(), at - clock_.wall()));
    std::vector<LegRecord> legs;
    // So many that few hours fit: the question at the end needs 32 KiB of -shm for each.
    for (int i = 0; i < 380; ++i) {
      legs.push_back(samples::simple_leg(++number_, at, "a@example.net"));
    }
    Batch batch = samples::batch_of(std::move(legs), at);
    SourcePosition position;
    position.source = 1;
    position.offset = number_;
    batch.positions = {position};
    return batch;
  }
  bool mounted_ = false;
  std::uint64_t number_ = 0;
};

TEST_F(DiskFullTest, AFailedCommitChangesNothingAndMayBeTriedAgain) {
  open();
  std::uint64_t committed = 0;
  Batch failed;
  for (int i = 0; i < 1000 && failed.legs.empty(); ++i) {
    auto batch = batch_of_hour(0);
    const auto done = writer_->commit(batch);
    if (done) {
      committed += batch.legs.size();
    } else {
      EXPECT_EQ(done.error().code, Error::Code::limit) << done.error().message;
      failed = std::move(batch);
    }
  }
  ASSERT_FALSE(failed.legs.empty()) << "6 MB were never full";
  ASSERT_GT(committed, 1000U);
  EXPECT_EQ(writer_->counters().commit_failures, 1U);
  EXPECT_EQ(count_of({}), committed);
  EXPECT_EQ(count_of({{KeyKind::recipient, "a@example.net"}}), committed);
  EXPECT_EQ(writer_->load_positions()->front().offset, committed);
  // Still full: still the same.
  EXPECT_FALSE(writer_->commit(failed));
  EXPECT_EQ(count_of({}), committed);

  ASSERT_EQ(::mount("tmpfs", directory_.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0);
  samples::commit_or_die(*writer_, failed);
  committed += failed.legs.size();
  EXPECT_EQ(count_of({}), committed);
  std::string last_queue_id;
  failed.legs.for_each([&](const LegRecord& leg) { last_queue_id = leg.queue_id; });
  EXPECT_EQ(count_of({{KeyKind::queue_id, last_queue_id}}), 1U);
  reopen();
  EXPECT_EQ(count_of({}), committed);
  EXPECT_EQ(writer_->load_positions()->front().offset, committed);
}

TEST_F(DiskFullTest, TheBallastGoesFirstThenTheOldestHour) {
  options_.ballast_bytes = 1 << 20;
  open();
  samples::work_until_done(*writer_);
  ASSERT_TRUE(std::filesystem::exists(directory_.path() / "ballast"));
  bool ballast_went_first = false;
  for (int i = 0; i < 400 && writer_->counters().files_dropped_full == 0; ++i) {
    const auto done = writer_->commit(batch_of_hour(i / 8));
    ASSERT_TRUE(done) << done.error().message;
    if (writer_->counters().ballast_released == 1 && writer_->counters().files_dropped_full == 0) {
      ballast_went_first = true;
      EXPECT_FALSE(std::filesystem::exists(directory_.path() / "ballast"));
    }
    static_cast<void>(writer_->work_a_slice());  // sealing may fail for lack of space, too
  }
  EXPECT_TRUE(ballast_went_first);
  EXPECT_EQ(writer_->counters().files_dropped_full, 1U);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "20260301T10.db"));
  EXPECT_EQ(writer_->load_positions()->front().offset, number_);
  EXPECT_EQ(count_of({{KeyKind::queue_id, "Q" + std::to_string(number_)}}), 1U);
}

}  // namespace
}  // namespace rastro
