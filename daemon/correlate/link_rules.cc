#include "daemon/correlate/link_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/correlate/leg_updates.h"

namespace rastro {
namespace {

LegLink make_link(LegLink::Kind kind, LegLink::Direction direction, std::string_view queue_id,
                  Time at) {
  LegLink link;
  link.kind = kind;
  link.direction = direction;
  link.queue_id = queue_id;
  link.at = at;
  return link;
}

LegLink::Kind report_kind(ChildAnnounced::Kind kind) {
  return kind == ChildAnnounced::Kind::delay ? LegLink::Kind::delay_notice : LegLink::Kind::bounce;
}

bool only_waits(const LegRecord& parent) {
  return std::ranges::any_of(parent.recipients,
                             [](const auto& r) { return r.outcome == Outcome::deferred; }) &&
         std::ranges::none_of(parent.recipients, [](const auto& r) {
           return r.outcome == Outcome::bounced || r.outcome == Outcome::expired;
         });
}

}  // namespace

std::optional<LegLink> link_of(const DeliveryAttempt& event, std::int32_t recipient, Time at) {
  if (event.status != DeliveryStatus::sent) return std::nullopt;
  if (!event.forwarded_as.empty()) {
    auto link =
        make_link(LegLink::Kind::forward, LegLink::Direction::child, event.forwarded_as, at);
    link.recipient = recipient;
    return link;
  }
  if (!event.queued_as || event.queued_as->empty()) return std::nullopt;
  const auto kind = is_loopback(event.relay.ip) ? LegLink::Kind::filter : LegLink::Kind::hop;
  auto link = make_link(kind, LegLink::Direction::child, *event.queued_as, at);
  link.claimed_by_peer = true;
  link.recipient = recipient;
  return link;
}

std::optional<LegLink> link_of(const Arrival& event, const LegRecord* parent, Mta mta, Time at) {
  if (!event.parent_id || event.parent_id->empty()) return std::nullopt;
  auto kind = LegLink::Kind::filter;
  if (event.parent_is_bounced) {
    kind = parent != nullptr && only_waits(*parent) ? LegLink::Kind::delay_notice
                                                    : LegLink::Kind::bounce;
  } else if (mta == Mta::exim) {
    kind = LegLink::Kind::forward;
  } else if (event.method == ArrivalMethod::local) {
    kind = LegLink::Kind::requeue;
  }
  return make_link(kind, LegLink::Direction::parent, *event.parent_id, at);
}

LegLink link_to_parent(const ChildAnnounced& event, Time at) {
  return make_link(report_kind(event.kind), LegLink::Direction::parent, event.queue_id, at);
}

LegLink link_to_child(const ChildAnnounced& event, Time at) {
  return make_link(report_kind(event.kind), LegLink::Direction::child, event.child_id, at);
}

bool add_link(LegRecord& leg, LegLink&& link, std::size_t links_max) {
  const bool known = std::ranges::any_of(leg.links, [&](const LegLink& other) {
    return other.kind == link.kind && other.direction == link.direction &&
           other.queue_id == link.queue_id && other.recipient == link.recipient;
  });
  if (known) return true;
  if (leg.links.size() >= links_max) return false;
  leg.links.push_back(std::move(link));
  return true;
}

}  // namespace rastro
