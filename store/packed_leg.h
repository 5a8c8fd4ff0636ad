#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/enhanced_status.h"
#include "core/journey.h"
#include "store/packed_fields.h"

namespace rastro {

// What the column `more` of a leg or delivery row is made of (docs/store.md, "more"). New fields
// come last; none is ever given another meaning.

// The header: what the first version of a leg says and later ones mostly repeat.
struct HeaderField {
  enum : unsigned {
    protocol,
    instance,
    recipient_count,
    accepted_after,
    size_bytes,
    method,
    accepted_tls,
    helo,
    client_port,
    accepted_reply_code,
    accepted_reply,
    accepted_reply_part,
    generation,
    subject,
    uid,
    user,
    script,
    script_dir,
    helo_of_client,  // it is the client's host
    count
  };
};
inline constexpr FieldInfo kHeaderFields[] = {
    {"protocol", FieldKind::name},
    {"instance", FieldKind::name},
    {"recipient_count", FieldKind::number},
    {"accepted_after", FieldKind::difference},
    {"size_bytes", FieldKind::number},
    {"method", FieldKind::number},
    {"accepted_tls", FieldKind::name},
    {"helo", FieldKind::text},
    {"client_port", FieldKind::number},
    {"accepted_reply_code", FieldKind::number},
    {"accepted_reply", FieldKind::name},
    {"accepted_reply_part", FieldKind::text},
    {"generation", FieldKind::number},
    {"subject", FieldKind::text},
    {"uid", FieldKind::number},
    {"user", FieldKind::text},
    {"script", FieldKind::text},
    {"script_dir", FieldKind::text},
    {"helo_of_client", FieldKind::mark},
};
using PackedHeader = PackedFields<HeaderField::count>;

struct RecipientField {
  enum : unsigned {
    delivered_to,
    enhanced_status,
    agent,
    one_attempt,
    last_attempt,         // after the leg's last activity
    attempts,             // absent: none, or one_attempt
    first_attempt_after,  // absent: as the last one
    no_first_attempt,     // though there is a last one
    timeline_position,
    tls,
    original_recipient,
    dsn_original_recipient,
    folder,
    unknown_because,
    count
  };
};
inline constexpr FieldInfo kRecipientFields[] = {
    {"delivered_to", FieldKind::number},
    {"enhanced_status", FieldKind::number},
    {"agent", FieldKind::name},
    {"one_attempt", FieldKind::mark},
    {"last_attempt", FieldKind::difference},
    {"attempts", FieldKind::number},
    {"first_attempt_after", FieldKind::difference},
    {"no_first_attempt", FieldKind::mark},
    {"timeline_position", FieldKind::number},
    {"tls", FieldKind::name},
    {"original_recipient", FieldKind::text},
    {"dsn_original_recipient", FieldKind::text},
    {"folder", FieldKind::name},
    {"unknown_because", FieldKind::number},
};
using PackedRecipient = PackedFields<RecipientField::count>;

struct TimelineField {
  enum : unsigned {
    position,
    at_after,
    kind,
    recipient,  // absent: -1, the message
    ordinal,
    result,
    reason,
    reply_code,
    enhanced_status,
    agent,
    relay,
    reply,
    reply_part,
    count
  };
};
inline constexpr FieldInfo kTimelineFields[] = {
    {"position", FieldKind::number},
    {"at_after", FieldKind::difference},
    {"kind", FieldKind::number},
    {"recipient", FieldKind::difference},
    {"ordinal", FieldKind::number},
    {"result", FieldKind::number},
    {"reason", FieldKind::number},
    {"reply_code", FieldKind::number},
    {"enhanced_status", FieldKind::number},
    {"agent", FieldKind::name},
    {"relay", FieldKind::endpoint},
    {"reply", FieldKind::name},
    {"reply_part", FieldKind::text},
};
using PackedTimelineEntry = PackedFields<TimelineField::count>;

struct LinkField {
  enum : unsigned {
    kind,
    is_child,
    claimed_by_peer,
    queue_id,
    recipient,
    at_after,
    same_queue_id,    // as the link before
    packed_queue_id,  // store/packed_text.h
    count
  };
};
inline constexpr FieldInfo kLinkFields[] = {
    {"kind", FieldKind::number},          {"is_child", FieldKind::mark},
    {"claimed_by_peer", FieldKind::mark}, {"queue_id", FieldKind::text},
    {"recipient", FieldKind::difference}, {"at_after", FieldKind::difference},
    {"same_queue_id", FieldKind::mark},   {"packed_queue_id", FieldKind::text},
};
using PackedLink = PackedFields<LinkField::count>;

// The queue ids of a row's links, one after the other.
class LinkQueueIds {
 public:
  const std::string& next(const PackedLink& link);
  bool sound() const { return sound_; }  // false: one was damaged

 private:
  std::string id_;
  bool sound_ = true;
};

struct FactField {
  enum : unsigned { source, name, value, count };
};
inline constexpr FieldInfo kFactFields[] = {
    {"source", FieldKind::name},
    {"name", FieldKind::name},
    {"value", FieldKind::text},
};
using PackedFact = PackedFields<FactField::count>;

// The lists behind them, those that are there in this order; what is left are the lines.
enum class PackedList : std::uint8_t { timeline, links, facts };
inline constexpr unsigned kPackedLists = 3;
inline constexpr std::uint64_t list_bit(PackedList list) {
  return std::uint64_t{1} << static_cast<unsigned>(list);
}

// `more` of a leg row: what stands before the lists, taken off the front.
struct PackedLegStart {
  PackedHeader header;        // when the row has its own
  PackedRecipient recipient;  // when there is one
  bool take(std::string_view& more, bool has_header, bool has_recipient);
};

// Visits each item of the lists with visit(const Fields&); what is left in `more` are the lines.
// False: damaged.
template <std::size_t Count, typename Visit>
bool take_list(std::string_view& more, const FieldInfo (&infos)[Count], Visit&& visit) {
  const auto items = take_varint(more);
  if (!items) return false;
  PackedFields<Count> fields;
  for (std::uint64_t i = 0; i < *items; ++i) {
    if (!fields.take(more, infos)) return false;
    visit(fields);
  }
  return true;
}
template <typename OnEntry, typename OnLink, typename OnFact>
bool take_lists(std::string_view& more, OnEntry&& on_entry, OnLink&& on_link, OnFact&& on_fact) {
  const auto lists = take_varint(more);
  if (!lists || *lists >> kPackedLists != 0) return false;
  const auto there = [&](PackedList list) { return (*lists & list_bit(list)) != 0; };
  if (there(PackedList::timeline) && !take_list(more, kTimelineFields, on_entry)) return false;
  if (there(PackedList::links) && !take_list(more, kLinkFields, on_link)) return false;
  return !there(PackedList::facts) || take_list(more, kFactFields, on_fact);
}

// Outcome, reply code and reason of a recipient, in one number: 5, 16 and the other bits, so that
// the commonest take two bytes.
struct ResultNumber {
  Outcome outcome = Outcome::queued;
  std::uint16_t reply_code = 0;
  Reason reason = Reason::none;
};
std::int64_t pack_result(const ResultNumber& result);
ResultNumber unpack_result(std::int64_t packed);

// Class 0 to 7 and subject 0 to 15 leave 2.0.0 one byte; bit 0 says that they do not fit.
std::uint64_t pack_status(const EnhancedStatus& status);
EnhancedStatus unpack_status(std::uint64_t packed);

}  // namespace rastro
