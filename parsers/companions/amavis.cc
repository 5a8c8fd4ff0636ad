// amavisd-new and amavis ($log_templ, $log_recip_templ in the amavisd program):
// "(12-34-5) Passed CLEAN {RelayedInbound}, LOCAL [192.0.2.1]:2345 [192.0.2.1] <a@x> ->
// <b@y>,<c@y>, Queue-ID: ID, Message-ID: <m@x>, mail_id: abc, Hits: -1.9, size: 1, queued_as: ID2,
// 210 ms".
#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// "(00123-04-2) "; where logs are shared its figures are often made up: "(4Yt8b3K) ".
bool take_session(std::string_view& text, std::string_view& session) {
  auto rest = text;
  if (!maybe_take(rest, '(')) return false;
  const auto inside = maybe_take_until(rest, std::string_view(") "));
  if (!inside || inside->empty() ||
      std::ranges::none_of(*inside, [](unsigned char c) { return std::isdigit(c) != 0; }) ||
      !std::ranges::all_of(
          *inside, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; }))
    return false;
  session = *inside;
  text = rest;
  return true;
}

// "CLEAN", "SPAM", "BAD-HEADER-7", "INFECTED (Eicar-Signature)", "BANNED (.exe,x.exe)".
bool take_category(std::string_view& text, std::string_view& category, std::string_view& detail) {
  const auto end = text.find_first_of(" ,");
  if (end == std::string_view::npos || end == 0) return false;
  category = text.substr(0, end);
  if (category.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789") != std::string_view::npos)
    return false;
  text.remove_prefix(end);
  if (maybe_take(text, " (")) {
    // A banned part's names are a stranger's; behind them comes "{" or the comma before the client.
    auto close = text.find(") {");
    if (close == std::string_view::npos) close = text.find("), ");
    if (close == std::string_view::npos) return false;
    detail = text.substr(0, close);
    text.remove_prefix(close + 1);
  }
  return true;
}

struct Envelope {
  std::string_view client_ip;
  std::string_view sender;
  std::string_view recipients;
  std::string_view first_recipient;
  bool several = false;
};

// "MYNETS LOCAL [192.0.2.1]:1234 [192.0.2.9] <a@x> -> <b@y>,<c@y>"
bool take_envelope(std::string_view& text, Envelope& out) {
  while (!text.empty() && text.front() != '<') {
    const auto word = maybe_take_word(text);
    if (!word || !maybe_take(text, ' ')) return false;
    if (word->starts_with('[') && out.client_ip.empty()) {
      out.client_ip = word->substr(1, word->find(']') - 1);
      if (!is_ip(out.client_ip)) return false;
    } else if (!word->starts_with('[') &&
               word->find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-") !=
                   std::string_view::npos) {
      return false;
    }
  }
  const auto sender = maybe_take_address(text);
  if (!sender || !maybe_take(text, " -> ")) return false;
  out.sender = *sender;
  const auto all = text;
  do {
    const auto recipient = maybe_take_address(text);
    if (!recipient) {
      // Cut in the middle of the list: nobody is known to be the only one.
      if (text.find('>') != std::string_view::npos) return false;
      out.several = true;
      text = {};
      return true;
    }
    if (out.first_recipient.empty()) {
      out.first_recipient = *recipient;
    } else {
      out.several = true;
    }
  } while (maybe_take(text, ',') && text.starts_with('<'));
  out.recipients = all.substr(0, all.size() - text.size());
  while (out.recipients.ends_with(',')) out.recipients.remove_suffix(1);
  return true;
}

constexpr std::array<std::string_view, 24> kNames = {
    "quarantine: ", "quarantine ", "Queue-ID: ",    "Message-ID: ", "Resent-Message-ID: ",
    "mail_id: ",    "Hits: ",      "size: ",        "queued_as: ",  "dkim_sd=",
    "dkim_new=",    "Tests: ",     "Subject: ",     "From: ",       "helo=",
    "tag=",         "tag2=",       "kill=",         "autolearn=",   "User-Agent: ",
    "X-Mailer: ",   "L/",          "shortcircuit=", "b: "};

// The text before the next ", Name: " of a known name; a subject may hold commas and the like, but
// it stands behind everything that is a key.
std::string_view take_value(std::string_view& text) {
  auto end = text.size();
  for (const auto name : kNames) {
    for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
      if (at >= 2 && text.substr(at - 2, 2) == ", ") {
        end = std::min(end, at - 2);
        break;
      }
    }
  }
  const auto value = text.substr(0, end);
  text.remove_prefix(std::min(end + 2, text.size()));
  return value;
}

// ", 1234 ms" ends the default template.
void take_elapsed(std::string_view& text, CompanionFact& fact) {
  if (!text.ends_with(" ms")) return;
  const auto at = text.rfind(' ', text.size() - 4);
  const auto from = at == std::string_view::npos ? 0 : at + 1;
  if (!is_number(text.substr(from, text.size() - 3 - from))) return;
  add_value(fact, "elapsed_ms", text.substr(from, text.size() - 3 - from));
  text = text.substr(0, from);
  while (text.ends_with(' ') || text.ends_with(',')) text.remove_suffix(1);
}

bool stands_twice(std::string_view text, std::string_view name) {
  const auto first = text.find(name);
  return first != std::string_view::npos && text.find(name, first + 1) != std::string_view::npos;
}

// A Message-ID, a subject or a From header may spell the next key: when a key of amavis' own stands
// there twice, what follows the first of a stranger's fields is not believed.
std::string_view believed(std::string_view text) {
  constexpr std::string_view kOwn[] = {
      "Queue-ID: ", "mail_id: ", "Hits: ", "size: ", "queued_as: ", "quarantine: ", "Message-ID: "};
  constexpr std::string_view kStrangers[] = {"Message-ID: ", "Subject: ", "From: "};
  if (std::ranges::none_of(kOwn, [text](auto name) { return stands_twice(text, name); }))
    return text;
  auto end = text.size();
  for (const auto name : kStrangers) end = std::min(end, text.find(name));
  text = text.substr(0, end);
  while (text.ends_with(' ') || text.ends_with(',')) text.remove_suffix(1);
  return text;
}

// "9F3A12C04E" or, after several re-injections, "9F3A12C04E/9F3A12C04F".
bool is_id_list(std::string_view value) {
  while (!value.empty()) {
    const auto end = std::min(value.find('/'), value.size());
    if (!is_queue_id(value.substr(0, end))) return false;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return true;
}

void read_fields(std::string_view text, CompanionFact& fact) {
  text = believed(text);
  std::string_view queued_as;
  while (!text.empty()) {
    const auto* const name =
        std::ranges::find_if(kNames, [text](auto n) { return text.starts_with(n); });
    if (name == kNames.end()) {
      take_value(text);
      continue;
    }
    text.remove_prefix(name->size());
    const auto value = take_value(text);
    if (*name == "Queue-ID: " && is_queue_id(value)) fact.queue_id = value;
    if (*name == "Message-ID: ") fact.message_id = value;
    if (*name == "Hits: " && (value == "-" || is_number(value))) add_value(fact, "score", value);
    if (*name == "queued_as: " && is_id_list(value)) {
      add_value(fact, "queued_as", value);
      queued_as = value;
    }
    if (name->starts_with("quarantine")) add_value(fact, "quarantine", value);
    if (*name == "mail_id: ") add_value(fact, "mail_id", value);
    if (*name == "size: " && is_number(value)) add_value(fact, "size", value);
  }
  // Before 2.7 only the id under which it gave the message back.
  if (fact.queue_id.empty() && is_queue_id(queued_as)) fact.queue_id = queued_as;
}

ParsedLine parse_verdict(std::string_view session, std::string_view text) {
  CompanionFact fact;
  fact.source = "amavis";
  std::string_view action;
  for (const std::string_view word : {"Passed", "Blocked", "Not-Delivered"}) {
    if (maybe_take(text, word)) action = word;
  }
  if (action.empty()) return {};
  std::string_view category;
  std::string_view detail;
  // Before 2.2 a message that nothing was found in had no category: "Passed, <a@x> -> <b@y>".
  if (!text.starts_with(", ") && (!maybe_take(text, ' ') || !take_category(text, category, detail)))
    return {};
  add_value(fact, "verdict", category);
  add_value(fact, "action", action);
  add_value(fact, "detail", detail);
  if (maybe_take(text, " {") && !maybe_take_until(text, '}')) return {};
  Envelope envelope;
  if (!maybe_take(text, ", ") || !take_envelope(text, envelope)) return {};
  fact.client.ip = envelope.client_ip;
  fact.envelope_sender = envelope.sender;
  if (!envelope.several) fact.recipient = envelope.first_recipient;
  if (!text.empty() && !maybe_take(text, ' ') && !maybe_take(text, ", ")) return {};
  take_elapsed(text, fact);
  read_fields(text, fact);
  if (envelope.several) add_value(fact, "recipients", envelope.recipients);
  add_value(fact, "session", session);
  fact.task = session;
  return {LineKind::amavis_verdict, fact};
}

// From the do_log() calls of 2.13; what stands between "->" and the blank may be several people.
constexpr FactForm kForms[] = {
    {"ESMTP {} <{?}> -> {} SIZE={} Received: {}", "listener from to size received", "received"},
    {"ESMTP {} <{?}> -> {} Received: {}", "listener from to received", "received"},
    {"ESMTP:{} <{?}> -> {} Received: {}", "listener from to received", "received"},
    {"ESMTP:{} <{?}> -> {} SIZE={} Received: {}", "listener from to size received", "received"},
    {"LMTP:{} <{?}> -> {} SIZE={} Received: {}", "listener from to size received", "received"},
    {"LMTP {} <{?}> -> {} SIZE={} Received: {}", "listener from to size received", "received"},
    {"Checking: {} {} [{}] <{?}> -> {}", "mail_id policy ip from to", "checking"},
    {"Checking: {} [{}] <{?}> -> {}", "mail_id ip from to", "checking"},
    {"Checking: {} <{?}> -> {}", "mail_id from to", "checking"},
    {"FWD from <{?}> -> {}, {}", "from to reply", "forwarded"},
    {"FWD from <{?}> -> <{}>,{}", "from to reply", "forwarded"},
    {"{} FWD from <{?}> -> {}, {}", "mail_id from to reply", "forwarded"},
    {"{} FWD from <{?}> -> <{}>,{}", "mail_id from to reply", "forwarded"},
    {"{} SEND from <{?}> -> {}, {}", "mail_id from to reply", "sent"},
    {"{} SEND from <{?}> -> <{}>,{}", "mail_id from to reply", "sent"},
    {"{} FWD via SMTP: <{?}> -> {}, {}", "mail_id from to reply", "forwarded"},
    {"{} FWD via SMTP: <{?}> -> <{}>,{}", "mail_id from to reply", "forwarded"},
    {"{} SEND via SMTP: <{?}> -> {}, {}", "mail_id from to reply", "sent"},
    {"{} SEND via SMTP: <{?}> -> <{}>,{}", "mail_id from to reply", "sent"},
    {"FWD via SMTP: <{?}> -> {}, {}", "from to reply", "forwarded"},
    {"FWD via SMTP: <{?}> -> <{}>,{}", "from to reply", "forwarded"},
    {"SEND from <{?}> -> <{}>,{}", "from to reply", "sent"},
    {"SEND via SMTP: <{?}> -> <{}>,{}", "from to reply", "sent"},
    {"dkim: VALID {} signature by {}, From: {}", "signature domain header_from", "dkim valid"},
    {"dkim: FAILED {} signature by {}, From: {}", "signature domain header_from", "dkim failed"},
    {"dkim: signing ({}), From: {} ({}), {}", "kind header_from origin key", "dkim signing"},
    {"SPAM-TAG, <{?}> -> {}, {}", "from to status", "spam tag"},
    {"SPAM, <{?}> -> {}, {}", "from to status", "spam"},
    {"spam-tag, <{?}> -> {}, {}", "from to status", "spam tag"},
    {"spam_scan: score={} autolearn={} tests=[{}] recips={}", "score autolearn tests to", "score"},
    {"run_av ({}): {} INFECTED: {}", "scanner part virus", "infected"},
    {"virus_scan: ({}), detected by {} scanners: {}", "virus #scanners scanner", "infected"},
    {"INFECTED ({}), {}", "virus detail", "infected"},
    {"header_edits: {}", "detail", "header edits"},
    {"header_edits_for_quar: <{?}> -> {}, {}", "from to status", "quarantined"},
    {"local delivery: <{?}> -> {}, mbx={}", "from mailbox file", "quarantined"},
    {"Quarantined message {} ({}): {} <{?}> -> {}", "request kind mail_id from to", "released"},
    {"p{} {} Content-Type: {}", "part parent content_type", "part"},
    {"p.path {}: {}", "recipient_class path", "part"},
    {"sending SMTP response: \"{}\"", "reply", "answered"},
    {"blocking ccat={}, SMTP response: {}", "category reply", "answered"},
    {"LMTP response for {}: \"{}\"", "to reply", "answered"},
    {"OVERSIZED from <{?}> to {}: size {} B, limit {} B", "from to #size #limit", "oversized"},
    {"DSN: NOTIFICATION: Action:{}, {} {} {}, spam level {}, <{?}> -> <{}>",
     "action where reply_code category level from to", "notification"},
    {"DSN: FILTER {} <{?}> -> <{}>", "detail from to", "no notification"},
    {"DSN: {} <{?}> -> <{}>", "detail from to", "no notification"},
    {"address modified (recip): <{}> -> <{}>, {}", "old new detail", "address modified"},
    {"address modified (sender): <{?}> -> <{}>", "old new", "address modified"},
    {"bounce killed ({}), <{?}> -> {}, {}", "kind from to detail", "bounce killed"},
    {"bounce rescued {} ({}), <{?}> -> {}, {}", "why kind from to detail", "bounce rescued"},
    {"bounce unverifiable, <{?}> -> {}", "from to", "bounce unverifiable"},
    {"allow bad header section from {}<{?}> -> <{}>: {}", "quarantine from to detail",
     "bad header"},
    {"check_header: {}, {}", "category detail", "bad header"},
    {"wbl: (DB) recip <{}> whitelisted sender <{?}>", "to from", "whitelisted"},
    {"wbl: (SQL) recip <{}> whitelisted sender <{?}>{?}", "to from rule", "whitelisted"},
    {"wbl: (DB) recip <{}> blacklisted sender <{?}>", "to from", "blacklisted"},
    {"wbl: (SQL) recip <{}> blacklisted sender <{?}>{?}", "to from rule", "blacklisted"},
    {"wbl: soft-whitelisted ({}) sender <{?}> => {}, {}", "score from to rule", "whitelisted"},
    {"wbl: soft-blacklisted ({}) sender <{?}> => {}, {}", "score from to rule", "blacklisted"},
    {"wbl: whitelisted sender <{?}>", "from", "whitelisted"},
    {"wbl: blacklisted sender <{?}>", "from", "blacklisted"},
    {"wbl: {} sender <{?}>", "detail from", "listed"},
    {"penpals: {}, <{?}> -> <{}>", "detail from to", "known correspondents"},
    {"Open relay? Nonlocal recips but not originating: {}", "recipients", "not originating"},
    {"NOTICE: HOLD reason: {}", "reason", "held"},
    {"NOTICE: UNABLE TO SEND DSN to <{}>: {}", "sender reason", "no notification"},
    {"FAILED to notify recipient <{}>: {}", "recipient reason", "no notification"},
    {"Too many hops: {} 'Received:' header fields", "#hops", "too many hops"},
    {"Message size exceeded {} B{?}", "#limit detail", "oversized"},
    {"cached {} from <{?}> ({})", "digest from category", "cached"},
};
constexpr KnownForm kIgnored[] = {
    {"starting.{}", "amavisd"},
    {"Starting worker{?}", "amavisd"},
    {"Net::Server: {}", "amavisd"},
    {"logging initialized, {}", "amavisd"},
    {"user={}, {}", "amavisd"},
    {"perl={}, user={}", "amavisd"},
    {"Perl version {}", "amavisd"},
    {"Module {}", "amavisd"},
    {"Valid PID file {}", "amavisd"},
    {"Ignoring stale PID file {}", "amavisd"},
    {"SIGTERM received{?}", "amavisd"},
    {"SIGHUP received{?}", "amavisd"},
    {"warm restart on {}", "amavisd"},
    {"will bind to {}", "amavisd"},
    {"config files read: {}", "amavisd"},
    {"uptime: {}", "amavisd"},
    {"No ${} not using it{?}", "amavisd"},
    {"No programs: {}", "amavisd"},
    {"No ext program for {}", "amavisd"},
    {"Using {} internal av scanner code for {}", "amavisd"},
    {"Found {} av scanner {} at {}", "amavisd"},
    {"No {} av scanner: {}", "amavisd"},
    {"Found spam scanner {}", "amavisd"},
    {"Found decoder for {} at {}", "amavisd"},
    {"No decoder for {}", "amavisd"},
    {"Internal decoder for {}", "amavisd"},
    {"Found $file {}", "amavisd"},
    {"Found ${} at {}", "amavisd"},
    {"Creating db in {}", "amavisd"},
    {"{} code loaded", "amavisd"},
    {"{} code NOT loaded", "amavisd"},
    {"{} loaded", "amavisd"},
    {"Deleting db files {}", "amavisd"},
    {"SpamControl: {}", "amavisd"},
    {"SpamAssassin debug facilities: {}", "amavisd"},
    {"SpamAssassin loaded plugins: {}", "amavisd"},
    {"SA user config{}", "amavisd"},
    {"DKIM code {}", "amavisd"},
    {"DKIM signature verification disabled, {}", "amavisd"},
    {"TIMING [total {}", "amavisd"},
    {"TIMING-SA {}", "amavisd"},
    {"size: {}, TIMING [total {}", "amavisd"},
    {"size: {}, RUSAGE {}", "amavisd"},
    {"extra modules loaded: {}", "amavisd"},
    {"modules loaded: {}", "amavisd"},
    {"extra modules loaded after daemonizing/chrooting: {}", "amavisd"},
    {"INFO: {}", "amavisd"},
    {"sd_notify ({}", "amavisd"},
    {"initializing Mail::SpamAssassin{?}", "amavisd"},
    {"child_init_hook: {}", "amavisd"},
    {"Requesting process rundown {}", "amavisd"},
    {"storage and lookups will use {}", "amavisd"},
    {"socket module {}", "amavisd"},
    {"NOTICE: Disconnected{?}", "amavisd"},
    {"NOTICE: reconnecting in response to: {}", "amavisd"},
    {"NOTICE: Virus scanning skipped: {}", "amavisd"},
    {"NOTICE: {}", "amavisd"},
    {"connected to {} successfully after {}", "amavisd"},
    {"do_notify_and_quarantine: {}", "amavisd"},
    {"inspect_dsn: {}", "amavisd"},
    {"dkim: {}", "amavisd"},
    {"mail checking ended: {}", "amavisd"},
    {"smtp resp to {}", "amavisd"},
    {"smtp connection cache, {}", "amavisd"},
    {"smtp session {}", "amavisd"},
    {"Amavis::Out::SMTP::Session {}", "amavisd"},
    {"{}: Connecting to socket {}", "amavisd"},
    {"{}: Sending {} to {} socket {}", "amavisd"},
    {"ask_daemon{?}", "amavisd"},
    {"run_av {}", "amavisd"},
    {"Using ({}): {}", "amavisd"},
    {"wbl: {}", "amavisd"},
    {"penpals: {}", "amavisd"},
    {"bounce {}", "amavisd"},
    {"delivering to {}", "amavisd"},
    {"mail_via_smtp{}", "amavisd"},
    {"mangling {}", "amavisd"},
    {"DEFANGING MAIL: {}", "amavisd"},
    {"AUTH {}, user={}", "amavisd"},
    {"lookup{} => {}", "amavisd"},
    {"lookup {}", "amavisd"},
    {"query_keys: {}", "amavisd"},
    {"OS_fingerprint: {}", "amavisd"},
    {"truncating a message passed to SA at {}", "amavisd"},
    {"spam_scan: {}", "amavisd"},
    {"do_{}: {}", "amavisd"},
    {"decompose_part: {}", "amavisd"},
    {"running file(1) on {}", "amavisd"},
    {"result line from file(1): {}", "amavisd"},
    {"File-type of {}: {}", "amavisd"},
    {"Original mail size: {}", "amavisd"},
    {"TempDir::{}", "amavisd"},
    {"prolong_timer {}", "amavisd"},
    {"body hash: {}", "amavisd"},
    {"body type {}", "amavisd"},
    {"process_request: {}", "amavisd"},
    {"loaded base policy bank{?}", "amavisd"},
    {"loaded policy bank {}", "amavisd"},
    {"idle_proc, {}", "amavisd"},
    {"policy protocol: {}", "amavisd"},
    {"ESMTP< {}", "amavisd"},
    {"ESMTP> {}", "amavisd"},
    {"ESMTP: {}", "amavisd"},
    {"smtp cmd> {}", "amavisd"},
    // syslog has one line of at most 980 letters: what follows is the same sentence.
    {"...{?}", "amavisd"},
};
// The mark in front of the text is the weight amavis itself gives it.
constexpr KnownForm kTrouble[] = {
    {"(!){}", "amavisd"},
    {"(!!){}", "amavisd"},
    {"(!!!){}", "amavisd"},
    {"WARN: {}", "amavisd"},
    {"WARN {}", "amavisd"},
    {"_WARN: {}", "amavisd"},
    {"SA info: {}", "amavisd"},
    {"SA warn: {}", "amavisd"},
    {"SA error: {}", "amavisd"},
    {"Negative SMTP resp{}", "amavisd"},
    {"connect to {} failed, attempt {}", "amavisd"},
    {"connect_to_sql: {}", "amavisd"},
    {"Decoding of {} failed, {}", "amavisd"},
};

// "(!)" of warnings in front of what is said about a message all the same.
std::string_view without_mark(std::string_view text) {
  auto rest = text;
  if (!maybe_take(rest, "(!")) return text;
  while (maybe_take(rest, '!')) {
  }
  if (!maybe_take(rest, ')')) return text;
  maybe_take(rest, ' ');
  return rest;
}

}  // namespace

namespace {

// What was given back has the id that the reply names.
void take_new_id(CompanionFact& fact) {
  const auto values = std::span(fact.values).first(fact.value_count);
  if (values.empty() || values.front().value != "forwarded") return;
  const auto reply =
      std::ranges::find(values, std::string_view("reply"), &CompanionFact::NameValue::name);
  if (reply == values.end()) return;
  auto answer = reply->value;
  if (answer.starts_with("BODY=")) maybe_take_until(answer, ' ');
  const auto id = queued_as(answer);
  if (id && is_queue_id(*id)) fact.queue_id = *id;
}

}  // namespace

ParsedLine parse_amavis(const LineHeader& /*header*/, std::string_view text) {
  std::string_view session;
  auto rest = text;
  take_session(rest, session);
  ParsedLine out;
  if (!session.empty()) {
    out = parse_verdict(session, rest);
    if (out.kind != LineKind::unrecognised) return out;
    out = parse_fact("amavis", LineKind::amavis_verdict, kForms, without_mark(rest));
  }
  if (auto* fact = std::get_if<CompanionFact>(&out.event)) {
    take_new_id(*fact);
    add_value(*fact, "session", session);
    fact->task = session;
  }
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, rest);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, rest) : out;
}

}  // namespace rastro::companions
