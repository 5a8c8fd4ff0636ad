#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/position.h"
#include "store/leg_rows.h"
#include "store/posted_rows.h"
#include "store/postings.h"
#include "store/snapshot.h"
#include "store/sqlite.h"

namespace rastro {

// One file, open for reading. Threads: one.
class ReadFile {
 public:
  ReadFile(const FileView& view, Database&& database);
  // The rows posted under `key` that `view` knows of; unsorted. Not yet checked.
  void collect_rows(const FileView& view, std::uint32_t key, std::vector<std::uint32_t>& rows);
  // The same, one after the other from the highest down; borrows both.
  PostedRows posted_rows(const FileView& view) { return {view, segments_}; }
  // About how many they are.
  std::uint64_t count_rows(const FileView& view, std::uint32_t key);
  // Those that will be posted under it, of the rows that have no postings yet: each is read. All of
  // them come before the posted ones.
  void collect_unposted(const FileView& view, const KeyHasher& hasher, std::uint32_t key,
                        std::vector<std::uint32_t>& rows);
  // Puts in the place of each of these rows the newest one of its leg that has no postings yet.
  void prefer_newest_unposted(const FileView& view, std::vector<std::uint32_t>& rows);
  // The newest row of a leg; `key` is hash_of_leg_id(). `known`: a row of it, 0: none; that one is
  // not read again.
  std::optional<std::uint32_t> newest_posted_row_of_leg(const FileView& view, std::uint32_t key,
                                                        std::uint64_t leg_id,
                                                        std::uint32_t known = 0);
  std::optional<std::uint32_t> newest_row_of_leg(const FileView& view, std::uint32_t key,
                                                 std::uint64_t leg_id);
  // `newest` and the rows of its leg's versions before it in this file, newest first.
  std::vector<std::uint32_t> versions_down_from(std::uint32_t newest);
  // What a row is about, without loading it.
  struct RowMark {
    std::uint64_t leg_id = 0;
    Time opened_at{};
    Time last_activity_at{};
    std::uint32_t previous = 0;  // the row of the version before in this same file, 0: none
  };
  std::optional<RowMark> mark_of(std::uint32_t row);
  std::vector<SourcePosition> positions();

  // As `view` says of it. The transaction of a finished hour, of which nothing changes any more,
  // outlives the question: beginning one costs as much as reading a row.
  void begin_reading(const FileView& view);
  void end_reading();

  std::uint64_t serial() const { return serial_; }
  Database& database() { return database_; }
  LegRowReader& rows() { return rows_; }

 private:
  std::optional<std::uint32_t> newest_unposted_row_of_leg(const FileView& view,
                                                          std::uint64_t leg_id);
  std::uint64_t serial_;
  bool stays_open_ = false;  // its transaction began when the hour was finished
  Database database_;
  SegmentReader segments_;
  LegRowReader rows_;
  Statement mark_;
  std::optional<Statement> positions_;  // of the file that was asked for them
};

// The read-only connections of one thread, the least recently used closed first.
class ReadFiles {
 public:
  // nullptr without an error: the file is gone, retention was faster. Damage is told to the writer
  // by the view's flag.
  Result<ReadFile*> open(const FileView& view);
  // Takes the error of a file just read. Damage is told to the writer and the file is left out of
  // the answer; running out of time is no error either, see out_of_time().
  Result<void> check(const FileView& view, ReadFile& file);
  // Closes what `snapshot` has no longer: an unlinked file keeps its disk space until then.
  void keep_only(const StoreSnapshot& snapshot);

  // `from_now` zero: no deadline; `stop_when` may be null.
  void set_limits(Duration from_now, const std::atomic<bool>* stop_when);
  bool out_of_time() const;

 private:
  friend class Question;
  void end_reading();

  static constexpr std::size_t kOpenMax = 40;   // a day, and what waits to be dropped
  std::list<std::unique_ptr<ReadFile>> files_;  // most recently used first
  std::optional<Duration> deadline_;            // steady
  const std::atomic<bool>* stop_when_ = nullptr;
  int questions_ = 0;
};

// What one question sees: a snapshot, and each file that it opens in one transaction, which ends
// with the outermost question. Borrows `files`.
class Question {
 public:
  Question(std::shared_ptr<const StoreSnapshot> snapshot, ReadFiles& files)
      : snapshot_(std::move(snapshot)), files_(files) {
    ++files_.questions_;
    files_.keep_only(*snapshot_);
  }
  ~Question() {
    if (--files_.questions_ == 0) files_.end_reading();
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;
  const StoreSnapshot& operator*() const { return *snapshot_; }
  const StoreSnapshot* operator->() const { return snapshot_.get(); }
  const std::shared_ptr<const StoreSnapshot>& snapshot() const { return snapshot_; }

 private:
  std::shared_ptr<const StoreSnapshot> snapshot_;
  ReadFiles& files_;
};

// Indices of the files that can hold rows of the leg, newest first: the oldest that knows of an id
// as high, where it began, and those that list it as carried or changed later.
std::vector<std::size_t> files_of_leg(const StoreSnapshot& snapshot, std::uint64_t leg_id);

// Whether `leg_id` has a newer row in one of the files behind `index`.
bool has_newer_file(const StoreSnapshot& snapshot, std::size_t index, std::uint64_t leg_id);

// The leg's end and last activity lie before what is still to be shown.
bool is_past_retention(const StoreSnapshot& snapshot, const LegRecord& leg);

}  // namespace rastro
