#pragma once

#include <optional>

#include "core/journey.h"

namespace rastro {

// When the MTA tries a deferred recipient again and when it stops: estimates, from the gap between
// the last two attempts and the retry rules that the MTA comes with. Nothing for recipients that
// are not deferred. Sources: Postfix src/qmgr/qmgr_active.c qmgr_active_defer() (the wait is the
// message's age, from minimal_backoff_time 300 s to maximal_backoff_time 4000 s;
// maximal_queue_lifetime 5 d); Exim's default retry section (15 min for 2 h, then 1 h growing by
// half up to 16 h, then 6 h up to 4 d).
struct RetryEstimate {
  std::optional<Time> next_attempt_at;
  std::optional<Time> gives_up_at;
};
RetryEstimate estimate_retry(const LegRecord& leg, std::size_t recipient);

}  // namespace rastro
