#include "store/retention.h"

#include <algorithm>

namespace rastro {
namespace {
constexpr Duration kJumpMax = std::chrono::minutes(5);
constexpr Duration kDistrust = std::chrono::minutes(10);
// A file is kept past its time by an hour anyway (DESIGN 3).
constexpr Duration kStoppedUsually = std::chrono::hours(1);
}  // namespace

void ClockGuard::start(Time written_at) {
  const bool network_may_be_late = clock_.steady() < kDistrust;
  if (network_may_be_late && std::chrono::abs(clock_.wall() - written_at) > kStoppedUsually)
    distrusted_until_ = kDistrust;
}

bool ClockGuard::trusted() {
  const auto steady = clock_.steady();
  const auto offset = clock_.wall().time_since_epoch() - steady;
  if (offset_ && std::chrono::abs(offset - *offset_) > kJumpMax) {
    distrusted_until_ = steady + kDistrust;
  }
  offset_ = offset;
  if (distrusted_until_ && steady >= *distrusted_until_) distrusted_until_.reset();
  return !distrusted_until_;
}

Time expires_at(const FileState& state, Duration retention) {
  const auto last = state.activity_max.value_or(state.hour + std::chrono::hours(1));
  return std::min(last, state.written_at + kFutureMax) + retention;
}

}  // namespace rastro
