#include "daemon/correlate/link_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/ip_networks.h"
#include "core/report_note.h"
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

bool is_bounce(const LegRecord& leg) { return leg.envelope_sender && leg.envelope_sender->empty(); }

// Exim logs a bounce, a delay warning, a delivery report and an automatic answer in one form: what
// has happened since the last bounce tells them apart. Its stamps are whole seconds, and it sends
// warnings behind bounces: of what failed in the second of the last bounce, only who still waits
// makes another notice anything but a second bounce, as for another address of errors_to.
LegLink::Kind report_kind(const LegRecord& parent) {
  Time last_bounce = Time::min();
  for (const auto& link : parent.links) {
    if (link.kind == LegLink::Kind::bounce) last_bounce = std::max(last_bounce, link.at);
  }
  // The whole message came to nothing: cancelled, or refused to a local caller, who is told by
  // mail.
  if (parent.recipients.empty() && last_bounce == Time::min()) return LegLink::Kind::bounce;
  bool waits = false;
  bool failed_then = false;
  for (const auto& recipient : parent.recipients) {
    waits = waits || recipient.outcome == Outcome::deferred;
    if (recipient.outcome != Outcome::bounced && recipient.outcome != Outcome::expired) continue;
    const auto failed_at = recipient.last_attempt_at.value_or(Time::max());
    if (failed_at > last_bounce) return LegLink::Kind::bounce;
    failed_then = failed_then || failed_at == last_bounce;
  }
  // Nobody is warned about a bounce.
  if (waits && !is_bounce(parent)) return LegLink::Kind::delay_notice;
  return failed_then ? LegLink::Kind::bounce : LegLink::Kind::report;
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

TimelineEntry sending_of(LegLink::Kind kind, std::string_view child_id, Time at) {
  TimelineEntry sent;
  sent.at = at;
  sent.text = child_id;
  if (kind == LegLink::Kind::bounce) {
    sent.kind = TimelineEntry::Kind::bounce_sent;
  } else if (kind == LegLink::Kind::delay_notice) {
    sent.kind = TimelineEntry::Kind::delay_notice_sent;
  } else {
    sent.text = report_note(sent.text);  // no kind of its own
  }
  return sent;
}

std::string mark_answered(LegRecord& parent) {
  constexpr auto kDeliveryMax = std::chrono::minutes(1);
  LegLink* newest = nullptr;
  for (auto& link : parent.links) {
    const bool of_notice =
        link.kind == LegLink::Kind::bounce || link.kind == LegLink::Kind::delay_notice;
    if (of_notice && link.direction == LegLink::Direction::child) newest = &link;
  }
  if (newest == nullptr || parent.last_activity_at - newest->at > kDeliveryMax) return {};
  newest->kind = LegLink::Kind::report;
  return newest->queue_id;
}

bool is_told_to_postmaster(const LegRecord& frozen, Time at) {
  constexpr auto kWarningMin = std::chrono::minutes(1);
  if (is_bounce(frozen)) return true;
  const bool failed = std::ranges::any_of(frozen.recipients, [](const LegRecipient& recipient) {
    return recipient.outcome == Outcome::bounced || recipient.outcome == Outcome::expired;
  });
  if (failed) return false;
  return frozen.recipients.empty() || at - frozen.opened_at < kWarningMin;
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
