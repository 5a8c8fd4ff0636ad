#include "daemon/answer/link_agreement.h"

#include <algorithm>
#include <chrono>

#include "core/address.h"
#include "core/ip_networks.h"
#include "core/message_id.h"

namespace rastro {

bool names_address(const LegRecord& leg, const std::string& address) {
  return std::ranges::any_of(leg.recipients, [&](const LegRecipient& recipient) {
    return equal_ignoring_case(recipient.recipient, address) ||
           (recipient.original_recipient &&
            equal_ignoring_case(*recipient.original_recipient, address));
  });
}

namespace {

using std::chrono::hours;
using std::chrono::seconds;

// Whether a refused dialogue and a message are one mail: of one sender, and not an earlier try of
// the same message, which was refused for now and came back.
bool same_dialogue(const LegRecord& a, const LegRecord& b) {
  if (a.host != b.host || a.mta != b.mta || !a.envelope_sender || !b.envelope_sender) return false;
  const auto& refused = a.queue_id.empty() ? a : b;
  const auto& taken = a.queue_id.empty() ? b : a;
  // Refused at MAIL: there was no mail.
  return !refused.recipients.empty() &&
         equal_ignoring_case(*a.envelope_sender, *b.envelope_sender) &&
         std::ranges::none_of(refused.links, [&](const LegLink& link) {
           return link.kind == LegLink::Kind::retry && link.queue_id == taken.queue_id;
         });
}

std::string_view bare_message_id_of(const LegRecord& leg) {
  return leg.message_id ? bare_message_id(*leg.message_id) : std::string_view();
}

// Exim makes a Message-ID of its own id, "E1tFxyz-000123-AB@host", and does not log it for what it
// made itself.
bool made_of_id(const LegRecord& leg, std::string_view message_id) {
  if (leg.mta != Mta::exim || leg.message_id || !message_id.starts_with('E')) return false;
  message_id.remove_prefix(1);
  if (!message_id.starts_with(leg.queue_id)) return false;
  return message_id.substr(leg.queue_id.size()).starts_with('@');
}

// Two hosts may give one message the same queue id: then each leg seems to name the other, and the
// one that began later is the next hop.
bool is_the_earlier_hop(const LegRecord& child, const LegRecord& parent) {
  return child.opened_at < parent.opened_at &&
         std::ranges::any_of(child.links, [&](const LegLink& link) {
           return link.direction == LegLink::Direction::child && link.claimed_by_peer &&
                  link.queue_id == parent.queue_id;
         });
}

// A queue id becomes known when its message comes, not before: who names one of a message that was
// here already read it in a header. Clocks of two hosts differ; what is not known is when a message
// came whose first lines are missing.
bool began_too_early(const LegRecord& child, const LegRecord& parent) {
  const auto skew = child.host == parent.host ? seconds(2) : seconds(60);
  return parent.arrival_seen && child.opened_at + skew < parent.opened_at;
}

// Where a Message-ID stands in one log only, or in none: from the same sender to the same
// recipient, begun while it was handed over. A stranger may name any id, and knows who wrote to
// him, but not to whom else a message of ours with that id is.
bool is_of_same_mail(const LegRecord& parent, const LegRecipient& passed, const LegRecord& child,
                     Time passed_at) {
  constexpr auto kHandOverMax = std::chrono::minutes(10);
  if (!child.arrival_seen || !parent.envelope_sender || !child.envelope_sender) return false;
  return equal_ignoring_case(*parent.envelope_sender, *child.envelope_sender) &&
         names_address(child, passed.recipient) && child.opened_at > passed_at - kHandOverMax &&
         child.opened_at < passed_at + seconds(60) && !is_the_earlier_hop(child, parent);
}

}  // namespace

bool agrees(const LegRecord& from, const LegLink& link, const LegRecord& other, bool& inferred) {
  if (other.id == from.id || other.queue_id != link.queue_id) return false;
  const bool child = link.direction == LegLink::Direction::child;
  const auto& parent_leg = child ? from : other;
  const auto& child_leg = child ? other : from;
  // The child begins about when the parent names it; queue ids are used again.
  if (child && (other.opened_at > link.at + hours(1) ||
                other.last_activity_at + seconds(10) < parent_leg.opened_at))
    return false;
  if (!child && (parent_leg.opened_at > child_leg.opened_at + seconds(10))) return false;
  if (child && other.opened_at + hours(1) < link.at && link.kind != LegLink::Kind::session)
    return false;
  if (link.kind == LegLink::Kind::session) {
    inferred = link.claimed_by_peer;
    return same_dialogue(from, other);
  }
  if (link.kind == LegLink::Kind::retry) {
    // By client, sender and recipient: two mails may have them.
    const auto id = bare_message_id_of(from);
    inferred = id.empty() || id != bare_message_id_of(other);
  }
  if (!link.claimed_by_peer) return from.host == other.host && from.mta == other.mta;
  if (began_too_early(child_leg, parent_leg)) return false;
  const auto from_id = bare_message_id_of(from);
  const auto other_id = bare_message_id_of(other);
  if (!from_id.empty() && !other_id.empty()) {
    inferred = false;
    return from_id == other_id && !is_the_earlier_hop(child_leg, parent_leg);
  }
  if (made_of_id(from, other_id)) {
    inferred = false;
    return true;
  }
  inferred = true;
  if (link.recipient < 0 || static_cast<std::size_t>(link.recipient) >= from.recipients.size())
    return false;
  const auto& passed = from.recipients[static_cast<std::size_t>(link.recipient)];
  const auto& relay = passed.relay;
  // Its own address, by whatever name, is this host as much as loopback is.
  const bool to_itself =
      is_loopback(relay.ip) || (!relay.ip.empty() && relay.ip == child_leg.submission.client.ip);
  return (to_itself && from.host == other.host) || is_of_same_mail(from, passed, other, link.at);
}

bool is_nearer(const LegLink& link, const LegRecord& a, const LegRecord& b) {
  if (link.direction == LegLink::Direction::parent) {
    const bool a_had_begun = a.opened_at <= link.at;
    if (a_had_begun != (b.opened_at <= link.at)) return a_had_begun;
  }
  const auto apart = [&](const LegRecord& leg) {
    return leg.opened_at < link.at ? link.at - leg.opened_at : leg.opened_at - link.at;
  };
  return apart(a) < apart(b);
}

}  // namespace rastro
