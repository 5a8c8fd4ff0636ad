// Dovecot 2.0 to 2.4: where LMTP, LDA and Sieve put a message (src/lib-lda/mail-deliver.c,
// src/lmtp, pigeonhole src/lib-sieve), logins (dovecot_login.cc), what mail users did.
#include <algorithm>
#include <iterator>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

using What = MailboxResult::What;

// "lmtp(user)<pid><session>: ", "lda(user): ", "lmtp(123, user): session: ", "imap-login: ".
struct Prefix {
  std::string_view service;
  std::string_view user;
  std::string_view session;
};

bool is_action(std::string_view word) {
  return !word.empty() && word.size() <= 32 &&
         word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string_view::npos;
}

// The processes of Dovecot and Pigeonhole by their names in the log.
bool is_service(std::string_view word) {
  constexpr std::string_view kServices[] = {"lmtp",
                                            "lda",
                                            "deliver",
                                            "imap",
                                            "pop3",
                                            "submission",
                                            "managesieve",
                                            "imap-login",
                                            "pop3-login",
                                            "submission-login",
                                            "managesieve-login",
                                            "lmtp-login",
                                            "imap-urlauth",
                                            "imap-urlauth-login",
                                            "imap-urlauth-worker",
                                            "imap-hibernate",
                                            "auth",
                                            "auth-worker",
                                            "master",
                                            "config",
                                            "log",
                                            "anvil",
                                            "stats",
                                            "old-stats",
                                            "ssl-params",
                                            "ssl-build-param",
                                            "dict",
                                            "dict-async",
                                            "dict-expire",
                                            "director",
                                            "doveadm",
                                            "doveadm-server",
                                            "indexer",
                                            "indexer-worker",
                                            "ipc",
                                            "replicator",
                                            "aggregator",
                                            "dns-client",
                                            "dns_client",
                                            "health-check",
                                            "quota-status",
                                            "quota-warning",
                                            "script",
                                            "script-login",
                                            "tcpwrap",
                                            "welcome",
                                            "dsync-server",
                                            "dsync-local",
                                            "sieve-filter",
                                            "decode2text"};
  return std::ranges::find(kServices, word) != std::end(kServices);
}

// "(123, user)", "(user)", "(123)" (src/lib-master/master-service.c; 2.2 had the pid inside).
bool take_user(std::string_view& rest, Prefix& out) {
  if (!maybe_take(rest, '(')) return true;
  auto user = maybe_take_until(rest, ')');
  if (!user || user->empty() || user->find('(') != std::string_view::npos) return false;
  auto behind_pid = *user;
  if (maybe_take_number(behind_pid)) {
    if (behind_pid.empty()) return true;
    if (maybe_take(behind_pid, ", ")) user = behind_pid;
  }
  out.user = *user;
  return true;
}

// Plesk's mail_log_prefix: "service=lda, user=ana@example.org, ip=[192.0.2.1]. ".
std::optional<Prefix> maybe_take_plesk_prefix(std::string_view& text) {
  auto rest = text;
  Prefix out;
  if (!maybe_take(rest, "service=")) return std::nullopt;
  const auto service = maybe_take_until(rest, std::string_view(", user="));
  const auto user = service ? maybe_take_until(rest, std::string_view(", ip=[")) : std::nullopt;
  const auto ip = user ? maybe_take_until(rest, std::string_view("]. ")) : std::nullopt;
  if (!service || !user || !ip || !is_service(*service)) return std::nullopt;
  out.service = *service;
  out.user = *user;
  text = rest;
  return out;
}

std::optional<Prefix> maybe_take_prefix(std::string_view& text) {
  if (text.starts_with("service=")) return maybe_take_plesk_prefix(text);
  auto rest = text;
  Prefix out;
  const auto end = rest.find_first_of("(:<");
  if (end == std::string_view::npos) return std::nullopt;
  out.service = rest.substr(0, end);
  if (out.service == "IMAP") out.service = "imap";  // 1.x
  if (out.service == "POP3") out.service = "pop3";
  rest.remove_prefix(end);
  if (!is_service(out.service) || !take_user(rest, out)) return std::nullopt;
  while (maybe_take(rest, '<')) {
    const auto word = maybe_take_until(rest, '>');
    if (!word) return std::nullopt;
    out.session = *word;  // the pid first, the session last
  }
  if (!maybe_take(rest, ": ")) return std::nullopt;
  text = rest;
  return out;
}

// What was done with the message: "{}" is the folder, the address or the reason.
struct DeliveryForm {
  std::string_view text;
  What what;
  enum class Hole : std::uint8_t { none, folder, address } first = Hole::none;
};
using Hole = DeliveryForm::Hole;
constexpr DeliveryForm kDeliveries[] = {
    {"saved mail to {}", What::saved, Hole::folder},
    {"stored mail into mailbox '{}'", What::saved, Hole::folder},
    {"left message in mailbox '{}'", What::saved, Hole::folder},
    {"copied mail to {}", What::saved, Hole::folder},
    {"save failed to open mailbox {}: {}", What::deferred, Hole::folder},
    {"save failed to {}: {}", What::deferred, Hole::folder},
    {"failed to store into mailbox '{}': {}", What::deferred, Hole::folder},
    {"store into mailbox '{}' aborted", What::deferred, Hole::folder},
    {"forwarded to <{}>", What::forwarded, Hole::address},
    {"failed to redirect message to <{}>: {}", What::deferred, Hole::address},
    {"rejected: {}", What::rejected, Hole::none},
    {"rejected message from <{?}> ({})", What::rejected, Hole::none},
    {"rejected", What::rejected, Hole::none},
    {"discarded", What::discarded, Hole::none},
    {"Marked message to be discarded if not explicitly delivered (discard action)", What::discarded,
     Hole::none},
    {"marked message to be discarded if not explicitly delivered (discard action)", What::discarded,
     Hole::none},
    {"discarded duplicate forward to <{}>", What::discarded, Hole::address},
    {"marked message to be discarded", What::discarded, Hole::none},
    {"discarded duplicate message", What::discarded, Hole::none},
    {"not forwarding message to <{}>: the `x-sieve-redirected-from' header indicates a mail loop",
     What::discarded, Hole::address},
};

// Replies and programs that a script started; the message itself goes on.
constexpr FactForm kSideEffects[] = {
    {"sent vacation response to <{}>", "vacation_to", "vacation sent"},
    {"discarded vacation reply to <>", "", "vacation not sent: null sender"},
    {"discarded duplicate vacation response to <{}>", "vacation_to",
     "vacation not sent: duplicate"},
    {"discarded vacation reply to own address <{}>{?}", "vacation_to detail",
     "vacation not sent: own address"},
    {"discarding vacation response to mailinglist recipient <{}>", "vacation_to",
     "vacation not sent: mailing list"},
    {"discarding vacation response to auto-submitted message from <{}>", "vacation_to",
     "vacation not sent: auto-submitted"},
    {"discarding vacation response to precedence={} message from <{}>", "precedence vacation_to",
     "vacation not sent: precedence"},
    {"discarding vacation response to message from <{}> ({})", "vacation_to detail",
     "vacation not sent"},
    {"discarding vacation response for implicitly delivered message; {}", "detail",
     "vacation not sent: implicit delivery"},
    {"not sending vacation response to system address <{}>", "vacation_to",
     "vacation not sent: system address"},
    {"not sending vacation reply (skipped)", "", "vacation not sent"},
    {"failed to send vacation response to {}: <{}> ({})", "vacation_to error detail",
     "vacation not sent"},
    {"sent mail notification to {}", "notified", "notification sent"},
    {"failed to send mail notification to {}: {}", "notified error", "notification not sent"},
    {"not sending notification for auto-submitted message{?}", "detail", "notification not sent"},
    {"discarding vacation response for message implicitly delivered to <{}>", "vacation_to",
     "vacation not sent: implicit delivery"},
    {"piped message to program `{}'", "program", "piped"},
    {"executed program `{}'", "program", "program run"},
    {"failed to pipe message to program `{}'{?}", "program error", "pipe failed"},
    {"store into mailbox '{}' skipped", "folder", "store skipped"},
    {"not sending reject message{?}", "detail", "reject not sent"},
    {"failed to send rejection message to <{}>: {}", "notified error", "reject not sent"},
    {"sent `{}' report to <{}>", "report notified", "report sent"},
    {"failed to send `{}' report to <{}>: {}", "report notified error", "report not sent"},
};

// "INBOX (subject=hello size=3584)": what an administrator's deliver_log_format adds.
std::string_view without_details(std::string_view folder) {
  const auto open = folder.find(" (");
  if (open == std::string_view::npos || !folder.ends_with(')')) return folder;
  const auto name = folder.substr(open + 2, folder.find('=', open) - open - 2);
  return !name.empty() && name.size() < folder.size() - open - 2 && is_action(name)
             ? folder.substr(0, open)
             : folder;
}

std::optional<MailboxResult> delivery_of(std::string_view said) {
  for (const auto& form : kDeliveries) {
    const auto found = match_form(said, form.text);
    if (!found) continue;
    MailboxResult out;
    out.what = form.what;
    if (form.first == Hole::folder) out.folder = without_details(found->at[0]);
    if (out.what == What::saved) return out;
    out.text = said;
    return out;
  }
  return std::nullopt;
}

// "fileinto action: ", "redirect action: " since 2.3.
void skip_action(std::string_view& said) {
  auto rest = said;
  const auto word = maybe_take_until(rest, std::string_view(" action: "));
  if (word && word->size() < 24 && is_action(*word)) said = rest;
}

ParsedLine delivery_event(const Prefix& prefix, std::optional<std::string_view> message_id,
                          std::string_view said) {
  skip_action(said);
  if (auto out = delivery_of(said)) {
    out->source = "dovecot";
    out->session = prefix.session;
    out->message_id = message_id;
    if (!prefix.user.empty()) out->recipient = prefix.user;
    return {LineKind::dovecot_delivery, *out};
  }
  auto side = parse_fact("dovecot", LineKind::dovecot_delivery, kSideEffects, said);
  if (auto* fact = std::get_if<CompanionFact>(&side.event)) {
    fact->message_id = message_id;
    if (!prefix.user.empty()) fact->recipient = prefix.user;
    add_value(*fact, "session", prefix.session);
  }
  return side;
}

// An id is cut at 200 bytes, a reason is one reply: more places than this are nobody's honest line.
constexpr std::size_t kPlacesMax = 32;

// "msgid=<a@b>: saved mail to INBOX" (deliver_log_format; administrators add a sender, a subject, a
// size in front, between or behind). The Message-ID is a stranger's and may hold the whole phrase;
// what Dovecot says stands last, so the last place that reads as one wins.
ParsedLine parse_delivery(const Prefix& prefix, std::string_view text) {
  if (!maybe_take(text, "msgid=")) {
    auto out = delivery_event(prefix, std::nullopt, text);
    const auto at = text.find(" msgid=<");
    if (out.kind != LineKind::unrecognised || at == std::string_view::npos) return out;
    text.remove_prefix(at + 7);  // "from=a@x msgid=<m>: saved ..."
  }
  // Details behind the folder may hold a subject: then the first place is the true one.
  if (const auto end = text.find(">: "); text.ends_with(')') && end != std::string_view::npos) {
    const auto said = text.substr(end + 3);
    const bool has_details = without_details(said).size() < said.size();
    if (text.starts_with('<') && has_details && said.find(">: ") == std::string_view::npos) {
      auto out = delivery_event(prefix, text.substr(0, end + 1), said);
      if (out.kind != LineKind::unrecognised) return out;
    }
  }
  std::size_t tried = 0;
  for (auto at = text.rfind(": "); at != std::string_view::npos && tried < kPlacesMax;
       at = at == 0 ? std::string_view::npos : text.rfind(": ", at - 1), ++tried) {
    auto message_id = text.substr(0, at);
    if (const auto action = message_id.rfind(": ");
        message_id.ends_with(" action") && action != std::string_view::npos) {
      message_id = message_id.substr(0, action);
    }
    if (message_id.ends_with(" (added by postmaster@)")) message_id.remove_suffix(23);
    if (const auto end = message_id.find(">, ");
        end != std::string_view::npos && message_id.starts_with('<')) {
      message_id = message_id.substr(0, end + 1);  // "<m>, from=a@x, subject=..."
    }
    std::optional<std::string_view> known;
    if (is_message_id(message_id)) known = message_id;
    auto out = delivery_event(prefix, known, text.substr(at + 2));
    if (out.kind != LineKind::unrecognised) return out;
  }
  return {};
}

// 2.2 writes the session in front: "Xy4bAbc: msgid=...", "Xy4bAbc: sieve: msgid=...".
void take_old_session(std::string_view& text, Prefix& prefix) {
  auto rest = text;
  const auto word = maybe_take_until(rest, std::string_view(": "));
  if (!word || word->empty() || word->find(' ') != std::string_view::npos) return;
  if (!rest.starts_with("msgid=") && !rest.starts_with("sieve: ")) return;
  if (*word == "sieve") return;
  prefix.session = *word;
  text = rest;
}

// What a script's run says about itself; the message's fate is in the other lines.
constexpr FactForm kScriptForms[] = {
    {"Execution of script {} failed{?}", "script detail", "sieve failed"},
    {"execution of script {} failed, but implicit keep was successful{?}", "script detail",
     "sieve failed"},
    {"execution of script {} failed{?}", "script detail", "sieve failed"},
    {"Execution of script {} was aborted due to {}", "script detail", "sieve failed"},
    {"execution of script {} was aborted due to {}", "script detail", "sieve failed"},
    {"Failed to {} script `{}' (view user logfile `{}' for more information)",
     "step script log_file", "sieve failed"},
    {"Failed to {} script `{}'{?}", "step script detail", "sieve failed"},
    {"Aborted script execution sequence with successful implicit keep", "", "sieve failed"},
    {"Script executed successfully, but implicit keep failed{?}", "detail", "sieve failed"},
    {"The LDA Sieve plugin does not have permission to save global Sieve script binaries; {}",
     "detail", "sieve"},
    {"Sieve script `{}' does not exist{?}", "script detail", "sieve"},
    {"{}: line {}: {}", "script line error", "sieve"},
};

ParsedLine with_user(ParsedLine parsed, const Prefix& prefix) {
  if (auto* fact = std::get_if<CompanionFact>(&parsed.event)) {
    if (!prefix.user.empty()) fact->recipient = prefix.user;
    add_value(*fact, "session", prefix.session);
  }
  return parsed;
}

// imap, pop3, submission, managesieve: the end of a session with its counts, and what the
// mail_log plugin tells about single messages (src/plugins/mail-log/mail-log-plugin.c).
constexpr FactForm kSessionForms[] = {
    {"ID sent: {}", "client_id", ""},
    {"copy from {}: box={}, uid={}, msgid={?}, size={}", "from_box box uid message_id #size",
     "copy"},
    {"move from {}: box={}, uid={}, msgid={?}, size={}", "from_box box uid message_id #size",
     "move"},
    {"delete: box={}, uid={}, msgid={?}, size={}", "box uid message_id #size", "delete"},
    {"undelete: box={}, uid={}, msgid={?}, size={}", "box uid message_id #size", "undelete"},
    {"expunge: box={}, uid={}, msgid={?}, size={}", "box uid message_id #size", "expunge"},
    {"save: box={}, uid={}, msgid={?}, size={}", "box uid message_id #size", "save"},
    {"append: box={}, uid={}, msgid={?}, size={}", "box uid message_id #size", "append"},
    {"flag_change: box={}, uid={}, msgid={?}, size={}, flags={}", "box uid message_id #size flags",
     "flag change"},
    {"flag_change: box={}, uid={}, msgid={?}, size={}", "box uid message_id #size", "flag change"},
    {"Indexed {} messages in {}", "#messages box", "indexed"},
    {"Mailbox created: {}", "box", "mailbox created"},
    {"Mailbox deleted: {}", "box", "mailbox deleted"},
    {"Mailbox renamed: {} -> {}", "box to_box", "mailbox renamed"},
};

ParsedLine parse_agent(Prefix prefix, std::string_view text) {
  take_old_session(text, prefix);
  maybe_take(text, "sieve: ");
  auto out = parse_delivery(prefix, text);
  if (out.kind != LineKind::unrecognised || prefix.user.empty()) return out;
  out = parse_fact("dovecot", LineKind::dovecot_delivery, kScriptForms, text);
  if (out.kind == LineKind::unrecognised)
    out = parse_fact("dovecot", LineKind::dovecot_delivery, kSessionForms, text);
  return with_user(out, prefix);
}

// A submission handed to the MTA, whose reply names the message (src/submission/
// submission-backend-relay.c).
ParsedLine parse_relayed(const Prefix& prefix, std::string_view text) {
  constexpr FactForm kForms[] = {
      {"Successfully relayed message: from=<{?}>, size={}, id={}, nrcpt={}, reply=`{}'",
       "from #size transaction #recipients reply", "relayed"},
      {"Successfully relayed message: from=<{?}>, to=<{}>, size={}, id={}, rcpt={}, reply=`{}'",
       "from to #size transaction recipients reply", "relayed"},
      {"Failed to relay message: from=<{?}>, size={}, nrcpt={}, reply=`{}'",
       "from #size #recipients reply", "not relayed"},
      {"Failed to relay message: from=<{?}>, to=<{}>, size={}, rcpt={}, reply=`{}'",
       "from to #size recipients reply", "not relayed"},
  };
  auto out = parse_fact("dovecot", LineKind::dovecot_session, kForms, text);
  if (auto* fact = std::get_if<CompanionFact>(&out.event)) {
    for (std::size_t i = 0; i < fact->value_count; ++i) {
      if (fact->values[i].name != "reply") continue;
      const auto id = queued_as(fact->values[i].value);
      if (id && is_queue_id(*id)) fact->queue_id = *id;
    }
    add_value(*fact, "login", prefix.user);
  }
  return out;
}

// "Disconnected: Logged out in=1 out=2 ...": why, and the counts of imap_logout_format and its
// like.
ParsedLine parse_session_end(std::string_view text) {
  constexpr std::string_view kEnds[] = {"Logged out", "Disconnected", "Connection closed",
                                        "Connection reset", "Inactivity"};
  if (std::ranges::none_of(kEnds, [text](auto end) { return text.starts_with(end); })) return {};
  auto at = text.size();
  for (const std::string_view count : {" in=", " top=", " bytes=", " retr=", " rcvd="}) {
    at = std::min(at, text.find(count));
  }
  if (at == text.size()) return {};
  CompanionFact fact;
  fact.source = "dovecot";
  add_value(fact, "verdict", text.substr(0, at));
  add_value(fact, "counts", text.substr(at + 1));
  return {LineKind::dovecot_session, fact};
}

bool is_session_service(std::string_view service) {
  return service == "imap" || service == "pop3" || service == "submission" ||
         service == "managesieve" || service == "imap-hibernate" || service == "doveadm" ||
         service == "indexer-worker";
}

// Whether the line says itself that something is wrong.
bool take_level(std::string_view& text) {
  for (const std::string_view level : {"Error: ", "Warning: ", "Panic: ", "Fatal: "}) {
    if (maybe_take(text, level)) return true;
  }
  maybe_take(text, "Info: ");
  return false;
}

}  // namespace

ParsedLine parse_deliver(const LineHeader& header, std::string_view text) {
  Prefix prefix;
  prefix.service = "deliver";
  auto user = header.program;
  if (!maybe_take_until(user, '(') || !user.ends_with(')')) return {};
  user.remove_suffix(1);
  prefix.user = user;
  return parse_agent(prefix, text);
}

namespace {

ParsedLine parse_said(const Prefix& prefix, std::string_view said) {
  const auto service = prefix.service;
  if (service.ends_with("-login")) return parse_dovecot_login(service, said);
  if (service == "auth" || service == "auth-worker") {
    auto out = parse_dovecot_auth(said);
    if (out.kind == LineKind::unrecognised && !prefix.user.empty()) {
      out = parse_dovecot_auth_of(prefix.user, prefix.session, said);
    }
    return out.kind == LineKind::unrecognised ? parse_dovecot_known(service, said) : out;
  }
  ParsedLine out;
  // imapsieve: a script that runs when mail is moved.
  const bool imapsieve = is_session_service(service) && said.starts_with("sieve: ");
  if (service == "lmtp" || service == "lda" || service == "deliver" || imapsieve) {
    out = parse_agent(prefix, said);
  } else if (is_session_service(service)) {
    out = parse_session_end(said);
    if (service == "submission" && out.kind == LineKind::unrecognised) {
      auto relayed = parse_relayed(prefix, said);
      if (relayed.kind != LineKind::unrecognised) return relayed;
    }
    if (out.kind == LineKind::unrecognised) {
      out = parse_fact("dovecot", LineKind::dovecot_session, kSessionForms, said);
    }
    out = with_user(out, prefix);
  }
  return out.kind == LineKind::unrecognised ? parse_dovecot_known(service, said) : out;
}

}  // namespace

ParsedLine parse_dovecot(const LineHeader& /*header*/, std::string_view text) {
  maybe_take(text, "Info: ");
  maybe_take(text, "dovecot: ");  // the master process of 1.x
  auto said = text;
  const auto prefix = maybe_take_prefix(said);
  if (maybe_take(said, "Debug: ")) return parse_dovecot_debug(said);
  const bool wrong = take_level(said);
  auto out = prefix ? parse_said(*prefix, said) : parse_dovecot_known({}, text);  // 1.x
  if (out.kind == LineKind::unrecognised && wrong) out = parse_dovecot_trouble(said);
  return out;
}

}  // namespace rastro::companions
