#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "store/address_blocks.h"
#include "store/ballast.h"
#include "store/hash_key.h"
#include "store/leg_rows.h"
#include "store/lock.h"
#include "store/open_leg_places.h"
#include "store/postings.h"
#include "store/rebuild.h"
#include "store/retention.h"
#include "store/row_times.h"
#include "store/shard.h"
#include "store/state_rows.h"
#include "store/writer.h"

namespace rastro {

// Why an hour is missing that somebody removed.
inline constexpr const char* kVanished = "a file of the index was removed: its hour is missing";

// One file as the writer knows it.
struct ShardFile {
  std::uint64_t serial = 0;
  std::filesystem::path path;
  ShardName name;
  FileState state;
  std::uint32_t row_max = 0;
  RowLayout layout = kRowLayoutNow;
  PostingRuns runs;
  LegIdRuns carried;
  RowTimes row_times;  // while it is not sealed; may know fewer rows than there are, after a start
  // Not all postings are in `runs` again since the start.
  std::unique_ptr<PostingRebuild> rebuild;
  bool checked = true;  // whole, at the start
  std::shared_ptr<std::atomic<bool>> damaged = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<FileNotes> notes = std::make_shared<FileNotes>();  // its readers'
  std::shared_ptr<const FileView> view;  // null: changed since the last snapshot
  // While it is not sealed. The row writer's statements go before their connection.
  std::unique_ptr<Database> database;
  std::unique_ptr<LegRowWriter> rows;
};

// Keys are our own leg ids, spread by their hash; the flat map mixes them again.
using RowOfLeg = boost::unordered_flat_map<std::uint64_t, std::uint32_t>;

// What a transaction would change in memory, and how to take it back.
struct Stage {
  FileState state;
  std::uint32_t row_max = 0;
  std::vector<Posting> postings;
  std::vector<std::uint64_t> carried;
  std::vector<RowTimes::Row> rows;
  std::vector<std::pair<std::uint64_t, std::optional<std::uint32_t>>> rows_before;
  std::vector<std::pair<std::uint64_t, std::optional<OpenLegPlace>>> open_before;
};

// The writer behind the interface: writer.cc commits batches and opens hours, writer_start.cc finds
// out what a directory holds, writer_work.cc does the housekeeping.
class WriterImpl final : public Writer {
 public:
  WriterImpl(StoreOptions options, const Clock& clock, DirectoryLock lock, KeyHasher hasher)
      : options_(std::move(options)),
        clock_(clock),
        lock_(std::move(lock)),
        hasher_(hasher),
        key_check_(hasher(0xff, "rastro")),
        dictionary_seed_(hasher(0xfe, "dictionary")),
        guard_(clock),
        ballast_(options_.state_directory / "ballast",
                 options_.keep_everything ? 0 : options_.ballast_bytes) {}

  Result<void> load_directory();

  Result<void> commit(const Batch& batch) override;
  IndexPlace place() const override;
  std::size_t note_read_to_end() override;
  Result<bool> work_a_slice() override;
  Result<std::vector<SourcePosition>> load_positions() override;
  Result<std::vector<PendingEntry>> load_pending() override;
  Result<void> for_each_open_leg(const std::function<void(const LegRecord&)>& visit) override;
  Result<void> for_each_ended_leg(Duration back,
                                  const std::function<void(const LegRecord&)>& visit) override;
  std::shared_ptr<const StoreSnapshot> snapshot() const override {
    return std::atomic_load(&snapshot_);
  }
  WriterCounters counters() const override { return counters_; }

 private:
  // Start.
  Result<void> load_file(const ShardName& name, const std::filesystem::path& path, bool whole);
  Result<void> load_rows(ShardFile& file);
  Result<void> load_newest_state();
  Result<void> load_open_legs();
  Result<void> load_earlier_files();
  void note_missing();
  bool was_set_aside(const std::string& file) const;
  // Passes `done` on, and remembers whose damage it tells.
  static Result<void> note_damage(const ShardFile& file, Result<void> done);
  void note_if_read_again(const FileTrouble& trouble, bool is_read_again) const;
  void set_aside(std::size_t index, const std::string& why);
  // A batch.
  Result<void> commit_once(const Batch& batch);
  Result<void> make_room(const Batch& batch, Error full);
  void write_leg(const LegRecord& leg, Stage& stage);
  Result<void> finish(Transaction& transaction, Stage& stage);
  void note_rows(const Stage& stage);
  void take_back(const Stage& stage);
  Stage start_stage() const;
  // Hours.
  Result<void> ensure_open_file(Time line_time);
  Result<void> roll_to(Time hour);
  void plan_carrying();
  Result<void> ensure_row_writer();
  std::unique_ptr<LegRowWriter> make_row_writer(ShardFile& file) const;
  // Housekeeping.
  Result<void> rebuild_some(ShardFile& file);
  ShardFile* next_to_rebuild();
  Result<void> seal_some();
  bool finish_row_times(ShardFile& file);
  Result<void> carry_some();
  bool load_to_carry(std::uint64_t leg_id, LegRecord& leg);
  void give_up_if_old(LegRecord& leg);
  Result<void> keep_retention();
  void set_damaged_aside();
  void forget_file(std::size_t index);
  void forget_expired(const std::function<bool(const ShardFile&)>& expired);
  void drop_oldest();
  Result<void> keep_within_bytes_max();
  Result<void> note_vanished();
  Result<void> forget_early(std::size_t index, const char* cause);
  std::vector<CoverageHole> holes_left_by(const ShardFile& file, const char* cause) const;
  // What the newest one lists: all but it. Those that `leaves_out` names are about to go.
  std::vector<EarlierFile> earlier_files(
      const ShardFile* newest,
      const std::function<bool(const ShardFile&)>& leaves_out = nullptr) const;
  void publish();

  Result<Database> open_for_reading(const ShardFile& file) const;
  ShardFile* find_serial(std::uint64_t serial);

  StoreOptions options_;
  const Clock& clock_;
  DirectoryLock lock_;
  KeyHasher hasher_;
  std::shared_ptr<MergedAddresses> merged_addresses_ = std::make_shared<MergedAddresses>();
  std::uint32_t key_check_;
  std::uint64_t dictionary_seed_;
  ClockGuard guard_;
  Ballast ballast_;

  std::vector<std::unique_ptr<ShardFile>> files_;  // oldest first
  ShardFile* open_ = nullptr;                      // takes the writes; null: none yet
  std::uint64_t next_serial_ = 1;
  std::uint64_t earlier_leg_id_max_ = 0;  // over all files but the open one
  RowOfLeg row_of_leg_;                   // newest row in the open file
  OpenLegPlaces open_legs_;

  std::deque<std::uint64_t> waiting_for_seal_;  // serials
  std::optional<SegmentPacker> packer_;         // of the first of them
  std::optional<AddressPacker> addresses_;      // likewise, once its postings are written

  std::vector<std::uint64_t> to_carry_;  // leg ids, last one first
  struct CarrySource {
    std::uint64_t serial = 0;
    Database database;
    LegRowReader rows;
    CarrySource(std::uint64_t from, Database&& opened)
        : serial(from), database(std::move(opened)), rows(database) {}
  };
  std::unique_ptr<CarrySource> carry_source_;

  std::optional<Duration> retention_checked_at_;  // steady
  std::optional<Duration> looked_for_files_at_;   // steady
  std::vector<FileTrouble> foreign_;              // left where they are
  std::vector<FileTrouble> quarantined_;
  std::vector<EarlierFile> listed_files_;  // by the newest one, at the start
  std::vector<CoverageHole> dropped_;      // files dropped early; told with the next batch
  Time ended_visible_since_ = Time::min();
  WriterCounters counters_;
  std::shared_ptr<const StoreSnapshot> snapshot_;
};

}  // namespace rastro
