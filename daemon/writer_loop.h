#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/bounded_queue.h"
#include "store/writer.h"

namespace rastro {

struct NumberedBatch {
  std::uint64_t flush_number = 0;
  Batch batch;
};

// The writer thread: commits batches in order, and does the store's housekeeping in between,
// however fast they come. A batch that cannot be committed is tried again until it can or the queue
// is closed: ingest then waits on the full queue, and the log on its disk; nothing is dropped.
class WriterLoop {
 public:
  // While batches keep coming there is a slice of housekeeping every `slice_every` still: a backlog
  // of a day fills and ends many hours.
  WriterLoop(Writer& writer, BoundedQueue<NumberedBatch>& batches,
             std::chrono::milliseconds slice_every = std::chrono::milliseconds(200))
      : writer_(writer), batches_(batches), slice_every_(slice_every) {}

  // Returns when the queue is closed and empty, or closed while a commit keeps failing.
  void run();

  // Any thread.
  std::uint64_t committed() const { return committed_.load(std::memory_order_acquire); }
  // Time of the newest line in a committed batch.
  Time committed_line_time() const { return committed_line_time_.load(std::memory_order_relaxed); }
  // As of the last commit or housekeeping.
  WriterCounters counters() const { return *std::atomic_load(&counters_); }
  bool failing() const { return failing_.load(std::memory_order_relaxed); }
  // Anything but `same` stays: ingest has read on without what the index knew. `replaced`: a new
  // start would find an index, or may begin one.
  IndexPlace place() const { return place_.load(std::memory_order_relaxed); }
  // Why it cannot be written; empty: it can.
  std::string trouble() const { return *std::atomic_load(&trouble_); }
  // Writer::note_read_to_end(), with the next housekeeping.
  void note_read_to_end() { read_to_end_.store(true, std::memory_order_relaxed); }
  // Of a batch that was committed, emptied: for the next one, because memory that one thread takes
  // and another one gives back is what malloc does worst.
  PackedLegs take_used_legs();

 private:
  static constexpr std::size_t kUsedKept = 1;
  static constexpr std::size_t kUsedBytesMax = 8 << 20;

  bool commit(const NumberedBatch& numbered);
  bool is_in_place();
  void note_trouble(std::string trouble) {
    std::atomic_store(&trouble_, std::make_shared<const std::string>(std::move(trouble)));
  }
  bool work_a_slice();  // whether there is more to do
  void publish() {
    std::atomic_store(&counters_, std::make_shared<const WriterCounters>(writer_.counters()));
  }

  Writer& writer_;
  BoundedQueue<NumberedBatch>& batches_;
  std::chrono::milliseconds slice_every_;
  BoundedQueue<PackedLegs> used_legs_{kUsedKept};
  std::atomic<std::uint64_t> committed_{0};
  std::atomic<Time> committed_line_time_{Time{}};
  std::atomic<bool> failing_{false};
  std::atomic<bool> read_to_end_{false};
  std::atomic<IndexPlace> place_{IndexPlace::same};
  std::uint64_t vanished_told_ = 0;
  // Through std::atomic_load and atomic_store, as `counters_`.
  std::shared_ptr<const std::string> trouble_{std::make_shared<const std::string>()};
  std::shared_ptr<const WriterCounters> counters_{std::make_shared<const WriterCounters>()};
};

}  // namespace rastro
