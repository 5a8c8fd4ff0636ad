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
  return parse_fact("saslauthd", LineKind::saslauthd_login, kMechanisms, text);
}

}  // namespace rastro::companions
