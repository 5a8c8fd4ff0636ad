// SMTP dialogues: what belongs to one is known by the process that speaks in it, or by its client.
#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include "core/address.h"
#include "core/ip_networks.h"
#include "core/message_id.h"
#include "daemon/correlate/command_counts.h"
#include "daemon/correlate/correlator.h"
#include "daemon/correlate/link_rules.h"
#include "daemon/correlate/own_words.h"

namespace rastro {
namespace {

constexpr std::size_t kRefusalsMax = 8;  // of one mail that are linked with its acceptance
constexpr auto kAnswerMax = std::chrono::minutes(5);  // of a filter that was refused
constexpr std::string_view kAnybody;
constexpr std::string_view kFilter = "filter";  // in a client's place: it is one of our own

// Large senders come back from a neighbour: an IPv4 /24, an IPv6 /64 as far as it is written out.
std::string_view network_of(std::string_view ip) {
  const bool v6 = ip.find(':') != std::string_view::npos;
  std::size_t at = 0;
  for (int parts = 0; parts < (v6 ? 4 : 3); ++parts) {
    at = ip.find(v6 ? ':' : '.', at);
    if (at == std::string_view::npos) return ip;
    ++at;
  }
  return ip.substr(0, std::min(at, ip.find("::")));
}

// Whether a filter that had `message` may have met with `refused`, and `message` is told of it now.
bool may_have_wanted_back(const LegRecord& message, const LegRecord& refused) {
  const auto told_at = message.last_activity_at;
  return refused.opened_at >= message.opened_at && told_at - refused.opened_at <= kAnswerMax &&
         (!message.message_id || !refused.message_id || message.message_id == refused.message_id);
}

void append_number(std::string& out, std::uint32_t number) {
  std::array<char, 10> digits;  // the last one first: it names, nobody reads it
  std::size_t size = 0;
  for (; number != 0; number /= 10) digits[size++] = static_cast<char>('0' + number % 10);
  out.append(digits.data(), size);
}

PolicyVerdict as_event(const EarlyVerdict& verdict) {
  PolicyVerdict out;
  out.action = verdict.action;
  out.stage = verdict.stage;
  out.envelope_sender = verdict.envelope_sender;
  out.recipient = verdict.recipient;
  out.helo = verdict.helo;
  out.reply_text = verdict.reply_text;
  out.target = verdict.target;
  return out;
}

// Two mails of one sender to one recipient are not each other's retries.
bool may_be_same_message(const LegRecord& a, const LegRecord& b) {
  return !a.message_id || !b.message_id ||
         bare_message_id(*a.message_id) == bare_message_id(*b.message_id);
}

// A client says who it is once: another name, or none after one, is another dialogue. Exim leaves
// the name out where it is that of the host, which it may look up on the way.
bool calls_itself_otherwise(const LegRecord& leg, std::optional<std::string_view> helo,
                            std::string_view host) {
  const auto& before = leg.submission.helo;
  if (before && helo) return !equal_ignoring_case(*before, *helo);
  if (before) return host.empty();
  return helo && leg.submission.client.host.empty();
}

// A client that was told no and asks again for the same recipient later is at another try. What two
// logs say of one refusal has one time.
bool was_refused_before(const LegRecord& leg, const std::optional<std::string_view>& recipient,
                        Time at) {
  return recipient && std::ranges::any_of(leg.recipients, [&](const LegRecipient& known) {
           return known.outcome == Outcome::rejected && known.last_attempt_at &&
                  *known.last_attempt_at < at && is_same_recipient(known.recipient, *recipient);
         });
}

// The domain of a pool's hosts: "mail1.out.example.com" and "mail2.out.example.com" take turns.
// Empty where the rest may be a registry's ("co.uk") and not one owner's.
std::string_view pool_of(std::string_view host) {
  const auto dot = host.find('.');
  if (dot == std::string_view::npos) return {};
  const auto pool = host.substr(dot + 1);
  const auto second = pool.find('.');
  const bool maybe_registry = second == std::string_view::npos ||
                              (second <= 3 && pool.find('.', second + 1) == std::string_view::npos);
  return maybe_registry ? std::string_view() : pool;
}

// Large senders come back from another host, and often from another network.
bool is_same_origin(const Endpoint& a, const Endpoint& b) {
  if (network_of(a.ip) == network_of(b.ip)) return true;
  const auto pool = pool_of(a.host);
  return !pool.empty() && equal_ignoring_case(pool, pool_of(b.host));
}

// Of a message that never came into the queue, as far as its log tells.
bool may_be_unqueued(const LegRecord& leg) { return is_open(leg) && !leg.accepted; }

// It has an id, and no more became of it than refusals.
bool was_refused_only(const LegRecord& leg) {
  return !leg.queue_id.empty() && !leg.accepted && !leg.recipients.empty() &&
         std::ranges::all_of(leg.recipients, [](const LegRecipient& recipient) {
           return recipient.outcome == Outcome::rejected;
         });
}

}  // namespace

// postscreen is one process for all clients; the others serve one at a time.
std::string_view Correlator::session_name(const LogLine& line, const Peer* client) {
  name_buffer_.assign(line.header.host);
  name_buffer_.push_back('\0');
  name_buffer_.append(line.header.program);
  name_buffer_.push_back('\0');
  append_number(name_buffer_, line.header.pid);
  if (client != nullptr && line.agent == "postscreen") {
    name_buffer_.push_back('\0');
    name_buffer_.append(client->ip);
    name_buffer_.push_back('\0');
    append_number(name_buffer_, client->port);
  }
  return name_buffer_;
}

Session* Correlator::find_session(const LogLine& line, const Peer* client) {
  auto* session =
      inbound_.find(client != nullptr ? dialogue_name(line, *client) : session_name(line));
  if (session != nullptr &&
      line.header.logged_at - session->last_at > options_.session_silence_max) {
    return nullptr;
  }
  return session;
}

std::string_view Correlator::dialogue_name(const LogLine& line, const Peer& client) {
  return line.mta == Mta::exim ? exim_dialogue_name(line, client) : session_name(line, &client);
}

Session& Correlator::open_session(const LogLine& line, const Peer& client) {
  if (line.mta == Mta::exim) return open_exim_dialogue(line, client);
  return inbound_.open(session_name(line, &client), line.header.logged_at);
}

std::string_view Correlator::exim_dialogue_name(const LogLine& line, const Peer& client) {
  name_buffer_.assign(line.header.host).push_back('\0');
  name_buffer_.append("exim").push_back('\0');
  name_buffer_.append(client.ip.empty() ? client.host : client.ip).push_back('\0');
  append_number(name_buffer_, line.header.pid != 0 ? line.header.pid : client.port);
  return name_buffer_;
}

// Exim names neither session nor process by default: what one client is refused within a short
// time is one dialogue then.
bool Correlator::names_exim_dialogue(const LogLine& line, const Peer& client) {
  return line.header.pid != 0 || client.port != 0;
}

Session& Correlator::open_exim_dialogue(const LogLine& line, const Peer& client) {
  const auto name = exim_dialogue_name(line, client);
  auto* session = inbound_.find(name);
  if (session != nullptr && line.header.logged_at - session->last_at > options_.exim_dialogue_gap) {
    inbound_.erase(*session);
  }
  return inbound_.open(name_buffer_, line.header.logged_at);
}

void Correlator::on(const LogLine& line, const SessionOpened& event) {
  auto& session = inbound_.open_new(dialogue_name(line, event.client), line.header.logged_at);
  set_endpoint(session.client, event.client);
  session.lines.push_back(line.ref);
  inbound_.changed(session);
}

void Correlator::on(const LogLine& line, const SessionTls& event) {
  const bool inbound = event.direction == SessionTls::Direction::inbound;
  auto& session = inbound ? open_session(line, event.peer)
                          : outbound_.open(session_name(line), line.header.logged_at);
  if (!inbound) session.lines.clear();
  if (session.lines.size() < Sessions::kLinesMax) session.lines.push_back(line.ref);
  name_buffer_.assign(event.protocol);
  if (!event.cipher.empty()) name_buffer_.append(" with cipher ").append(event.cipher);
  set_text(session.tls, updates_.cut(name_buffer_));
  set_text(session.tls_peer, event.peer.ip);
  (inbound ? inbound_ : outbound_).changed(session);
}

void Correlator::on(const LogLine& line, const SessionClosed& event) {
  auto* session = find_session(line, &event.client);
  if (session == nullptr) {
    // Its beginning is not in the log, which has no line of a mail or a refusal either.
    if (line.mta == Mta::postfix) tell_of_untold_mail(line, event.client, Session(), event.counts);
    return;
  }
  for (const auto* legs : {&session->legs, &session->refused, &session->refused_before}) {
    for (const auto handle : *legs) {
      auto* leg = reopen(handle);
      if (leg == nullptr) continue;
      add_line(*leg, line.ref);
      mark_dirty(*leg);
    }
  }
  if (line.mta == Mta::postfix) {
    tell_of_untold_mail(line, event.client, *session, event.counts);
    tell_of_others_refused(line, *session, event.counts);
    end_unqueued(line, *session, event.counts);
    part_other_mails(*session, event.counts);
  }
  tell_of_remarks(*session);
  inbound_.erase(*session);
}

// An address that is none has no reply in its line, and who was meant is not known.
void Correlator::count_refusal(const LogLine& line, const PolicyVerdict& event) {
  const bool refuses = event.action == PolicyVerdict::Action::reject ||
                       event.action == PolicyVerdict::Action::proxy_reject;
  const bool with_reply = event.reply_code != 0 || event.enhanced_status;
  if (line.mta != Mta::postfix || line.agent != "smtpd" || !refuses || !with_reply) return;
  if (event.stage != "MAIL" && event.stage != "RCPT") return;
  auto& session = open_session(line, event.client);
  if (session.commands_refused) ++*session.commands_refused;
  inbound_.changed(session);
}

// What the client began and no line tells of: a mail that it gave up before its first recipient, a
// refusal for which smtpd has no line ("Must issue a STARTTLS command first", "too many
// recipients", an address that is none). The counts tell that there was one.
void Correlator::tell_of_untold_mail(const LogLine& line, const Peer& client,
                                     const Session& session, std::string_view counts) {
  const auto mails = command_count(counts, "mail");
  const auto named = command_count(counts, "rcpt");
  const auto content = content_counts(counts);
  if (!mails || !named || !content || mails->all == 0) return;
  if (session.legs.size() >= Sessions::kLegsMax) return;
  if (!session.commands_refused) return;
  const std::int64_t told = *session.commands_refused;
  const auto senders_refused = std::int64_t{mails->all} - mails->good;
  // Behind a MAIL that was refused, recipients are refused without a word.
  const auto refused =
      senders_refused + (mails->good > 0 ? std::int64_t{named->all} - named->good : 0);
  const auto taken =
      std::max(static_cast<std::int64_t>(session.legs.size()), std::int64_t{content->good});
  const auto explained = taken + std::max(std::int64_t{0}, told - senders_refused);
  const auto untold = std::max(refused - told, std::int64_t{mails->good} - explained);
  if (untold > 0) encounter(line, Encounter::Kind::unnamed_mail, client, {}, {});
}

// A refusal of the content names one recipient; the others, equally refused, stand in no line, and
// neither does who had been taken when the client gave the mail up after a refused one. How many
// RCPT were accepted stands in the counts; versions before 3.0 have none.
void Correlator::tell_of_others_refused(const LogLine& line, const Session& session,
                                        std::string_view counts) {
  OpenLeg* refused = nullptr;
  std::size_t refused_legs = 0;
  std::int64_t told = 0;
  for (const auto* legs : {&session.legs, &session.refused, &session.refused_before}) {
    for (const auto handle : *legs) {
      auto* leg = reopen(handle);
      if (leg == nullptr) return;  // how many it names is not known
      const auto size = static_cast<std::int64_t>(leg->record.recipients.size());
      told += leg->record.accepted
                  ? std::max(size, std::int64_t{leg->record.recipient_count.value_or(0)})
                  : size;
      if (!was_refused_only(leg->record)) continue;
      ++refused_legs;
      refused = leg;
    }
  }
  if (refused == nullptr) return;
  const bool content_came = refused->record.message_id.has_value();
  const auto mails = command_count(counts, "mail");
  const auto named = command_count(counts, "rcpt");
  const auto content = content_counts(counts);
  if (named && mails && content) {
    if (!session.commands_refused) return;
    const auto refusals = std::int64_t{*session.commands_refused} - (mails->all - mails->good);
    const auto others = std::int64_t{named->good} - (told - std::max(std::int64_t{0}, refusals));
    if (others <= 0) return;
    const bool alone = mails->all == 1 && session.legs.size() == 1 && refused_legs == 1;
    if (alone && content_came && content->good < content->all) {
      refused->record.recipient_count = static_cast<std::uint32_t>(
          static_cast<std::int64_t>(refused->record.recipients.size()) + others);
      mark_dirty(*refused);
    }
  } else if (!content_came) {
    return;
  }
  tell_of_unnamed(line, refused->record);
}

namespace {
bool was_refused(const LegRecord& leg) {
  return std::ranges::any_of(leg.timeline, [](const TimelineEntry& entry) {
    return entry.kind == TimelineEntry::Kind::rejected;
  });
}
}  // namespace

// The queue manager's first line about a message may come after its client has left, and for a
// message on hold or discarded there is none: what the client achieved stands in the counts.
void Correlator::end_unqueued(const LogLine& line, Session& session, std::string_view counts) {
  std::vector<OpenLeg*> unsure;
  std::int64_t taken = 0;
  for (const auto handle : session.legs) {
    auto* leg = reopen(handle);
    if (leg == nullptr) continue;
    if (may_be_unqueued(leg->record)) unsure.push_back(leg);
    taken += leg->record.accepted ? 1 : 0;
  }
  if (unsure.empty()) return;
  const auto content = content_counts(counts);
  const auto room = content ? std::int64_t{content->good} - taken : 0;
  const bool some_came = std::ranges::any_of(
      unsure, [](const OpenLeg* leg) { return leg->record.message_id.has_value(); });
  for (auto* leg : unsure) {
    const bool content_came = leg->record.message_id.has_value();
    // sendmail -bs: its smtpd writes for pickup, which brings the message under an id of its own.
    const bool for_pickup = is_loopback(session.client.ip) && !content_came &&
                            !leg->record.envelope_sender && leg->record.recipients.empty();
    if (!content) {
      // A version that does not count: the queue manager will tell.
      if (!content_came) LegUpdates::close_unqueued(leg->record, line.header.logged_at);
    } else if (for_pickup) {
      // Or a filter of ours began to give a message back and thought better of it.
      LegUpdates::close_unqueued(leg->record, line.header.logged_at);
      leg->record.probe = true;
    } else if (room >= static_cast<std::int64_t>(unsure.size()) ||
               (room > 0 && (content_came || !some_came))) {
      updates_.accept(leg->record, line.header.logged_at);
    } else if (content_came && content->good < content->all && !was_refused(leg->record)) {
      refuse_content(line, *leg);
    } else {
      LegUpdates::close_unqueued(leg->record, line.header.logged_at);
    }
    if (!is_open(leg->record)) tell_if_unnamed(line, leg->record);
    mark_dirty(*leg);
    note_if_closed(*leg);
  }
}

// The content came, and smtpd said no at its end without a line of its own ("451 Error: queue file
// write error", src/smtpd/smtpd.c): cleanup's warning before it has the cause, if anything has.
void Correlator::refuse_content(const LogLine& line, OpenLeg& leg) {
  PolicyVerdict refused;
  refused.queue_id = leg.record.queue_id;
  refused.stage = "END-OF-MESSAGE";
  refused.reply_code = 451;
  std::string cause;
  for (const auto& entry : leg.record.timeline) {
    if (entry.kind == TimelineEntry::Kind::note) cause = entry.text;
  }
  refused.reply_text = cause;
  updates_.apply(leg.record, refused, line.header.logged_at);
  LegUpdates::close_unqueued(leg.record, line.header.logged_at);
}

// Refusals before a message belong to it, unless the client began more mails than were queued:
// then they were mails of their own.
void Correlator::part_other_mails(Session& session, std::string_view counts) {
  if (session.refused_before.empty()) return;
  const auto mails = command_count(counts, "mail");
  if (!mails) return;
  const auto others = std::int64_t{mails->good} - static_cast<std::int64_t>(session.legs.size());
  const auto told = static_cast<std::int64_t>(session.refused.size());
  if (others - told < static_cast<std::int64_t>(session.refused_before.size())) return;
  for (const auto handle : session.refused_before) {
    auto* refused = reopen(handle);
    if (refused == nullptr) continue;
    std::erase_if(refused->record.links,
                  [](const LegLink& link) { return link.kind == LegLink::Kind::session; });
    mark_dirty(*refused);
  }
}

void Correlator::on(const LogLine& line, const SessionTrouble& event) {
  if (!event.queue_id.empty()) {
    // Exim names a message that it never took by its id and sender, here only.
    auto* leg = find(line, event.queue_id);
    if (leg == nullptr && event.envelope_sender) leg = &find_or_open(line, event.queue_id);
    if (leg == nullptr) return;
    touch(*leg, line);
    const bool was_open = is_open(leg->record);
    updates_.apply(leg->record, event, line.header.logged_at);
    if (was_open && !is_open(leg->record)) tell_if_unnamed(line, leg->record);
    note_if_closed(*leg);
    return;
  }
  auto* session = find_session(line, &event.client);
  bool told = false;
  if (session != nullptr) {
    for (const auto handle : session->legs) {
      auto* leg = reopen(handle);
      if (leg == nullptr || !may_be_unqueued(leg->record)) continue;
      touch(*leg, line);
      updates_.apply(leg->record, event, line.header.logged_at);
      told = true;
    }
    told = told || !session->legs.empty() || !session->refused.empty();
  }
  if (line.mta == Mta::exim && event.envelope_sender) return break_off(line, event);
  if (told) return;
  std::string text(event.what);
  if (!event.stage.empty()) text.append(" after ").append(event.stage);
  encounter(line,
            event.turned_away ? Encounter::Kind::client_rejected : Encounter::Kind::lost_connection,
            event.client, {}, text);
  // Content came for somebody. Postfix counts at the end what the client did.
  if (line.mta == Mta::exim && event.stage == "DATA")
    encounter(line, Encounter::Kind::unnamed_mail, event.client, {}, {});
}

// A mail that its client gave up before Exim had an id for it: the line names its sender, and may
// name whom it was for.
void Correlator::break_off(const LogLine& line, const SessionTrouble& event) {
  auto& session = open_session(line, event.client);
  if (session.client.empty()) session.client = to_endpoint(event.client);
  PolicyVerdict mail;
  mail.client = event.client;
  mail.envelope_sender = event.envelope_sender;
  mail.helo = event.helo;
  auto& leg = refused_dialogue(line, session, mail);
  touch(leg, line);
  const bool known = leg.record.closed_at.has_value();
  updates_.apply(leg.record, event, line.header.logged_at);
  if (!known) {
    if (event.envelope_sender) leg.record.envelope_sender = updates_.cut(*event.envelope_sender);
    if (event.helo) leg.record.submission.helo = updates_.cut(*event.helo);
    leg.record.closed_at = line.header.logged_at;
    tell_if_unnamed(line, leg.record);
    session.refused.pop_back();  // what comes next is no part of it
  }
  mark_dirty(leg);
  note_if_closed(leg);
  inbound_.changed(session);
}

void Correlator::join_session(const LogLine& line, OpenLeg& leg, Session& session) {
  add_lines(leg, session);
  if (session.tls && !leg.record.accepted_tls) leg.record.accepted_tls = session.tls;
  if (session.legs.size() < Sessions::kLegsMax) session.legs.push_back(leg.handle());
  session.last_at = line.header.logged_at;
  inbound_.changed(session);
  for (const auto& verdict : std::exchange(session.verdicts, {})) {
    add_line(leg, verdict.line);
    updates_.apply(leg.record, as_event(verdict), verdict.at);
  }
  join_refused_before(line, leg, session, true);
}

// Recipients refused before the first one was accepted were logged without the queue id
// (PITFALLS 13): same dialogue, same sender, same mail. The sender is compared when the journey is
// asked for: Postfix tells it later.
void Correlator::join_refused_before(const LogLine& line, OpenLeg& leg, Session& session,
                                     bool same_session) {
  const auto& client = leg.record.submission.client;
  std::optional<std::string_view> helo;
  if (leg.record.submission.helo) helo = *leg.record.submission.helo;
  for (const auto handle : std::exchange(session.refused, {})) {
    auto* refused = reopen(handle);
    // Behind one address there may be many: another's mail ends nothing.
    if (!same_session && refused != nullptr &&
        (refused->record.envelope_sender != leg.record.envelope_sender ||
         calls_itself_otherwise(refused->record, helo, client.host))) {
      session.refused.push_back(handle);
      continue;
    }
    if (session.refused_before.size() < Sessions::kLegsMax) {
      session.refused_before.push_back(handle);
    }
    if (refused == nullptr) continue;
    if (!same_session &&
        !within_reception(leg.record, refused->record.last_activity_at, line.header.logged_at)) {
      continue;
    }
    LegLink same_dialogue;
    same_dialogue.kind = LegLink::Kind::session;
    same_dialogue.direction = LegLink::Direction::child;
    same_dialogue.claimed_by_peer = !same_session;
    same_dialogue.queue_id = leg.record.queue_id;
    same_dialogue.at = line.header.logged_at;
    link(*refused, std::move(same_dialogue));
  }
  inbound_.changed(session);
}

// What an ACL of Exim's remarked about the client before its mail came to anything.
void Correlator::join_warnings(OpenLeg& leg, Session& session) {
  const auto joined = std::erase_if(session.verdicts, [&](const EarlyVerdict& verdict) {
    if (verdict.action != PolicyVerdict::Action::warn) return false;
    add_line(leg, verdict.line);
    updates_.apply(leg.record, as_event(verdict), verdict.at);
    return true;
  });
  if (joined > 0) inbound_.changed(session);
}

// A verdict before the message has an id. Kept for the message to come, unless the recipient that
// it is about is refused after all.
void Correlator::keep_early_verdict(const LogLine& line, const PolicyVerdict& event) {
  auto& session = open_session(line, event.client);
  if (session.client.empty()) session.client = to_endpoint(event.client);
  inbound_.changed(session);
  if (session.verdicts.size() >= Sessions::kVerdictsMax) {
    ++counters_.values_refused;
    return;
  }
  const auto kept = [this](const std::optional<std::string_view>& text) {
    return text ? std::optional(std::string(updates_.cut(*text))) : std::nullopt;
  };
  session.verdicts.push_back({event.action, line.header.logged_at,
                              std::string(updates_.cut(event.stage)), kept(event.envelope_sender),
                              kept(event.recipient), kept(event.helo),
                              std::string(updates_.cut(event.reply_text)),
                              std::string(updates_.cut(event.target)), line.ref});
}

// What only a client's address holds together goes on while somebody behind it is refused. What was
// left alone for as long as a dialogue may pause is over nevertheless.
void Correlator::end_silent_refusals(const LogLine& line, Session& session) {
  std::erase_if(session.refused, [&](const LegHandle& handle) {
    const auto* leg = reopen(handle);
    return leg == nullptr ||
           line.header.logged_at - leg->record.last_activity_at > options_.exim_dialogue_gap;
  });
}

OpenLeg& Correlator::refused_dialogue(const LogLine& line, Session& session,
                                      const PolicyVerdict& event) {
  const bool guessed = line.mta == Mta::exim && !names_exim_dialogue(line, event.client);
  if (guessed) end_silent_refusals(line, session);
  for (const auto handle : std::views::reverse(session.refused)) {
    auto* leg = reopen(handle);
    if (leg == nullptr || leg->record.envelope_sender != event.envelope_sender) continue;
    if (guessed && calls_itself_otherwise(leg->record, event.helo, event.client.host)) continue;
    if (guessed && was_refused_before(leg->record, event.recipient, line.header.logged_at))
      continue;
    return *leg;
  }
  // The session's name and the sender take the queue id's place in the id.
  auto fresh = blank_leg(line);
  auto& record = fresh->record;
  record.generation = session.refusals++;
  record.id = make_leg_id(record.host, record.mta, session.name, event.envelope_sender.value_or(""),
                          record.generation, record.opened_at);
  ++counters_.legs_opened;
  auto& refused = legs_.insert(std::move(fresh));
  refused.record.arrival_seen = true;
  refused.record.submission.client = session.client;
  const bool local_caller = line.mta == Mta::exim && event.client.ip.empty();
  refused.record.submission.method =
      local_caller && !event.login
          ? SubmissionMethod::local
          : method_of_client(line.mta, event.login.has_value(), event.client.ip);
  refused.record.accepted_tls = session.tls;
  for (const auto ref : session.lines) add_line(refused, ref);
  // The next line may be about the newest one.
  if (session.refused.size() >= Sessions::kLegsMax) session.refused.erase(session.refused.begin());
  session.refused.push_back(refused.handle());
  return refused;
}

void Correlator::refuse_without_id(const LogLine& line, const PolicyVerdict& event) {
  const auto at = line.header.logged_at;
  auto& session = open_session(line, event.client);
  if (session.client.empty()) session.client = to_endpoint(event.client);
  // Exim tells first what it found out about the sender.
  std::vector<LineRef> explained;
  std::string cause;
  if (line.mta == Mta::exim) {
    std::erase_if(session.verdicts, [&](const EarlyVerdict& verdict) {
      if (verdict.envelope_sender != event.envelope_sender) return false;
      explained.push_back(verdict.line);
      if (verdict.action == PolicyVerdict::Action::info && verdict.stage == "MAIL")
        cause = verdict.reply_text;
      return true;
    });
  }
  // What was decided about this recipient before has come to nothing; that a proxy filter was asked
  // is part of what it answers.
  std::erase_if(session.verdicts, [&](const EarlyVerdict& verdict) {
    const bool asked = event.action == PolicyVerdict::Action::proxy_reject &&
                       verdict.action == PolicyVerdict::Action::client_accepted;
    if (asked) explained.push_back(verdict.line);
    return asked || !event.recipient || verdict.recipient == event.recipient;
  });
  auto& leg = refused_dialogue(line, session, event);
  for (const auto ref : explained) add_line(leg, ref);
  if (line.mta == Mta::exim) join_warnings(leg, session);
  touch(leg, line);
  const bool again = leg.record.closed_at.has_value();
  const auto text = with_cause(leg.record, event.reply_text, cause);
  auto told = event;
  told.reply_text = text;
  updates_.apply(leg.record, told, at);
  if (!event.login && asks_for_login(line.header.program, event.reply_text)) {
    for (auto& recipient : leg.record.recipients) {
      if (recipient.reply_text == event.reply_text) recipient.reason = Reason::auth_required;
    }
  }
  refine_submission(line, leg);
  leg.record.closed_at = at;
  if (!event.recipient && !again) tell_if_unnamed(line, leg.record);
  note_if_closed(leg);
  inbound_.changed(session);
  if (event.action == PolicyVerdict::Action::proxy_reject) {
    join_filter_session(line, leg, event.reply_text);
  }
  join_facts_of_refusal(line, leg, event);
  expect_retry(line, leg, event);
  keep_refused_by_ourselves(line, leg, event);
}

// ---- a proxy filter before the queue

// "proxy-accept: END-OF-MESSAGE: 250 ... queued as ID": the dialogue with the true client, told by
// the smtpd in front of the filter; the message itself came in behind it, from the filter.
void Correlator::join_proxied(const LogLine& line, const PolicyVerdict& event) {
  auto* session = find_session(line, nullptr);
  if (auto* leg = find(line, claimed_queue_id(event.reply_text))) {
    return join_proxied(line, event, session, *leg);
  }
  const auto given_back = given_back_by_filter(line, event.reply_text);
  for (auto* leg : given_back) join_proxied(line, event, session, *leg);
  if (!given_back.empty()) {
    add_kept_by_filter(line, *given_back.front(), event);
    return join_filter_session(line, *given_back.front(), event.reply_text);
  }
  if (auto* leg = kept_by_filter(line, event)) return note_if_closed(*leg);
  // What the filter made of it stands elsewhere: from whom and for whom it was, here only.
  for (const auto& address : {event.envelope_sender, event.recipient}) {
    if (address && !address->empty())
      name_seen(line.header.host, *address, event.reply_text, line.header.logged_at, line.ref);
  }
}

void Correlator::join_proxied(const LogLine& line, const PolicyVerdict& event, Session* session,
                              OpenLeg& leg) {
  touch(leg, line);
  auto& submission = leg.record.submission;
  if (session != nullptr) {
    for (const auto ref : session->lines) add_line(leg, ref);
    for (const auto& verdict : std::exchange(session->verdicts, {})) add_line(leg, verdict.line);
    if (session->tls) leg.record.accepted_tls = session->tls;
    session->legs.push_back(leg.handle());
    inbound_.changed(*session);
    if (is_loopback(submission.client.ip)) {
      submission.client = session->client;
      submission.method = SubmissionMethod::mx;
    }
  }
  updates_.apply(leg.record, event, line.header.logged_at);
  if (submission.login) submission.method = SubmissionMethod::submission;
  refine_submission(line, leg);
}

// ---- refused for now

std::string_view Correlator::retry_name(const LogLine& line, std::string_view client,
                                        std::string_view sender, std::string_view recipient) {
  name_buffer_.assign(line.header.host);
  for (const auto part : {client, sender, recipient}) {
    name_buffer_.push_back('\0');
    name_buffer_.append(part);
  }
  return name_buffer_;
}

void Correlator::expect_retry(const LogLine& line, OpenLeg& refused, const PolicyVerdict& event) {
  // A milter's refusal may have the enhanced code alone.
  const int code_class = event.reply_code != 0   ? event.reply_code / 100
                         : event.enhanced_status ? event.enhanced_status->klass
                                                 : 0;
  const bool for_now = event.temporary || code_class == 4;
  if (!for_now || !event.recipient || !event.envelope_sender || event.client.ip.empty()) return;
  auto& expected = refused_for_now_.open(
      retry_name(line, kAnybody, *event.envelope_sender, *event.recipient), line.header.logged_at);
  const auto same = [&](const LegHandle& known) { return known.id == refused.record.id; };
  if (std::ranges::any_of(expected.refused, same)) return;
  // Refused behind the content each try has an id of its own (PITFALLS 64). One that took others of
  // its recipients is no later try for this one.
  if (!refused.record.queue_id.empty() && event.stage != "RCPT") {
    expected.refused = link_retries(line, std::exchange(expected.refused, {}), refused);
  }
  if (expected.refused.size() >= kRefusalsMax) expected.refused.erase(expected.refused.begin());
  expected.refused.push_back(refused.handle());
  refused_for_now_.changed(expected);
}

// Names `later` as the retry of each of `refused` that may be the same message, and returns the
// others.
std::vector<LegHandle> Correlator::link_retries(const LogLine& line, std::vector<LegHandle> refused,
                                                const OpenLeg& later) {
  std::erase_if(refused, [&](const LegHandle& handle) {
    auto* before = reopen(handle);
    if (before == nullptr || before == &later) return true;
    if (!may_be_same_message(before->record, later.record) ||
        !is_same_origin(before->record.submission.client, later.record.submission.client)) {
      return false;
    }
    LegLink retry;
    retry.kind = LegLink::Kind::retry;
    retry.direction = LegLink::Direction::child;
    retry.queue_id = later.record.queue_id;
    retry.at = line.header.logged_at;
    link(*before, std::move(retry));
    return true;
  });
  return refused;
}

// Greylisting reads as one story: each refused dialogue names the message that came in the end.
void Correlator::join_refused_for_now(const LogLine& line, OpenLeg& leg, std::int32_t recipient) {
  if (refused_for_now_.size() == 0 || recipient < 0 || !leg.record.envelope_sender) return;
  const auto& to = leg.record.recipients[static_cast<std::size_t>(recipient)];
  if (to.attempts > 1 || leg.record.submission.client.ip.empty()) return;
  auto* expected = refused_for_now_.find(
      retry_name(line, kAnybody, *leg.record.envelope_sender,
                 to.original_recipient ? *to.original_recipient : to.recipient));
  if (expected == nullptr) return;
  const bool in_time = line.header.logged_at - expected->last_at <= options_.retry_gap_max;
  auto refused = std::exchange(expected->refused, {});
  if (in_time) refused = link_retries(line, std::move(refused), leg);
  if (!in_time || refused.empty()) {
    refused_for_now_.erase(*expected);
  } else {
    expected->refused = std::move(refused);
    refused_for_now_.changed(*expected);
  }
}

// ---- what a filter gives back is refused

void Correlator::keep_refused_by_ourselves(const LogLine& line, const OpenLeg& refused,
                                           const PolicyVerdict& event) {
  if (!is_loopback(event.client.ip) || !event.envelope_sender) return;
  auto& expected = refused_for_now_.open(
      retry_name(line, kFilter, *event.envelope_sender, event.recipient.value_or("")),
      line.header.logged_at);
  const auto same = [&](const LegHandle& known) { return known.id == refused.record.id; };
  if (std::ranges::any_of(expected.refused, same)) return;
  if (expected.refused.size() >= kRefusalsMax) expected.refused.erase(expected.refused.begin());
  expected.refused.push_back(refused.handle());
  refused_for_now_.changed(expected);
}

// The filter behind the queue tells what it was told itself, "from MTA(smtp:[127.0.0.1]:10025): 550
// ...": the dialogue in which it wanted to give the message back is part of the message's way.
void Correlator::join_refused_by_ourselves(const LogLine& line, const OpenLeg& leg,
                                           const DeliveryAttempt& event) {
  if (event.status == DeliveryStatus::sent || refused_for_now_.size() == 0 ||
      !is_loopback(event.relay.ip) || !leg.record.envelope_sender) {
    return;
  }
  for (const auto recipient : {event.recipient.value_or(""), std::string_view()}) {
    auto* expected =
        refused_for_now_.find(retry_name(line, kFilter, *leg.record.envelope_sender, recipient));
    if (expected == nullptr) continue;
    const auto first = std::ranges::find_if(expected->refused, [&](const LegHandle& handle) {
      const auto* refused = reopen(handle);
      return refused != nullptr && may_have_wanted_back(leg.record, refused->record);
    });
    if (first == expected->refused.end()) continue;
    LegLink given_back;
    given_back.kind = LegLink::Kind::filter;
    given_back.direction = LegLink::Direction::parent;
    given_back.queue_id = leg.record.queue_id;
    given_back.at = line.header.logged_at;
    link(*reopen(*first), std::move(given_back));
    expected->refused.erase(first);
    if (expected->refused.empty()) {
      refused_for_now_.erase(*expected);
    } else {
      refused_for_now_.changed(*expected);
    }
  }
}

}  // namespace rastro
