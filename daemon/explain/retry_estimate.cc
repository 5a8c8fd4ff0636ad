#include "daemon/explain/retry_estimate.h"

#include <algorithm>

namespace rastro {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kPostfixWaitMin = seconds(300);
constexpr Duration kPostfixWaitMax = seconds(4000);
constexpr Duration kPostfixLifetime = hours(5 * 24);
constexpr Duration kEximLifetime = hours(4 * 24);

Duration exim_wait(Duration age) {
  if (age < hours(2)) return minutes(15);
  if (age >= hours(16)) return hours(6);
  // "G,16h,1h,1.5": each wait is half as long again as the one before.
  Duration wait = hours(1);
  for (Duration at = hours(2) + wait; at <= age; at += wait) wait = wait * 3 / 2;
  return wait;
}

// The attempt before the last one.
std::optional<Time> earlier_attempt(const LegRecord& leg, std::size_t recipient, Time last) {
  std::optional<Time> out;
  for (const auto& entry : leg.timeline) {
    if (entry.kind != TimelineEntry::Kind::attempt || entry.at >= last) continue;
    if (entry.recipient != static_cast<std::int32_t>(recipient)) continue;
    out = out ? std::max(*out, entry.at) : entry.at;
  }
  return out;
}

}  // namespace

RetryEstimate estimate_retry(const LegRecord& leg, std::size_t recipient) {
  const auto& state = leg.recipients[recipient];
  if (state.outcome != Outcome::deferred || !state.last_attempt_at || leg.mta == Mta::none ||
      leg.closed_at) {
    return {};
  }
  const auto last = *state.last_attempt_at;
  const auto since = leg.arrival_seen  ? leg.opened_at
                     : leg.accepted_at ? *leg.accepted_at
                                       : state.first_attempt_at.value_or(last);
  const Duration age = last - since;
  const bool postfix = leg.mta == Mta::postfix;
  auto wait = postfix ? std::clamp(age, kPostfixWaitMin, kPostfixWaitMax) : exim_wait(age);
  // A site may have longer waits than the MTA comes with: what was seen counts, as waits only grow.
  const auto earlier = earlier_attempt(leg, recipient, last);
  const auto seen = earlier ? last - *earlier : Duration(0);
  if (!postfix || seen > kPostfixWaitMax) wait = std::max(wait, seen);
  const auto gives_up = since + (postfix ? kPostfixLifetime : kEximLifetime);
  RetryEstimate out;
  out.gives_up_at = std::max(gives_up, last);
  out.next_attempt_at = std::min(last + wait, *out.gives_up_at);
  // When the arrival is not in the log, the message is older than it looks.
  if (!leg.arrival_seen && !leg.accepted_at) out.gives_up_at.reset();
  return out;
}

}  // namespace rastro
