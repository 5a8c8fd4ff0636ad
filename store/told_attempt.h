#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/journey.h"

namespace rastro {

// The address of the recipient that the entry is about, if there is one.
inline std::string_view recipient_of(const TimelineEntry& entry, const LegRecord& leg) {
  const auto index = static_cast<std::size_t>(entry.recipient);
  if (entry.recipient < 0 || index >= leg.recipients.size()) return {};
  return leg.recipients[index].recipient;
}

// The timeline entry that a recipient's own row tells: its last attempt.
inline TimelineEntry last_attempt(const LegRecipient& recipient, std::int32_t index) {
  TimelineEntry entry;
  entry.at = recipient.last_attempt_at.value_or(Time{});
  entry.kind = TimelineEntry::Kind::attempt;
  entry.recipient = index;
  entry.ordinal = recipient.attempts;
  entry.result = recipient.outcome;
  entry.reason = recipient.reason;
  entry.reply_code = recipient.reply_code;
  entry.enhanced_status = recipient.enhanced_status;
  entry.agent = recipient.agent;
  entry.relay = recipient.relay;
  entry.text = recipient.reply_text;
  return entry;
}

inline bool tells_the_same(const TimelineEntry& entry, const LegRecipient& recipient) {
  return entry.kind == TimelineEntry::Kind::attempt && recipient.last_attempt_at == entry.at &&
         entry.ordinal == recipient.attempts && entry.result == recipient.outcome &&
         entry.reason == recipient.reason && entry.reply_code == recipient.reply_code &&
         entry.enhanced_status == recipient.enhanced_status && entry.agent == recipient.agent &&
         entry.relay == recipient.relay && entry.text == recipient.reply_text;
}

}  // namespace rastro
