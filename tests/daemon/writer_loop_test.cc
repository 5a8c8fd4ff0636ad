#include "daemon/writer_loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace rastro {
namespace {

using namespace std::chrono_literals;

// Notes when it is given a batch ('b') and when a slice of housekeeping ('s').
class NotingWriter final : public Writer {
 public:
  Result<void> commit(const Batch&) override {
    std::this_thread::sleep_for(5ms);
    calls.push_back('b');
    return {};
  }
  Result<bool> work_a_slice() override {
    calls.push_back('s');
    return slices_left > 0 && --slices_left > 0;
  }
  Result<std::vector<SourcePosition>> load_positions() override {
    return std::vector<SourcePosition>{};
  }
  Result<std::vector<PendingEntry>> load_pending() override { return std::vector<PendingEntry>{}; }
  Result<void> for_each_open_leg(const std::function<void(const LegRecord&)>&) override {
    return {};
  }
  Result<void> for_each_ended_leg(Duration, const std::function<void(const LegRecord&)>&) override {
    return {};
  }
  std::shared_ptr<const StoreSnapshot> snapshot() const override { return nullptr; }
  WriterCounters counters() const override { return {}; }

  std::string calls;
  int slices_left = 0;
};

class WriterLoopTest : public testing::Test {
 protected:
  // Batches without a pause: the next one always waits in the queue.
  void run_with(int batches) {
    std::thread thread([this] { loop_.run(); });
    for (int i = 1; i <= batches; ++i) {
      NumberedBatch batch;
      batch.flush_number = static_cast<std::uint64_t>(i);
      ASSERT_TRUE(queue_.push(std::move(batch)));
    }
    queue_.close();
    thread.join();
  }

  NotingWriter writer_;
  BoundedQueue<NumberedBatch> queue_{4};
  WriterLoop loop_{writer_, queue_};
};

TEST_F(WriterLoopTest, HousekeepingIsDoneWhileBatchesKeepComing) {
  writer_.slices_left = 100;
  run_with(200);  // a second
  EXPECT_EQ(loop_.committed(), 200U);
  const auto last_batch = writer_.calls.rfind('b');
  const auto slices = std::count(
      writer_.calls.begin(), writer_.calls.begin() + static_cast<std::ptrdiff_t>(last_batch), 's');
  EXPECT_GE(slices, 3);
  EXPECT_LE(slices, 100) << "most of the time is the batches'";
}

TEST_F(WriterLoopTest, WithNoBatchesTheSlicesFollowEachOther) {
  writer_.slices_left = 50;
  std::thread thread([this] { loop_.run(); });
  std::this_thread::sleep_for(1s);
  queue_.close();
  thread.join();
  EXPECT_EQ(writer_.slices_left, 0);
}

}  // namespace
}  // namespace rastro
