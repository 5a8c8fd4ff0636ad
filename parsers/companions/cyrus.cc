// Cyrus IMAP. Its lmtpd (imap/lmtpd.c, imap/lmtp_sieve.c, imap/duplicate.c) says into which mailbox
// a message went or what a script did with it, and names the message by its Message-ID alone.
#include <optional>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

using What = MailboxResult::What;

constexpr FactForm kForms[] = {
    {"dupelim: eliminated duplicate message to {} id {} ({})", "mailbox message_id stage",
     "duplicate"},
    {"sieve LMTP rejected: {}", "message_id", "sieve rejected"},
    {"sieve: discarded reject to <> for {} id {}", "account message_id", "sieve reject not sent"},
    {"sieve runtime error for {} id {}: {}", "account message_id error", "sieve failed"},
};
constexpr KnownForm kIgnored[] = {
    {"accepted connection", "imap/lmtpd.c"},
    {"executed", "master/service.c"},
    {"lmtp connection preauth'd as {}", "imap/lmtpengine.c"},
    {"connection from {}", "imap/lmtpd.c"},
    {"command: {}", "imap/lmtpengine.c"},
    {"TLS is available.", "imap/lmtpengine.c"},
    {"starttls: {} with cipher {}", "imap/tls.c"},
    {"duplicate_check: {}", "imap/duplicate.c, debug"},
    {"duplicate_mark: {}", "imap/duplicate.c, debug"},
    {"USAGE {} user: {} sys: {}", "imap/lmtpd.c"},
    {"auditlog: {}", "imap/lmtp_sieve.c and others"},
};
constexpr KnownForm kTrouble[] = {
    {"verify_user({}) failed: {}", "imap/lmtpd.c"},
    {"badlogin: {}", "imap/lmtpengine.c"},
    {"IOERROR: {}", "imap/lmtp_sieve.c and others"},
    {"DBERROR: {}", "lib/cyrusdb.c and others"},
    {"sieve parse error for {}: line {}: {}", "imap/lmtp_sieve.c"},
    {"sieve fcc '{?}' failed: {}", "imap/lmtp_sieve.c"},
    {"WARNING: sieve script {} doesn't exist: {}", "imap/sieve_support.c"},
    {"duplicate_check: error {}", "imap/duplicate.c"},
    {"duplicate_mark: error {}", "imap/duplicate.c"},
};

// "user.ana", "user.ana.Junk", "user/ana/Junk", "example.org!user.ana": the account's own part and
// the folder within. A domain of its own stands elsewhere than in the address: the account's login
// alone is told.
struct Mailbox {
  std::string_view account;
  std::string_view folder = "INBOX";
};
Mailbox mailbox_of(std::string_view name) {
  Mailbox out;
  if (const auto domain = name.find('!'); domain != std::string_view::npos) {
    name.remove_prefix(domain + 1);
  }
  const bool slashes = name.starts_with("user/");
  if (!slashes && !name.starts_with("user.")) return {{}, name};  // a shared folder
  name.remove_prefix(5);
  const auto end = name.find(slashes ? '/' : '.');
  out.account = name.substr(0, end);
  if (end != std::string_view::npos) out.folder = name.substr(end + 1);
  return out;
}

// The Message-ID is a stranger's and may hold the whole phrase: `behind` counts where it is last.
std::optional<ParsedLine> maybe_parse_result(std::string_view text) {
  struct Form {
    std::string_view start;
    std::string_view behind;
    What what;
  };
  constexpr Form kResults[] = {
      {"Delivered: <", "> to mailbox: ", What::saved},
      {"sieve redirected: <", "> to: ", What::forwarded},
      {"sieve rejected: <", "> to: ", What::rejected},
      {"sieve discarded: <", "", What::discarded},
  };
  for (const auto& form : kResults) {
    if (!text.starts_with(form.start)) continue;
    auto at = text.size() - 1;
    if (!form.behind.empty()) at = text.rfind(form.behind);
    if (at == std::string_view::npos || at < form.start.size() || text[at] != '>') return {};
    const auto first = form.start.size() - 1;
    const auto message_id = text.substr(first, at + 1 - first);
    MailboxResult out;
    out.what = form.what;
    out.source = "cyrus";
    out.recipient = "";
    if (is_message_id(message_id) && message_id != "<nomsgid>") out.message_id = message_id;
    if (form.what == What::saved) {
      const auto mailbox = mailbox_of(text.substr(at + form.behind.size()));
      out.recipient = mailbox.account;
      out.folder = mailbox.folder;
    } else if (form.what == What::forwarded) {
      out.text = text.substr(at + form.behind.size());
    } else {
      out.text = text;
    }
    return ParsedLine{LineKind::cyrus_delivery, out};
  }
  return std::nullopt;
}

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
  if (const auto told = maybe_parse_result(text)) return *told;
  auto out = parse_fact("cyrus", LineKind::cyrus_delivery, kForms, text);
  if (out.kind == LineKind::unrecognised) out = parse_trouble(kTrouble, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, text);
  return out;
}

}  // namespace rastro::companions
