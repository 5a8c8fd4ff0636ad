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
// costs no data.
class ClockGuard {
 public:
  explicit ClockGuard(const Clock& clock) : clock_(clock) {}
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
