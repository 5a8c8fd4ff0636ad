// What stands beside messages: programs that call the MTA, filters and mailboxes that tell about a
// message under other names than its queue id, logins.
#include <algorithm>
#include <span>
#include <utility>

#include "core/address.h"
#include "core/ip_networks.h"
#include "core/message_id.h"
#include "daemon/correlate/correlator.h"
#include "daemon/correlate/filter_findings.h"
#include "daemon/correlate/own_words.h"

namespace rastro {
namespace {

constexpr int kSameMessageIdMax = 32;  // strangers choose them: many mails may have the same

std::string_view message_id_of(const LegRecord& leg) {
  return leg.message_id ? bare_message_id(*leg.message_id) : std::string_view();
}

std::string_view local_part(std::string_view address) {
  return address.substr(0, address.rfind('@'));
}

// Whether a mailbox account is the one behind a recipient: "juan" and "juan@example.org" are.
bool is_account_of(std::string_view account, std::string_view recipient) {
  if (equal_ignoring_case(account, recipient)) return true;
  const bool one_is_bare =
      account.find('@') == std::string_view::npos || recipient.find('@') == std::string_view::npos;
  return one_is_bare && equal_ignoring_case(local_part(account), local_part(recipient));
}

// Whether a mailbox server took it, and no filter: its script may think better of a discard.
bool was_taken_for_mailbox(const LegRecipient& recipient) {
  const std::string_view reply = recipient.reply_text;
  return reply.empty() || reply.ends_with(" Saved") || reply.starts_with("delivered ");
}

// "Discarded" is what a script says of the mailbox it does not keep a copy in: it may send the
// message on, or file it elsewhere, in a later line of the same session. Another session's is about
// another copy.
bool may_undo(const LegRecipient& recipient, const MailboxNote& note) {
  if (recipient.outcome != Outcome::discarded ||
      recipient.discarded_in != short_name_of(note.session)) {
    return false;
  }
  return note.what == MailboxResult::What::forwarded ||
         (note.what == MailboxResult::What::saved && was_taken_for_mailbox(recipient));
}

// The mailbox server says itself why it did not take it.
bool was_refused_so(const LegRecipient& recipient, MailboxResult::What what) {
  return what == MailboxResult::What::deferred &&
         (recipient.outcome == Outcome::deferred || recipient.outcome == Outcome::bounced);
}

// Dovecot's LMTP answers "250 2.0.0 <juan@example.org> cxyfB6b6BGtOHAAAbw8qlA Saved" with the name
// of the session that its own lines have, where ":2" may follow.
constexpr std::size_t kSessionLengthMin = 16;

std::string_view session_of_reply(std::string_view reply) {
  constexpr std::string_view kSaved = " Saved";
  if (!reply.ends_with(kSaved)) return {};
  reply.remove_suffix(kSaved.size());
  return reply.substr(reply.rfind(' ') + 1);
}
// What its recipients have in common; empty for what is too short to be a name of its own.
std::string_view transaction_of(std::string_view session) {
  session = session.substr(0, session.find(':'));
  return session.size() < kSessionLengthMin ? std::string_view() : session;
}
bool is_of_other_transaction(std::string_view reply, std::string_view session) {
  const auto transaction = transaction_of(session);
  const auto replied = session_of_reply(reply);
  return !transaction.empty() && !replied.empty() && transaction != transaction_of(replied);
}

// What went to a filter, or on to another address, comes to a mailbox as another message of this
// host, with the same Message-ID.
bool was_passed_on(const LegRecord& leg, const LegRecipient& recipient) {
  const auto index = &recipient - leg.recipients.data();
  return std::ranges::any_of(leg.links, [index](const LegLink& link) {
    return link.direction == LegLink::Direction::child && link.recipient == index &&
           (link.kind == LegLink::Kind::filter || link.kind == LegLink::Kind::forward);
  });
}

// How surely a mailbox's account and session are those of a recipient; 0: not by their names. The
// account of "ana+lists@example.org" may be "ana", and behind an alias it has any name.
int is_named_by(const MailboxNote& note, const LegRecipient& recipient) {
  const std::string_view address = recipient.recipient;
  const auto local = local_part(address);
  const auto plus = local.find('+');
  const bool detailed = plus != std::string_view::npos && plus != 0;
  const auto plain =
      detailed ? std::string(local.substr(0, plus)) + std::string(address.substr(local.size()))
               : std::string();
  const int account = is_account_of(note.account, address)             ? 4
                      : detailed && is_account_of(note.account, plain) ? 3
                                                                       : 0;
  const bool same_session = !transaction_of(note.session).empty() &&
                            session_of_reply(recipient.reply_text) == note.session;
  return account + (same_session ? 3 : 0);
}

// Proxmox Mail Gateway's filter ends its reply with its own name for the message: "250 2.5.0 OK
// (12AB34CD56EF7890)".
std::string_view filter_session(std::string_view reply) {
  constexpr std::size_t kSizeMin = 13;
  constexpr std::size_t kSizeMax = 25;
  const auto open = reply.rfind('(');
  if (open == std::string_view::npos || !reply.ends_with(')')) return {};
  const auto name = reply.substr(open + 1, reply.size() - open - 2);
  const bool hexadecimal = name.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
  return hexadecimal && name.size() >= kSizeMin && name.size() <= kSizeMax ? name
                                                                           : std::string_view();
}

// amavis names its task where it keeps the message or does not take it: "250 2.7.0 Ok, discarded,
// id=12345-01 - SPAM", "554 5.7.0 Reject, id=12345-01 - SPAM".
std::string_view filter_task(std::string_view reply) {
  constexpr std::string_view kMark = ", id=";
  const auto at = reply.find(kMark);
  if (at == std::string_view::npos) return {};
  const auto answer = reply.substr(0, at);
  const bool of_amavis = answer.find("Ok") != std::string_view::npos || answer.ends_with(" Reject");
  if (!of_amavis) return {};
  const auto task = reply.substr(at + kMark.size());
  return task.substr(0, task.find_first_not_of("0123456789-"));
}

// Whether a call of Exim's, "/usr/sbin/sendmail -t -i -fana@example.org", brings a message: the
// others ask, command, run the queue, or are Exim's own for a bounce ("-E<id>").
bool brings_message(std::string_view args) {
  const auto program_end = args.find(' ');
  auto program = args.substr(0, program_end);
  program.remove_prefix(program.rfind('/') + 1);
  if (program == "mailq" || program == "runq" || program == "newaliases") return false;
  while (!args.empty()) {
    const auto word = args.substr(0, args.find(' '));
    args.remove_prefix(std::min(word.size() + 1, args.size()));
    const bool takes = word == "-bm" || word == "-bs" || word == "-bS" || word == "-bnq";
    if (word.starts_with("-b") && !takes) return false;
    for (const std::string_view other : {"-q", "-M", "-R", "-S", "-E"}) {
      if (word.starts_with(other)) return false;
    }
  }
  return true;
}
bool is_submission(const LocalInvocation& call) {
  return !call.cwd.starts_with("/var/spool") && brings_message(call.args);
}

// "/home/ana/public_html" is of "ana".
bool is_below_home_of(std::string_view cwd, std::string_view user) {
  while (!cwd.empty()) {
    const auto part = cwd.substr(0, cwd.find('/'));
    if (part == user) return true;
    cwd.remove_prefix(std::min(part.size() + 1, cwd.size()));
  }
  return false;
}

}  // namespace

// ---- local programs

std::string_view Correlator::invocation_name(const LogLine& line) {
  name_buffer_.assign(line.header.host);
  name_buffer_.push_back('\0');
  for (auto pid = line.header.pid; pid != 0; pid /= 10) {
    name_buffer_.push_back(static_cast<char>('0' + pid % 10));
  }
  return name_buffer_;
}

void Correlator::on(const LogLine& line, const LocalInvocation& event) {
  if (!event.queue_id.empty() || !is_submission(event)) return;
  auto& calls = invocations_.open(invocation_name(line), line.header.logged_at);
  if (calls.unreached.size() >= Sessions::kUnreachedMax) {
    calls.unreached.erase(calls.unreached.begin());
  }
  calls.unreached.push_back({line.header.logged_at,
                             {std::string(updates_.cut(event.cwd)), {}, 0},
                             std::string(updates_.cut(event.args)),
                             line.ref});
  invocations_.changed(calls);
}

// Exim's "cwd=" line stands shortly before the arrival; which of several it was tells the user's
// home directory, if anything does.
void Correlator::join_invocation(const LogLine& line, OpenLeg& leg) {
  auto* calls = invocations_.find(invocation_name(line));
  if (calls == nullptr) return;
  auto& seen = calls->unreached;
  std::erase_if(seen, [&](const UnreachedHost& call) {
    return line.header.logged_at - call.at > options_.invocation_gap;
  });
  invocations_.changed(*calls);
  if (seen.empty()) return;
  auto chosen = std::prev(seen.end());
  if (const auto& user = leg.record.submission.user) {
    const auto own = std::ranges::find_if(
        seen, [&](const auto& call) { return is_below_home_of(call.relay.host, *user); });
    if (own != seen.end()) chosen = own;
  }
  const auto& cwd = chosen->relay.host;
  leg.record.submission.script_dir = cwd;
  if (cwd != "/" && cwd != "/root") leg.record.submission.method = SubmissionMethod::script;
  add_line(leg, chosen->line);
  seen.erase(chosen);
}

// ---- encounters and logins

void Correlator::encounter(const LogLine& line, Encounter::Kind kind, const Peer& client,
                           std::string_view login, std::string_view text, std::optional<Time> at) {
  Encounter seen;
  seen.kind = kind;
  seen.at = at.value_or(line.header.logged_at);
  seen.host = line.header.host;
  seen.client = to_endpoint(client);
  seen.login = updates_.cut(login);
  seen.text = updates_.cut(text);
  seen.line = line.ref;
  sink_.on_encounter(std::move(seen));
}

void Correlator::tell_if_unnamed(const LogLine& line, const LegRecord& leg) {
  if (!names_all_recipients(leg) && !leg.probe && !leg.internal) tell_of_unnamed(line, leg);
}

void Correlator::tell_of_unnamed(const LogLine& line, const LegRecord& leg) {
  const auto& client = leg.submission.client;
  encounter(line, Encounter::Kind::unnamed_mail, {client.host, client.ip, client.port}, {},
            leg.envelope_sender.value_or(""), leg.opened_at);
}

void Correlator::on(const LogLine& line, const LoginResult& event) {
  if (!event.accepted) {
    encounter(line, Encounter::Kind::login_failed, event.client, event.login.value_or(""),
              event.text);
    return;
  }
  // A mail program logs in every few minutes: one of an hour tells enough.
  name_buffer_.assign(line.header.host);
  for (const auto part : {event.login.value_or(""), event.client.ip}) {
    name_buffer_.push_back('\0');
    name_buffer_.append(part);
  }
  auto* known = logins_.find(name_buffer_);
  if (known != nullptr && line.header.logged_at - known->last_at < options_.session_silence_max) {
    return;
  }
  if (known != nullptr) logins_.erase(*known);
  logins_.changed(logins_.open(name_buffer_, line.header.logged_at));
  encounter(line, Encounter::Kind::login_ok, event.client, event.login.value_or(""), event.text);
}

// ---- companions

std::string_view Correlator::companion_name(std::initializer_list<std::string_view> parts) {
  name_buffer_.clear();
  for (const auto part : parts) {
    name_buffer_.append(part);
    name_buffer_.push_back('\0');
  }
  return name_buffer_;
}

void Correlator::keep_facts(const LogLine& line, const CompanionFact& event,
                            std::string_view name) {
  auto& waiting = companions_.open(name, line.header.logged_at);
  waiting.client.host = line.header.host;  // where it was told
  companions_.changed(waiting);
  if (event.value_count == 0 && waiting.facts.size() < Sessions::kFactsMax) {
    waiting.facts.push_back({{}, line.ref});
  }
  for (std::size_t i = 0; i < event.value_count; ++i) {
    if (waiting.facts.size() >= Sessions::kFactsMax) {
      ++counters_.values_refused;
      return;
    }
    const auto& [key, value] = event.values[i];
    waiting.facts.push_back({{std::string(event.source), std::string(updates_.cut(key)),
                              std::string(updates_.cut(value))},
                             line.ref});
  }
}

// Exim names a message before its "<=": what is said while it is being received waits for that line
// and alone makes no message.
void Correlator::keep_note(const LogLine& line, const Note& event) {
  if (line.mta != Mta::exim) return;
  auto& waiting = companions_.open(companion_name({"queue id", line.header.host, event.queue_id}),
                                   line.header.logged_at);
  companions_.changed(waiting);
  if (waiting.facts.size() >= Sessions::kFactsMax) {
    ++counters_.values_refused;
    return;
  }
  Fact fact;
  if (is_scanner_trouble(event.text))
    fact = {std::string(kScannerSource), "failed", std::string(updates_.cut(event.text))};
  waiting.facts.push_back({std::move(fact), line.ref});
}

// What is said under a companion's own name for its task waits for the line that also has a name of
// the MTA's. Of the steps on the way the lines are enough; the verdict needs its values.
void Correlator::keep_task(const LogLine& line, const CompanionFact& event) {
  constexpr std::size_t kStepsMax = Sessions::kFactsMax - CompanionFact::kValuesMax;
  const auto name = companion_name({"task", event.source, line.header.host, event.task});
  // amavis' summary may be in two lines: what it did, and what it took.
  const bool decides = std::ranges::any_of(
      std::span(event.values).first(event.value_count),
      [](const auto& value) { return value.name == "action" || value.name == "elapsed_ms"; });
  if (decides) return keep_facts(line, event, name);
  auto& waiting = companions_.open(name, line.header.logged_at);
  if (waiting.facts.size() >= kStepsMax) return;
  companions_.changed(waiting);
  waiting.facts.push_back({{}, line.ref});
}

// What a proxy filter refused never gets its Message-ID into the MTA's log, but the reply names the
// task.
void Correlator::keep_other_name(const LogLine& line, const CompanionFact& event,
                                 std::string_view message_id) {
  auto& waiting = companions_.open(
      companion_name({"task", event.source, line.header.host, event.task}), line.header.logged_at);
  if (waiting.facts.size() >= Sessions::kFactsMax) return;
  companions_.changed(waiting);
  waiting.facts.push_back({{{}, "message id", std::string(updates_.cut(message_id))}, line.ref});
}

namespace {

// spamd's processes check one message at a time: the first line names it, the verdict does not, the
// summary that may follow does again.
std::string process_task(const LogLine& line, const CompanionFact& event) {
  const bool of_process = event.source == "spamd" && line.header.pid != 0;
  return of_process ? std::to_string(line.header.pid) : std::string();
}
bool is_unchecked(const LegRecord& leg, std::string_view source) {
  return std::ranges::none_of(leg.facts, [&](const Fact& fact) { return fact.source == source; });
}
// Of two messages with one Message-ID, which one a program that takes them in turn checks first:
// that of its user if that is known, else the older one.
bool is_checked_before(const LegRecord& a, const LegRecord& b, std::string_view user) {
  const auto is_of_user = [&](const LegRecord& leg) {
    return !user.empty() && std::ranges::any_of(leg.recipients, [&](const LegRecipient& recipient) {
      return equal_ignoring_case(local_part(recipient.recipient), user);
    });
  };
  if (const bool of_a = is_of_user(a); of_a != is_of_user(b)) return of_a;
  return std::pair(a.opened_at, std::string_view(a.queue_id)) <
         std::pair(b.opened_at, std::string_view(b.queue_id));
}
bool begins_task(const CompanionFact& event) {
  return std::ranges::any_of(std::span(event.values).first(event.value_count),
                             [](const auto& value) { return value.value == "scanning"; });
}

}  // namespace

// The message that a process is checking: two may have one Message-ID, and a line that has none is
// about the same one as the line before.
OpenLeg* Correlator::leg_of_process(const LogLine& line, const CompanionFact& event) {
  const auto name = companion_name({"task", event.source, line.header.host, event.task});
  const auto message_id = bare_message_id(event.message_id.value_or(""));
  if (!begins_task(event)) {
    const auto* known = companions_.find(name);
    if (known == nullptr || known->legs.empty()) return nullptr;
    auto* leg = reopen(known->legs.front());
    const bool same =
        leg != nullptr && (message_id.empty() || message_id_of(leg->record) == message_id);
    return same ? leg : nullptr;
  }
  if (auto* before = companions_.find(name)) companions_.erase(*before);
  if (message_id.empty()) return nullptr;
  recall_message_id(message_id);
  const auto values = std::span(event.values).first(event.value_count);
  const auto user =
      std::ranges::find(values, std::string_view("user"), &CompanionFact::NameValue::name);
  OpenLeg* next = nullptr;
  int looked_at = 0;
  for (auto* leg = legs_.find_message_id(message_id);
       leg != nullptr && looked_at < kSameMessageIdMax;
       leg = legs_.next_message_id(*leg, message_id), ++looked_at) {
    const auto apart = line.header.logged_at - leg->record.last_activity_at;
    if (apart > options_.companion_gap || -apart > options_.companion_gap) continue;
    if (!is_unchecked(leg->record, event.source)) continue;
    if (next == nullptr ||
        is_checked_before(leg->record, next->record, user == values.end() ? "" : user->value)) {
      next = leg;
    }
  }
  if (next == nullptr) next = newest_with_message_id(line, message_id);
  if (next == nullptr) return nullptr;
  auto& checking = companions_.open(
      companion_name({"task", event.source, line.header.host, event.task}), line.header.logged_at);
  checking.legs = {next->handle()};
  companions_.changed(checking);
  return next;
}

// A companion names a message as it knows it; the MTA's own lines may come before or after.
void Correlator::on(const LogLine& line, const CompanionFact& told) {
  auto event = told;
  const auto process = event.task.empty() ? process_task(line, event) : std::string();
  if (!process.empty()) event.task = process;
  if (!process.empty()) {
    if (auto* leg = leg_of_process(line, event)) {
      touch(*leg, line);
      updates_.apply(leg->record, event, line.header.logged_at);
      return;
    }
  }
  const auto tell = [&](OpenLeg& leg) {
    touch(leg, line);
    updates_.apply(leg.record, event, line.header.logged_at);
    if (event.task.empty() || companions_.size() == 0) return;
    take_facts(line, leg, companion_name({"task", event.source, line.header.host, event.task}));
  };
  if (!event.queue_id.empty()) {
    // The id's form tells the MTA; a companion knows nothing of instances.
    auto of_mta = line;
    of_mta.mta = event.queue_id.find('-') == std::string_view::npos ? Mta::postfix : Mta::exim;
    of_mta.instance = of_mta.mta == Mta::postfix ? "postfix" : "";
    if (auto* leg = find(of_mta, event.queue_id)) return tell(*leg);
  }
  const auto message_id = event.message_id.value_or("");
  if (!message_id.empty()) {
    if (auto* leg = newest_with_message_id(line, message_id)) return tell(*leg);
  }
  if (!event.queue_id.empty()) {
    keep_facts(line, event, companion_name({"queue id", line.header.host, event.queue_id}));
  } else if (!message_id.empty()) {
    const bool filter = event.source == "amavis" && !event.task.empty();
    keep_facts(line, event, companion_name({"message id", bare_message_id(message_id)}));
    if (filter) keep_other_name(line, event, bare_message_id(message_id));
  } else if (!event.task.empty()) {
    keep_task(line, event);
  } else if (!event.client.ip.empty() && (event.envelope_sender || event.recipient)) {
    keep_facts(line, event,
               companion_name({"client", event.client.ip, event.envelope_sender.value_or(""),
                               event.recipient.value_or("")}));
  }
}

// Brings a leg that left memory back, for what a companion says about it.
void Correlator::recall_message_id(std::string_view message_id) {
  if (message_ids_.empty()) return;
  const auto key = legs_.message_id_key(message_id);
  for (std::uint64_t i = 0; i < kSameMessageIdKept; ++i) {
    const auto known = message_ids_.find(key + i);
    if (known == message_ids_.end()) return;
    const auto id = known->second;
    message_ids_.erase(known);
    reopen({0, id});
  }
}

OpenLeg* Correlator::newest_with_message_id(const LogLine& line, std::string_view message_id) {
  recall_message_id(message_id);
  OpenLeg* newest = nullptr;
  int looked_at = 0;
  for (auto* leg = legs_.find_message_id(bare_message_id(message_id));
       leg != nullptr && looked_at < kSameMessageIdMax;
       leg = legs_.next_message_id(*leg, bare_message_id(message_id)), ++looked_at) {
    const auto apart = line.header.logged_at - leg->record.last_activity_at;
    if (apart > options_.companion_gap || -apart > options_.companion_gap) continue;
    if (newest == nullptr || leg->record.last_activity_at > newest->record.last_activity_at) {
      newest = leg;
    }
  }
  return newest;
}

void Correlator::take_facts(const LogLine& line, OpenLeg& leg, std::string_view name) {
  auto* waiting = companions_.find(name);
  if (waiting == nullptr) return;
  std::string other_name;
  if (line.header.logged_at - waiting->last_at <= options_.companion_gap) {
    for (auto& [fact, ref] : waiting->facts) {
      if (leg.record.facts.size() >= options_.leg.facts_max) break;
      if (fact.source.empty() && !fact.value.empty()) other_name = std::move(fact.value);
      if (!fact.source.empty()) leg.record.facts.push_back(std::move(fact));
      if (leg.record.lines.empty() || leg.record.lines.back() != ref) add_line(leg, ref);
    }
    LegUpdates::note_filtered(leg.record);
  }
  companions_.erase(*waiting);
  if (!other_name.empty()) take_facts(line, leg, companion_name({"message id", other_name}));
}

// ---- Proxmox Mail Gateway in front of the queue: its answer ends with its own name for the
// message

// The messages that came of it, as its lines said.
std::vector<OpenLeg*> Correlator::given_back_by_filter(const LogLine& line,
                                                       std::string_view reply) {
  std::vector<OpenLeg*> out;
  const auto session = filter_session(reply);
  if (session.empty()) return out;
  const auto* waiting = companions_.find(companion_name({"queue id", line.header.host, session}));
  if (waiting == nullptr) return out;
  for (const auto& [fact, ref] : waiting->facts) {
    if (fact.source != "pmg" || fact.name != "queued_as") continue;
    auto* leg = find(line, fact.value);
    if (leg != nullptr && std::ranges::find(out, leg) == out.end()) out.push_back(leg);
  }
  return out;
}

namespace {

// To whom the filter gave nothing although the client was told 250: kept in its quarantine, or
// thrown away.
std::optional<Outcome> kept_as(const Fact& fact) {
  if (fact.source != "pmg") return std::nullopt;
  if (fact.name == "quarantined_for") return Outcome::quarantined;
  if (fact.name == "blocked_for") return Outcome::discarded;
  return std::nullopt;
}

}  // namespace

void Correlator::add_kept_by_filter(const LogLine& line, OpenLeg& leg, const PolicyVerdict& event) {
  const auto session = filter_session(event.reply_text);
  const auto* waiting = companions_.find(companion_name({"queue id", line.header.host, session}));
  if (waiting == nullptr) return;
  auto& recipients = leg.record.recipients;
  for (const auto& told : waiting->facts) {
    const auto outcome = kept_as(told.fact);
    if (!outcome || recipients.size() >= options_.leg.recipients_max) continue;
    if (std::ranges::any_of(recipients, [&](const LegRecipient& known) {
          return equal_ignoring_case(known.recipient, told.fact.value);
        })) {
      continue;
    }
    auto& recipient = recipients.emplace_back();
    recipient.recipient = told.fact.value;
    recipient.outcome = *outcome;
    recipient.reply_text = updates_.cut(event.reply_text);
    recipient.first_attempt_at = recipient.last_attempt_at = line.header.logged_at;
  }
}

// What it took and gave nobody: the dialogue is all that there is of the message.
OpenLeg* Correlator::kept_by_filter(const LogLine& line, const PolicyVerdict& event) {
  const auto session = filter_session(event.reply_text);
  if (session.empty() || !event.envelope_sender) return nullptr;
  const auto name = std::string(companion_name({"queue id", line.header.host, session}));
  const auto* waiting = companions_.find(name);
  if (waiting == nullptr) return nullptr;
  const auto is_kept = [](const EarlyFact& told) { return kept_as(told.fact).has_value(); };
  if (std::ranges::none_of(waiting->facts, is_kept)) return nullptr;
  auto& dialogue = open_session(line, event.client);
  auto& leg = refused_dialogue(line, dialogue, event);
  touch(leg, line);
  updates_.apply(leg.record, event, line.header.logged_at);
  add_kept_by_filter(line, leg, event);
  for (const auto& verdict : std::exchange(dialogue.verdicts, {})) add_line(leg, verdict.line);
  std::erase_if(dialogue.refused,
                [&](const LegHandle& other) { return other.id == leg.record.id; });
  dialogue.legs.push_back(leg.handle());
  inbound_.changed(dialogue);
  take_facts(line, leg, name);
  leg.record.closed_at = line.header.logged_at;
  return &leg;
}

void Correlator::join_filter_session(const LogLine& line, OpenLeg& leg, std::string_view reply) {
  const auto session = filter_session(reply);
  if (session.empty() || companions_.size() == 0) return;
  take_facts(line, leg, companion_name({"queue id", line.header.host, session}));
}

// Facts that were told before the message had the name under which they were told.
void Correlator::join_facts(const LogLine& line, OpenLeg& leg) {
  if (companions_.size() == 0) return;
  const auto& record = leg.record;
  if (!record.queue_id.empty()) {
    take_facts(line, leg, companion_name({"queue id", record.host, record.queue_id}));
  }
  if (record.message_id && !record.message_id->empty()) {
    take_facts(line, leg, companion_name({"message id", bare_message_id(*record.message_id)}));
  }
  if (record.submission.client.ip.empty() || !record.envelope_sender) return;
  take_facts(line, leg,
             companion_name({"client", record.submission.client.ip, *record.envelope_sender, ""}));
}

// Facts about what was refused before it had a name.
void Correlator::join_facts_of_refusal(const LogLine& line, OpenLeg& leg,
                                       const PolicyVerdict& event) {
  if (event.recipient) join_facts_of(line, leg, *event.recipient);
  // policyd-spf names the recipient to whom its settings let it: "receiver=<UNKNOWN>".
  if (leg.record.envelope_sender) join_facts_of(line, leg, "");
  if (const auto task = filter_task(event.reply_text); !task.empty()) {
    take_facts(line, leg, companion_name({"task", "amavis", line.header.host, task}));
  }
}

void Correlator::join_facts_of(const LogLine& line, OpenLeg& leg, std::string_view recipient) {
  if (companions_.size() == 0 || leg.record.submission.client.ip.empty()) return;
  take_facts(line, leg,
             companion_name({"client", leg.record.submission.client.ip,
                             leg.record.envelope_sender.value_or(""), recipient}));
}

// ---- mailboxes

void Correlator::on(const LogLine& line, const MailboxResult& event) {
  const auto message_id = bare_message_id(event.message_id.value_or(""));
  const auto transaction = transaction_of(event.session);
  if ((message_id.empty() && transaction.empty()) || !event.recipient) return;
  MailboxNote note{event.what,
                   line.header.logged_at,
                   std::string(event.source),
                   std::string(updates_.cut(event.folder)),
                   std::string(updates_.cut(event.text)),
                   line.ref,
                   std::string(updates_.cut(*event.recipient)),
                   std::string(updates_.cut(event.session))};
  // Whoever asks for whom a mailbox's rules sent it on to must not be told that no line names him.
  if (event.what == MailboxResult::What::forwarded) tell_of_names(line, event.text);
  if (!message_id.empty()) {
    recall_message_id(message_id);
    if (tell_mailbox_leg(line, message_id, note)) return;
  } else if (tell_transaction_legs(line, transaction, note)) {
    return;
  }
  auto& waiting =
      companions_.open(message_id.empty() ? companion_name({"mailbox session", transaction})
                                          : companion_name({"mailbox", message_id}),
                       line.header.logged_at);
  waiting.client.host = line.header.host;  // where it was told
  companions_.changed(waiting);
  if (waiting.mailboxes.size() >= Sessions::kFactsMax) {
    ++counters_.values_refused;
    return;
  }
  waiting.mailboxes.push_back(std::move(note));
}

// Several hosts may have had the message; the mailbox is more likely where its program ran.
bool Correlator::tell_mailbox_leg(const LogLine& line, std::string_view message_id,
                                  const MailboxNote& note) {
  OpenLeg* chosen = nullptr;
  LegRecipient* chosen_recipient = nullptr;
  int looked_at = 0;
  for (auto* leg = legs_.find_message_id(message_id);
       leg != nullptr && looked_at < kSameMessageIdMax;
       leg = legs_.next_message_id(*leg, message_id), ++looked_at) {
    auto* recipient = mailbox_recipient(leg->record, note);
    if (recipient == nullptr) continue;
    const bool here = leg->record.host == line.header.host;
    if (chosen != nullptr && !here) continue;
    chosen = leg;
    chosen_recipient = recipient;
    if (here) break;
  }
  if (chosen == nullptr) return false;
  touch(*chosen, line);
  updates_.apply(chosen->record, *chosen_recipient, note);
  return true;
}

// A message without a Message-ID is known to the mailbox server by its transaction alone, which the
// reply to the MTA named.
bool Correlator::tell_transaction_legs(const LogLine& line, std::string_view transaction,
                                       const MailboxNote& note) {
  auto* known = companions_.find(companion_name({"mailbox session", transaction}));
  if (known == nullptr) return false;
  const auto legs = known->legs;
  return std::ranges::any_of(legs, [&](const LegHandle& handle) {
    auto* leg = reopen(handle);
    auto* recipient = leg == nullptr ? nullptr : mailbox_recipient(leg->record, note);
    if (recipient == nullptr) return false;
    touch(*leg, line);
    updates_.apply(leg->record, *recipient, note);
    return true;
  });
}

// The recipient that was handed to that account at about that time.
LegRecipient* Correlator::mailbox_recipient(LegRecord& leg, const MailboxNote& note) const {
  LegRecipient* only = nullptr;
  LegRecipient* named = nullptr;
  int most = 0;
  std::size_t handed_over = 0;
  for (auto& recipient : leg.recipients) {
    const bool may_be = recipient.outcome == Outcome::delivered || may_undo(recipient, note) ||
                        was_refused_so(recipient, note.what);
    if (!may_be || was_passed_on(leg, recipient) || !recipient.last_attempt_at) continue;
    const auto apart = note.at - *recipient.last_attempt_at;
    if (apart > options_.companion_gap || -apart > options_.companion_gap) continue;
    if (is_of_other_transaction(recipient.reply_text, note.session)) continue;
    if (const auto how = is_named_by(note, recipient); how > most) {
      most = how;
      named = &recipient;
    }
    only = &recipient;
    ++handed_over;
  }
  if (named != nullptr) return named;
  // An account of another name, behind an alias of the mailbox server's own.
  const bool alone = leg.recipients.size() == 1 && leg.recipient_count.value_or(1) <= 1;
  return handed_over == 1 && alone ? only : nullptr;
}

void Correlator::join_companions(const LogLine& line, OpenLeg& leg, std::int32_t recipient) {
  if (recipient < 0) return;
  auto& to = leg.record.recipients[static_cast<std::size_t>(recipient)];
  const bool needs_transaction =
      message_id_of(leg.record).empty() && !transaction_of(session_of_reply(to.reply_text)).empty();
  if (companions_.size() == 0 && !needs_transaction) return;
  if (const auto session = filter_session(to.reply_text);
      !session.empty() && is_loopback(to.relay.ip)) {
    // It may have given the message back under another Message-ID, and names the id that it got.
    for (const auto* given_back : given_back_by_filter(line, to.reply_text)) {
      if (given_back == &leg) continue;
      LegLink child;
      child.kind = LegLink::Kind::filter;
      child.direction = LegLink::Direction::child;
      child.queue_id = given_back->record.queue_id;
      child.at = line.header.logged_at;
      child.recipient = recipient;
      link(leg, std::move(child));
    }
    take_facts(line, leg, companion_name({"queue id", line.header.host, session}));
  }
  if (const auto task = filter_task(to.reply_text); !task.empty()) {
    take_facts(line, leg, companion_name({"task", "amavis", line.header.host, task}));
  }
  if (to.attempts <= 1) {
    join_facts_of(line, leg, to.original_recipient ? *to.original_recipient : to.recipient);
  }
  join_mailboxes(line, leg, to);
}

void Correlator::join_mailboxes(const LogLine& line, OpenLeg& leg, LegRecipient& to) {
  const bool tried = to.outcome == Outcome::delivered || to.outcome == Outcome::deferred ||
                     to.outcome == Outcome::bounced;
  if (!tried) return;
  const auto message_id = message_id_of(leg.record);
  const auto transaction = transaction_of(session_of_reply(to.reply_text));
  if (message_id.empty() && transaction.empty()) return;
  Session* waiting = nullptr;
  if (message_id.empty()) {
    // Its lines may come behind this one.
    waiting =
        &companions_.open(companion_name({"mailbox session", transaction}), line.header.logged_at);
    const auto same = [&](const LegHandle& known) { return known.id == leg.record.id; };
    if (std::ranges::none_of(waiting->legs, same) && waiting->legs.size() < Sessions::kLegsMax) {
      waiting->legs.push_back(leg.handle());
    }
  } else {
    waiting = companions_.find(companion_name({"mailbox", message_id}));
  }
  if (waiting == nullptr) return;
  // Of one account's notes those of the session in the reply: the others are about an address of
  // the account's that is to come.
  const std::string session(session_of_reply(to.reply_text));  // a note may replace the reply
  const bool has_own = std::ranges::any_of(waiting->mailboxes, [&](const MailboxNote& note) {
    return note.session == session && mailbox_recipient(leg.record, note) == &to;
  });
  std::erase_if(waiting->mailboxes, [&](const MailboxNote& note) {
    if (mailbox_recipient(leg.record, note) != &to) return false;
    if (has_own && note.session != session) return false;
    add_line(leg, note.line);
    updates_.apply(leg.record, to, note);
    return true;
  });
  companions_.changed(*waiting);
  if (waiting->mailboxes.empty() && waiting->legs.empty()) companions_.erase(*waiting);
}

void Correlator::on(const LogLine& /*line*/, const std::monostate& /*event*/) {}
// The account of what is missing is the pipeline's: it knows the source.
void Correlator::on(const LogLine& /*line*/, const LogLoss& /*event*/) {}

}  // namespace rastro
