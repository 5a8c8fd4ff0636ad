#include "daemon/index_freshness.h"

#include <thread>

namespace rastro {

void IndexFreshness::ask() {
  constexpr std::chrono::milliseconds kLookAgain{1};
  const auto now = clock_.steady();
  asked_at_ = now;
  const auto is_stale = [&] {
    return lacks_lines_.load() && complete_until_.load() < now - kUnseenMax;
  };
  if (!is_stale()) return;
  ++waiting_;
  wake_();
  while (is_stale() && clock_.steady() - now < kPatience) std::this_thread::sleep_for(kLookAgain);
  --waiting_;
}

std::optional<Time> IndexFreshness::complete_until() const {
  const auto until = complete_until_.load();
  if (until == kNever) return std::nullopt;
  return clock_.wall() - (clock_.steady() - until);
}

bool IndexFreshness::is_asked() const {
  const auto at = asked_at_.load();
  return at != kNever && clock_.steady() - at < kAskedFor;
}

bool IndexFreshness::is_awaited() const { return waiting_ > 0; }

void IndexFreshness::tell(const State& state) {
  complete_until_ = state.behind ? kNever : state.complete_until;
  // Batches of a backlog go as fast as they can be written; nobody waits for its end.
  lacks_lines_ = !state.behind && !state.has_all;
}

}  // namespace rastro
