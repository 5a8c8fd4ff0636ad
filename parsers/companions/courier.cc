// Courier IMAP's and POP3's logins (courier-imap 4 and 5: imap/imaplogin.c, imap/pop3login.c) and
// authdaemond.
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// "::ffff:192.0.2.1" is an IPv4 client on a socket of both kinds.
std::string_view plain_ip(std::string_view ip) {
  constexpr std::string_view kMapped = "::ffff:";
  if (ip.starts_with(kMapped) && ip.find('.') != std::string_view::npos) {
    ip.remove_prefix(kMapped.size());
  }
  return ip;
}

// ", user=ana, ip=[::ffff:192.0.2.1], port=[4123], protocol=IMAP": the name is the client's, so
// the last ", ip=[" is Courier's.
ParsedLine parse_login(std::string_view service, std::string_view text) {
  LoginResult out;
  if (maybe_take(text, "LOGIN FAILED, ")) {
    out.text = "login failed";
  } else if (maybe_take(text, "LOGIN, ")) {
    out.accepted = true;
  } else {
    return {};
  }
  constexpr std::string_view kIp = ", ip=[";
  auto at = text.rfind(kIp);
  const bool alone = at == std::string_view::npos && text.starts_with("ip=[");  // before 3
  if (alone) at = 0;
  if (at == std::string_view::npos) return {};
  auto ip = text.substr(at + kIp.size() - (alone ? 2 : 0));
  ip = ip.substr(0, ip.find(']'));
  if (!is_ip(ip)) return {};
  out.client.ip = plain_ip(ip);
  auto who = text.substr(0, at);
  if (maybe_take(who, "user=")) {
    if (!who.empty()) out.login = who;
  } else if (maybe_take(who, "method=")) {
    out.method = who;
  } else if (!alone) {
    return {};
  }
  out.service = service.find("pop3") == std::string_view::npos ? "imap" : "pop3";
  if (service.ends_with("-ssl")) out.tls = "TLS";
  return {LineKind::courier_login, out};
}

constexpr KnownForm kIgnored[] = {
    {"Connection, ip=[{}]{?}", "tcpd/couriertcpd.c"},
    {"last message repeated {} times", "syslogd(8)"},
    {"LOGOUT, {}", "imap/imapd.c"},
    {"LOGIN: {}", "imap/imaplogin.c"},  // DEBUG_LOGIN
    {"DISCONNECTED, {}", "imap/imapd.c"},
    {"Disconnected{?}", "imap/imapd.c"},
    {"TIMEOUT, {}", "imap/imapd.c"},
    {"received auth request, service={}, authtype={}", "courier-authlib"},
    {"received userid lookup request: {}", "courier-authlib"},
    {"auth{}: {}", "courier-authlib"},
    {"Authenticated: {}", "courier-authlib"},
    {"modules={}, daemons={}", "courier-authlib"},
    {"Installing lib{}", "courier-authlib"},
    {"Installation complete: {}", "courier-authlib"},
    {"stopping authdaemond children", "courier-authlib"},
    {"restarting authdaemond children", "courier-authlib"},
    {"supplied password {}", "courier-authlib"},
    {"password matches successfully", "courier-authlib"},
    {"SQL query: {}", "courier-authlib"},
};
constexpr KnownForm kTrouble[] = {
    {"authentication error: {}", "imap/imaplogin.c"},
    {"Maximum connection limit reached for {}", "tcpd/couriertcpd.c"},
    {"Maximum connections {}", "tcpd/couriertcpd.c"},
    {"failed to connect to {}", "courier-authlib"},
    {"mysql_query failed{?}", "courier-authlib"},
    {"couriertls: {}", "tcpd/tls.c"},
    {"chdir {}", "imap/imapd.c"},
    {"{}: No such file or directory", "imap/imapd.c"},
    {"Unexpected SSL connection shutdown.{?}", "tcpd/tls.c"},
};

}  // namespace

ParsedLine parse_courier(const LineHeader& header, std::string_view text) {
  // Cyrus' imapd and pop3d may have the same names.
  if (text.starts_with("badlogin: ") || text.starts_with("login: ")) {
    return parse_cyrus_login(header, text);
  }
  auto out = parse_login(header.program, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

}  // namespace rastro::companions
