#include "daemon/answer/direction.h"

#include <algorithm>

#include "core/address.h"
#include "core/ip_networks.h"
#include "daemon/answer/explain.h"

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
  if (is_own_hop(state) || is("local") || is("virtual") || is("pipe")) return false;
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
  // What a filter on this machine did not take, or took and threw away, may have been for anybody.
  return is_at_mailbox_server(state) || (!is_loopback(state.relay.ip) && !leaves_us(state));
}

}  // namespace

bool leaves_us(const LegRecipient& state) {
  const bool placed =
      state.delivered_to != DeliveredTo::nowhere && state.delivered_to != DeliveredTo::remote;
  if (placed || is_loopback(state.relay.ip)) return false;
  if (is_at_mailbox_server(state)) return false;
  return !state.relay.ip.empty() || failed_on_the_way_out(state);
}

std::string_view direction_of(const Journey& journey) {
  auto method = SubmissionMethod::unknown;
  for (const auto& leg : journey.legs) {
    if (method == SubmissionMethod::unknown) method = leg.submission.method;
  }
  const bool ours = method != SubmissionMethod::mx && method != SubmissionMethod::unknown;
  const bool stays = std::ranges::any_of(
      journey.recipients, [](const auto& recipient) { return ends_here(recipient.state); });
  const bool leaves = std::ranges::any_of(
      journey.recipients, [](const auto& recipient) { return leaves_us(recipient.state); });
  if (ours) return leaves || !stays ? "out" : "local";
  return leaves && !stays ? "relay" : "in";
}

}  // namespace rastro
