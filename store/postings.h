#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.h"

namespace rastro {

// One search key of one row: the key's 32 hash bits above the row number's 31, so that sorting by
// the number sorts by key, then row. A hash never answers: who looks up checks the row's value.
using Posting = std::uint64_t;
inline constexpr std::uint32_t kRowMax = 0x7fffffffU;
inline constexpr Posting make_posting(std::uint32_t key, std::uint32_t row) {
  return (static_cast<Posting>(key) << 31) | row;
}
inline constexpr std::uint32_t key_of(Posting posting) {
  return static_cast<std::uint32_t>(posting >> 31);
}
inline constexpr std::uint32_t row_of(Posting posting) {
  return static_cast<std::uint32_t>(posting & kRowMax);
}

// Sorted numbers that only grow by whole batches. Eight runs of one size class merge into one of
// the next, so there are few however many batches came. Copying copies pointers: a copy is a
// snapshot.
class SortedRuns {
 public:
  using Run = std::shared_ptr<const std::vector<std::uint64_t>>;
  void add(std::vector<std::uint64_t> values);  // in any order
  void clear() { runs_.clear(); }
  bool contains(std::uint64_t value) const;
  // Appends the values of [from, until] to `out`, run by run.
  void collect(std::uint64_t from, std::uint64_t until, std::vector<std::uint64_t>& out) const;
  // Those of one run.
  using Part = std::span<const std::uint64_t>;
  static Part part_of(const std::vector<std::uint64_t>& run, std::uint64_t from,
                      std::uint64_t until);
  std::size_t size() const;
  std::vector<Run> runs() const;

 private:
  struct Level {
    unsigned level;
    Run run;
  };
  void merge_full_levels();
  std::vector<Level> runs_;  // highest level first
};

using PostingRuns = SortedRuns;
using LegIdRuns = SortedRuns;

// Appends the rows of `key` to `out`, in no order.
void collect_rows(const PostingRuns& runs, std::uint32_t key, std::vector<std::uint32_t>& out);
// How many they are; one that stands in two runs counts twice.
std::uint64_t count_rows(const PostingRuns& runs, std::uint32_t key);

// Packs runs into segments of about one page, a slice at a time.
class SegmentPacker {
 public:
  explicit SegmentPacker(const PostingRuns& runs);
  // Writes up to `segments_max` rows of `segment`, in the caller's transaction. True: all written.
  bool write_some(Database& database, std::size_t segments_max);

 private:
  struct Cursor {
    SortedRuns::Run run;
    std::size_t at = 0;
    Posting head() const { return (*run)[at]; }
  };
  bool take_next(Posting& next);
  std::vector<Cursor> cursors_;  // a heap, smallest head in front
  Posting previous_ = 0;
  bool any_taken_ = false;
};

// Every posting of one packed segment, in order; false when the bytes are damaged.
bool unpack_segment(Posting first, std::string_view bytes, std::vector<Posting>& out);

// The different keys of one packed segment behind those of `keys`; false when the bytes are
// damaged.
bool append_keys(Posting first, std::string_view bytes, std::vector<std::uint32_t>& keys);

// Reads the segments of one sealed file.
class SegmentReader {
 public:
  explicit SegmentReader(Database& database);
  // All rows of the key, in no order.
  void collect_rows(std::uint32_t key, std::vector<std::uint32_t>& out);
  // Appends the highest of those not above `row`, ascending: what stands in one segment. Returns
  // the row that the segment begins with, below which there may be more; nullopt: there are none.
  std::optional<std::uint32_t> collect_rows(std::uint32_t key, std::uint32_t row,
                                            std::vector<std::uint32_t>& out);
  // About how many the key has: of the segments that hold nothing else one is counted for all.
  std::uint64_t count_rows(std::uint32_t key);

 private:
  Statement from_behind_;
};

}  // namespace rastro
