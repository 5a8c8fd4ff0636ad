// Dovecot's login processes (src/login-common/client-common.c, login_log_format "%{message}:
// %{elements}") and its auth process (src/auth/auth-request.c).
#include <algorithm>
#include <cctype>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// What a login line may begin with; behind it the reason in brackets or behind a colon.
constexpr std::string_view kLoginMessages[] = {
    "Login",
    "Logged in",
    "Disconnected",
    "Aborted login",
    "Login aborted",
    "Login failed",
    "Proxied login",
    "proxy",
    "Maximum number of connections",
    "Internal login failure",
    "Authentication failed",
    "Authenticate",
    "Connection closed",
    "Too many invalid commands",
    "Inactivity",
    "Started proxying",
    "ID sent",
    "APOP failed",
    "SSL is disabled",
    "Auth process broken",
    "Logged out",
    "Clean logout",
    "Shutting down",
    "Disconnecting",
    "Process shutting down",
    "Remote closed connection",
    "Unexpectedly disconnected",
    "Too long input line",
    "Input buffer full",
    "TLS initialization failed",
    "TLS handshaking failed",
    "Client has quit the connection",
};

bool is_login_message(std::string_view message) {
  return std::ranges::any_of(kLoginMessages, [message](std::string_view known) {
    if (!message.starts_with(known)) return false;
    if (message.size() == known.size()) return true;
    const auto next = static_cast<unsigned char>(message[known.size()]);
    return std::isalnum(next) == 0;
  });
}

// "user=<ana>, method=PLAIN, " in front of "rip=": the name is a stranger's and may hold
// ">, method=".
bool read_user(std::string_view head, LoginResult& out) {
  if (head.empty()) return true;
  if (!head.ends_with(", ")) return false;
  head.remove_suffix(2);
  if (!maybe_take(head, "user=<")) {
    if (!maybe_take(head, "method=")) return false;
    out.method = head;
    return true;
  }
  constexpr std::string_view kMethod = ">, method=";
  if (const auto at = head.rfind(kMethod); at != std::string_view::npos) {
    const auto method = head.substr(at + kMethod.size());
    if (method.find_first_of("> ,") == std::string_view::npos) {
      out.method = method;
      if (at > 0) out.login = head.substr(0, at);
      return true;
    }
  }
  if (!head.ends_with('>')) return false;
  head.remove_suffix(1);
  if (!head.empty()) out.login = head;
  return true;
}

// "lip=192.0.2.1, mpid=12, TLS, session=<abc>": Dovecot's own, in any order.
bool read_tail(std::string_view tail, LoginResult& out) {
  while (!tail.empty()) {
    const auto end = std::min(tail.find(", "), tail.size());
    auto field = tail.substr(0, end);
    tail.remove_prefix(std::min(end + 2, tail.size()));
    if (maybe_take(field, "session=")) {
      out.session = unbracketed(field);
    } else if (field.starts_with("TLS") || field == "secured" || field == "localhost" ||
               field.starts_with("STARTTLS") || field.starts_with("SSL")) {
      out.tls = field;
    } else if (out.tls.empty() && field.find('=') == std::string_view::npos) {
      return false;  // an SSL error's own commas follow "TLS handshaking: ..."
    }
  }
  return true;
}

// Elements behind the message. The last ", rip=" or ": rip=" is Dovecot's; one before it may stand
// in the user name.
bool read_elements(std::string_view elements, LoginResult& out) {
  constexpr std::string_view kRip = "rip=";
  const auto at = elements.rfind(kRip);
  if (at == std::string_view::npos) return false;
  auto tail = elements.substr(at + kRip.size());
  out.client.ip = tail.substr(0, tail.find(','));
  if (!is_ip(out.client.ip)) return false;
  tail.remove_prefix(std::min(out.client.ip.size() + 2, tail.size()));
  return read_user(elements.substr(0, at), out) && read_tail(tail, out);
}

ParsedLine login_line(std::string_view service, std::string_view message,
                      std::string_view elements) {
  LoginResult out;
  if (!is_login_message(message) || !read_elements(elements, out)) return {};
  out.service = service.substr(0, service.rfind("-login"));
  out.accepted = message == "Login" || message == "Logged in" ||
                 message.starts_with("Proxied login") ||
                 message.find("tarted proxying") != std::string_view::npos;
  out.text = message;
  // A client that never tried to log in is no failed login.
  const bool tried = out.accepted || out.login || !out.method.empty() ||
                     message.find("attempts in") == std::string_view::npos ||
                     message.find("no auth attempts") == std::string_view::npos;
  if (!tried || (!out.accepted && !out.login && out.method.empty())) {
    CompanionFact seen;
    seen.source = "dovecot";
    seen.client = out.client;
    add_value(seen, "verdict", message);
    add_value(seen, "service", out.service);
    add_value(seen, "session", out.session);
    add_value(seen, "tls", out.tls);
    return {LineKind::dovecot_session, seen};
  }
  return {LineKind::dovecot_login, out};
}

}  // namespace

ParsedLine parse_dovecot_login(std::string_view service, std::string_view text) {
  for (const std::string_view mark : {": user=<", ": method=", ": rip="}) {
    const auto at = text.find(mark);
    if (at == std::string_view::npos) continue;
    return login_line(service, text.substr(0, at), text.substr(at + 2));
  }
  constexpr FactForm kForms[] = {
      {"proxy({}): started proxying to {}: {}", "login relay detail", "proxied"},
      {"proxy({}): disconnecting {}", "login detail", "proxy ended"},
      {"proxy({}): {}", "login detail", "proxy"},
      // 0.99 and 1.0 before its release.
      {"Login: {} [{}]", "login ip", "Login"},
      {"Aborted login [{}]", "ip", "Aborted login"},
      {"Disconnected [{}]", "ip", "Disconnected"},
      {"Disconnected: {} [{}]", "reason ip", "Disconnected"},
  };
  const auto out = parse_fact("dovecot", LineKind::dovecot_session, kForms, text);
  return out.kind == LineKind::unrecognised ? parse_dovecot_known(service, text) : out;
}

namespace {

constexpr std::size_t kPlacesMax = 32;
constexpr std::string_view kAuthFailures[] = {
    "unknown user{?}",
    "Unknown user{?}",
    "Password mismatch{?}",
    "password mismatch{?}",
    "user not found from userdb{?}",
    "user not found from any userdbs{?}",
    "User found from deny passdb{?}",
    "User unknown",
    "Login failed (status={})",
    "Login attempt with empty password{?}",
    "No password returned (and no nopassword)",
    "invalid password field{?}",
    "pam_authenticate() failed: {}",
    "pam_acct_mgmt() failed: {}",
    "pam_setcred() failed: {}",
    "allow_nets check failed: {}",
    "{} check failed: IP {} not in allowed networks",
    "{} check failed: Remote IP not known and 'local' missing",
    "Attempted login with password having illegal chars",
    "Attempted master login with no master passdbs (trying to log in as user: {})",
    "Requested {} scheme, but we have {}",
    "Requested {} scheme, but we have only {}",
    "Authentication failure due to policy server refusal{?}",
    "Policy check action is {}",
    "Policy check action '{}' ignored",
    "invalid input",
    "Empty username",
    "Username character disallowed by auth_username_chars: {}",
    "Username is empty",
    "login user: {}",
    "oauth2 failed: {}",
    "Invalid username{?}",
    "username not known",
    "user disabled{?}",
    "User disabled{?}",
    "account is disabled{?}",
    "Falling back to expired data from cache",
    "Last passdb had noauthenticate field, cannot authenticate user",
    "Auth client disconnected before authentication finished{?}",
    "Request timed out waiting for client to continue authentication ({} secs)",
    "Request {}.{} timed out after {} secs, state={}",
    "nopassword given and password is not empty",
    "nopassword set but password is non-empty",
    "While {}: {}",
    "krb5_parse_name() failed: {}",
    "User not authorized to log in as {}",
    "ldap_bind() failed: {}",
    "Password query failed: {}",
    "User query failed: {}",
    "Password query returned multiple matches",
    "passdb returned: {}",
    "Missing password{?}",
    "Plaintext authentication disallowed{?}",
    "Password data is not valid for scheme {}: {}",
    "Unknown scheme {}",
};

// "ana@example.org,192.0.2.1,<session>", "?,192.0.2.1", "ana": the address and what follows are
// Dovecot's, so they are taken from the end.
bool read_identifier(std::string_view text, LoginResult& out) {
  if (text.ends_with('>')) {
    const auto at = text.rfind(",<");
    if (at == std::string_view::npos) return false;
    out.session = text.substr(at + 2, text.size() - at - 3);
    text = text.substr(0, at);
  }
  if (text.ends_with(",master")) text.remove_suffix(7);
  if (const auto at = text.rfind(','); at != std::string_view::npos) {
    if (is_ip(text.substr(at + 1))) {
      out.client.ip = text.substr(at + 1);
      text = text.substr(0, at);
    }
  }
  if (text != "?") out.login = text;
  return !text.empty();
}

bool is_auth_failure(std::string_view said) {
  return std::ranges::any_of(
      kAuthFailures, [said](std::string_view form) { return match_form(said, form).has_value(); });
}

bool is_mechanism(std::string_view word) {
  return !word.empty() && word.size() <= 32 &&
         word.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
             std::string_view::npos;
}

}  // namespace

// "passwd-file(ana,192.0.2.1,<session>): unknown user", with a worker's connection in front:
// "conn unix:auth-worker (pid=1,uid=2): auth-worker<3>: sql(...): Password mismatch".
ParsedLine parse_dovecot_auth(std::string_view text) {
  if (text.starts_with("conn unix:")) {
    auto rest = text;
    if (maybe_take_until(rest, std::string_view("): "))) text = rest;
  }
  if (auto rest = text;
      maybe_take(rest, "auth-worker<") && maybe_take_until(rest, std::string_view(">: "))) {
    text = rest;
  }
  for (const std::string_view level : {"Info: ", "Error: ", "Warning: "}) maybe_take(text, level);
  auto rest = text;
  const auto open = rest.find('(');
  if (open == std::string_view::npos || !is_mechanism(rest.substr(0, open))) return {};
  LoginResult out;
  out.method = rest.substr(0, open);
  rest.remove_prefix(open + 1);
  // The user name may hold "): unknown user" too: the last place that fits is Dovecot's.
  std::size_t tried = 0;
  for (auto at = rest.rfind("): "); at != std::string_view::npos && at > 0 && tried < kPlacesMax;
       at = rest.rfind("): ", at - 1), ++tried) {
    const auto said = rest.substr(at + 3);
    if (!is_auth_failure(said) || !read_identifier(rest.substr(0, at), out)) continue;
    out.text = said;
    return {LineKind::dovecot_auth, out};
  }
  return {};
}

ParsedLine parse_dovecot_auth_of(std::string_view identifier, std::string_view session,
                                 std::string_view text) {
  if (auto rest = text; maybe_take(rest, "request [")) {  // of a worker
    if (!maybe_take_until(rest, std::string_view("]: "))) return {};
    text = rest;
  }
  LoginResult out;
  auto said = text;
  const auto database = maybe_take_until(said, std::string_view(": "));
  if (!database || !is_mechanism(*database)) return {};
  if (identifier.ends_with(",master")) identifier.remove_suffix(7);
  // Without a mechanism when it was asked for an account, not for a login.
  const auto sasl = identifier.rfind(",sasl:");
  if (!is_auth_failure(said) || !read_identifier(identifier.substr(0, sasl), out)) return {};
  out.method = *database;
  out.session = session;
  out.text = said;
  return {LineKind::dovecot_auth, out};
}

}  // namespace rastro::companions
