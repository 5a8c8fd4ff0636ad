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
  switch (kind) {
    case ChildAnnounced::Kind::non_delivery:
      return LegLink::Kind::bounce;
    case ChildAnnounced::Kind::delay:
      return LegLink::Kind::delay_notice;
    case ChildAnnounced::Kind::delivery_status:
    case ChildAnnounced::Kind::postmaster:
      break;
  }
  return LegLink::Kind::report;
}

// Exim logs a bounce, a delay warning, a delivery report and an automatic answer in one form: what
// has happened since the last bounce tells them apart.
LegLink::Kind report_kind(const LegRecord& parent) {
  Time last_bounce = Time::min();
  for (const auto& link : parent.links) {
    if (link.kind == LegLink::Kind::bounce) last_bounce = std::max(last_bounce, link.at);
  }
  bool waits = false;
  for (const auto& recipient : parent.recipients) {
    const bool failed =
        recipient.outcome == Outcome::bounced || recipient.outcome == Outcome::expired;
    if (failed && recipient.last_attempt_at.value_or(Time::max()) > last_bounce) {
      return LegLink::Kind::bounce;
    }
    waits = waits || recipient.outcome == Outcome::deferred;
  }
  return waits ? LegLink::Kind::delay_notice : LegLink::Kind::report;
}

}  // namespace

// The first six characters of an Exim id are the second, in base 62, in which its content began to
// come.
std::optional<Time> reception_began(std::string_view exim_id) {
  constexpr std::size_t kDigits = 6;
  if (exim_id.size() <= kDigits || exim_id[kDigits] != '-') return std::nullopt;
  std::int64_t seconds = 0;
  for (const char c : exim_id.substr(0, kDigits)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'Z' ? c - 'A' + 10
                      : c >= 'a' && c <= 'z' ? c - 'a' + 36
                                             : -1;
    if (digit < 0) return std::nullopt;
    seconds = seconds * 62 + digit;
  }
  return Time(std::chrono::seconds(seconds));
}

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
    kind = parent != nullptr ? report_kind(*parent) : LegLink::Kind::bounce;
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

std::string_view claimed_queue_id(std::string_view reply_text) {
  constexpr std::string_view kMark = "queued as ";
  const auto at = reply_text.rfind(kMark);
  if (at == std::string_view::npos) return {};
  auto id = reply_text.substr(at + kMark.size());
  return id.substr(0, id.find_first_of(" ;)"));
}

bool within_reception(const LegRecord& leg, Time refused_at, Time received_at) {
  constexpr auto kBeforeContent = std::chrono::seconds(10);
  constexpr auto kContentMax = std::chrono::hours(1);
  auto began = reception_began(leg.queue_id).value_or(received_at);
  // The log's stamps may be in another zone than we think.
  if (began > received_at + std::chrono::seconds(1) || received_at - began > kContentMax) {
    began = received_at;
  }
  return refused_at >= began - kBeforeContent;
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
