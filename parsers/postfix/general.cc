#include "parsers/postfix/internal.h"
#include "parsers/postfix/postfix.h"
#include "parsers/scan.h"

namespace rastro {
namespace postfix {

std::optional<std::string_view> maybe_take_queue_id(std::string_view& rest) {
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos || colon + 1 >= rest.size() || rest[colon + 1] != ' ')
    return std::nullopt;
  const auto word = rest.substr(0, colon);
  if (!is_postfix_queue_id(word)) return std::nullopt;
  rest.remove_prefix(colon + 2);
  return word;
}

// "Trusted TLS connection established from host[ip]: TLSv1.3 with cipher NAME (256/256 bits) ..."
ParsedLine parse_tls(std::string_view text, SessionTls::Direction direction) {
  SessionTls tls;
  tls.direction = direction;
  const auto level = maybe_take_until(text, ' ');
  if (!level || !maybe_take(text, "TLS connection ")) return {};
  if (!maybe_take(text, "established ") && !maybe_take(text, "reused ")) return {};
  if (!maybe_take(text, direction == SessionTls::Direction::inbound ? "from " : "to ")) return {};
  tls.level = *level;
  const auto peer = maybe_take_peer(text);
  if (!peer || !maybe_take(text, ": ")) return {};
  tls.peer = *peer;
  const auto protocol = maybe_take_word(text);
  if (!protocol || !maybe_take(text, " with cipher ")) return {};
  tls.protocol = *protocol;
  const auto cipher = maybe_take_word(text);
  if (!cipher) return {};
  tls.cipher = *cipher;
  return {LineKind::postfix_tls, tls};
}

ParsedLine parse_general(std::string_view text) {
  auto rest = text;
  if (!maybe_take(rest, "warning: ")) return {};
  if (const auto id = maybe_take_queue_id(rest)) {
    auto about = Note::About::other;
    if (rest.starts_with("queue file size limit exceeded")) about = Note::About::size_limit;
    if (rest.find("hopcount exceeded") != std::string_view::npos) about = Note::About::hop_count;
    return {LineKind::postfix_note, Note{*id, about, rest}};
  }
  if (auto peer_rest = rest; const auto peer = maybe_take_peer(peer_rest)) {
    if (maybe_take(peer_rest, ": SASL ")) {
      LoginResult out;
      out.client = *peer;
      const auto method = maybe_take_word(peer_rest);
      if (!method || !maybe_take(peer_rest, " authentication failed")) return {};
      out.method = *method;
      maybe_take(peer_rest, ": ");
      out.text = peer_rest;
      const std::string_view mark = ", sasl_username=";
      if (const auto at = peer_rest.rfind(mark); at != std::string_view::npos) {
        out.login = peer_rest.substr(at + mark.size());
        out.text = peer_rest.substr(0, at);
      }
      return {LineKind::postfix_login_failed, out};
    }
  }
  if (rest.starts_with("hostname ")) return {LineKind::known_ignored, {}};
  return {};
}

ParsedLine parse_qmgr(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_queue_id(rest);
  if (!id) return parse_general(text);
  if (rest == "removed")
    return {LineKind::postfix_removed, Removed{*id, Removed::By::queue_manager}};
  if (rest.starts_with("skipped, still being delivered")) {
    return {LineKind::postfix_queue_action,
            QueueAction{*id, QueueAction::Action::skipped, {}, {}, rest}};
  }
  if (rest.starts_with("to=")) return parse_attempt("qmgr", *id, rest);
  if (!maybe_take(rest, "from=")) return {};
  const auto sender = maybe_take_address(rest);
  if (!sender || !maybe_take(rest, ", ")) return {};
  if (rest == "status=expired, returned to sender")
    return {LineKind::postfix_expired, MessageExpired{*id, *sender, false}};
  if (rest == "status=force-expired, returned to sender")
    return {LineKind::postfix_expired, MessageExpired{*id, *sender, true}};
  QueueActive active{*id, *sender, {}, {}};
  if (maybe_take(rest, "size=")) {
    active.size_bytes = maybe_take_number(rest);
    if (!active.size_bytes || !maybe_take(rest, ", ")) return {};
  }
  if (!maybe_take(rest, "nrcpt=")) return {};
  const auto count = maybe_take_number(rest);
  if (!count || rest != " (queue active)") return {};
  active.recipient_count = static_cast<std::uint32_t>(*count);
  return {LineKind::postfix_queue_active, active};
}

ParsedLine parse_pickup(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_queue_id(rest);
  if (!id) return parse_general(text);
  Arrival out;
  out.queue_id = *id;
  out.method = ArrivalMethod::local;
  if (!maybe_take(rest, "uid=")) return {};
  const auto uid = maybe_take_number(rest);
  if (!uid || !maybe_take(rest, " from=")) return {};
  out.uid = static_cast<std::uint32_t>(*uid);
  out.envelope_sender = maybe_take_address(rest);
  if (!out.envelope_sender) return {};
  if (maybe_take(rest, " orig_id=")) {
    out.parent_id = maybe_take_word(rest);
  }
  if (!rest.empty()) return {};
  return {LineKind::postfix_pickup, out};
}

ParsedLine parse_bounce(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  const auto id = maybe_take_queue_id(rest);
  if (!id) return parse_general(text);
  using Kind = ChildAnnounced::Kind;
  for (const auto& [mark, kind] :
       {std::pair<std::string_view, Kind>{"sender non-delivery notification: ", Kind::non_delivery},
        {"sender delay notification: ", Kind::delay},
        {"sender delivery status notification: ", Kind::delivery_status},
        {"postmaster non-delivery notification: ", Kind::postmaster},
        {"postmaster delay notification: ", Kind::postmaster}}) {
    if (!maybe_take(rest, mark)) continue;
    if (!is_postfix_queue_id(rest)) return {};
    return {LineKind::postfix_notification, ChildAnnounced{*id, rest, kind}};
  }
  return {};
}

ParsedLine parse_postsuper(const LineHeader& /*header*/, std::string_view text) {
  using Action = QueueAction::Action;
  auto rest = text;
  const auto id = maybe_take_queue_id(rest);
  if (!id)
    return text.find(": ") != std::string_view::npos ? ParsedLine{LineKind::known_ignored, {}}
                                                     : parse_general(text);
  for (const auto& [mark, action] :
       {std::pair<std::string_view, Action>{"placed on hold", Action::held},
        {"released from hold", Action::released},
        {"requeued", Action::requeued},
        {"removed", Action::deleted},
        {"expired", Action::expired}}) {
    if (rest == mark)
      return {LineKind::postfix_queue_action, QueueAction{*id, action, {}, "postsuper", rest}};
  }
  return {};
}

ParsedLine parse_other(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  if (maybe_take_queue_id(rest)) return {};
  return {LineKind::known_ignored, {}};
}

}  // namespace postfix

ParseFunction find_postfix_parser(std::string_view program) {
  using namespace postfix;
  struct Row {
    std::string_view name;
    ParseFunction parse;
  };
  static constexpr Row kRows[] = {{"smtp", parse_delivery},
                                  {"smtpd", parse_smtpd},
                                  {"qmgr", parse_qmgr},
                                  {"cleanup", parse_cleanup},
                                  {"local", parse_delivery},
                                  {"lmtp", parse_delivery},
                                  {"virtual", parse_delivery},
                                  {"pipe", parse_delivery},
                                  {"error", parse_delivery},
                                  {"retry", parse_delivery},
                                  {"discard", parse_delivery},
                                  {"bounce", parse_bounce},
                                  {"defer", parse_bounce},
                                  {"trace", parse_bounce},
                                  {"pickup", parse_pickup},
                                  {"oqmgr", parse_qmgr},
                                  {"nqmgr", parse_qmgr},
                                  {"postsuper", parse_postsuper},
                                  {"postscreen", parse_smtpd},
                                  {"anvil", parse_other},
                                  {"master", parse_other},
                                  {"scache", parse_other},
                                  {"tlsmgr", parse_other},
                                  {"trivial-rewrite", parse_other},
                                  {"postfix-script", parse_other},
                                  {"tlsproxy", parse_other},
                                  {"dnsblog", parse_other},
                                  {"verify", parse_other},
                                  {"proxymap", parse_other},
                                  {"postlog", parse_other},
                                  {"sendmail", parse_other},
                                  {"postdrop", parse_other},
                                  {"flush", parse_other},
                                  {"showq", parse_other},
                                  {"postlogd", parse_other},
                                  {"postmap", parse_other},
                                  {"postqueue", parse_other},
                                  {"postalias", parse_other}};
  for (const auto& row : kRows) {
    if (row.name == program) return row.parse;
  }
  return nullptr;
}

}  // namespace rastro
