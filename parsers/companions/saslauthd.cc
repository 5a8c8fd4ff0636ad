// saslauthd (cyrus-sasl saslauthd/saslauthd-main.c): each line begins with the function's name.
#include <algorithm>
#include <iterator>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr KnownForm kIgnored[] = {
    {"master pid is: {}", "saslauthd/saslauthd-main.c"},
    {"listening on socket: {}", "saslauthd/ipc_unix.c"},
    {"master exited: {}", "saslauthd/saslauthd-main.c"},
    {"forked child: {}", "saslauthd/saslauthd-main.c"},
    {"child exited: {}", "saslauthd/saslauthd-main.c"},
    {"num_procs  : {}", "saslauthd/saslauthd-main.c"},
    {"mech_option: {}", "saslauthd/saslauthd-main.c"},
    {"run_path   : {}", "saslauthd/saslauthd-main.c"},
    {"auth_mech  : {}", "saslauthd/saslauthd-main.c"},
    {"using process model", "saslauthd/saslauthd-main.c"},
    {"using thread model", "saslauthd/saslauthd-main.c"},
    {"starting {}", "saslauthd/saslauthd-main.c"},
    {"pid file removed: {}", "saslauthd/saslauthd-main.c"},
    {"pid file lock removed: {}", "saslauthd/saslauthd-main.c"},
};
constexpr KnownForm kTrouble[] = {
    {"could not open pid lock file: {}", "saslauthd/saslauthd-main.c"},
    {"could not chdir to: {}", "saslauthd/saslauthd-main.c"},
    {"internal mechanism failure: {}", "saslauthd/saslauthd-main.c"},
    {"unknown authentication mechanism: {}", "saslauthd/saslauthd-main.c"},
    {"failed to initialize mechanism {}", "saslauthd/saslauthd-main.c"},
    {"write failed: {}", "saslauthd/ipc_unix.c"},
};

// What stands between the brackets is the client's; the order is fixed and the last mark is the
// true one, so it is read from the end.
bool take_last(std::string_view& text, std::string_view mark, std::string_view& value) {
  const auto at = text.rfind(mark);
  if (at == std::string_view::npos || !text.ends_with(']')) return false;
  value = text.substr(at + mark.size(), text.size() - at - mark.size() - 1);
  text = text.substr(0, at);
  return true;
}

ParsedLine parse_login(std::string_view text) {
  LoginResult out;
  out.accepted = maybe_take(text, "auth success: ") || maybe_take(text, "auth success (cached): ");
  if (!out.accepted && !maybe_take(text, "auth failure: ")) return {};
  std::string_view realm;
  std::string_view login;
  if (!out.accepted && !take_last(text, " [reason=", out.text)) return {};
  take_last(text, " [mech=", out.method);
  if (!take_last(text, " [realm=", realm)) return {};
  if (!take_last(text, " [service=", out.service)) return {};
  if (!take_last(text, "[user=", login) || !text.empty()) return {};
  out.login = login;
  return {LineKind::saslauthd_login, out};
}

// auth_pam.c and the other mechanisms, without a name.
constexpr FactForm kMechanisms[] = {
    {"DEBUG: auth_pam: pam_authenticate failed: {}", "error", "login failed"},
    {"DEBUG: auth_pam: pam_acct_mgmt failed: {}", "error", "login failed"},
    {"pam_unix({}:auth): {}", "service error", "login failed"},
    {"pam_unix({}:account): {}", "service error", "login failed"},
    // Zimbra's saslauthd/auth_zimbra.c
    {"auth_zimbra: {} auth failed: {}", "login error", "login failed"},
    {"auth_zimbra: {} auth OK", "login", "login"},
};
constexpr KnownForm kZimbraIgnored[] = {
    {"zmauth: authenticating against elected url '{}' ...", "saslauthd/auth_zimbra.c"},
    {"zmpost: url='{}' returned buffer->data='{}", "saslauthd/auth_zimbra.c"},
    {"auth_zimbra_init: zimbra_url initialized", "saslauthd/auth_zimbra.c"},
    {"auth_zimbra_init: {} auth urls initialized for round-robin", "saslauthd/auth_zimbra.c"},
};

// Plesk's own, plesk_saslauthd.
constexpr KnownForm kPleskIgnored[] = {
    {"listen={}, status={}, dbpath='{}', keypath='{}', chroot={}, unprivileged={}",
     "plesk_saslauthd"},
    {"privileges set to ({}) (effective {})", "plesk_saslauthd"},
    {"select timeout, exiting", "plesk_saslauthd"},
};

bool is_function(std::string_view word) {
  constexpr std::string_view kFunctions[] = {
      "do_auth",         "detach_tty",   "ipc_init",     "ipc_loop",      "ipc_cleanup",
      "server_exit",     "have_baby",    "main",         "do_request",    "handle_sigchld",
      "set_auth_mech",   "set_run_path", "signal_setup", "set_max_procs", "set_mech_option",
      "rel_accept_lock", "cache_init",   "cache_lookup", "cache_commit",  "get_accept_lock"};
  return std::ranges::find(kFunctions, word) != std::end(kFunctions);
}

}  // namespace

ParsedLine parse_saslauthd(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  if (const auto function = maybe_take_word(rest); function && is_function(*function)) {
    while (maybe_take(rest, ' ')) {
    }
    if (maybe_take(rest, ": ")) {
      auto out = parse_login(rest);
      if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, rest);
      if (out.kind == LineKind::unrecognised) out = parse_trouble(kTrouble, rest);
      if (out.kind != LineKind::unrecognised) return out;
    }
  }
  auto out = parse_fact("saslauthd", LineKind::saslauthd_login, kMechanisms, text);
  return out.kind == LineKind::unrecognised ? parse_ignored(kZimbraIgnored, text) : out;
}

ParsedLine parse_plesk_saslauthd(const LineHeader& /*header*/, std::string_view text) {
  LoginResult out;
  auto rest = text;
  const bool failed = maybe_take(rest, "failed mail authentication attempt for user '") ||
                      maybe_take(rest, "failed mail authenticatication attempt for user '");
  if (failed) {
    // The name is the client's; the length behind it is ours.
    const auto end = rest.rfind("' (password len=");
    if (end == std::string_view::npos || !rest.ends_with(')')) return {};
    out.login = rest.substr(0, end);
    out.text = "authentication failed";
    return {LineKind::saslauthd_login, out};
  }
  if (const auto named = match_form(text, "No such user '{}' in mail authorization database")) {
    out.login = named->at[0];
    out.text = "no such user";
    return {LineKind::saslauthd_login, out};
  }
  if (const auto named = match_form(text, "Invalid mail address '{?}'")) {
    out.login = named->at[0];
    out.text = "invalid mail address";
    return {LineKind::saslauthd_login, out};
  }
  return parse_ignored(kPleskIgnored, text);
}

}  // namespace rastro::companions
