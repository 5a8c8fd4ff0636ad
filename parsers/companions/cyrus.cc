// Cyrus IMAP. Its lmtpd (imap/lmtpd.c, imap/lmtpengine.c, imap/duplicate.c) says into which mailbox
// a message went, and names the message by its Message-ID alone.
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr FactForm kForms[] = {
    {"Delivered: {} to mailbox: {}", "message_id mailbox", "delivered"},
    {"dupelim: eliminated duplicate message to {} id {} ({})", "mailbox message_id stage",
     "duplicate"},
};
constexpr KnownForm kIgnored[] = {
    {"accepted connection", "imap/lmtpd.c"},
    {"executed", "master/service.c"},
    {"lmtp connection preauth'd as {}", "imap/lmtpengine.c"},
};
constexpr KnownForm kTrouble[] = {
    {"verify_user({}) failed: {}", "imap/lmtpd.c"},
    {"badlogin: {}", "imap/lmtpengine.c"},
    {"IOERROR: {}", "imap/lmtp_sieve.c and others"},
};

// Of imapd, pop3d and timsieved (imap/imapd.c, imap/pop3d.c, timsieved/parser.c).
constexpr KnownForm kSessionIgnored[] = {
    {"accepted connection", "master/service.c"},
    {"executed", "master/service.c"},
    {"starttls: {} with cipher {}", "imap/tls.c"},
    {"SSL_accept() incomplete -> wait", "imap/tls.c"},
    {"SSL_accept() succeeded -> done", "imap/tls.c"},
    {"inittls: Loading {} DH parameters", "imap/tls.c"},
    {"imapd:Loading hard-coded DH parameters", "imap/tls.c"},
    {"TLS server engine: {}", "imap/tls.c"},
    {"Connection reset by peer, closing connection", "imap/imapd.c"},
    {"idle for too long, closing connection", "imap/imapd.c"},
    {"SQUAT failed to open index file", "imap/search_engines.c"},
};

// "mx.example.net [192.0.2.1]", "[192.0.2.1]", "mx.example.net[192.0.2.1]" of timsieved.
bool take_client(std::string_view& rest, Peer& client) {
  auto left = rest;
  const auto host = maybe_take_until(left, '[');
  if (!host) return false;
  const auto ip = maybe_take_until(left, std::string_view("] "));
  if (!ip || !is_ip(*ip)) return false;
  client.ip = *ip;
  client.host = *host;
  if (client.host.ends_with(' ')) client.host.remove_suffix(1);
  if (client.host.find(' ') != std::string_view::npos) return false;
  rest = left;
  return true;
}

// "plaintext ana SASL(-13): why", "DIGEST-MD5 [SASL(-13): why]", "PLAIN (ana) [SASL(-13): why]",
// "PLAIN authentication failure".
bool read_refusal(std::string_view rest, LoginResult& out) {
  const auto method = maybe_take_word(rest);
  if (!method || !maybe_take(rest, ' ')) return false;
  out.method = *method;
  if (auto left = rest; maybe_take(left, '(')) {
    const auto at = left.rfind(") [");
    if (at == std::string_view::npos) return false;
    out.login = left.substr(0, at);
    rest = left.substr(at + 2);
  } else if (*method == "plaintext") {
    auto at = rest.find(" SASL(");
    if (at == std::string_view::npos) at = rest.find(' ');
    if (at == std::string_view::npos || at == 0) return false;
    out.login = rest.substr(0, at);
    rest.remove_prefix(at + 1);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  out.text = rest;
  return rest.starts_with("SASL(") || rest == "authentication failure";
}

// "ana plaintext+TLS User logged in SESSIONID=<x>", "ana PLAIN User logged in".
bool read_login(std::string_view rest, LoginResult& out) {
  const auto at = rest.rfind(" User logged in");
  if (at == std::string_view::npos) return false;
  auto session = rest.substr(at + sizeof(" User logged in") - 1);
  if (maybe_take(session, " SESSIONID=<") && session.ends_with('>')) {
    session.remove_suffix(1);
    out.session = session;
  } else if (!session.empty()) {
    return false;
  }
  rest = rest.substr(0, at);
  const auto blank = rest.rfind(' ');
  if (blank == std::string_view::npos || blank == 0) return false;
  out.login = rest.substr(0, blank);
  out.method = rest.substr(blank + 1);
  if (out.method.ends_with("+TLS")) {
    out.method.remove_suffix(4);
    out.tls = "TLS";
  }
  out.accepted = true;
  out.text = "User logged in";
  return true;
}

std::string_view service_of(std::string_view program) {
  if (program.find("pop3") != std::string_view::npos) return "pop3";
  return program.find("sieve") != std::string_view::npos ? "managesieve" : "imap";
}

}  // namespace

ParsedLine parse_cyrus_login(const LineHeader& header, std::string_view text) {
  LoginResult out;
  out.service = service_of(header.program);
  if (auto rest = text; maybe_take(rest, "badlogin: ")) {
    if (take_client(rest, out.client) && read_refusal(rest, out)) {
      return {LineKind::cyrus_login, out};
    }
    return {};
  }
  if (auto rest = text; maybe_take(rest, "login: ")) {
    if (take_client(rest, out.client) && read_login(rest, out)) return {LineKind::cyrus_login, out};
    return {};
  }
  return parse_ignored(kSessionIgnored, text);
}

ParsedLine parse_cyrus_lmtp(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_fact("cyrus", LineKind::cyrus_delivery, kForms, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, text);
  if (out.kind == LineKind::unrecognised) out = parse_trouble(kTrouble, text);
  return out;
}

}  // namespace rastro::companions
