#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "parsers/parser.h"

// Shared by the files of this folder only.
namespace rastro::postfix {

// The size of the short queue id that `rest` starts with, up to its ": ", within the first sixteen
// bytes; 0 when it starts with something else, or with a longer id.
std::size_t short_id_size(std::string_view rest);
std::optional<std::string_view> maybe_take_any_queue_id(std::string_view& rest);
// Whether `word` may be another id of a log that has `id`: where the one is like no Postfix makes,
// the other may be.
bool is_like_id(std::string_view id, std::string_view word);
// "ID: " off the front.
[[gnu::always_inline]] inline std::optional<std::string_view> maybe_take_queue_id(
    std::string_view& rest) {
  if (const auto size = short_id_size(rest); size > 0) {
    const auto word = rest.substr(0, size);
    rest.remove_prefix(size + 2);
    return word;
  }
  auto left = rest;
  const auto word = maybe_take_any_queue_id(left);
  rest = left;
  return word;
}

// "Trusted TLS connection established from|to host[ip]:port: TLSv1.3 with cipher NAME (...) ..."
// (src/tls/tls_misc.c tls_log_summary()).
ParsedLine parse_tls(std::string_view text, SessionTls::Direction direction);

// "warning: ..." and its like, of `program`: about a message (a note), a client (an encounter, a
// failed login) or the server. A form that Postfix's source doesn't have is `unrecognised`.
ParsedLine parse_warning(std::string_view program, std::string_view text);

// What Postfix logs with -v or debug_peer_list: last, since it looks like anything.
ParsedLine parse_debug(std::string_view program, std::string_view text);

// "mx.example.net" in front of a colon or a blank, without an address.
std::optional<Peer> maybe_take_bare_host(std::string_view& rest);

// What any program may log beside its own lines: warnings and known_lines.
ParsedLine parse_general(const LineHeader& header, std::string_view text);

// "to=<...>, ..., status=... (...)" behind the queue id (src/global/log_adhoc.c).
ParsedLine parse_attempt(std::string_view agent, std::string_view id, std::string_view text);

// "reject: RCPT from host[ip]: 554 5.7.1 text; from=<a> to=<b> proto=ESMTP helo=<h>" behind the
// queue id or NOQUEUE (src/smtpd/smtpd_check.c, src/cleanup/cleanup_milter.c,
// src/postscreen/postscreen_smtpd.c).
ParsedLine parse_verdict(std::string_view id, std::string_view text);

// One line each of these programs.
ParsedLine parse_delivery(const LineHeader& header, std::string_view text);
ParsedLine parse_smtpd(const LineHeader& header, std::string_view text);
ParsedLine parse_postscreen(const LineHeader& header, std::string_view text);
ParsedLine parse_cleanup(const LineHeader& header, std::string_view text);
ParsedLine parse_qmgr(const LineHeader& header, std::string_view text);
ParsedLine parse_pickup(const LineHeader& header, std::string_view text);
ParsedLine parse_bounce(const LineHeader& header, std::string_view text);
ParsedLine parse_postsuper(const LineHeader& header, std::string_view text);
ParsedLine parse_tlsproxy(const LineHeader& header, std::string_view text);

// The last part of a tag: "smtpd" of "postfix/submission/smtpd".
inline std::string_view agent_of(const LineHeader& header) {
  return header.program.substr(header.program.rfind('/') + 1);
}

// The policy actions of access(5), header_checks(5) and milters by their word in the log.
std::optional<PolicyVerdict::Action> policy_action_of(std::string_view word);

// " from=<a> to=<b> proto=ESMTP helo=<h> sasl_username=u": false when it is anything else.
// Fields may have lost their angle brackets, and what was in them, to a web page.
enum class Brackets : std::uint8_t { there, lost };
bool take_session_fields(std::string_view tail, PolicyVerdict& out,
                         Brackets brackets = Brackets::there);

}  // namespace rastro::postfix
