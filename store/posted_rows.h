#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "store/postings.h"
#include "store/snapshot.h"

namespace rastro {

// The rows of one file that are posted under any of some keys, from the highest down, read as far
// as they are asked for: of a key that half the mail has, a question wants the newest few.
// Borrows the view and the segments of its file. Threads: one.
class PostedRows {
 public:
  PostedRows(const FileView& view, SegmentReader& segments) : view_(view), segments_(segments) {}
  void add(std::uint32_t key);
  // The highest one that is not above `row`, which must not grow from call to call; nullopt: there
  // is none. Not yet checked: a hash is no key.
  std::optional<std::uint32_t> at_most(std::uint32_t row);

 private:
  struct Run {  // of a file that grows: in memory
    const Posting* begin;
    const Posting* end;
  };
  struct Segment {  // of a sealed one: the key's rows in the segment read last, ascending
    std::uint32_t key;
    std::vector<std::uint32_t> rows;
    std::uint32_t unread;  // rows above this one were read already
    bool more;             // there may be rows in the segments before
  };
  static std::optional<std::uint32_t> highest(Run& run, std::uint32_t row);
  std::optional<std::uint32_t> highest(Segment& segment, std::uint32_t row);

  const FileView& view_;
  SegmentReader& segments_;
  std::vector<Run> runs_;
  std::vector<SortedRuns::Run> held_;
  std::vector<Segment> keys_;
};

}  // namespace rastro
