// postscreen(8) (src/postscreen/*.c): decides about clients before smtpd sees them. Its lines name
// the client as "[ip]:port"; only its own SMTP engine ("NOQUEUE: reject: RCPT ...") knows
// addresses.
#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

// "[ip]:port" and nothing behind it.
std::optional<Peer> whole_peer(std::string_view rest) {
  const auto peer = maybe_take_peer(rest);
  return peer && rest.empty() ? peer : std::nullopt;
}

// A test that the client failed: an encounter, findable by its address.
ParsedLine failed_test(const Peer& client, std::string_view test, std::string_view said) {
  PolicyVerdict out;
  out.action = PolicyVerdict::Action::warn;  // whether it is refused stands in another line
  out.stage = test;
  out.client = client;
  out.reply_text = said;
  return {LineKind::postfix_postscreen, out};
}

}  // namespace

ParsedLine parse_postscreen(const LineHeader& header, std::string_view text) {
  auto rest = text;
  if (maybe_take(rest, "NOQUEUE: ")) return parse_verdict({}, rest);
  if (maybe_take(rest, "reject: connect from ")) {  // before 2.9, without "NOQUEUE: "
    const auto client = maybe_take_peer(rest);
    return client && rest == ": all screening ports busy" ? failed_test(*client, "CONNECT", text)
                                                          : ParsedLine{};
  }
  if (maybe_take(rest, "CONNECT from ")) {
    const auto client = maybe_take_peer(rest);
    if (!client || !maybe_take(rest, " to ") || !whole_peer(rest)) return {};
    return {LineKind::postfix_postscreen, {}};
  }
  for (const std::string_view verdict : {"PASS NEW ", "PASS OLD ", "WHITELISTED ", "ALLOWLISTED ",
                                         "WHITELIST VETO ", "ALLOWLIST VETO ", "DISCONNECT "}) {
    rest = text;
    if (maybe_take(rest, verdict)) {
      return whole_peer(rest) ? ParsedLine{LineKind::postfix_postscreen, {}} : ParsedLine{};
    }
  }
  for (const std::string_view verdict : {"BLACKLISTED ", "DENYLISTED "}) {
    rest = text;
    if (!maybe_take(rest, verdict)) continue;
    const auto client = whole_peer(rest);
    return client ? failed_test(*client, verdict.substr(0, verdict.size() - 1), text)
                  : ParsedLine{};
  }
  rest = text;
  if (maybe_take(rest, "DNSBL rank ")) {
    const auto rank = maybe_take_number(rest);
    if (!rank || !maybe_take(rest, " for ")) return {};
    const auto client = whole_peer(rest);
    return client ? failed_test(*client, "DNSBL", text) : ParsedLine{};
  }
  // "PREGREET 11 after 0.17 from [ip]:port: EHLO ...", "HANGUP after 0.5 from [ip]:port in tests
  // before SMTP handshake", "COMMAND PIPELINING from ...: text", "NON-SMTP COMMAND from ...",
  // "BARE NEWLINE from ...", "COMMAND TIME LIMIT from ...", "COMMAND LENGTH LIMIT from ...",
  // "COMMAND COUNT LIMIT from ...", "DATA without valid RCPT from ...".
  for (const std::string_view test :
       {"PREGREET", "HANGUP", "COMMAND PIPELINING", "NON-SMTP COMMAND", "BARE NEWLINE",
        "COMMAND TIME LIMIT", "COMMAND LENGTH LIMIT", "COMMAND COUNT LIMIT",
        "DATA without valid RCPT", "BDAT without valid RCPT"}) {
    rest = text;
    if (!maybe_take(rest, test) || !rest.starts_with(' ')) continue;
    const auto from = rest.find(" from ");
    if (from == std::string_view::npos || from > 40) return {};
    rest.remove_prefix(from + 6);
    const auto client = maybe_take_peer(rest);
    if (!client || (!rest.empty() && rest[0] != ':' && rest[0] != ' ')) return {};
    return failed_test(*client, test, text);
  }
  return parse_general(header, text);
}

}  // namespace rastro::postfix
