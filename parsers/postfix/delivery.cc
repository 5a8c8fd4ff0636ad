// smtp, lmtp, local, virtual, pipe, error, retry, discard: "ID: to=<...>, ..., status=... (...)"
// (Postfix src/global/log_adhoc.c) and their other lines.
#include <array>

#include "parsers/forms.h"
#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

std::optional<DeliveryStatus> status_of(std::string_view word) {
  if (is(word, "sent")) return DeliveryStatus::sent;
  if (is(word, "deferred") || is(word, "SOFTBOUNCE")) return DeliveryStatus::deferred;
  if (is(word, "bounced")) return DeliveryStatus::bounced;
  if (word == "expired") return DeliveryStatus::expired;
  if (word == "deliverable") return DeliveryStatus::deliverable;
  if (word == "undeliverable") return DeliveryStatus::undeliverable;
  // With address_verify_negative_cache = no (src/global/verify.c).
  if (word == "undeliverable-but-not-cached") return DeliveryStatus::undeliverable;
  return std::nullopt;
}

[[gnu::always_inline]] inline bool take_delays(std::string_view& rest, std::optional<Delays>& out) {
  auto left = rest;
  Delays delays;
  for (auto* part : {&delays.before_queue_manager, &delays.in_queue_manager,
                     &delays.connection_setup, &delays.transmission}) {
    const auto seconds = maybe_take_seconds(left);
    if (!seconds) return false;
    *part = *seconds;
    if (part != &delays.transmission && !maybe_take(left, '/')) return false;
  }
  out = delays;
  rest = left;
  return true;
}

[[gnu::always_inline]] inline bool maybe_take_relay(std::string_view& rest, Peer& relay) {
  if (!maybe_take_peer(rest, relay)) return false;
  // "host[private/dovecot-lmtp]" names a socket, not an address.
  if (position_of(relay.ip, '/') != relay.ip.size()) relay.ip = {};
  return true;
}

void read_relay(std::string_view value, Peer& relay) {
  if (value == "none" || value.empty()) return;
  auto rest = value;
  if (!maybe_take_relay(rest, relay)) relay.host = value;
}

// The value of "to=" or "orig_to=".
bool take_recipient(std::string_view& rest, std::optional<std::string_view>& out) {
  out = maybe_take_address(rest);
  if (!out) {
    const auto end = rest.find(", ");
    if (end == std::string_view::npos) return false;
    auto address = rest.substr(0, end);
    maybe_take(address, '<');  // its end was cut off
    out = address;
    rest.remove_prefix(end);
  }
  return maybe_take(rest, ", ");
}

// The fields as log_adhoc() writes them, each with the ", " behind it. False, and `rest` is left
// alone, when the next one is another field or has another shape: take_field() has the last word.
[[gnu::always_inline]] inline bool take_usual_field(std::string_view& rest, DeliveryAttempt& out) {
  auto left = rest;
  bool taken = false;
  if (maybe_take(left, "to=<")) {
    left = rest.substr(3);
    const auto address = maybe_take_address(left);
    taken = address.has_value();
    if (taken) out.recipient = address;
  } else if (maybe_take(left, "relay=")) {
    taken = maybe_take_relay(left, out.relay);
  } else if (maybe_take(left, "delay=")) {
    const auto delay = maybe_take_seconds(left);
    taken = delay.has_value();
    if (taken) out.delay = delay;
  } else if (maybe_take(left, "delays=")) {
    taken = take_delays(left, out.delays);
  } else if (maybe_take(left, "dsn=")) {
    const auto status = maybe_take_enhanced_status(left);
    taken = status.has_value();
    if (taken) out.enhanced_status = status;
  }
  if (!taken || !maybe_take(left, ", ")) return false;
  rest = left;
  return true;
}

bool take_field(std::string_view& rest, DeliveryAttempt& out) {
  const auto name = maybe_take_until(rest, '=');
  if (!name) return false;
  if (*name == "to") return take_recipient(rest, out.recipient);
  if (*name == "orig_to") return take_recipient(rest, out.original_recipient);
  const auto value = maybe_take_until(rest, std::string_view(", "));
  if (!value) return false;
  auto left = *value;
  if (*name == "relay") {
    read_relay(*value, out.relay);
    return true;
  }
  if (*name == "delay") {
    out.delay = maybe_take_seconds(left);
    return out.delay && left.empty();
  }
  if (*name == "delays") return take_delays(left, out.delays) && left.empty();
  if (*name == "dsn") {
    out.enhanced_status = parse_enhanced_status(*value);
    // A class that RFC 3463 does not have says nothing, and hides nothing else.
    const bool looks_like_one = value->size() >= 5 && (*value)[1] == '.' && (*value)[0] >= '0' &&
                                (*value)[0] <= '9' &&
                                value->find_first_not_of("0123456789.") == std::string_view::npos;
    return out.enhanced_status.has_value() || looks_like_one;
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
    if (begins_with(text, "host ") && said != std::string_view::npos) {
      codes = reply_codes_of(text.substr(said + 8));
    } else if (const auto refused = text.find("] refused to talk to me: ");
               text.starts_with("host ") && refused != std::string_view::npos) {
      codes = reply_codes_of(text.substr(refused + 25));
    }
  }
  out.reply_code = codes.code;
  if (!out.enhanced_status) out.enhanced_status = codes.enhanced_status;
}

// A content filter that took the message and says that it keeps or destroys it: amavisd
// (lib/Amavis, "Ok, discarded"), clamsmtpd (clamsmtpd.c), Proxmox' pmg-smtp-filter.
bool was_dropped_by_filter(std::string_view text) {
  if (!maybe_take(text, "250 ")) return false;
  if (maybe_take_enhanced_status(text)) maybe_take(text, ' ');
  return begins_with(text, "Ok, discarded") || begins_with(text, "BLOCKED (") ||
         begins_with(text, "Virus Detected; Discarded Email");
}

// amavisd's D_BOUNCE: it took the message, and tells the sender itself that nobody gets it ("Ok,
// id=12345-01, BOUNCE").
bool was_bounced_by_filter(std::string_view text) {
  if (!maybe_take(text, "250 ")) return false;
  if (maybe_take_enhanced_status(text)) maybe_take(text, ' ');
  return text.starts_with("Ok, id=") && text.ends_with(", BOUNCE");
}

// What a server that keeps mailboxes answers over LMTP for each recipient: Dovecot's "... Saved",
// and "250 2.1.5 ..." of Cyrus IMAP, Zimbra and others. A filter that passes the message on answers
// with another code, or with the id of its next hop.
bool is_of_mailbox_server(std::string_view text) {
  if (text.ends_with(" Saved")) return true;
  return text.starts_with("250 2.1.5 ") && !queued_as(text);
}

// pipe(8) names its transport alone, "relay=dovecot-spamass ... (delivered via dovecot-spamass
// service)": what people call it is the only sign of what runs there. Those that put mail into
// mailboxes; the folder is theirs to tell.
bool is_mailbox_agent(std::string_view transport) {
  for (const std::string_view name : {"dovecot", "maildrop", "cyrus", "procmail"}) {
    if (begins_with(transport, name) || transport.ends_with(name)) return true;
  }
  return is(transport, "lda") || transport.ends_with("-lda");
}

void read_destination(std::string_view agent, DeliveryAttempt& out) {
  if (out.status != DeliveryStatus::sent) return;
  auto text = out.reply_text;
  const bool relayed = !is(agent, "pipe") && !is(agent, "local") && !is(agent, "virtual");
  if (is(agent, "discard") || text == "delivered to file: /dev/null" ||
      (relayed && was_dropped_by_filter(text))) {
    out.status = DeliveryStatus::discarded;
  } else if (relayed && was_bounced_by_filter(text)) {
    out.status = DeliveryStatus::bounced;
  } else if (maybe_take(text, "forwarded as ")) {
    const auto id = maybe_take_word(text);
    if (id && is_like_id(out.queue_id, *id)) out.forwarded_as = *id;
  } else if ((is(agent, "pipe") && !is_mailbox_agent(out.relay.host)) ||
             begins_with(text, "delivered to command") ||
             (is(agent, "local") && begins_with(text, "\"|"))) {  // of the first 2.x
    out.delivered_to = DeliveredTo::program;
  } else if (begins_with(text, "delivered to file")) {
    out.delivered_to = DeliveredTo::file;
  } else if (is(agent, "local") || is(agent, "virtual") || is(agent, "pipe")) {
    out.delivered_to = DeliveredTo::mailbox;
  } else {
    out.delivered_to = is(agent, "lmtp") && is_of_mailbox_server(text) ? DeliveredTo::mailbox
                                                                       : DeliveredTo::remote;
    if (text.starts_with("250 ") || text.starts_with("2")) out.queued_as = queued_as(text);
  }
}

}  // namespace

namespace {

LineKind read_attempt(std::string_view text, DeliveryAttempt& out) {
  while (!maybe_take(text, "status=")) {
    if (take_usual_field(text, out)) continue;
    auto left = text;
    if (!take_field(left, out)) return LineKind::unrecognised;
    text = left;
  }
  const auto word = maybe_take_word(text);
  if (!word) return LineKind::unrecognised;
  const auto status = status_of(*word);
  if (!status) return LineKind::unrecognised;
  if (maybe_take(text, " (")) {
    // Without its end where syslog cut a long reply off.
    if (text.ends_with(')')) text.remove_suffix(1);
  } else if (!text.empty() && !maybe_take(text, ' ')) {  // cleanup(8) before 2.6 had no brackets
    return LineKind::unrecognised;
  }
  out.status = *status;
  out.soft_bounce = is(*word, "SOFTBOUNCE");
  out.reply_text = text;
  // Before 2.3 the queue manager itself told of whom it did not try.
  out.bookkeeping = is(out.agent, "error") || is(out.agent, "retry") || out.agent.ends_with("qmgr");
  if (out.bookkeeping && out.status == DeliveryStatus::bounced) out.bookkeeping = false;
  read_reply(out);
  read_destination(out.agent, out);
  if (!out.recipient && out.status != DeliveryStatus::deferred) return LineKind::unrecognised;
  const bool probe =
      out.status == DeliveryStatus::deliverable || out.status == DeliveryStatus::undeliverable;
  return probe ? LineKind::postfix_verify : LineKind::postfix_delivery;
}

}  // namespace

ParsedLine parse_attempt(std::string_view agent, std::string_view id, std::string_view text) {
  return read_event<DeliveryAttempt>(id, [&](DeliveryAttempt& out) {
    out.agent = agent;
    return read_attempt(text, out);
  });
}

namespace {

// local(8) hands a recipient to another transport: 'passing <a@b> to transport=lmtp'
// (src/global/deliver_pass.c). No outcome yet.
ParsedLine parse_passing(std::string_view id, std::string_view text) {
  auto rest = text;
  if (!maybe_take(rest, "passing ") || !maybe_take_address(rest)) return {};
  if (!maybe_take(rest, " to transport=") || rest.empty()) return {};
  return {LineKind::postfix_note, Note{id, Note::About::other, text}};
}

// smtp_header_checks(5) and its like: "replace: header Subject: x: Subject: y"
// (src/smtp/smtp_proto.c). The header's text is a stranger's; the operator's text behind it can't
// be told from it.
ParsedLine parse_header_check(std::string_view id, std::string_view text) {
  PolicyVerdict out;
  out.queue_id = id;
  const auto word = maybe_take_until(text, std::string_view(": "));
  if (!word) return {};
  if (*word == "warning") {
    out.action = PolicyVerdict::Action::warn;
  } else if (*word == "info") {
    out.action = PolicyVerdict::Action::info;
  } else if (*word == "replace" || *word == "strip") {
    out.action = PolicyVerdict::Action::replace;
  } else if (*word == "prepend") {
    out.action = PolicyVerdict::Action::prepend;
  } else {
    return {};
  }
  for (const std::string_view where : {"header", "mime-header", "nested-header", "body"}) {
    auto rest = text;
    if (!maybe_take(rest, where) || !maybe_take(rest, ' ')) continue;
    out.stage = where;
    out.subject_matter = rest;
    return {LineKind::postfix_policy, out};
  }
  return {};
}

// Why one of several hosts did not take the message, or a remark; no recipient is named
// (src/smtp/smtp_trouble.c, smtp_proto.c, smtp_chat.c). Attackers own the remote's words, but only
// behind the host.
struct HostForm {
  std::string_view text;
  int peer;  // the hole that names the host; -1: none
  bool failure;
};
constexpr HostForm kHostForms[] = {
    {"host {} said: {}", 0, true},
    {"host {} refused to talk to me: {}", 0, true},
    {"lost connection with {} while {}", 0, true},
    {"conversation with {} timed out while {}", 0, true},
    {"connect to {}: {}", 0, true},
    {"non-ESMTP response from {}: {}", 0, true},
    {"non-SMTP response from {}: {}", 0, true},
    {"TLS is required, but was not offered by host {}", 0, true},
    {"TLS is required, but host {} refused to start TLS: {}", 0, true},
    {"TLS is required, but our TLS engine is unavailable", -1, true},
    {"TLS is required, but unavailable", -1, true},
    {"Cannot start TLS: {}", -1, true},
    {"Server certificate not {}", -1, true},
    {"client TLS configuration problem", -1, true},
    {"unexpected server message", -1, true},
    {"SASL authentication failed; {}", -1, true},
    {"SASL authentication failed: {}", -1, true},
    {"SASL [CACHED] authentication failed; {}", -1, true},
    {"server unavailable or unable to receive mail", -1, true},
    {"local data error while talking to {}", 0, true},
    {"TLSA lookup error for {}", -1, true},
    {"SMTPUTF8 is required, but was not offered by host {}", 0, true},
    {"REQUIRETLS is required, but {}", -1, true},
    // src/smtp/smtp_proto.c of 3.11.
    {"Sender requested REQUIRETLS, but REQUIRETLS support was not offered by host {}", 0, false},
    {"Sender requested REQUIRETLS, but TLS service was not offered by host {}", 0, true},
    {"Sender requested REQUIRETLS, but host {} refused to start TLS: {}", 0, true},
    {"Sender requested REQUIRETLS, but no server was found that supports REQUIRETLS. The last "
     "attempted server was {}",
     0, true},
    {"Sender requested REQUIRETLS, but no {} server certificate was found. The last attempted "
     "server was {}",
     1, true},
    {"message requires SMTPUTF8, but no server was found that supports SMTPUTF8. The last "
     "attempted server was {}",
     0, true},
    {"message size {} exceeds size limit {} of server {}", 2, true},
    {"mail for {} loops back to myself", -1, true},
    {"enabling PIX workarounds: {} for {}", -1, false},
    {"enabling PIX <CRLF>.<CRLF> workaround for {}", -1, false},  // before 2.4
    {"breaking line > {} bytes with <CR><LF>SPACE", -1, false},
    {R"(replacing server reply "{}" with "{}")", -1, false},
    {"offered TLS {}", -1, false},
    {"Used TLS for {}", 0, false},  // Trend Micro's build
};

ParsedLine parse_host_line(std::string_view id, std::string_view text) {
  for (const auto& form : kHostForms) {
    const auto found = match_form(text, form.text);
    if (!found) continue;
    HostFailure out{id, {}, text};
    if (form.peer >= 0) {
      auto named = found->at[static_cast<std::size_t>(form.peer)];
      const auto peer = maybe_take_peer(named);
      if (!peer) return {};
      out.relay = *peer;
    }
    if (form.failure) return {LineKind::postfix_host_failure, out};
    return {LineKind::postfix_note, Note{id, Note::About::other, text}};
  }
  return first_reading(std::array{parse_header_check, parse_passing}, id, text);
}

}  // namespace

namespace {

ParsedLine parse_outbound_tls(const LineHeader& /*header*/, std::string_view text) {
  return parse_tls(text, SessionTls::Direction::outbound);
}

// "connect to host[ip]:25: Connection refused", for whichever message it was.
ParsedLine parse_connection_failure(const LineHeader& header, std::string_view text) {
  for (const std::string_view what : {"connect to ", "SSL_connect error to "}) {
    auto rest = text;
    if (!maybe_take(rest, what)) continue;
    auto peer = maybe_take_peer(rest);
    // Before 2.5 a TLS failure named the host alone.
    if (!peer && what.starts_with("SSL_")) peer = maybe_take_bare_host(rest);
    if (!peer || !maybe_take(rest, ": ")) return {};
    return {LineKind::postfix_host_failure, HostFailure{{}, *peer, text}};
  }
  return parse_general(header, text);
}

}  // namespace

ParsedLine parse_delivery(const LineHeader& header, std::string_view text) {
  const auto id = maybe_take_queue_id(text);
  if (!id)
    return first_reading(std::array{parse_outbound_tls, parse_connection_failure}, header, text);
  if (begins_with(text, "to=") || begins_with(text, "orig_to=") || begins_with(text, "status=")) {
    return parse_attempt(agent_of(header), *id, text);
  }
  return parse_host_line(*id, text);
}

}  // namespace rastro::postfix
