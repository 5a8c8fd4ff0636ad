#include "store/retention.h"

#include <algorithm>

namespace rastro {
namespace {
constexpr Duration kJumpMax = std::chrono::minutes(5);
constexpr Duration kDistrust = std::chrono::minutes(10);
}  // namespace

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
