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
  };
  std::vector<Unreadable> unreadable;
};

struct SourceStatement {
  std::string path;
  std::optional<Time> from;   // first line read
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
