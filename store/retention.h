#pragma once

#include <chrono>
#include <optional>

#include "core/clock.h"
#include "store/snapshot.h"

namespace rastro {

// How far a line's stamp may run ahead of our clock.
inline constexpr Duration kFutureMax = std::chrono::minutes(5);

// Says whether the wall clock may be believed: after it moved by more than 5 minutes against the
// steady clock nothing is dropped for 10 minutes, so that a clock being set wrong and right again
// costs no data. So it is after a start a long time from the last write while the host itself has
// just started (Linux counts the steady clock from there) and may not have been told the time yet.
class ClockGuard {
 public:
  explicit ClockGuard(const Clock& clock) : clock_(clock) {}
  // `written_at`: when the index was written last. A clock that is far from it may be one that is
  // not set yet.
  void start(Time written_at);
  // Compares the clocks; call it at least every few minutes.
  bool trusted();

 private:
  const Clock& clock_;
  std::optional<Duration> offset_;            // wall minus steady when last seen
  std::optional<Duration> distrusted_until_;  // steady
};

// When a file's last message that ended is past retention. A stamp from the future counts as when
// it was written: it must not keep a file for ever.
Time expires_at(const FileState& state, Duration retention);

}  // namespace rastro
