#include "daemon/answer/direction.h"

#include <algorithm>

namespace rastro {

std::string_view direction_of(const Journey& journey) {
  auto method = SubmissionMethod::unknown;
  for (const auto& leg : journey.legs) {
    if (method == SubmissionMethod::unknown) method = leg.submission.method;
  }
  const bool ours = method != SubmissionMethod::mx && method != SubmissionMethod::unknown;
  const bool stays = std::ranges::any_of(journey.recipients, [](const auto& recipient) {
    const auto where = recipient.state.delivered_to;
    return where == DeliveredTo::mailbox || where == DeliveredTo::program ||
           where == DeliveredTo::file ||
           (where == DeliveredTo::nowhere && recipient.state.relay.ip.empty());
  });
  const bool leaves = std::ranges::any_of(
      journey.recipients, [](const auto& recipient) { return !recipient.state.relay.ip.empty(); });
  if (ours) return leaves || !stays ? "out" : "local";
  return leaves && !stays ? "relay" : "in";
}

}  // namespace rastro
