#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/journey.h"
#include "core/position.h"
#include "core/result.h"
#include "store/packed_legs.h"
#include "store/raw_blocks.h"
#include "store/snapshot.h"

namespace rastro {

// One piece of the correlator's transient state (SMTP sessions by pid, unanswered "queued as"),
// kept so that a restart at any line gives the same journeys. `value` is the correlator's business.
struct PendingEntry {
  std::string key;
  std::string value;  // empty: the entry is gone
};

// What one transaction holds: all or nothing.
struct Batch {
  PackedLegs legs;  // new versions, in the order in which they came to be
  std::vector<Encounter> encounters;
  std::vector<SourcePosition> positions;  // those that moved since the last batch
  std::vector<CoverageHole> holes;
  std::vector<RawBlock> raw_blocks;   // lines of sources that cannot be read again; packed
  std::vector<PendingEntry> pending;  // those that changed since the last batch
  Time line_time{};  // high-water mark of line time; decides which hour's file is written
};

struct StoreOptions {
  std::filesystem::path state_directory;
  Duration retention = std::chrono::hours(24);
  Duration open_legs_age_max = std::chrono::hours(24 * 6);
  bool keep_everything = false;  // scan: no retention, whatever the age
  std::uint64_t ballast_bytes = 64 << 20;
  // What a start may look at whole, newest first: SQLite's check cannot be cut off in the middle.
  // What is left over is the check thread's.
  std::uint64_t start_check_bytes_max = 24 << 20;
  std::uint64_t bytes_max = 0;  // of all files together; the oldest goes first. 0: no bound
};

struct WriterCounters {
  std::uint64_t batches = 0;
  std::uint64_t legs = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t files_sealed = 0;
  std::uint64_t files_expired = 0;
  std::uint64_t files_quarantined = 0;
  std::uint64_t files_vanished = 0;  // sealed ones that somebody else removed
  std::uint64_t commit_failures = 0;
  std::uint64_t legs_carried = 0;        // open legs written again into a new hour's file
  std::uint64_t legs_given_up = 0;       // older than open_legs_age_max: now unknown
  std::uint64_t ballast_released = 0;    // the disk was full
  std::uint64_t files_dropped_full = 0;  // before their time: the disk stayed full, or bytes_max
};

// Whether the files that a writer has open are still what its state directory holds.
enum class IndexPlace : std::uint8_t {
  same,
  gone,      // it was moved, unmounted or closed to us: what is written now nobody finds again
  replaced,  // another one stands there, or the newest file was removed: to be opened anew
};

// The one writer of a state directory (DESIGN 7). Takes the directory's lock for its lifetime, so a
// second daemon is refused.
//
// Threads: the writer thread only, but for snapshot(), which any thread may call.
// Errors: a failed commit leaves the index as it was; the same batch may be tried again
// (Error::limit: the disk is full, Error::unavailable: locked). After Error::corrupt the open
// hour's file is damaged: only a new open() helps, which sets it aside and goes back to the
// positions of the hour before.
class Writer {
 public:
  // Opens or creates the directory and quarantines files that cannot be read. The posting runs of
  // hours that were not sealed are made again by the first slices of work; until then their rows
  // are searched one by one. `clock` is borrowed.
  static Result<std::unique_ptr<Writer>> open(StoreOptions options, const Clock& clock);
  virtual ~Writer() = default;

  virtual Result<void> commit(const Batch& batch) = 0;

  // Cheap; before each commit. After anything but `same` nothing may be asked of this writer but
  // snapshot() and counters().
  virtual IndexPlace place() const = 0;

  // Housekeeping between batches, a slice of at most about 20 ms: seals, carries open legs over,
  // unlinks what retention ended. True when there is more to do.
  virtual Result<bool> work_a_slice() = 0;

  // All logs were read to their end since the start, and what they hold is committed. So the hours
  // that were damaged when it had to read on from before them are there again; how many.
  virtual std::size_t note_read_to_end() = 0;

  // What a start needs. Newest state over all files.
  virtual Result<std::vector<SourcePosition>> load_positions() = 0;
  virtual Result<std::vector<PendingEntry>> load_pending() = 0;
  // Id, host, queue id, Message-ID and times of every leg without an end, in no particular order.
  // What cannot be read any more is left out, and its file set aside by the next slice of work or,
  // the open one, by the next start.
  virtual Result<void> for_each_open_leg(const std::function<void(const LegRecord&)>& visit) = 0;
  // The same of legs that have ended and were active within `back` of the newest activity, in the
  // order in which they were written: late lines may still come for them. One may come twice.
  virtual Result<void> for_each_ended_leg(Duration back,
                                          const std::function<void(const LegRecord&)>& visit) = 0;

  // What readers see: the files, and the posting runs of the open hour. Immutable; changes with
  // each commit.
  virtual std::shared_ptr<const StoreSnapshot> snapshot() const = 0;

  virtual WriterCounters counters() const = 0;
};

}  // namespace rastro
