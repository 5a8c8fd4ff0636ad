// amavisd-new and amavis ($log_templ, $log_recip_templ in the amavisd program):
// "(12-34-5) Passed CLEAN {RelayedInbound}, LOCAL [192.0.2.1]:2345 [192.0.2.1] <a@x> ->
// <b@y>,<c@y>, Queue-ID: ID, Message-ID: <m@x>, mail_id: abc, Hits: -1.9, size: 1, queued_as: ID2,
// 210 ms".
#include <algorithm>
#include <array>
#include <cctype>
#include <climits>
#include <cstdint>
#include <iterator>
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

// A policy bank's name is the administrator's, but for a protocol's: "MYNETS", "AM.PDP-SOCK",
// "smtp-in".
bool is_bank(std::string_view word) {
  return std::ranges::all_of(word, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '_' || c == '-' || c == '.';
  });
}

// "MYNETS LOCAL [192.0.2.1]:1234 [192.0.2.9] <a@x> -> <b@y>,<c@y>"
bool take_envelope(std::string_view& text, Envelope& out) {
  while (!text.empty() && text.front() != '<') {
    const auto word = maybe_take_word(text);
    if (!word || !maybe_take(text, ' ')) return false;
    if (word->starts_with('[') && out.client_ip.empty()) {
      out.client_ip = word->substr(1, word->find(']') - 1);
      if (!is_ip(out.client_ip) && !is_hidden_ip(out.client_ip)) return false;
    } else if (!word->starts_with('[') && !is_bank(*word)) {
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

// Names of fields, with their place in the template; where the place does not matter it is 0.
enum class Whose : std::uint8_t { early, header, verdict, late_header, other };
struct FieldName {
  std::string_view text;
  Whose whose = Whose::other;
  int place = 0;
};
constexpr FieldName kNames[] = {{"quarantine: ", Whose::early},
                                {"quarantine ", Whose::early},
                                {"Queue-ID: ", Whose::early},
                                {"Message-ID: ", Whose::header},
                                {"Resent-Message-ID: ", Whose::header},
                                {"mail_id: ", Whose::verdict, 1},
                                {"Hits: ", Whose::verdict, 2},
                                {"size: ", Whose::verdict, 3},
                                {"pt: ", Whose::verdict, 4},
                                {"queued_as: ", Whose::verdict, 5},
                                {"Subject: ", Whose::late_header},
                                {"From: ", Whose::late_header},
                                {"User-Agent: ", Whose::late_header},
                                {"X-Mailer: ", Whose::late_header},
                                {"dkim_sd="},
                                {"dkim_new="},
                                {"Tests: "},
                                {"helo="},
                                {"tag="},
                                {"tag2="},
                                {"kill="},
                                {"autolearn="},
                                {"L/"},
                                {"shortcircuit="},
                                {"b: "}};

const FieldName* name_at(std::string_view text) {
  const auto* const found = std::ranges::find_if(
      kNames, [text](const auto& name) { return text.starts_with(name.text); });
  return found == std::end(kNames) ? nullptr : found;
}

struct Field {
  const FieldName* name = nullptr;
  std::string_view value;
};
constexpr std::size_t kFieldsMax = 40;
struct Fields {
  std::array<Field, kFieldsMax> all;
  std::size_t size = 0;
  std::string_view before;  // the first one
  std::span<const Field> span() const { return std::span(all).first(size); }
};

bool is_of_header(const Field& field) {
  return field.name->whose == Whose::header || field.name->whose == Whose::late_header;
}
bool is_late_header(const Field& field) { return field.name->whose == Whose::late_header; }
bool is_score(const Field& field) { return field.name->place == 2; }

// "Name: value, Name: value". A value goes on to the next ", " with a known name behind it: a
// stranger's may hold commas. Of more than any template has, those before a stranger's are left.
void split_fields(std::string_view text, Fields& out) {
  std::string_view* open = &out.before;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const auto* const name = name_at(text.substr(at));
    if (name != nullptr) {
      *open = text.substr(begin, at >= begin + 2 ? at - 2 - begin : 0);
      if (out.size >= kFieldsMax) {
        out.size =
            static_cast<std::size_t>(std::ranges::find_if(out.all, is_of_header) - out.all.begin());
        return;
      }
      auto& field = out.all[out.size++];
      field.name = name;
      open = &field.value;
      at += name->text.size();
      begin = at;
    }
    const auto comma = text.find(", ", at);
    if (comma == std::string_view::npos) break;
    at = comma + 2;
  }
  *open = text.substr(begin);
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

// A Message-ID may spell any field, a subject too: between the two of them amavis' own are the last
// ones that stand in the template's order, for what a Message-ID spells comes before all of them.
std::span<const Field> own_between(std::span<const Field> fields) {
  auto first = fields.size();
  int place = INT_MAX;
  for (auto i = fields.size(); i-- > 0;) {
    const auto& name = *fields[i].name;
    if (name.whose == Whose::other) continue;
    if (name.whose != Whose::verdict || name.place >= place) break;
    place = name.place;
    first = i;
  }
  return fields.subspan(first);
}

// Fields that amavis wrote itself, and the Message-ID when nothing forged is seen in it.
struct Believed {
  std::span<const Field> early;  // before anything of a stranger's
  std::span<const Field> verdict;
  std::string_view message_id;
};
Believed believed(const Fields& fields) {
  Believed out;
  const auto all = fields.span();
  const auto header = std::ranges::find_if(all, is_of_header);
  const auto late = std::find_if(header, all.end(), is_late_header);
  out.early = {all.begin(), header};
  if (header == all.end()) {
    out.verdict = all;
    return out;
  }
  const bool scored = std::any_of(header, late, is_score);
  // The score that is not in the subject may have been put into the Message-ID with one.
  if (scored && std::any_of(late, all.end(), is_score)) return out;
  const bool late_first = !scored && late != all.end();  // a template of one's own
  const std::span<const Field> between{header, late_first ? all.end() : late};
  out.verdict = own_between(between);
  const auto strangers = between.first(between.size() - out.verdict.size());
  if (late_first && !out.verdict.empty() && out.verdict.back().name->text == "queued_as: ") {
    out.verdict = out.verdict.first(out.verdict.size() - 1);  // may be the subject's
  }
  const auto& first = strangers.front();
  const bool whole = !first.value.starts_with('<') || first.value.ends_with('>');
  const bool alone = std::ranges::all_of(strangers.subspan(1), [](const Field& field) {
    return field.name->text == "Resent-Message-ID: " || is_late_header(field);
  });
  if (first.name->text == "Message-ID: " && whole && alone) out.message_id = first.value;
  return out;
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

void add_verdict(const Field& field, CompanionFact& fact) {
  const auto name = field.name->text.substr(0, field.name->text.find(':'));
  if (name == "Hits" && (field.value == "-" || is_number(field.value))) {
    add_value(fact, "score", field.value);
  } else if ((name == "queued_as" && is_id_list(field.value)) || name == "mail_id" ||
             (name == "size" && is_number(field.value))) {
    add_value(fact, name, field.value);
  }
}

void read_fields(const Fields& fields, CompanionFact& fact) {
  const auto own = believed(fields);
  for (const auto& field : own.early) {
    if (field.name->text == "Queue-ID: " && is_queue_id(field.value)) fact.queue_id = field.value;
    if (field.name->text.starts_with("quarantine")) add_value(fact, "quarantine", field.value);
  }
  if (!own.message_id.empty()) fact.message_id = own.message_id;
  for (const auto& field : own.verdict) add_verdict(field, fact);
  // Before 2.7 only the id under which it gave the message back.
  const auto back = std::ranges::find_if(
      own.verdict, [](const Field& field) { return field.name->text == "queued_as: "; });
  if (fact.queue_id.empty() && back != own.verdict.end() && is_queue_id(back->value)) {
    fact.queue_id = back->value;
  }
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
  if (is_ip(envelope.client_ip)) fact.client.ip = envelope.client_ip;
  fact.envelope_sender = envelope.sender;
  if (!envelope.several) fact.recipient = envelope.first_recipient;
  if (!text.empty() && !maybe_take(text, ' ') && !maybe_take(text, ", ")) return {};
  take_elapsed(text, fact);
  Fields fields;
  split_fields(text, fields);
  read_fields(fields, fact);
  if (envelope.several) add_value(fact, "recipients", envelope.recipients);
  add_value(fact, "session", session);
  fact.task = session;
  return {LineKind::amavis_verdict, fact};
}

// "(12-34) ...mple.org>,<c@y>, Queue-ID: ID, Hits: -1, 210 ms": syslog had no room for all
// recipients, and the summary goes on in a line of its own. A quoted one might hold anything.
ParsedLine parse_rest_of_verdict(std::string_view session, std::string_view text) {
  if (!maybe_take(text, "...")) return {};
  CompanionFact fact;
  fact.source = "amavis";
  take_elapsed(text, fact);
  Fields fields;
  split_fields(text, fields);
  const auto recipients = fields.before;
  if (fields.size == 0 || !recipients.ends_with('>') ||
      recipients.find_first_of("\" ") != std::string_view::npos) {
    return {};
  }
  read_fields(fields, fact);
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
    {"SMTP:{} <{?}> -> {} SIZE={} Received: {}", "listener from to size received", "received"},
    {"SMTP:{} <{?}> -> {} Received: {}", "listener from to received", "received"},
    {"ESMTP :{}: <{?}> -> {}", "listener from to", "received"},  // cut behind them
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
    {"Quarantined message {}: {} <{?}> -> {}", "request mail_id from to", "released"},
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
    // Before 2.4.
    {"BAD HEADER from <{?}>: {}", "from detail", "bad header"},
    {"BAD HEADER from ({}) <{?}>: {}", "kind from detail", "bad header"},
    {"FAKE SENDER, {}: {}, {}", "category ip from", "fake sender"},
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
    {"tempdir being removed{?}", "amavisd"},
    {"Cached {} check expired, TTL = {} s", "amavisd"},
    {"presenting full original message to scanners as {}", "amavisd"},
    {"providing full original message to scanners as {}", "amavisd"},
    {"Actual message size {} B greater than the declared {} B", "amavisd"},
    {"Actual message size {} B, declared {} B", "amavisd"},
    {"disabling DSN{?}", "amavisd"},
    {"Virus {} matches {}, sender addr ignored", "amavisd"},
    {"adding SA score {} to existing {}", "amavisd"},
    {"{} result: clean", "amavisd"},
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
    {"TROUBLE in {}", "amavisd"},
    {"{}: broken pipe (don't worry), retrying ({})", "amavisd"},
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
    if (out.kind == LineKind::unrecognised) out = parse_rest_of_verdict(session, rest);
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
