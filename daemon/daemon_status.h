#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/answer/coverage.h"
#include "daemon/answer/unknown_replies.h"
#include "daemon/correlate/correlator.h"
#include "daemon/http/api_server.h"
#include "daemon/line_counters.h"
#include "daemon/overlap_filter.h"
#include "daemon/source/source_set.h"
#include "store/writer.h"

namespace rastro {

// What the daemon may say of itself at one moment; immutable once published.
struct DaemonStatus {
  bool caught_up = false;    // everything in all logs is in the index
  bool read_to_end = false;  // so is everything in those that can be read
  Time published_at{};
  Time newest_line_at{};  // in the index
  std::uint64_t lines = 0;
  std::size_t files = 0;
  SourceCounters sources;
  CorrelatorCounters correlator;
  std::size_t legs_in_memory = 0;
  std::vector<Overlap> overlaps;  // sources that repeat another one: not indexed
  std::vector<ProgramLines> programs;
  std::vector<ReadState::Unreadable> unreadable;
  std::vector<ReadState::Unreadable> half_lines;  // logs whose last line has no end
  std::vector<std::string> unfollowed;            // logs in the index that are not read any more
  std::vector<std::string> gone;                  // those of them that a pattern fits
  std::shared_ptr<const UnknownReplies::List> unknown_replies;  // that no reason rule knew
};

// GET /metrics in Prometheus' text format 0.0.4: base units, no personal data, few labels.
std::string metrics_text(const DaemonStatus& status, const WriterCounters& store, bool writable,
                         const ApiCounters& api);

}  // namespace rastro
