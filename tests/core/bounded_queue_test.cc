#include "core/bounded_queue.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace rastro {
namespace {

TEST(BoundedQueue, RefusesWhatDoesNotFit) {
  BoundedQueue<int> queue(2);
  int item = 1;
  EXPECT_TRUE(queue.try_push(item));
  EXPECT_TRUE(queue.try_push(item));
  EXPECT_FALSE(queue.try_push(item));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_TRUE(queue.try_push(item));
}

TEST(BoundedQueue, CloseKeepsWhatIsInside) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.push(7));
  queue.close();
  EXPECT_FALSE(queue.push(8));
  EXPECT_EQ(queue.pop(), 7);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, PopForGivesUp) {
  BoundedQueue<int> queue(1);
  EXPECT_EQ(queue.pop_for(std::chrono::milliseconds(1)), std::nullopt);
}

TEST(BoundedQueue, CarriesEverythingAcrossThreadsOnce) {
  BoundedQueue<int> queue(8);
  constexpr int kItems = 20'000;
  std::vector<int> counts(kItems, 0);
  {
    std::jthread first([&] {
      for (int i = 0; i < kItems; i += 2) queue.push(i);
    });
    std::jthread second([&] {
      for (int i = 1; i < kItems; i += 2) queue.push(i);
    });
    for (int i = 0; i < kItems; ++i) ++counts[static_cast<std::size_t>(*queue.pop())];
  }
  for (const int count : counts) ASSERT_EQ(count, 1);
}

TEST(BoundedQueue, CloseWakesAWaitingPusher) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.push(1));
  std::jthread closer([&] { queue.close(); });
  EXPECT_FALSE(queue.push(2));
}

}  // namespace
}  // namespace rastro
