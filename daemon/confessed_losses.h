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
// What was begun and is not told the end of is an open hole, and survives a restart.
// Threads: the ingest thread only.
class ConfessedLosses {
 public:
  // `previous` is the stamp of the line before, of the same log.
  void take(const std::string& path, Time at, std::optional<Time> previous, const LogLoss& loss);

  // Since the last call.
  std::vector<CoverageHole> take_holes() { return std::exchange(holes_, {}); }
  // What must be known again after a restart; an empty value: nothing more of that key.
  std::vector<std::pair<std::string, std::string>> take_pending() {
    return std::exchange(pending_, {});
  }
  // False: the key is not of these.
  bool restore(std::string_view key, std::string_view value);

 private:
  static constexpr std::size_t kDroppingMax = 32;
  struct Begun {
    Time at{};
    std::vector<std::string> dropping;  // what reads for the syslog daemon, as it names it
  };
  void begin(const std::string& path, Time at, std::string_view text);
  void end(const std::string& path, Time at, std::string_view text, bool all);
  void keep(const std::string& path);

  std::map<std::string, Begun, std::less<>> begun_;  // by path
  std::vector<CoverageHole> holes_;
  std::vector<std::pair<std::string, std::string>> pending_;
};

}  // namespace rastro
