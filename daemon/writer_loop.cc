#include "daemon/writer_loop.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <thread>

namespace rastro {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kIdleWait{200};
constexpr milliseconds kRetryWait{100};
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

void WriterLoop::run() {
  bool more_work = false;
  for (;;) {
    auto batch = batches_.pop_for(more_work ? milliseconds(0) : kIdleWait);
    if (batch) {
      if (!commit(*batch)) return;
      used_legs_.try_push(batch->batch.legs);
      more_work = true;
      continue;
    }
    if (batches_.closed() && batches_.size() == 0) return;
    const auto worked = writer_.work_a_slice();
    publish();
    if (!worked) spdlog::error("index housekeeping: {}", worked.error().message);
    more_work = worked && *worked;
  }
}

std::vector<LegRecord> WriterLoop::take_used_legs() {
  auto legs = used_legs_.pop_for(milliseconds(0));
  return legs ? std::move(*legs) : std::vector<LegRecord>{};
}

}  // namespace rastro
