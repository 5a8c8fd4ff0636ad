#include "daemon/correlate/correlator.h"

#include <algorithm>
#include <utility>

#include "daemon/correlate/link_rules.h"
#include "daemon/correlate/pending_codec.h"

namespace rastro {
namespace {

constexpr std::size_t kInvocationsMax = 256;
constexpr std::size_t kEvictionScanMax = 64;
constexpr std::size_t kRefusalsMax = 8;  // of one mail that are linked with its acceptance

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

// Whether the message that the refused recipients belong to is known already: the dialogue's next
// one has recipients of its own.
bool is_joined(const LegRecord& refused) {
  return std::ranges::any_of(
      refused.links, [](const LegLink& link) { return link.kind == LegLink::Kind::session; });
}

bool has_line(const LegRecord& leg, LineRef ref) {
  return std::ranges::find(leg.lines, ref) != leg.lines.end();
}

// Whether every DATA or BDAT of a session succeeded, by the counts of its "disconnect": "data=1",
// but not "data=1/2". Its mails are in the queue then, though qmgr may say so only later.
bool took_all_content(std::string_view counts) {
  bool any = false;
  while (!counts.empty()) {
    const auto count = counts.substr(0, counts.find(' '));
    counts.remove_prefix(std::min(counts.size(), count.size() + 1));
    if (!count.starts_with("data=") && !count.starts_with("bdat=")) continue;
    if (count.find('/') != std::string_view::npos) return false;
    any = true;
  }
  return any;
}

}  // namespace

Correlator::Correlator(CorrelatorOptions options, ClassifyReply classify, LegStore& store,
                       LegSink& sink)
    : options_(std::move(options)),
      updates_(options_.leg, std::move(classify)),
      store_(store),
      sink_(sink),
      legs_(options_.seed),
      inbound_(options_.seed, options_.sessions_max),
      outbound_(options_.seed, options_.sessions_max),
      refused_for_now_(options_.seed, options_.sessions_max) {}

void Correlator::apply(const LogLine& line, const Event& event) {
  now_ = std::max(now_, line.header.logged_at);
  std::visit([&](const auto& what) { on(line, what); }, event);
}

// ---- finding legs

OpenLeg* Correlator::find(const LogLine& line, std::string_view queue_id) {
  if (auto* leg = legs_.find(line.header.host, line.mta, line.instance, queue_id)) return leg;
  if (evicted_.empty()) return nullptr;
  const auto key = legs_.key_of(line.header.host, queue_id);
  const auto evicted = evicted_.find(key);
  if (evicted == evicted_.end()) return nullptr;
  auto record = store_.find_open_leg(line.header.host, line.mta, line.instance, queue_id);
  if (!record) return nullptr;
  evicted_.erase(evicted);
  ++counters_.legs_reopened;
  return &insert(std::move(*record));
}

OpenLeg& Correlator::insert(LegRecord&& record) {
  make_room();
  auto& leg = legs_.insert(std::move(record));
  return leg;
}

OpenLeg& Correlator::open(const LogLine& line, std::string_view queue_id,
                          std::uint32_t generation) {
  LegRecord record;
  record.host = line.header.host;
  record.mta = line.mta;
  record.instance = line.instance;
  record.queue_id = queue_id;
  record.generation = generation;
  record.opened_at = line.header.logged_at;
  record.last_activity_at = line.header.logged_at;
  record.id =
      make_leg_id(record.host, record.mta, record.instance, queue_id, generation, record.opened_at);
  ++counters_.legs_opened;
  return insert(std::move(record));
}

OpenLeg& Correlator::find_or_open(const LogLine& line, std::string_view queue_id) {
  auto* leg = find(line, queue_id);
  if (leg == nullptr) leg = &open(line, queue_id, 0);
  touch(*leg, line);
  return *leg;
}

// A new arrival under an id whose message has ended, or has already arrived, is a new message:
// short Postfix ids are reused within a minute (PITFALLS 9).
OpenLeg& Correlator::leg_for_arrival(const LogLine& line, const Arrival& event) {
  auto* known = find(line, event.queue_id);
  if (known == nullptr) return open(line, event.queue_id, 0);
  if (line.mta == Mta::exim) return *known;  // its ids are never reused
  const bool free = is_open(known->record) && !known->record.arrival_seen &&
                    line.header.logged_at - known->record.opened_at < options_.closed_leg_linger;
  if (free) return *known;
  if (is_open(known->record)) {
    // Its end stood in lines that we do not have.
    end_waiting_recipients(known->record, Outcome::unknown, UnknownBecause::hole);
    known->record.closed_at = line.header.logged_at;
    mark_dirty(*known);
    note_if_closed(*known);
  }
  return open(line, event.queue_id, known->record.generation + 1);
}

OpenLeg* Correlator::reopen(LegHandle handle) {
  if (auto* leg = legs_.find(handle)) return leg;
  if (handle.key != 0) return nullptr;
  auto record = store_.find_leg(handle.id);
  if (!record) return nullptr;
  // The handle came back from `pending`: it may be in memory already, under this run's key.
  const auto name = record->queue_id.empty() ? std::to_string(record->id) : record->queue_id;
  const auto key = legs_.key_of(record->host, name);
  if (auto* leg = legs_.find(LegHandle{key, handle.id})) return leg;
  evicted_.erase(key);
  ++counters_.legs_reopened;
  auto& leg = insert(std::move(*record));
  note_if_closed(leg);
  return &leg;
}

void Correlator::touch(OpenLeg& leg, const LogLine& line) {
  auto& record = leg.record;
  record.last_activity_at = std::max(record.last_activity_at, line.header.logged_at);
  record.opened_at = std::min(record.opened_at, line.header.logged_at);
  add_line(leg, line.ref);
  legs_.touch(leg);
  mark_dirty(leg);
}

void Correlator::add_line(OpenLeg& leg, LineRef ref) {
  if (leg.lines_total >= options_.leg.evidence_lines_max) {
    ++counters_.values_refused;
    return;
  }
  ++leg.lines_total;
  leg.record.lines.push_back(ref);
}

void Correlator::mark_dirty(OpenLeg& leg) {
  if (leg.dirty) return;
  leg.dirty = true;
  dirty_.push_back(&leg);
}

void Correlator::note_if_closed(OpenLeg& leg) {
  if (!is_open(leg.record)) closed_.push_back({leg.handle(), now_});
}

void Correlator::link(OpenLeg& leg, LegLink&& link) {
  if (!add_link(leg.record, std::move(link), options_.leg.links_max)) ++counters_.values_refused;
  mark_dirty(leg);
}

// ---- sessions

std::string_view Correlator::session_name(const LogLine& line) {
  name_buffer_.assign(line.header.host);
  name_buffer_.push_back('\0');
  name_buffer_.append(line.header.program);
  name_buffer_.push_back('\0');
  for (auto pid = line.header.pid; pid != 0; pid /= 10) {
    name_buffer_.push_back(static_cast<char>('0' + pid % 10));
  }
  return name_buffer_;
}

Session* Correlator::find_session(const LogLine& line) {
  auto* session = inbound_.find(session_name(line));
  if (session != nullptr &&
      line.header.logged_at - session->last_at > options_.session_silence_max) {
    return nullptr;
  }
  return session;
}

Session& Correlator::open_session(const LogLine& line) {
  return inbound_.open(session_name(line), line.header.logged_at);
}

// Exim names neither session nor process by default: what one client is refused within a short
// time is one dialogue.
Session& Correlator::open_exim_dialogue(const LogLine& line, const Peer& client) {
  name_buffer_.assign(line.header.host).push_back('\0');
  name_buffer_.append("exim").push_back('\0');
  name_buffer_.append(client.ip.empty() ? client.host : client.ip);
  auto* session = inbound_.find(name_buffer_);
  if (session != nullptr && line.header.logged_at - session->last_at > options_.exim_dialogue_gap) {
    inbound_.erase(*session);
  }
  return inbound_.open(name_buffer_, line.header.logged_at);
}

void Correlator::on(const LogLine& line, const SessionOpened& event) {
  if (auto* old = inbound_.find(session_name(line))) inbound_.erase(*old);
  auto& session = open_session(line);
  session.client = to_endpoint(event.client);
  session.lines.push_back(line.ref);
  inbound_.changed(session);
}

void Correlator::on(const LogLine& line, const SessionTls& event) {
  const bool inbound = event.direction == SessionTls::Direction::inbound;
  auto& session =
      inbound ? open_session(line) : outbound_.open(session_name(line), line.header.logged_at);
  if (!inbound) session.lines.clear();
  if (session.lines.size() < Sessions::kLinesMax) session.lines.push_back(line.ref);
  std::string tls(event.protocol);
  if (!event.cipher.empty()) tls.append(" with cipher ").append(event.cipher);
  session.tls = std::string(updates_.cut(tls));
  session.tls_peer = std::string(event.peer.ip);
  (inbound ? inbound_ : outbound_).changed(session);
}

void Correlator::on(const LogLine& line, const SessionClosed& event) {
  auto* session = find_session(line);
  if (session == nullptr) return;
  for (const auto* legs : {&session->legs, &session->refused}) {
    for (const auto handle : *legs) {
      auto* leg = reopen(handle);
      if (leg == nullptr) continue;
      add_line(*leg, line.ref);
      const bool was_open = is_open(leg->record);
      if (!took_all_content(event.counts)) {
        LegUpdates::close_unqueued(leg->record, line.header.logged_at);
      }
      mark_dirty(*leg);
      if (was_open) note_if_closed(*leg);
    }
  }
  inbound_.erase(*session);
}

void Correlator::on(const LogLine& line, const SessionTrouble& event) {
  if (!event.queue_id.empty()) {
    if (auto* leg = find(line, event.queue_id)) {
      touch(*leg, line);
      updates_.apply(leg->record, event, line.header.logged_at);
    }
    return;
  }
  auto* session = find_session(line);
  bool told = false;
  if (session != nullptr) {
    for (const auto handle : session->legs) {
      auto* leg = reopen(handle);
      if (leg == nullptr || leg->record.accepted || !is_open(leg->record)) continue;
      touch(*leg, line);
      updates_.apply(leg->record, event, line.header.logged_at);
      told = true;
    }
    told = told || !session->legs.empty() || !session->refused.empty();
  }
  if (!told) {
    std::string text(event.what);
    if (!event.stage.empty()) text.append(" after ").append(event.stage);
    encounter(line, Encounter::Kind::lost_connection, event.client, {}, text);
  }
}

void Correlator::join_session(const LogLine& line, OpenLeg& leg, Session& session) {
  for (const auto ref : session.lines) {
    if (!has_line(leg.record, ref)) add_line(leg, ref);
  }
  if (session.tls && !leg.record.accepted_tls) leg.record.accepted_tls = session.tls;
  if (session.legs.size() < Sessions::kLegsMax) session.legs.push_back(leg.handle());
  session.last_at = line.header.logged_at;
  inbound_.changed(session);
  if (!session.refused.empty()) leg.refused_before = session.refused.back();
}

// Recipients refused before the first one was accepted were logged without the queue id
// (PITFALLS 13): same dialogue, same sender, same mail.
void Correlator::join_refused_before(const LogLine& line, OpenLeg& leg) {
  const auto handle = std::exchange(leg.refused_before, {});
  if (handle.id == 0) return;
  auto* refused = reopen(handle);
  if (refused == nullptr || refused->record.envelope_sender != leg.record.envelope_sender) return;
  if (is_joined(refused->record)) return;
  LegLink same_dialogue;
  same_dialogue.kind = LegLink::Kind::session;
  same_dialogue.direction = LegLink::Direction::child;
  same_dialogue.queue_id = leg.record.queue_id;
  same_dialogue.at = line.header.logged_at;
  link(*refused, std::move(same_dialogue));
}

// ---- refused for now

std::string_view Correlator::retry_name(const LogLine& line, std::string_view client_ip,
                                        std::string_view sender, std::string_view recipient) {
  name_buffer_.assign(line.header.host);
  for (const auto part : {network_of(client_ip), sender, recipient}) {
    name_buffer_.push_back('\0');
    name_buffer_.append(part);
  }
  return name_buffer_;
}

void Correlator::expect_retry(const LogLine& line, OpenLeg& refused, const PolicyVerdict& event) {
  const bool for_now = event.temporary || event.reply_code / 100 == 4;
  if (!for_now || !event.recipient || !event.envelope_sender || event.client.ip.empty()) return;
  auto& expected = refused_for_now_.open(
      retry_name(line, event.client.ip, *event.envelope_sender, *event.recipient),
      line.header.logged_at);
  const auto same = [&](const LegHandle& known) { return known.id == refused.record.id; };
  if (std::ranges::any_of(expected.refused, same)) return;
  if (expected.refused.size() >= kRefusalsMax) expected.refused.erase(expected.refused.begin());
  expected.refused.push_back(refused.handle());
  refused_for_now_.changed(expected);
}

// Greylisting reads as one story: each refused dialogue names the message that came in the end.
void Correlator::join_refused_for_now(const LogLine& line, OpenLeg& leg, std::int32_t recipient) {
  if (refused_for_now_.size() == 0 || recipient < 0 || !leg.record.envelope_sender) return;
  const auto& to = leg.record.recipients[static_cast<std::size_t>(recipient)];
  if (to.attempts > 1 || leg.record.submission.client.ip.empty()) return;
  auto* expected = refused_for_now_.find(
      retry_name(line, leg.record.submission.client.ip, *leg.record.envelope_sender,
                 to.original_recipient ? *to.original_recipient : to.recipient));
  if (expected == nullptr) return;
  const bool in_time = line.header.logged_at - expected->last_at <= options_.retry_gap_max;
  const auto refused = expected->refused;
  refused_for_now_.erase(*expected);
  if (!in_time) return;
  for (const auto handle : refused) {
    auto* before = reopen(handle);
    if (before == nullptr) continue;
    LegLink accepted_later;
    accepted_later.kind = LegLink::Kind::retry;
    accepted_later.direction = LegLink::Direction::child;
    accepted_later.queue_id = leg.record.queue_id;
    accepted_later.at = line.header.logged_at;
    link(*before, std::move(accepted_later));
  }
}

// ---- messages

void Correlator::refine_submission(const LogLine& line, OpenLeg& leg) const {
  auto& submission = leg.record.submission;
  const auto tag = line.header.program;
  const bool submission_service = tag.find("/submission/") != std::string_view::npos ||
                                  tag.find("/submissions/") != std::string_view::npos ||
                                  tag.find("/smtps/") != std::string_view::npos;
  if (submission.method == SubmissionMethod::mx && submission_service) {
    submission.method = SubmissionMethod::submission;
  }
  if (options_.is_webmail && !submission.client.ip.empty() &&
      options_.is_webmail(submission.client.ip)) {
    submission.method = SubmissionMethod::webmail;
  }
}

void Correlator::on(const LogLine& line, const Arrival& event) {
  auto& leg = leg_for_arrival(line, event);
  touch(leg, line);
  if (leg.record.instance != line.instance) leg.arrival_instance = line.instance;
  updates_.apply(leg.record, event, line.header.logged_at);
  refine_submission(line, leg);
  if (event.method == ArrivalMethod::smtp && line.mta == Mta::postfix) {
    if (auto* session = find_session(line)) join_session(line, leg, *session);
  } else if (event.method == ArrivalMethod::smtp && line.mta == Mta::exim) {
    auto& session = open_exim_dialogue(line, event.client);
    for (const auto refused : session.refused) {
      leg.refused_before = refused;
      join_refused_before(line, leg);
    }
  } else if (event.method == ArrivalMethod::local) {
    join_invocation(line, leg);
  }

  if (!event.parent_id || event.parent_id->empty()) return;
  auto* parent = find(line, *event.parent_id);
  auto to_parent = link_of(event, parent == nullptr ? nullptr : &parent->record, line.mta,
                           line.header.logged_at);
  if (!to_parent) return;
  if (parent != nullptr && parent != &leg) {
    touch(*parent, line);
    auto to_child = *to_parent;
    to_child.direction = LegLink::Direction::child;
    to_child.queue_id = event.queue_id;
    link(*parent, std::move(to_child));
    if (to_parent->kind == LegLink::Kind::requeue) {
      end_waiting_recipients(parent->record, Outcome::passed, UnknownBecause::none);
      parent->record.closed_at = line.header.logged_at;
      note_if_closed(*parent);
    }
    if (event.parent_is_bounced) {
      TimelineEntry sent;
      sent.at = line.header.logged_at;
      sent.kind = to_parent->kind == LegLink::Kind::delay_notice
                      ? TimelineEntry::Kind::delay_notice_sent
                      : TimelineEntry::Kind::bounce_sent;
      sent.text = event.queue_id;
      updates_.add_timeline(parent->record, std::move(sent));
    }
  }
  link(leg, std::move(*to_parent));
}

// A message that ended starts again only as a new one under the same short id. One that seemed lost
// when its session closed was not: qmgr may log "queue active" after smtpd's "disconnect".
OpenLeg& Correlator::find_unended_or_open(const LogLine& line, std::string_view queue_id) {
  auto* leg = find(line, queue_id);
  if (leg == nullptr) {
    leg = &open(line, queue_id, 0);
  } else if (!is_open(leg->record) && !leg->record.accepted &&
             line.header.logged_at - *leg->record.closed_at < options_.closed_leg_linger) {
    leg->record.closed_at.reset();
  } else if (!is_open(leg->record)) {
    leg = &open(line, queue_id, leg->record.generation + 1);
  }
  touch(*leg, line);
  return *leg;
}

void Correlator::on(const LogLine& line, const MessageIdSeen& event) {
  auto& leg = find_unended_or_open(line, event.queue_id);
  updates_.apply(leg.record, event, line.header.logged_at);
}

void Correlator::on(const LogLine& line, const QueueActive& event) {
  auto& leg = find_unended_or_open(line, event.queue_id);
  updates_.apply(leg.record, event, line.header.logged_at);
  join_refused_before(line, leg);
}

// What the delivering process logged before its attempt, without naming a message: hosts that it
// could not reach, and the TLS of its connection.
void Correlator::join_delivery_process(const LogLine& line, OpenLeg& leg, std::int32_t recipient) {
  if (outbound_.size() == 0 || recipient < 0) return;
  auto* session = outbound_.find(session_name(line));
  if (session == nullptr) return;
  for (const auto& host : std::exchange(session->unreached, {})) {
    outbound_.changed(*session);
    if (line.header.logged_at - host.at > options_.unreached_gap_max) continue;
    add_line(leg, host.line);
    updates_.apply(leg.record,
                   HostFailure{{}, {host.relay.host, host.relay.ip, host.relay.port}, host.text},
                   host.at);
  }
  auto& to = leg.record.recipients[static_cast<std::size_t>(recipient)];
  // The connection may be an older one than the TLS line's, to another host.
  if (!session->tls_peer || *session->tls_peer != to.relay.ip) return;
  session->last_at = line.header.logged_at;
  if (!to.tls) to.tls = session->tls;
  for (const auto ref : session->lines) {
    if (!has_line(leg.record, ref)) add_line(leg, ref);
  }
}

void Correlator::on(const LogLine& line, const DeliveryAttempt& event) {
  auto& leg = find_or_open(line, event.queue_id);
  const auto recipient = updates_.apply(leg.record, event, line.header.logged_at);
  join_delivery_process(line, leg, recipient);
  join_refused_for_now(line, leg, recipient);
  if (auto to_child = link_of(event, recipient, line.header.logged_at)) {
    const bool forwarded = to_child->kind == LegLink::Kind::forward;
    link(leg, std::move(*to_child));
    if (forwarded) {
      auto& child = find_or_open(line, event.forwarded_as);
      child.record.internal = true;
      LegLink to_parent;
      to_parent.kind = LegLink::Kind::forward;
      to_parent.direction = LegLink::Direction::parent;
      to_parent.queue_id = event.queue_id;
      to_parent.at = line.header.logged_at;
      link(child, std::move(to_parent));
    }
  }
}

void Correlator::on(const LogLine& line, const Removed& event) {
  auto& leg = find_or_open(line, event.queue_id);
  updates_.apply(leg.record, event, line.header.logged_at);
  note_if_closed(leg);
}

void Correlator::on(const LogLine& line, const MessageExpired& event) {
  auto& leg = find_or_open(line, event.queue_id);
  updates_.apply(leg.record, event, line.header.logged_at);
}

void Correlator::on(const LogLine& line, const QueueAction& event) {
  if (event.action == QueueAction::Action::skipped) {
    if (auto* leg = find(line, event.queue_id)) touch(*leg, line);
    return;
  }
  auto& leg = find_or_open(line, event.queue_id);
  updates_.apply(leg.record, event, line.header.logged_at);
  note_if_closed(leg);
}

void Correlator::on(const LogLine& line, const ChildAnnounced& event) {
  auto& parent = find_or_open(line, event.queue_id);
  link(parent, link_to_child(event, line.header.logged_at));
  TimelineEntry sent;
  sent.at = line.header.logged_at;
  sent.kind = event.kind == ChildAnnounced::Kind::delay ? TimelineEntry::Kind::delay_notice_sent
                                                        : TimelineEntry::Kind::bounce_sent;
  sent.text = event.child_id;
  updates_.add_timeline(parent.record, std::move(sent));

  // The announcement may come before the child's own lines (3.11) or after them.
  auto& child = find_or_open(line, event.child_id);
  child.record.internal = true;
  child.record.arrival_seen = true;
  child.record.submission.method = SubmissionMethod::bounce;
  link(child, link_to_parent(event, line.header.logged_at));
}

OpenLeg& Correlator::refused_dialogue(const LogLine& line, Session& session,
                                      const PolicyVerdict& event) {
  for (const auto handle : session.refused) {
    auto* leg = reopen(handle);
    if (leg == nullptr || is_joined(leg->record)) continue;
    const auto& sender = leg->record.envelope_sender;
    if (sender.has_value() == event.envelope_sender.has_value() &&
        (!sender || *sender == *event.envelope_sender)) {
      return *leg;
    }
  }
  // The session's name and the sender take the queue id's place in the id.
  LegRecord fresh;
  fresh.host = line.header.host;
  fresh.mta = line.mta;
  fresh.instance = line.instance;
  fresh.generation = static_cast<std::uint32_t>(session.refused.size());
  fresh.opened_at = line.header.logged_at;
  fresh.last_activity_at = line.header.logged_at;
  fresh.id = make_leg_id(fresh.host, fresh.mta, session.name, event.envelope_sender.value_or(""),
                         fresh.generation, fresh.opened_at);
  ++counters_.legs_opened;
  auto& refused = insert(std::move(fresh));
  refused.record.arrival_seen = true;
  refused.record.submission.client = session.client;
  refused.record.submission.method =
      event.login ? SubmissionMethod::submission : SubmissionMethod::mx;
  refused.record.accepted_tls = session.tls;
  for (const auto ref : session.lines) add_line(refused, ref);
  if (session.refused.size() < Sessions::kLegsMax) session.refused.push_back(refused.handle());
  return refused;
}

void Correlator::on(const LogLine& line, const PolicyVerdict& event) {
  using Action = PolicyVerdict::Action;
  const auto at = line.header.logged_at;
  if (!event.queue_id.empty()) {
    auto& leg = find_or_open(line, event.queue_id);
    updates_.apply(leg.record, event, at);
    note_if_closed(leg);
    return;
  }
  const bool refuses = event.action == Action::reject || event.action == Action::proxy_reject ||
                       event.action == Action::discard;
  const bool about_mail = event.envelope_sender || event.recipient;
  if (refuses && about_mail) {
    auto& session =
        line.mta == Mta::exim ? open_exim_dialogue(line, event.client) : open_session(line);
    if (session.client.empty()) session.client = to_endpoint(event.client);
    auto& leg = refused_dialogue(line, session, event);
    touch(leg, line);
    updates_.apply(leg.record, event, at);
    refine_submission(line, leg);
    leg.record.closed_at = at;
    note_if_closed(leg);
    inbound_.changed(session);
    expect_retry(line, leg, event);
  } else if (refuses) {
    encounter(line, Encounter::Kind::client_rejected, event.client, event.login.value_or(""),
              event.reply_text);
  }
}

void Correlator::on(const LogLine& line, const HostFailure& event) {
  if (event.queue_id.empty()) {
    auto& session = outbound_.open(session_name(line), line.header.logged_at);
    if (session.unreached.size() >= Sessions::kUnreachedMax) {
      ++counters_.values_refused;
      return;
    }
    session.unreached.push_back({line.header.logged_at, to_endpoint(event.relay),
                                 std::string(updates_.cut(event.text)), line.ref});
    outbound_.changed(session);
    return;
  }
  auto& leg = find_or_open(line, event.queue_id);
  updates_.apply(leg.record, event, line.header.logged_at);
}

void Correlator::on(const LogLine& line, const Note& event) {
  if (event.queue_id.empty()) return;
  auto* leg = find(line, event.queue_id);
  if (leg == nullptr) return;
  touch(*leg, line);
  updates_.apply(leg->record, event, line.header.logged_at);
}

// ---- what stands beside messages

void Correlator::on(const LogLine& line, const LocalInvocation& event) {
  if (!event.queue_id.empty()) return;
  if (invocations_.size() >= kInvocationsMax) invocations_.pop_front();
  invocations_.push_back({line.header.logged_at, std::string(line.header.host), line.header.pid,
                          std::string(updates_.cut(event.cwd)),
                          std::string(updates_.cut(event.args)), line.ref});
}

void Correlator::join_invocation(const LogLine& line, OpenLeg& leg) {
  const auto from = line.header.logged_at - options_.invocation_gap;
  for (auto it = invocations_.rbegin(); it != invocations_.rend(); ++it) {
    if (it->at < from || it->host != line.header.host) continue;
    if (it->pid != 0 && line.header.pid != 0 && it->pid != line.header.pid) continue;
    if (it->cwd.starts_with("/var/spool")) continue;  // the MTA calling itself
    leg.record.submission.script_dir = it->cwd;
    if (it->cwd != "/" && it->cwd != "/root") {
      leg.record.submission.method = SubmissionMethod::script;
    }
    add_line(leg, it->ref);
    invocations_.erase(std::next(it).base());
    return;
  }
}

void Correlator::encounter(const LogLine& line, Encounter::Kind kind, const Peer& client,
                           std::string_view login, std::string_view text) {
  Encounter seen;
  seen.kind = kind;
  seen.at = line.header.logged_at;
  seen.host = line.header.host;
  seen.client = to_endpoint(client);
  seen.login = updates_.cut(login);
  seen.text = updates_.cut(text);
  seen.line = line.ref;
  sink_.on_encounter(std::move(seen));
}

void Correlator::on(const LogLine& line, const LoginResult& event) {
  if (event.accepted) return;
  encounter(line, Encounter::Kind::login_failed, event.client, event.login.value_or(""),
            event.text);
}

void Correlator::on(const LogLine& line, const CompanionFact& event) {
  if (event.queue_id.empty()) return;
  auto* leg = find(line, event.queue_id);
  if (leg == nullptr) return;
  touch(*leg, line);
  updates_.apply(leg->record, event, line.header.logged_at);
}

void Correlator::on(const LogLine& /*line*/, const std::monostate& /*event*/) {}
void Correlator::on(const LogLine& /*line*/, const MailboxResult& /*event*/) {}
void Correlator::on(const LogLine& /*line*/, const LogLoss& /*event*/) {}

// ---- handing over, forgetting

void Correlator::hand_over(OpenLeg& leg) {
  leg.dirty = false;
  leg.stored = true;
  leg.flush_number = flushes_;
  auto version = sink_.blank_leg();
  // The leg goes on with the vectors of the blank one; only they are not copied.
  version.timeline.clear();
  version.lines.clear();
  auto timeline = std::exchange(leg.record.timeline, std::move(version.timeline));
  auto lines = std::exchange(leg.record.lines, std::move(version.lines));
  version = leg.record;
  version.timeline = std::move(timeline);
  version.lines = std::move(lines);
  ++counters_.versions;
  sink_.on_leg(std::move(version));
}

std::uint64_t Correlator::flush() {
  ++flushes_;
  for (auto* leg : dirty_) hand_over(*leg);
  dirty_.clear();
  for (auto& [prefix, sessions, silence_max] : session_tables()) {
    sessions->expire(now_ - silence_max, [](Session&) {});
    // The ended ones first: a process that serves its next client already has its name again.
    for (const auto& name : sessions->take_ended()) {
      sink_.on_pending(std::string(prefix) + name, {});
    }
    sessions->for_each_changed([&](Session& session) {
      session.stored = true;
      sink_.on_pending(std::string(prefix) + session.name, encode_session(session));
    });
  }
  drop_closed();
  return flushes_;
}

void Correlator::drop_closed() {
  while (!closed_.empty() && closed_.front().at + options_.closed_leg_linger < now_) {
    auto* leg = legs_.find(closed_.front().leg);
    closed_.pop_front();
    if (leg != nullptr && !leg->dirty && !is_open(leg->record)) legs_.erase(*leg);
  }
}

void Correlator::make_room() {
  while (legs_.size() >= options_.open_legs_max) {
    auto* leg = legs_.oldest();
    std::size_t looked_at = 0;
    while (leg != nullptr && (leg->dirty || leg->flush_number > committed_)) {
      leg = ++looked_at < kEvictionScanMax ? legs_.next_older_than(*leg) : nullptr;
    }
    if (leg == nullptr) return;  // all are on their way to the store: over the limit for a moment
    if (is_open(leg->record)) {
      ++counters_.legs_evicted;
      know_open_leg(leg->record.host, leg->record.queue_id, leg->record.id);
    }
    legs_.erase(*leg);
  }
}

void Correlator::know_open_leg(std::string_view host, std::string_view queue_id, std::uint64_t id) {
  if (evicted_.size() >= options_.evicted_legs_max) {
    ++counters_.evicted_forgotten;
    return;
  }
  evicted_[legs_.key_of(host, queue_id)] = id;
}

std::array<Correlator::SessionTable, 3> Correlator::session_tables() {
  return {{{"in:", &inbound_, options_.session_silence_max},
           {"out:", &outbound_, options_.session_silence_max},
           {"again:", &refused_for_now_, options_.retry_gap_max}}};
}

void Correlator::restore_pending(std::string_view key, std::string_view value) {
  for (auto& [prefix, sessions, silence_max] : session_tables()) {
    if (!key.starts_with(prefix)) continue;
    Session restored;
    if (!decode_session(value, restored)) return;
    auto& session = sessions->open(key.substr(prefix.size()), restored.last_at);
    session.client = std::move(restored.client);
    session.lines = std::move(restored.lines);
    session.legs = std::move(restored.legs);
    session.refused = std::move(restored.refused);
    session.tls = std::move(restored.tls);
    session.tls_peer = std::move(restored.tls_peer);
    session.unreached = std::move(restored.unreached);
    session.stored = true;
    return;
  }
}

CorrelatorCounters Correlator::counters() const {
  auto counters = counters_;
  counters.sessions_evicted = inbound_.evicted() + outbound_.evicted() + refused_for_now_.evicted();
  counters.values_refused += updates_.refused();
  return counters;
}

}  // namespace rastro
