#include "daemon/writer_loop.h"

#include <malloc.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <thread>

namespace rastro {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kIdleWait{1000};  // housekeeping looks at the clock once a second at most
constexpr milliseconds kRetryWait{100};
constexpr std::size_t kManyLegs = 500;  // in one batch: a backlog is being worked off
constexpr int kTriesBetweenLogs = 300;  // 30 s: our own errors must not fill the disk as well

}  // namespace

bool WriterLoop::commit(const NumberedBatch& numbered) {
  for (int tries = 0;; ++tries) {
    const auto done = writer_.commit(numbered.batch);
    publish();
    if (done) {
      if (tries > 0) spdlog::warn("the index can be written again");
      failing_.store(false, std::memory_order_relaxed);
      committed_.store(numbered.flush_number, std::memory_order_release);
      return true;
    }
    failing_.store(true, std::memory_order_relaxed);
    if (tries % kTriesBetweenLogs == 0) {
      spdlog::error("the index cannot be written, log reading waits: {}", done.error().message);
    }
    if (batches_.closed()) return false;
    std::this_thread::sleep_for(kRetryWait);
  }
}

bool WriterLoop::work_a_slice() {
  const auto worked = writer_.work_a_slice();
  publish();
  if (!worked) spdlog::error("index housekeeping: {}", worked.error().message);
  return worked && *worked;
}

void WriterLoop::run() {
  using std::chrono::steady_clock;
  auto worked_at = steady_clock::now();
  bool more_work = false;
  bool memory_is_high = false;
  for (;;) {
    const bool waited = !more_work;
    auto batch = batches_.pop_for(waited ? kIdleWait : milliseconds(0));
    if (batch) {
      if (!commit(*batch)) return;
      memory_is_high = memory_is_high || batch->batch.legs.size() >= kManyLegs;
      batch->batch.legs.clear(kUsedBytesMax);
      used_legs_.try_push(batch->batch.legs);
      more_work = true;
      if (steady_clock::now() - worked_at < slice_every_) continue;
    } else if (batches_.closed() && batches_.size() == 0) {
      return;
    }
    more_work = work_a_slice() || batch.has_value();
    worked_at = steady_clock::now();
    if (more_work || !waited || !memory_is_high) continue;
    // The end of a backlog: what its batches took lies free between what is still needed, and
    // malloc would keep it.
    memory_is_high = false;
    static_cast<void>(used_legs_.pop_for(milliseconds(0)));
    ::malloc_trim(0);
  }
}

PackedLegs WriterLoop::take_used_legs() {
  auto legs = used_legs_.pop_for(milliseconds(0));
  return legs ? std::move(*legs) : PackedLegs();
}

}  // namespace rastro
