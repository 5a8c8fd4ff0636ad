// smtp, lmtp, local, virtual, pipe, error, retry, discard: "ID: to=<...>, ..., status=... (...)"
// (Postfix src/global/log_adhoc.c) and their other lines.
#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

std::optional<DeliveryStatus> status_of(std::string_view word) {
  if (word == "sent") return DeliveryStatus::sent;
  if (word == "deferred" || word == "SOFTBOUNCE") return DeliveryStatus::deferred;
  if (word == "bounced") return DeliveryStatus::bounced;
  if (word == "expired") return DeliveryStatus::expired;
  if (word == "deliverable") return DeliveryStatus::deliverable;
  if (word == "undeliverable") return DeliveryStatus::undeliverable;
  return std::nullopt;
}

bool take_delays(std::string_view value, std::optional<Delays>& out) {
  Delays delays;
  for (auto* part : {&delays.before_queue_manager, &delays.in_queue_manager,
                     &delays.connection_setup, &delays.transmission}) {
    const auto seconds = maybe_take_seconds(value);
    if (!seconds) return false;
    *part = *seconds;
    if (part != &delays.transmission && !maybe_take(value, '/')) return false;
  }
  out = delays;
  return value.empty();
}

bool take_relay(std::string_view value, Peer& relay) {
  if (value == "none" || value.empty()) return true;
  auto rest = value;
  if (const auto peer = maybe_take_peer(rest)) {
    relay = *peer;
    // "host[private/dovecot-lmtp]" names a socket, not an address.
    if (relay.ip.find('/') != std::string_view::npos) relay.ip = {};
    return true;
  }
  relay.host = value;
  return true;
}

bool take_field(std::string_view& rest, DeliveryAttempt& out) {
  const auto name = maybe_take_until(rest, '=');
  if (!name) return false;
  if (*name == "to" || *name == "orig_to") {
    std::optional<std::string_view> address = maybe_take_address(rest);
    if (!address) {
      const auto end = rest.find(", ");
      if (end == std::string_view::npos) return false;
      address = rest.substr(0, end);
      rest.remove_prefix(end);
    }
    (*name == "to" ? out.recipient : out.original_recipient) = *address;
    return maybe_take(rest, ", ");
  }
  const auto value = maybe_take_until(rest, std::string_view(", "));
  if (!value) return false;
  auto left = *value;
  if (*name == "relay") return take_relay(*value, out.relay);
  if (*name == "delay") {
    out.delay = maybe_take_seconds(left);
    return out.delay && left.empty();
  }
  if (*name == "delays") return take_delays(*value, out.delays);
  if (*name == "dsn") {
    out.enhanced_status = parse_enhanced_status(*value);
    return out.enhanced_status.has_value();
  }
  if (*name == "tls") out.tls = *value;
  return name->find(' ') == std::string_view::npos;
}

// What stands behind "host mx[ip] said: " is the reply.
void read_reply(DeliveryAttempt& out) {
  auto text = out.reply_text;
  auto codes = reply_codes_of(text);
  if (codes.code == 0) {
    const auto said = text.find("] said: ");
    if (text.starts_with("host ") && said != std::string_view::npos) {
      codes = reply_codes_of(text.substr(said + 8));
    } else if (const auto refused = text.find("] refused to talk to me: ");
               text.starts_with("host ") && refused != std::string_view::npos) {
      codes = reply_codes_of(text.substr(refused + 25));
    }
  }
  out.reply_code = codes.code;
  if (!out.enhanced_status) out.enhanced_status = codes.enhanced_status;
}

void read_destination(std::string_view agent, DeliveryAttempt& out) {
  if (out.status != DeliveryStatus::sent) return;
  auto text = out.reply_text;
  if (agent == "discard") {
    out.status = DeliveryStatus::discarded;
  } else if (maybe_take(text, "forwarded as ")) {
    const auto id = maybe_take_word(text);
    if (id && is_postfix_queue_id(*id)) out.forwarded_as = *id;
  } else if (agent == "pipe" || text.starts_with("delivered to command")) {
    out.delivered_to = DeliveredTo::program;
  } else if (text.starts_with("delivered to file")) {
    out.delivered_to = DeliveredTo::file;
  } else if (agent == "local" || agent == "virtual") {
    out.delivered_to = DeliveredTo::mailbox;
  } else {
    out.delivered_to =
        agent == "lmtp" && text.ends_with(" Saved") ? DeliveredTo::mailbox : DeliveredTo::remote;
    if (text.starts_with("250 ") || text.starts_with("2")) out.queued_as = queued_as(text);
  }
}

}  // namespace

ParsedLine parse_attempt(std::string_view agent, std::string_view id, std::string_view text) {
  DeliveryAttempt out;
  out.queue_id = id;
  out.agent = agent;
  while (!text.starts_with("status=")) {
    if (!take_field(text, out)) return {};
  }
  text.remove_prefix(7);
  const auto word = maybe_take_word(text);
  if (!word) return {};
  const auto status = status_of(*word);
  if (!status || !maybe_take(text, " (") || !text.ends_with(')')) return {};
  text.remove_suffix(1);
  out.status = *status;
  out.soft_bounce = *word == "SOFTBOUNCE";
  out.reply_text = text;
  out.bookkeeping = agent == "error" || agent == "retry";
  if (out.bookkeeping && out.status == DeliveryStatus::bounced) out.bookkeeping = false;
  read_reply(out);
  read_destination(agent, out);
  if (!out.recipient && out.status != DeliveryStatus::deferred) return {};
  const bool probe =
      out.status == DeliveryStatus::deliverable || out.status == DeliveryStatus::undeliverable;
  return {probe ? LineKind::postfix_verify : LineKind::postfix_delivery, out};
}

ParsedLine parse_delivery(const LineHeader& header, std::string_view text) {
  const auto agent = header.program.substr(header.program.rfind('/') + 1);
  if (const auto id = maybe_take_queue_id(text)) {
    if (text.starts_with("to=") || text.starts_with("orig_to=") || text.starts_with("status=")) {
      return parse_attempt(agent, *id, text);
    }
    auto rest = text;
    if (maybe_take(rest, "host ")) {
      const auto peer = maybe_take_peer(rest);
      if (!peer) return {};
      if (rest.starts_with(" said: ") || rest.starts_with(" refused to talk to me: ")) {
        return {LineKind::postfix_host_failure, HostFailure{*id, *peer, text}};
      }
      return {LineKind::postfix_note, Note{*id, Note::About::other, text}};
    }
    for (const std::string_view mark :
         {"lost connection with ", "conversation with ", "enabling PIX workarounds: "}) {
      if (text.starts_with(mark))
        return {LineKind::postfix_host_failure, HostFailure{*id, {}, text}};
    }
    for (const std::string_view mark : {"Cannot start TLS: ", "TLS is required, ",
                                        "breaking line > ", "Server certificate not "}) {
      if (text.starts_with(mark))
        return {LineKind::postfix_note, Note{*id, Note::About::other, text}};
    }
    return {};
  }
  if (auto tls = parse_tls(text, SessionTls::Direction::outbound);
      tls.kind != LineKind::unrecognised)
    return tls;
  auto rest = text;
  if (maybe_take(rest, "connect to ")) {
    const auto peer = maybe_take_peer(rest);
    if (!peer || !maybe_take(rest, ": ")) return {};
    return {LineKind::postfix_host_failure, HostFailure{{}, *peer, text}};
  }
  return parse_general(text);
}

}  // namespace rastro::postfix
