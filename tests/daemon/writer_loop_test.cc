#include "daemon/writer_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace rastro {
namespace {

using namespace std::chrono_literals;

// Notes when it is given a batch ('b') and when a slice of housekeeping ('s').
class NotingWriter final : public Writer {
 public:
  Result<void> commit(const Batch&) override {
    calls.push_back('b');
    return {};
  }
  IndexPlace place() const override { return place_now.load(); }
  std::size_t note_read_to_end() override { return 0; }
  Result<bool> work_a_slice() override {
    calls.push_back('s');
    if (slices_left == 0) return false;
    if (--slices_left == 0) all_work_done.set_value();
    return slices_left > 0;
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

  std::atomic<IndexPlace> place_now{IndexPlace::same};
  std::string calls;
  int slices_left = 0;
  std::promise<void> all_work_done;
};

// What the writer was asked for, in order, when so many batches wait for it from the start.
std::string asked_for(int batches, std::chrono::milliseconds slice_every) {
  NotingWriter writer;
  writer.slices_left = 1'000;
  BoundedQueue<NumberedBatch> queue(static_cast<std::size_t>(batches));
  for (int i = 1; i <= batches; ++i) {
    NumberedBatch batch;
    batch.flush_number = static_cast<std::uint64_t>(i);
    EXPECT_TRUE(queue.push(std::move(batch)));
  }
  queue.close();
  WriterLoop loop(writer, queue, slice_every);
  loop.run();
  EXPECT_EQ(loop.committed(), static_cast<std::uint64_t>(batches));
  return writer.calls;
}

TEST(WriterLoop, HousekeepingIsDoneWhileBatchesKeepComing) {
  EXPECT_EQ(asked_for(4, 0ms), "bsbsbsbs");
}

TEST(WriterLoop, MostOfTheTimeIsTheBatches) { EXPECT_EQ(asked_for(4, 1h), "bbbb"); }

TEST(WriterLoop, WithNoBatchesTheSlicesFollowEachOther) {
  NotingWriter writer;
  writer.slices_left = 50;
  BoundedQueue<NumberedBatch> queue(1);
  WriterLoop loop(writer, queue, 1h);
  std::thread thread([&] { loop.run(); });
  const auto done = writer.all_work_done.get_future().wait_for(30s);
  queue.close();
  thread.join();
  EXPECT_EQ(done, std::future_status::ready);
  EXPECT_EQ(writer.slices_left, 0);
}

TEST(WriterLoop, TellsHowFarWhatIsInTheIndexGoes) {
  NotingWriter writer;
  BoundedQueue<NumberedBatch> queue(2);
  for (const auto line_time : {Time(20s), Time(10s)}) {
    NumberedBatch batch;
    batch.batch.line_time = line_time;
    EXPECT_TRUE(queue.push(std::move(batch)));
  }
  queue.close();
  WriterLoop loop(writer, queue, 1h);
  EXPECT_EQ(loop.committed_line_time(), Time{});
  loop.run();
  EXPECT_EQ(loop.committed_line_time(), Time(20s));
}

TEST(WriterLoop, NothingIsWrittenWhereNobodyWouldFindIt) {
  NotingWriter writer;
  writer.place_now = IndexPlace::gone;
  BoundedQueue<NumberedBatch> queue(1);
  EXPECT_TRUE(queue.push(NumberedBatch{}));
  WriterLoop loop(writer, queue, 1h);
  std::thread thread([&] { loop.run(); });
  while (!loop.failing()) std::this_thread::yield();
  EXPECT_EQ(loop.place(), IndexPlace::gone);
  EXPECT_NE(loop.trouble(), "");
  // What was read meanwhile was read without the index.
  writer.place_now = IndexPlace::same;
  while (loop.place() != IndexPlace::replaced) std::this_thread::yield();
  queue.close();
  thread.join();
  EXPECT_EQ(writer.calls, "");
  EXPECT_EQ(loop.committed(), 0U);
}

}  // namespace
}  // namespace rastro
