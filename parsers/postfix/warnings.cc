// "warning:", "error:", "fatal:" and "panic:" of any program (Postfix src/util/msg_output.c).
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "parsers/forms.h"
#include "parsers/postfix/internal.h"
#include "parsers/scan.h"

namespace rastro::postfix {
namespace {

struct WarningForm {
  std::string_view program;  // empty: any
  std::string_view text;
};

constexpr WarningForm kForms[] = {
#include "parsers/postfix/warning_forms.inc"
#include "parsers/postfix/warning_forms_newer.inc"
#include "parsers/postfix/warning_forms_system.inc"
#include "parsers/postfix/warning_forms_versions.inc"
};

// Other versions', and what goes through a "%s".
constexpr WarningForm kMoreForms[] = {
    {"master", "warning: see {} for examples of stress-adapting configuration settings"},
    {"master", "warning: master_wakeup_timer_event: service {}: {}"},
    {"", "warning: SASL: Connect to {} failed: {}"},
    {"", "warning: TLS library problem: {}"},
    {"", "warning: run-time library vs. compile-time header version mismatch: {}"},
    {"", "warning: valid_hostname: {}: {}"},
    {"", "warning: numeric hostname:"},  // an empty one
    {"", "warning: valid_ipv4_hostaddr: {}: {}"},
    {"", "warning: valid_ipv6_hostaddr: {}: {}"},
    {"", "warning: malformed domain name in resource data of {} record for {}: {}"},
    {"", "warning: numeric domain name in resource data of {} record for {}: {}"},
    {"", "warning: Unable to look up {} host {} for {}: {}"},
    {"", "warning: milter {}: {}"},
    {"", "warning: timeout on {} while reading {}"},
    {"", "warning: premature end-of-input on {} while reading {}"},
    {"", "warning: connect #{} to subsystem {}: {}"},
    {"", "warning: connect to {} service {}: {}"},
    {"", "warning: access table {}: {}"},
    {"", "warning: {} is unavailable. {}"},
    {"", R"~(warning: {} lookup error for "{}")~"},
    {"", "warning: {} lookup of {} failed"},
    {"", "warning: dict_nis_init: NIS domain name not set - NIS lookups disabled"},
    {"", "warning: {}, line {}: overriding earlier entry: {}"},
    {"", "warning: {}: undefined parameter: {}"},
    {"", "warning: do not list domain {} in BOTH {}"},
    {"smtp", "warning: {} offered null AUTH mechanism list"},
    {"smtp", "warning: no MX host for {} has a valid A record"},
    {"", "warning: connect to transport {}: {}"},
    {"", "warning: private/{} socket: malformed response"},
    {"",
     "warning: please avoid flushing the whole queue when you have lots of deferred mail, that is "
     "bad for performance; to turn off these warnings specify: {}"},
    {"", "warning: mail_stream_cleanup: {}"},
    {"", "warning: mail_queue_enter: create file {}: {}"},
    {"", "warning: maildir access problem for UID/GID={}: {}"},
    {"dnsblog", "warning: dnsblog_query: lookup error for DNS query {}: {}"},
    {"postscreen", "warning: getpeername: {}"},
    {"postscreen", "warning: psc_cache_update: {}"},
    {"postscreen", "warning: dnsblog reply timeout {}"},
    {"postdrop", "warning: uid={}: {}"},
    {"", "warning: inet_protocols: {}"},
    {"", "warning: not owned by {}: {}"},
    {"", "warning: group or other writable: {}"},
    {"", "warning: symlink leaves directory: {}"},
    {"", "fatal: open {}: {}"},
    {"", "fatal: in parameter {}: {}"},
    {"", "fatal: unable to connect to {}: {}"},
    {"", "fatal: {}: table lookup problem"},
    {"", "warning: {}: table lookup problem"},  // util/match_list.c
    {"", "warning: malformed domain name in resource data of {} record for {}:"},
    {"", "warning: {}: {} map lookup problem for {}"},  // before 2.10
    {"smtp", "warning: mailer loop: best MX host for {} is local"},
    {"",
     "warning: Read failed in network_biopair_interop with errno={}: num_read={}, want_read={}"},
    {"", "warning: mysql query failed: {}"},  // before 2.3
    {"", "warning: pgsql query failed: {}"},
    {"", "warning: xsasl_cyrus_server_get_mechanism_list: {}"},  // xsasl_cyrus_server.c
    {"", "fatal: dict_open: unsupported dictionary type: {}"},   // before 2.11
    {"", "fatal: {}: dict_open: unsupported dictionary type: {}"},
    {"", "error: dict_ldap_connect: Unable to bind to server {} as {}: {}"},  // before 2.3
    {"", "fatal: non-null host address bits in {}"},
    {"", "fatal: bad net/mask pattern: {}"},
    {"", "warning: cannot get {} certificate from file {}: disabling TLS support"},
    {"sendmail", "error: to submit mail, use the Postfix sendmail command"},
    {"", "fatal: the Postfix mail system is already running"},
    {"", "fatal: the Postfix mail system is not running"},
    {"sendmail",
     "fatal: Recipient addresses must be specified on the command line or via the -t option"},
    {"sendmail", "fatal: {}: No recipient addresses found in message header"},
    {"sendmail", "fatal: {}({}): message file too big"},
    {"sendmail", "fatal: {}({}): {}"},
    {"master",
     R"~(warning: duplicate master.cf entry for service "{}" ({}) -- using the last entry)~"},
    {"local", "warning: file {} is writable by group or other: skipping it"},
    {"postdrop", "fatal: uid={}: {}"},
    {"postqueue", "fatal: Queue report unavailable - mail system is down"},
    {"postqueue", "warning: Mail system is down -- accessing queue directly{?}"},
    {"postfix-script", "warning: {} and {} differ"},
    {"postfix-script", "warning: damaged message: {}"},
    {"postfix-script", "fatal: unexpected termination of postfix"},
    {"postfix-script", "fatal: usage: {}"},
    {"smtpd", "warning: {}: RBL lookup error: {}"},
    {"", "warning: {}: address not listed for hostname {}"},
    {"", "warning: {}: hostname {} verification failed: {}"},
    {"", "warning: {}: queue file size limit exceeded"},
    {"", "warning: TLS policy lookup error for {}"},
    {"", "warning: TLS policy lookup for {}: {}"},
    {"", "warning: DNSSEC validation may be unavailable"},
    {"", "warning: reason: dnssec_probe '{}' received a response that is not DNSSEC validated"},
    {"postlogd", "warning: {}: {} truncated"},
    {"", "error: open database {}: {}"},
    {"", "error: open {}: {}"},  // a table that is a text file: util/dict_cidr.c and its like
    {"", "error: unsupported dictionary type: {}"},
    {"",
     R"~(warning: support for restriction "{}" will be removed from {}; instead, specify "{}")~"},
    {"smtpd",
     R"~(warning: support for restriction "{}" has been removed in {}; instead, specify {})~"},
    // smtpd/smtpd_check.c since 3.9
    {"smtpd", R"~(warning: {}: {}: {}: Fragile access policy: {}=yes, but {})~"},
    {"smtp", R"~(warning: {}: bad size limit "{}" in EHLO reply from {})~"},  // before 2.1
    {"smtp", R"~(warning: bad size limit "{}" in EHLO reply from {})~"},      // before 2.0
    {"qmgr", "warning: qmgr_active_corrupt: save corrupt file queue {} id {}: {}"},
    {"pickup", "warning: {}/{}: Error writing message file"},
    {"", "warning: {}: read timeout on {} socket"},
    {"postfix-script", "error: unknown command: '{?}'"},
    {"postfix-script", "fatal: usage: postfix start (or {})"},
    {"smtp", "warning: {} offered no supported AUTH mechanisms: '{}'"},
    {"smtp", "warning: MX name '{}' does not match STS MX pattern for '{?}'"},
    {"", "warning: backward time jump detected -- slewing clock"},  // util/sane_time.c
    {"", "warning: another backward time jump detected -- slewing clock"},
    {"", R"~(warning: {}, line {}: support for parameter "{}" will be removed; {})~"},
};

constexpr std::array<std::string_view, 4> kSeverities = {
    "warning: ", "error: ", "fatal: ", "panic: "};

std::optional<std::size_t> severity_of(std::string_view text) {
  for (std::size_t i = 0; i < kSeverities.size(); ++i) {
    if (text.starts_with(kSeverities[i])) return i;
  }
  return std::nullopt;
}

// Over two thousand forms: by severity and the first byte behind it, so that a frequent line is
// compared with a few dozen. Those that begin with what they print stand apart.
class FormIndex {
 public:
  FormIndex() {
    for (const auto& form : kMoreForms) add(form);
    for (const auto& form : kForms) add(form);
  }

  std::optional<Captured> match(std::size_t severity, std::string_view program,
                                std::string_view text) const {
    const auto head = kSeverities[severity].size();
    if (text.size() <= head) return std::nullopt;
    const auto first = static_cast<unsigned char>(text[head]);
    if (auto found = match_in(lists_[severity][first], program, text)) return found;
    return match_in(lists_[severity][kHole], program, text);
  }

 private:
  static constexpr std::size_t kHole = 256;
  using List = std::vector<const WarningForm*>;

  static std::optional<Captured> match_in(const List& list, std::string_view program,
                                          std::string_view text) {
    for (const auto* form : list) {
      if (!form->program.empty() && form->program != program) continue;
      if (auto found = match_form(text, form->text)) return found;
    }
    return std::nullopt;
  }

  void add(const WarningForm& form) {
    const auto severity = severity_of(form.text);
    if (!severity) return;
    const auto body = form.text.substr(kSeverities[*severity].size());
    const auto slot = body.starts_with("{}") ? kHole : static_cast<unsigned char>(body[0]);
    lists_[*severity][slot].push_back(&form);
  }

  std::array<std::array<List, kHole + 1>, kSeverities.size()> lists_;
};

// A client that did something odd: findable by its address.
struct ClientForm {
  std::string_view text;
  std::size_t client;  // which hole names it
  std::string_view stage;
  bool turned_away = false;
};
constexpr std::string_view kIllegalAddress =
    "warning: Illegal address syntax from {} in {} command: {}";
constexpr ClientForm kClientForms[] = {
    // src/smtpd/smtpd.c
    {"warning: Connection concurrency limit exceeded: {} from {} for service {}", 1, "CONNECT",
     true},
    {"warning: Connection rate limit exceeded: {} from {} for service {}", 1, "CONNECT", true},
    {"warning: Message delivery request rate limit exceeded: {} from {} for service {}", 1, "MAIL",
     true},
    {"warning: Recipient address rate limit exceeded: {} from {} for service {}", 1, "RCPT", true},
    {"warning: New TLS session rate limit exceeded: {} from {} for service {}", 1, "STARTTLS",
     true},
    {"warning: AUTH command rate limit exceeded: {} from {} for service {}", 1, "AUTH", true},
    {"warning: non-SMTP command from {}: {}", 0, "UNKNOWN"},
    {"warning: {} sent {} header instead of SMTP command: {?}", 0, "UNKNOWN"},  // before 2.3
    {kIllegalAddress, 0, "UNKNOWN"},
    {"improper command pipelining after {} from {}: {?}", 1, "UNKNOWN"},
    {"improper command pipelining after {} from {}:", 1, "UNKNOWN"},
    {"improper command pipelining after {} from {}", 1, "UNKNOWN"},  // before 2.7
    {"warning: improper command pipelining after {} from {}: {?}", 1, "UNKNOWN"},
    {"warning: improper command pipelining after {} from {}", 1, "UNKNOWN"},
    {"NOQUEUE: abort: TLS from {}: {}", 0, "STARTTLS", true},
    {"SSL_accept error from {}: {}", 0, "STARTTLS", true},
};

// The client was told 501, and no other line says whom it named, as it wrote it.
void refuse_illegal(const Captured& found, PolicyVerdict& out) {
  const auto command = found.at[1];
  auto address = found.at[2];
  if (address.starts_with('<') && address.ends_with('>') && address.size() > 2)
    address = address.substr(1, address.size() - 2);
  if (command == "RCPT") {
    out.recipient = address;
  } else if (command == "MAIL") {
    out.envelope_sender = address;
  } else {
    return;
  }
  out.action = PolicyVerdict::Action::reject;
  out.stage = command;
}

std::optional<ParsedLine> maybe_parse_client_form(std::string_view text) {
  for (const auto& form : kClientForms) {
    const auto found = match_form(text, form.text);
    if (!found) continue;
    auto named = found->at[form.client];
    const auto client = maybe_take_peer(named);
    if (!client) return std::nullopt;
    PolicyVerdict out;
    out.action = PolicyVerdict::Action::warn;
    out.stage = form.stage;
    out.client = *client;
    out.reply_text = text;
    out.turned_away = form.turned_away;
    if (form.text == kIllegalAddress) refuse_illegal(*found, out);
    return ParsedLine{LineKind::postfix_policy, out};
  }
  return std::nullopt;
}

// "SASL LOGIN authentication failed: reason[, sasl_username=name]" behind "host[ip]: "
// (src/smtpd/smtpd_sasl_glue.c). The reason is the SASL library's, the name the client's: the name
// stands last, so the last mark is the true one.
ParsedLine parse_login_failure(const Peer& client, std::string_view rest) {
  LoginResult out;
  out.client = client;
  const auto method = maybe_take_word(rest);
  if (!method) return {};
  out.method = *method;
  if (rest == " authentication aborted") {
    out.text = rest.substr(1);
    return {LineKind::postfix_login_failed, out};
  }
  if (!maybe_take(rest, " authentication failed")) return {};
  // The reason may be empty, and a log keeper may have cut the blank at the end.
  if (rest == ":") rest = {};
  if (!rest.empty() && !maybe_take(rest, ": ")) return {};
  out.text = rest;
  constexpr std::string_view kLogin = ", sasl_username=";
  if (const auto at = rest.find(kLogin); at != std::string_view::npos) {
    out.login = rest.substr(at + kLogin.size());
    out.text = rest.substr(0, at);
  }
  return {LineKind::postfix_login_failed, out};
}

// A log keeper may have cut the blank at the end, and with it a last word that was empty.
bool fits_with_nothing_behind(const FormIndex& forms, std::size_t severity,
                              std::string_view program, std::string_view text) {
  if (!text.ends_with(':') && !text.ends_with(" =")) return false;
  return forms.match(severity, program, std::string(text) + " -").has_value();
}

Note::About about_of(std::string_view text) {
  if (text.starts_with("queue file size limit exceeded")) return Note::About::size_limit;
  if (text == "message rejected: hopcount exceeded") return Note::About::hop_count;
  if (text.starts_with("write queue file: ") || text.starts_with("queue file write error")) {
    return Note::About::queue_error;
  }
  return Note::About::other;
}

// "lock file bounce QID: Resource temporarily unavailable": bounce(8) cannot note down what became
// of that message (src/bounce/bounce_append_service.c, bounce_notify_util.c).
std::string_view message_of_log_file(std::string_view text) {
  for (const auto* form :
       {"lock file {} {}: {}", "open file {} {}: {}", "seek file {} {}: {}",
        "append file {} {}: {}", "truncate file {} {}: {}", "unlock file {} {}: {}"}) {
    const auto found = match_form(text, form);
    if (!found || !is_postfix_queue_id(found->at[1])) continue;
    const auto service = found->at[0];
    if (service == "bounce" || service == "defer" || service == "trace") return found->at[1];
  }
  return {};
}

}  // namespace

ParsedLine parse_warning(std::string_view program, std::string_view text) {
  static const FormIndex forms;
  if (auto client = maybe_parse_client_form(text)) return *client;
  const auto severity = severity_of(text);
  if (!severity) return {};
  auto rest = text.substr(kSeverities[*severity].size());
  auto behind = rest;
  if (const auto client = maybe_take_peer(behind); client && maybe_take(behind, ": SASL ")) {
    return parse_login_failure(*client, behind);
  }
  // The message stays there for good (src/qmgr/qmgr_active.c).
  if (const auto corrupt =
          match_form(rest, R"(saving corrupt file "{}" from queue "{}" to queue "{}")");
      corrupt && is_postfix_queue_id(corrupt->at[0])) {
    return {LineKind::postfix_note,
            QueueAction{corrupt->at[0], QueueAction::Action::held, {}, {}, rest}};
  }
  if (const auto file = message_of_log_file(rest); !file.empty())
    return {LineKind::postfix_note, Note{file, Note::About::other, rest}};
  const auto id = maybe_take_queue_id(rest);
  const auto about = id ? about_of(rest) : Note::About::other;
  if (about == Note::About::other && !forms.match(*severity, program, text) &&
      !fits_with_nothing_behind(forms, *severity, program, text)) {
    return {};
  }
  if (id) return {LineKind::postfix_note, Note{*id, about, rest}};
  return {LineKind::postfix_warning, Note{{}, Note::About::other, text}};
}

}  // namespace rastro::postfix
