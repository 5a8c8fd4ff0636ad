#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/query.h"

namespace rastro {

// What the reading side knows at this moment.
struct ReadState {
  bool caught_up = false;  // everything that was in the logs at `at` is in the index
  Time at{};
  struct Unreadable {
    std::string path;
    std::string why;
    std::optional<Time>
        since{};  // read completely up to then; nullopt: as far as lines stand in the index
  };
  std::vector<Unreadable> unreadable;
  std::vector<std::string> unfollowed{};  // logs in the index that are not configured any more
  std::vector<std::string> gone{};        // logs in the index that a pattern fits and that are gone
  bool index_writable = true;             // false: lines are read, or wait, and none is kept
  bool index_in_place = true;             // false: what it holds may be missing
  // Since when a log without a line has had none; nullopt: unknown. Empty: nobody looks.
  std::function<std::optional<Time>(const std::string& path)> unchanged_since{};
};

struct SourceStatement {
  std::string path;
  std::optional<Time> from;   // first line read; of a log without one: since when that is so
  std::optional<Time> until;  // read completely up to here
};

// How much of an interval the logs were read for. It says "complete" only of what was read
// (DESIGN 2): an interval that reaches beyond the first line, the last line or the retention is
// not.
struct Coverage {
  bool complete = false;
  std::optional<Time> read_up_to;   // of the source that is furthest behind
  Duration behind{0};               // how long ago that was; zero: caught up
  std::vector<CoverageHole> holes;  // those that touch the interval; source_path "": all sources
  std::vector<SourceStatement> sources;
  TimeRange range;  // the interval it speaks of: what was asked, up to now
};

Result<Coverage> coverage_of(StoreReader& store, const TimeRange& range, Time now,
                             const ReadState& state);

}  // namespace rastro
