#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

using Action = PolicyVerdict::Action;

std::optional<Action> action_of(std::string_view word) {
  struct Row {
    std::string_view name;
    Action action;
  };
  static constexpr Row kRows[] = {{"reject", Action::reject},
                                  {"reject_warning", Action::reject_warning},
                                  {"hold", Action::hold},
                                  {"discard", Action::discard},
                                  {"redirect", Action::redirect},
                                  {"filter", Action::filter},
                                  {"warn", Action::warn},
                                  {"warning", Action::warn},
                                  {"info", Action::info},
                                  {"prepend", Action::prepend},
                                  {"replace", Action::replace},
                                  {"bcc", Action::bcc},
                                  {"permit", Action::permit},
                                  {"proxy-accept", Action::proxy_accept},
                                  {"proxy-reject", Action::proxy_reject},
                                  {"milter-reject", Action::reject},
                                  {"milter-hold", Action::hold},
                                  {"milter-discard", Action::discard}};
  for (const auto& row : kRows) {
    if (row.name == word) return row.action;
  }
  return std::nullopt;
}

// "from=<a> to=<b> proto=ESMTP helo=<h> sasl_username=..." at the end, after the text.
bool take_tail(std::string_view tail, PolicyVerdict& out) {
  while (!tail.empty()) {
    const auto name = maybe_take_until(tail, '=');
    if (!name) return false;
    if (*name == "proto") {
      const auto word = maybe_take_word(tail);
      if (!word) return false;
      out.protocol = *word;
    } else if (*name == "from" || *name == "to" || *name == "helo" || *name == "saslname") {
      const auto value = maybe_take_address(tail);
      if (!value) return false;
      if (*name == "from") out.envelope_sender = *value;
      if (*name == "to") out.recipient = *value;
      if (*name == "helo") out.helo = *value;
    } else if (*name == "sasl_username") {
      out.login = maybe_take_word(tail);
    } else if (name->find(' ') != std::string_view::npos || !maybe_take_word(tail)) {
      return false;
    }
    maybe_take(tail, ' ');
    maybe_take(tail, ", ");
  }
  return true;
}

}  // namespace

// "reject: RCPT from host[ip]: 554 5.7.1 text; from=<a> to=<b> proto=ESMTP helo=<h>"
ParsedLine parse_verdict(std::string_view id, std::string_view text) {
  PolicyVerdict out;
  out.queue_id = id;
  const auto word = maybe_take_until(text, std::string_view(": "));
  if (!word) return {};
  const auto action = action_of(*word);
  if (!action) return {};
  out.action = *action;
  auto stage_rest = text;
  const auto stage = maybe_take_until(stage_rest, std::string_view(" from "));
  if (!stage || stage->size() > 40) return {};
  out.stage = *stage;
  text = stage_rest;
  const auto peer = maybe_take_peer(text);
  if (!peer || !maybe_take(text, ": ")) return {};
  out.client = *peer;
  // The tail begins at the last "; from=<" or "; proto=": what is before it was written by others.
  std::size_t at = text.rfind("; from=<");
  if (at == std::string_view::npos) at = text.rfind("; proto=");
  if (at == std::string_view::npos) at = text.rfind("; to=<");
  if (at == std::string_view::npos) {
    out.reply_text = text;
  } else {
    out.reply_text = text.substr(0, at);
    if (!take_tail(text.substr(at + 2), out)) return {};
  }
  const auto codes = reply_codes_of(out.reply_text);
  out.reply_code = codes.code;
  out.enhanced_status = codes.enhanced_status;
  return {LineKind::postfix_reject, out};
}

ParsedLine parse_smtpd(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  if (maybe_take(rest, "connect from ")) {
    const auto peer = maybe_take_peer(rest);
    return peer && rest.empty() ? ParsedLine{LineKind::postfix_connect, SessionOpened{*peer}}
                                : ParsedLine{};
  }
  if (maybe_take(rest, "disconnect from ")) {
    const auto peer = maybe_take_peer(rest);
    if (!peer) return {};
    maybe_take(rest, ' ');
    return {LineKind::postfix_disconnect, SessionClosed{*peer, rest}};
  }
  if (const auto id = maybe_take_queue_id(rest)) {
    if (maybe_take(rest, "client=")) {
      Arrival out;
      out.queue_id = *id;
      const auto peer = maybe_take_peer(rest);
      if (!peer) return {};
      out.client = *peer;
      while (maybe_take(rest, ", ")) {
        const auto name = maybe_take_until(rest, '=');
        if (!name) return {};
        if (*name == "orig_client") {
          const auto client = maybe_take_peer(rest);
          if (!client) return {};
          out.original_client = *client;
          continue;
        }
        const auto value = rest.substr(0, rest.find(", "));
        rest.remove_prefix(value.size());
        if (*name == "sasl_username") out.login = value;
        if (*name == "sasl_method") out.login_method = value;
        if (*name == "orig_queue_id") out.parent_id = value;
      }
      return rest.empty() ? ParsedLine{LineKind::postfix_client, out} : ParsedLine{};
    }
    return parse_verdict(*id, rest);
  }
  if (maybe_take(rest, "NOQUEUE: ")) {
    if (rest.starts_with("client=")) return {LineKind::postfix_proxy, {}};
    return parse_verdict({}, rest);
  }
  if (auto tls = parse_tls(text, SessionTls::Direction::inbound);
      tls.kind != LineKind::unrecognised)
    return tls;
  for (const std::string_view what :
       {"lost connection", "timeout", "too many errors", "SSL_accept error"}) {
    rest = text;
    if (!maybe_take(rest, what)) continue;
    SessionTrouble out;
    out.what = what;
    if (maybe_take(rest, " after ")) {
      const auto stage = maybe_take_until(rest, std::string_view(" from "));
      if (!stage) return {};
      out.stage = stage->substr(0, stage->find(" ("));
    } else if (!maybe_take(rest, " from ")) {
      return {};
    }
    const auto peer = maybe_take_peer(rest);
    if (!peer) return {};
    out.client = *peer;
    return {LineKind::postfix_session_trouble, out};
  }
  return parse_general(text);
}

ParsedLine parse_cleanup(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_queue_id(rest);
  if (!id) return parse_general(text);
  if (maybe_take(rest, "message-id="))
    return {LineKind::postfix_message_id, MessageIdSeen{*id, rest, false}};
  if (maybe_take(rest, "resent-message-id="))
    return {LineKind::postfix_message_id, MessageIdSeen{*id, rest, true}};
  if (rest.starts_with("to=")) return parse_attempt("cleanup", *id, rest);
  if (rest == "removed (canceled)" || rest == "canceled")
    return {LineKind::postfix_removed, Removed{*id, Removed::By::cleanup_canceled}};
  return parse_verdict(*id, rest);
}

}  // namespace rastro::postfix
