#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/event.h"
#include "store/query.h"

namespace rastro {

// Holes that a log confesses itself: from the line that says that lines begin to be dropped to the
// one that says how many were; of a report alone, back by the interval over which its limit counts.
// What was begun and is not told the end of is an open hole, and survives a restart. A limit of one
// process that ends before a line of it is let through again is never reported: its hole ends with
// the interval over which the limit counts, once an hour has passed.
// Threads: the ingest thread only.
class ConfessedLosses {
 public:
  // What a limit of one process may count over, where no report tells.
  static constexpr Duration kProcessLimitMax = std::chrono::hours(1);

  // `previous` is the stamp of the line before, of the same log.
  void take(const std::string& path, Time at, std::optional<Time> previous, const LogLoss& loss);

  bool any_begun() const { return !begun_.empty(); }
  // A line of that log has this stamp: what nobody will report any more is over.
  void note_time(const std::string& path, Time at);

  // Since the last call.
  std::vector<CoverageHole> take_holes() { return std::exchange(holes_, {}); }
  // What must be known again after a restart; an empty value: nothing more of that key.
  std::vector<std::pair<std::string, std::string>> take_pending() {
    return std::exchange(pending_, {});
  }
  // False: the key is not of these.
  bool restore(std::string_view key, std::string_view value);

 private:
  static constexpr std::size_t kBegunMax = 64;  // of one log
  struct Begun {
    std::string input;  // whose lines are dropped: what reads for the syslog daemon, or an action
    Time at{};
    std::string cause;
  };
  void begin(const std::string& path, Time at, std::string_view text);
  // False: nothing was begun by that input.
  bool end(const std::string& path, Time at, std::string_view text);
  void end_all(const std::string& path, Time at, std::string_view text);
  void close(const std::string& path, const Begun& begun, Time until, std::string_view text);
  void keep(const std::string& path);

  std::map<std::string, std::vector<Begun>, std::less<>> begun_;  // by path; oldest first
  std::map<std::string, Duration, std::less<>> process_limit_;    // by path: as a report told last
  std::vector<CoverageHole> holes_;
  std::vector<std::pair<std::string, std::string>> pending_;
};

}  // namespace rastro
