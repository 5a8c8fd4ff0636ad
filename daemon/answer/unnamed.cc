#include "daemon/answer/unnamed.h"

#include <algorithm>

namespace rastro {
namespace {

// What a thing done to the message makes of it; nullopt: it stays what it was.
std::optional<Outcome> outcome_of(const TimelineEntry& entry) {
  using Kind = TimelineEntry::Kind;
  if (is_cancellation(entry)) return Outcome::bounced;
  switch (entry.kind) {
    case Kind::rejected:
      return Outcome::rejected;
    case Kind::held:
      return Outcome::held;
    case Kind::released:
    case Kind::requeued:
      return Outcome::queued;
    case Kind::deleted:
      return Outcome::deleted;
    case Kind::expired:
      return Outcome::expired;
    case Kind::discarded:
      return Outcome::discarded;
    case Kind::note:  // Exim's system filter puts the message off
      return entry.reason == Reason::none ? std::nullopt : std::optional(Outcome::deferred);
    case Kind::bounce_sent:  // of those whom no line names
      return Outcome::bounced;
    default:
      return std::nullopt;
  }
}

// Of a leg that names none.
std::optional<LegRecipient> end_of(const LegRecord& leg) {
  LegRecipient all;
  bool told = false;
  for (const auto& entry : leg.timeline) {
    const auto outcome = outcome_of(entry);
    if (!outcome) continue;
    // The report of a cancellation: why it was cancelled has been said.
    if (entry.kind == TimelineEntry::Kind::bounce_sent && told && all.outcome == *outcome) continue;
    told = true;
    all.outcome = *outcome;
    all.reason = entry.reason;
    all.reply_code = entry.reply_code;
    all.enhanced_status = entry.enhanced_status;
    all.reply_text = entry.text;
    all.first_attempt_at = all.first_attempt_at.value_or(entry.at);
    all.last_attempt_at = entry.at;
  }
  if (told) return all;
  if (is_open(leg)) {
    all.outcome = leg.held ? Outcome::held : Outcome::queued;
    return all;
  }
  if (!leg.accepted) return std::nullopt;
  all.outcome = Outcome::unknown;
  all.unknown_because = UnknownBecause::hole;
  return all;
}

bool was_said_no_to(const LegRecord& leg) {
  return std::ranges::any_of(leg.timeline, [](const TimelineEntry& entry) {
    return entry.kind == TimelineEntry::Kind::rejected;
  });
}

}  // namespace

std::optional<JourneyRecipient> end_of_unnamed(const std::vector<LegRecord>& legs) {
  const bool named =
      std::ranges::any_of(legs, [](const LegRecord& leg) { return !leg.recipients.empty(); });
  if (named || legs.empty()) return std::nullopt;
  auto end = end_of(legs.back());
  if (!end) return std::nullopt;
  return JourneyRecipient{std::move(*end), legs.size() - 1};
}

std::string_view arrival_of(const LegRecord& first) {
  if (first.accepted) return first.accepted_at ? "accepted" : "not_logged";
  const bool all_refused = !first.recipients.empty() &&
                           std::ranges::all_of(first.recipients, [](const LegRecipient& recipient) {
                             return recipient.outcome == Outcome::rejected;
                           });
  if (all_refused || was_said_no_to(first)) return "refused";
  if (!first.arrival_seen) return "not_logged";
  return is_open(first) ? "under_way" : "broken_off";
}

}  // namespace rastro
