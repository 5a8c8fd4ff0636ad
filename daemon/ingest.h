#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/bounded_queue.h"
#include "core/clock.h"
#include "core/leg_store.h"
#include "daemon/correlate/correlator.h"
#include "daemon/line_counters.h"
#include "daemon/line_pipeline.h"
#include "daemon/source/source_set.h"
#include "daemon/writer_loop.h"
#include "store/raw_blocks.h"

namespace rastro {

struct IngestOptions {
  CorrelatorOptions correlator;
  std::size_t batch_legs_max = 2'000;
  Duration batch_interval = std::chrono::milliseconds(200);
  // While nobody asks, from the first line on that waits: see IndexFreshness.
  Duration unasked_interval = std::chrono::seconds(5);
  // While there is more to read at once: a message that goes on is then written once, not twice.
  Duration backlog_interval = std::chrono::milliseconds(1'000);
  std::size_t budget_bytes = 1 << 20;  // of one turn, all sources together
  std::uint64_t seed = 0;
  bool keep_duplicates = false;  // index two sources although they carry the same events
};

// "PATH: CAUSE", for a person.
std::string describe_hole(const CoverageHole& hole);

// Reads sources, understands their lines, and hands batches to the writer. One turn at a time, so
// that its owner decides how it waits.
//
// A batch holds everything that changed up to the positions in it: rows and positions commit
// together (DESIGN 3.1), so a crash costs only reading the same lines again.
// Threads: the ingest thread only, but for lines_read(). Ownership: all borrowed.
class Ingest final : private LegSink {
 public:
  // How lines of a new content generation are to be read.
  using MakeOrigin = std::function<std::unique_ptr<LineOrigin>(const Generation&)>;

  Ingest(IngestOptions options, ClassifyReply classify, MakeOrigin make_origin, LegStore& store,
         BoundedQueue<NumberedBatch>& batches, WriterLoop& writer, const Clock& clock);

  // At start, before the first turn.
  void know(const LegRecord& leg);
  void restore_pending(std::string_view key, std::string_view value);

  // Reads what `sources` have, about options.budget_bytes, merged by stamps; sends a batch when one
  // is due. True when there is more to read at once. Waits only for room in the queue.
  enum class Pace : std::uint8_t { asked, unasked };
  bool turn(SourceSet& sources, Pace pace = Pace::asked);

  // Until what was read is due to be sent; nullopt: nothing waits.
  std::optional<Duration> due_in(Pace pace) const;

  // Sends what is not sent yet, whether due or not.
  void send_batch(SourceSet& sources);
  // Before the last batch: no line comes any more.
  void end_of_logs() { correlator_.end_of_logs(); }
  // A log that was read to its end before the start.
  void end_source(std::uint32_t source) { pipeline_.end_source(source); }
  // A hole found outside the sources' own knowledge.
  void add_hole(CoverageHole hole) { batch_.holes.push_back(std::move(hole)); }

  // Whether everything read so far is in the index: what "caught up" must mean to who asks.
  bool all_committed() const { return !unsent_ && writer_.committed() >= sent_; }
  // What stood in the logs then (steady) is in the index, unless there was more to read at once.
  // Duration::min(): nothing is known, since the first lines are not in the index yet.
  Duration complete_until() const {
    if (writer_.committed() < sent_) return on_its_way_complete_until_;
    return unsent_ ? unsent_complete_until_ : looked_at_;
  }

  // What the sources lost since the last call, to be told; a few at most, all stand in the
  // coverage.
  std::vector<CoverageHole> take_new_holes() { return std::exchange(new_holes_, {}); }

  // Sources found to repeat another one, and therefore not indexed, since the last call.
  std::vector<Overlap> take_overlaps() { return overlaps_.take_found(); }

  const LineCounters& counters() const { return counters_; }
  CorrelatorCounters correlator_counters() const { return correlator_.counters(); }
  std::size_t legs_in_memory() const { return correlator_.legs_in_memory(); }
  std::uint64_t lines_read() const { return lines_read_.load(std::memory_order_relaxed); }
  Time newest_line_at() const { return batch_line_time_; }
  // Sees every leg version that goes to the writer, first; for `scan --lines`. May be empty.
  void observe_legs(std::function<void(const LegRecord&)> observer) {
    observer_ = std::move(observer);
  }

 private:
  // A line whose header was taken off to learn its stamp, until its turn comes.
  struct Peeked {
    std::unique_ptr<LineOrigin> origin;
    HeadedLine line;
    std::optional<std::uint64_t> offset;  // of `line`; nullopt: none
  };

  void on_leg(const LegRecord& version) override;
  void on_encounter(Encounter&& encounter) override;
  void on_pending(std::string_view key, std::string_view value) override;

  Peeked& origin_of(const SourceLine& line);
  Peeked& peek(const SourceLine& line);
  std::optional<Time> take(const SourceLine& line);
  void send_if_due(SourceSet& sources, bool behind, Pace pace);
  void give_back_memory();
  void collect(SourceSet& sources);

  IngestOptions options_;
  MakeOrigin make_origin_;
  BoundedQueue<NumberedBatch>& batches_;
  WriterLoop& writer_;
  const Clock& clock_;
  LineCounters counters_;
  OverlapFilter overlaps_;
  LinePipeline pipeline_;
  Correlator correlator_;
  std::map<std::uint32_t, Peeked> origins_;
  Peeked* last_origin_ = nullptr;  // in origins_
  Batch batch_;
  std::vector<CoverageHole> new_holes_;
  RawBlockBuilder raw_lines_;  // of origins whose lines are copied; packed on the way to the writer
  Time batch_line_time_{};
  Duration last_batch_at_{0};
  std::uint64_t sent_ = 0;     // number of the last flush
  std::size_t set_aside_ = 0;  // legs, since memory was given back last
  bool unsent_ = false;        // lines were taken since the last batch
  Duration looked_at_{0};      // the last turn's begin
  Duration looked_before_{0};  // the begin of the one before
  Duration unsent_since_{0};   // when the first of them was not there yet
  // Begin of the last turn that read all logs to their end. The begin of a turn that left lines for
  // the next one tells nothing: those were there before it, however long they wait for the disk.
  Duration read_to_end_at_ = Duration::min();
  Duration unsent_complete_until_ = Duration::min();
  Duration on_its_way_complete_until_ = Duration::min();  // of the oldest not committed batch
  std::atomic<std::uint64_t> lines_read_{0};
  std::function<void(const LegRecord&)> observer_;
};

}  // namespace rastro
