// smtpd(8): sessions, arrivals, refusals (src/smtpd/smtpd.c, smtpd_check.c, smtpd_proxy.c).
#include <algorithm>
#include <array>

#include "parsers/forms.h"
#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

// ", sasl_method=PLAIN, sasl_username=ana, sasl_sender=<a>, orig_queue_id=ID, orig_client=h[ip]".
// The login is the client's text: it may hold ", name=" itself, so a field ends where a known one
// begins.
bool take_client_fields(std::string_view rest, Arrival& out) {
  constexpr std::string_view kNames[] = {
      ", sasl_method=", ", sasl_username=", ", sasl_sender=", ", orig_queue_id=", ", orig_client="};
  const auto value_of = [&](std::string_view& text) {
    auto end = position_of(text, ',');
    while (end < text.size() && std::ranges::none_of(kNames, [&](std::string_view name) {
             return begins_with(text.substr(end), name);
           })) {
      end += 1 + position_of(text.substr(end + 1), ',');
    }
    const auto value = text.substr(0, end);
    text.remove_prefix(value.size());
    return value;
  };
  while (!rest.empty()) {
    if (!maybe_take(rest, ", ")) return false;
    const auto name = maybe_take_until(rest, '=');
    if (!name) return false;
    // Behind a login nothing is believed that a login may spell; a filter's re-injection has none.
    const bool believed = !out.login;
    if (is(*name, "orig_client") && believed) {
      const auto client = maybe_take_peer(rest);
      if (!client) return false;
      out.original_client = *client;
      continue;
    }
    const auto value = value_of(rest);
    if (!believed) continue;
    if (is(*name, "sasl_method")) {
      out.login_method = value;
    } else if (is(*name, "sasl_username")) {
      out.login = value;
    } else if (is(*name, "orig_queue_id")) {
      if (!is_postfix_queue_id(value) && !is_exim_message_id(value)) return false;
      out.parent_id = value;
    } else if (*name != "sasl_sender" && name->find(' ') != std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool read_client(std::string_view rest, Arrival& out) {
  return maybe_take_peer(rest, out.client) && take_client_fields(rest, out);
}

// "client=host[ip][:port][, ...]".
ParsedLine parse_client(std::string_view id, std::string_view rest) {
  return read_event<Arrival>(id, [&](Arrival& out) {
    return read_client(rest, out) ? LineKind::postfix_client : LineKind::unrecognised;
  });
}

// The same before a proxy filter, where there is no queue id yet.
ParsedLine parse_proxy_client(std::string_view rest) {
  Arrival out;
  if (!read_client(rest, out)) return {};
  PolicyVerdict accepted;
  accepted.action = PolicyVerdict::Action::client_accepted;
  accepted.client = out.client;
  accepted.login = out.login;
  return {LineKind::postfix_proxy, accepted};
}

// The same filter refused an address, and the client got its answer (smtpd_proxy.c):
// "warning: proxy host:port rejected "RCPT TO:<a>": "450 4.7.1 later"".
ParsedLine parse_proxy_refusal(const LineHeader& /*header*/, std::string_view text) {
  if (!maybe_take(text, "warning: proxy ")) return {};
  if (!maybe_take_until(text, std::string_view(" rejected \""))) return {};
  PolicyVerdict refused;
  refused.action = PolicyVerdict::Action::proxy_reject;
  if (maybe_take(text, "MAIL FROM:")) {
    refused.stage = "MAIL";
    refused.envelope_sender = maybe_take_address(text);
    if (!refused.envelope_sender) return {};
  } else if (maybe_take(text, "RCPT TO:")) {
    refused.stage = "RCPT";
    refused.recipient = maybe_take_address(text);
    if (!refused.recipient) return {};
  } else {
    return {};
  }
  // ESMTP parameters may stand behind the address.
  if (!maybe_take_until(text, std::string_view("\": \"")) || !text.ends_with('"')) return {};
  text.remove_suffix(1);
  const auto codes = reply_codes_of(text);
  if (codes.code < 400) return {};
  refused.reply_text = text;
  refused.reply_code = codes.code;
  refused.enhanced_status = codes.enhanced_status;
  return {LineKind::postfix_proxy, refused};
}

ParsedLine parse_connect(std::string_view rest) {
  Peer client;
  if (!maybe_take_peer(rest, client) || !rest.empty()) return {};
  return {LineKind::postfix_connect, SessionOpened{client}};
}

// "disconnect from host[ip] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"; before 3.0 no counts.
ParsedLine parse_disconnect(std::string_view rest) {
  Peer client;
  if (!maybe_take_peer(rest, client) || (!rest.empty() && !maybe_take(rest, ' '))) return {};
  if (position_of(rest, ';') != rest.size()) return {};
  return {LineKind::postfix_disconnect, SessionClosed{client, rest}};
}

// Since 3.9 with "ID: " or "NOQUEUE: " in front:
// "lost connection after DATA (123 bytes) from host[ip]", "timeout after END-OF-MESSAGE from ...",
// "too many errors after RCPT from ...", "lost connection after STARTTLS from ...".
ParsedLine parse_trouble(std::string_view id, std::string_view text) {
  for (const std::string_view what : {"lost connection", "timeout", "too many errors"}) {
    auto rest = text;
    if (!maybe_take(rest, what) || !maybe_take(rest, " after ")) continue;
    SessionTrouble out;
    out.queue_id = id;
    out.what = what;
    const auto stage = maybe_take_until(rest, std::string_view(" from "));
    const auto client = stage ? maybe_take_peer(rest) : std::nullopt;
    if (!client || !rest.empty() || stage->size() > 60) return {};
    out.stage = stage->substr(0, stage->find(" ("));
    out.client = *client;
    return {LineKind::postfix_session_trouble, out};
  }
  return {};
}

// qmqpd(8): "host[ip]: lost connection while receiving netstring" (src/qmqpd/qmqpd.c).
ParsedLine parse_trouble_while(std::string_view id, std::string_view text) {
  SessionTrouble out;
  out.queue_id = id;
  const auto client = maybe_take_peer(text);
  if (!client || !maybe_take(text, ": ")) return {};
  const auto what = maybe_take_until(text, std::string_view(" while "));
  if (!what || what->size() > 60 || text.empty()) return {};
  out.client = *client;
  out.what = *what;
  out.stage = text;
  return {LineKind::postfix_session_trouble, out};
}

ParsedLine parse_replacing(std::string_view id, std::string_view text) {
  if (!match_form(text, R"(replacing command "{}" with "{}")")) return {};
  return {LineKind::postfix_note, Note{id, Note::About::other, text}};
}

ParsedLine parse_named(std::string_view id, std::string_view rest) {
  return first_reading(
      std::array{parse_verdict, parse_replacing, parse_trouble, parse_trouble_while}, id, rest);
}

// Behind "NOQUEUE: ".
ParsedLine parse_unnamed(const LineHeader& header, std::string_view text, std::string_view rest) {
  auto out = parse_named({}, rest);
  if (out.kind == LineKind::unrecognised) out = parse_general(header, text);
  return out;
}

ParsedLine parse_inbound_tls(const LineHeader& /*header*/, std::string_view text) {
  return parse_tls(text, SessionTls::Direction::inbound);
}

ParsedLine parse_trouble_alone(const LineHeader& /*header*/, std::string_view text) {
  return parse_trouble({}, text);
}

}  // namespace

ParsedLine parse_smtpd(const LineHeader& header, std::string_view text) {
  auto rest = text;
  if (maybe_take(rest, "connect from ")) return parse_connect(rest);
  if (maybe_take(rest, "disconnect from ")) return parse_disconnect(rest);
  if (const auto id = maybe_take_queue_id(rest)) {
    return maybe_take(rest, "client=") ? parse_client(*id, rest) : parse_named(*id, rest);
  }
  if (maybe_take(rest, "NOQUEUE: ")) {
    return maybe_take(rest, "client=") ? parse_proxy_client(rest)
                                       : parse_unnamed(header, text, rest);
  }
  // Before 2.1 a refusal had no "NOQUEUE: ".
  if (text.starts_with("proxy-") || text.starts_with("reject: ") ||
      text.starts_with("reject_warning: ")) {
    return parse_verdict({}, text);
  }
  return first_reading(
      std::array{parse_inbound_tls, parse_trouble_alone, parse_proxy_refusal, parse_general},
      header, text);
}

}  // namespace rastro::postfix
