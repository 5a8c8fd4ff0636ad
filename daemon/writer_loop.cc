#include "daemon/writer_loop.h"

#include <malloc.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

namespace rastro {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kIdleWait{1000};  // housekeeping looks at the clock once a second at most
// Between tries of a batch: a disk that is full is not made emptier by writing.
constexpr milliseconds kRetryWait{100};
constexpr milliseconds kRetryWaitMax{2000};
constexpr std::size_t kManyLegs = 500;            // in one batch: a backlog is being worked off
constexpr std::chrono::seconds kBetweenLogs{30};  // our own errors must not fill the disk as well

}  // namespace

bool WriterLoop::commit(const NumberedBatch& numbered) {
  using std::chrono::steady_clock;
  std::optional<steady_clock::time_point> logged_at;
  for (auto wait = kRetryWait;; wait = std::min(2 * wait, kRetryWaitMax)) {
    const auto done = is_in_place() ? writer_.commit(numbered.batch)
                                    : Result<void>(Error{Error::Code::not_found, trouble()});
    publish();
    if (done) {
      if (logged_at) spdlog::warn("the index can be written again");
      if (failing()) note_trouble({});
      failing_.store(false, std::memory_order_relaxed);
      committed_line_time_.store(std::max(numbered.batch.line_time, committed_line_time()),
                                 std::memory_order_relaxed);
      committed_.store(numbered.flush_number, std::memory_order_release);
      return true;
    }
    if (trouble() != done.error().message) note_trouble(done.error().message);
    failing_.store(true, std::memory_order_relaxed);
    if (!logged_at || steady_clock::now() - *logged_at >= kBetweenLogs) {
      spdlog::error("the index cannot be written, log reading waits: {}", done.error().message);
      logged_at = steady_clock::now();
    }
    const auto next_try = steady_clock::now() + wait;
    do {
      if (batches_.closed()) return false;
      std::this_thread::sleep_for(kRetryWait);
    } while (steady_clock::now() < next_try);
  }
}

// Written on to files that no start finds again, the index would be lost and nobody be told.
bool WriterLoop::is_in_place() {
  const auto place = writer_.place();
  const auto before = place_.load(std::memory_order_relaxed);
  if (place == IndexPlace::same && before == IndexPlace::same) return true;
  place_.store(place == IndexPlace::gone ? IndexPlace::gone : IndexPlace::replaced,
               std::memory_order_relaxed);
  if (before != IndexPlace::same) return false;
  note_trouble(
      "the state directory was moved, unmounted, emptied or closed: nothing is written until an"
      " index can be opened there");
  failing_.store(true, std::memory_order_relaxed);
  spdlog::error("the index cannot be written, log reading waits: {}", trouble());
  return false;
}

bool WriterLoop::work_a_slice() {
  if (!is_in_place()) return false;
  if (read_to_end_.exchange(false, std::memory_order_relaxed) && writer_.note_read_to_end() > 0)
    spdlog::info("what a damaged file of the index held was read again from the logs");
  const auto worked = writer_.work_a_slice();
  publish();
  if (const auto vanished = writer_.counters().files_vanished; vanished != vanished_told_) {
    vanished_told_ = vanished;
    spdlog::error(
        "files of finished hours were removed from the state directory, {} since the start:"
        " what stood in them is missing from every answer",
        vanished);
  }
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
