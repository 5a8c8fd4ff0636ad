#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "core/journey.h"
#include "core/position.h"
#include "daemon/line_pipeline.h"
#include "daemon/source/raw_lines.h"
#include "store/verify.h"

namespace rastro {

// Reads the log lines of legs again and holds them against the legs: a line that names a queue id
// must name its leg's. Lines may have gone with their log; that is counted and no fault.
class LineCheck {
 public:
  LineCheck();
  void know(const std::vector<SourcePosition>& positions) { lines_.know(positions); }
  void check(const LegRecord& leg, Faults& faults);

  std::uint64_t checked() const { return checked_; }
  std::uint64_t gone() const { return gone_; }

 private:
  void check_line(const LegRecord& leg, const LineRef& ref, Faults& faults);

  SystemClock clock_;
  RawLines lines_;
  LineCounters counters_;
  LinePipeline pipeline_;
  std::map<std::uint32_t, std::unique_ptr<LineOrigin>> origins_;
  std::uint64_t checked_ = 0;
  std::uint64_t gone_ = 0;
};

}  // namespace rastro
