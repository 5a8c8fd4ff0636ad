#include "daemon/answer/direction.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/address.h"
#include "core/ip_networks.h"
#include "daemon/explain/explain.h"

namespace rastro {
namespace {

// "delivery temporarily suspended: host mx.example.org[192.0.2.7] said: ...", by the queue manager
// or error(8) in its name: another message's attempt.
bool tells_of_another_server(std::string_view text) {
  if (!text.starts_with("delivery temporarily suspended: ")) return false;
  const auto open = text.find('[');
  if (open == std::string_view::npos) return false;
  const auto ip = text.substr(open + 1, text.find(']', open) - open - 1);
  return ip.find_first_not_of("0123456789abcdefABCDEF.:") == std::string_view::npos &&
         ip.find_first_of(".:") != std::string_view::npos && !is_loopback(ip);
}

// What takes mail for this machine's own mailboxes.
bool is_for_here(const LegRecipient& state) {
  const std::string_view agent = state.agent;
  return is_own_hop(state) ||
         std::ranges::any_of(
             std::array<std::string_view, 4>{"lmtp", "local", "virtual", "pipe"},
             [agent](std::string_view name) { return agent.find(name) != std::string_view::npos; });
}

// What never reached another server was meant for one: the attempt to get there failed.
bool failed_on_the_way_out(const LegRecipient& state) {
  if (state.outcome != Outcome::deferred && state.outcome != Outcome::bounced &&
      state.outcome != Outcome::expired) {
    return false;
  }
  const std::string_view agent = state.agent;
  const auto is = [agent](std::string_view name) {
    return agent.find(name) != std::string_view::npos;
  };
  if (is_for_here(state)) return false;
  if (is("smtp") || tells_of_another_server(state.reply_text)) return true;
  switch (state.reason) {  // told by the queue manager, or by Exim's router
    case Reason::domain_not_found:
    case Reason::dns_temporary:
    case Reason::connection_timeout:
    case Reason::connection_refused:
    case Reason::connection_lost:
    case Reason::network_unreachable:
      return true;
    default:
      return false;
  }
}

// LMTP is spoken inside of one mail system (RFC 2033 section 5); at a high port of this machine it
// may be a content filter's ("lmtp:[127.0.0.1]:10024"), which is no end.
bool is_at_mailbox_server(const LegRecipient& state) {
  constexpr unsigned kWellKnownMax = 1023;
  if (ascii_lower(state.agent).find("lmtp") == std::string::npos) return false;
  return !is_loopback(state.relay.ip) || state.relay.port <= kWellKnownMax;
}

// "example.org" and "mail.example.org".
bool is_same_site(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  return !b.empty() && equal_ignoring_case(a.substr(a.size() - b.size()), b) &&
         (a.size() == b.size() || a[a.size() - b.size() - 1] == '.');
}

// Of one that no attempt, or none that says where to, was made for: refused, on hold, in the queue,
// put off by the queue manager in an earlier attempt's name. Who hands in mail here has an address
// here; of other domains most are elsewhere.
bool is_of_another_site(const std::vector<std::string_view>& senders, const LegRecipient& state) {
  const auto domain = split_address(state.recipient).domain;
  if (domain.empty() || is_for_here(state)) return false;
  // A table of this server's own recipients says so.
  if (state.reason == Reason::user_unknown || state.reason == Reason::mailbox_full ||
      state.reason == Reason::mailbox_disabled)
    return false;
  bool has_sender = false;
  for (const auto sender : senders) {
    const auto own = split_address(sender).domain;
    if (is_same_site(own, domain)) return false;
    has_sender = has_sender || !own.empty();
  }
  return has_sender;
}

// As far as its attempts say.
bool ends_here(const LegRecipient& state) {
  switch (state.delivered_to) {
    case DeliveredTo::mailbox:
    case DeliveredTo::program:
    case DeliveredTo::file:
      return true;
    case DeliveredTo::remote:
      return is_at_mailbox_server(state);
    case DeliveredTo::nowhere:
      break;
  }
  if (is_at_mailbox_server(state)) return true;
  // What a filter on this machine did not take, or took and threw away, may have been for anybody.
  return !is_loopback(state.relay.ip) && !leaves_us(state);
}

}  // namespace

bool leaves_us(const LegRecipient& state) {
  const bool placed =
      state.delivered_to != DeliveredTo::nowhere && state.delivered_to != DeliveredTo::remote;
  if (placed || is_loopback(state.relay.ip)) return false;
  if (is_at_mailbox_server(state)) return false;
  return !state.relay.ip.empty() || failed_on_the_way_out(state);
}

RecipientEnd end_of(const LegRecipient& state, const std::vector<std::string_view>& senders) {
  RecipientEnd out;
  out.here = ends_here(state);
  out.leaves = leaves_us(state);
  // What was put somewhere says itself where.
  const bool placed = state.delivered_to != DeliveredTo::nowhere || is_at_mailbox_server(state);
  out.elsewhere = out.here && !placed && is_of_another_site(senders, state);
  return out;
}

Direction::Direction(SubmissionMethod method)
    : ours_(method != SubmissionMethod::mx && method != SubmissionMethod::unknown) {}

void Direction::add(const RecipientEnd& end) {
  stays_ = stays_ || (end.here && !(ours_ && end.elsewhere));
  leaves_ = leaves_ || end.leaves;
}

std::string_view Direction::name() const {
  if (ours_) return leaves_ || !stays_ ? "out" : "local";
  return leaves_ && !stays_ ? "relay" : "in";
}

std::string_view direction_of(const Journey& journey) {
  auto method = SubmissionMethod::unknown;
  std::vector<std::string_view> senders;
  for (const auto& leg : journey.legs) {
    if (method == SubmissionMethod::unknown) method = leg.submission.method;
    for (const auto* address : {&leg.envelope_sender, &leg.submission.login}) {
      if (*address) senders.push_back(**address);
    }
  }
  Direction direction(method);
  for (const auto& recipient : journey.recipients) direction.add(end_of(recipient.state, senders));
  return direction.name();
}

}  // namespace rastro
