// Lines that name a message: which leg each means, and the other legs that it names.
#include <algorithm>
#include <memory>
#include <utility>

#include "daemon/correlate/correlator.h"
#include "daemon/correlate/link_rules.h"

namespace rastro {
namespace {

// Whether the queue manager had it, as far as its log tells: what smtpd discards at DATA names
// nobody, and cleanup goes on about it.
bool was_queued(const LegRecord& leg) {
  if (leg.recipients.empty() && !leg.recipient_count) return false;
  return leg.accepted && std::ranges::none_of(leg.recipients, [](const LegRecipient& recipient) {
           return recipient.outcome == Outcome::rejected || recipient.outcome == Outcome::discarded;
         });
}

// Of a local program that speaks SMTP with Exim ("sendmail -bs"), which may refuse recipients.
bool is_dialogue(const Arrival& event) {
  auto protocol = event.protocol;
  if (protocol.starts_with("utf8")) protocol.remove_prefix(4);
  return protocol.starts_with("local-smtp") || protocol.starts_with("local-esmtp");
}

}  // namespace

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
  if (leg.record.instance != line.instance) {
    leg.arrival_instance = std::make_unique<const std::string>(line.instance);
  }
  updates_.apply(leg.record, event, line.header.logged_at);
  refine_submission(line, leg);
  if (event.message_id) legs_.index_message_id(leg);
  join_facts(line, leg);
  if (event.method == ArrivalMethod::smtp && line.mta == Mta::postfix) {
    if (auto* session = find_session(line, &event.client)) join_session(line, leg, *session);
  } else if (line.mta == Mta::exim && (event.method == ArrivalMethod::smtp || is_dialogue(event))) {
    auto& session = open_exim_dialogue(line, event.client);
    join_warnings(leg, session);
    join_refused_before(line, leg, session, names_exim_dialogue(line, event.client));
  }
  if (event.method == ArrivalMethod::local && !event.parent_id) join_invocation(line, leg);

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
      updates_.add_timeline(parent->record,
                            sending_of(to_parent->kind, event.queue_id, line.header.logged_at));
    }
  }
  link(leg, std::move(*to_parent));
}

// A message that ended starts again only as a new one under the same short id. `still_about` says
// whether the line may nevertheless be about the one that ended.
OpenLeg& Correlator::find_unended_or_open(const LogLine& line, std::string_view queue_id,
                                          bool (*still_about)(const LegRecord& ended)) {
  auto* leg = find(line, queue_id);
  if (leg == nullptr) {
    leg = &open(line, queue_id, 0);
  } else if (!is_open(leg->record)) {
    const auto since =
        line.header.logged_at - leg->record.closed_at.value_or(line.header.logged_at);
    if (since > options_.closed_leg_linger || !still_about(leg->record)) {
      leg = &open(line, queue_id, leg->record.generation + 1);
    }
  }
  touch(*leg, line);
  return *leg;
}

void Correlator::on(const LogLine& line, const MessageIdSeen& event) {
  // A header check's refusal may stand before the line with the Message-ID, and so may the end of
  // the client's session.
  auto& leg = find_unended_or_open(line, event.queue_id, [](const LegRecord& ended) {
    return !ended.message_id && !was_queued(ended);
  });
  if (!is_open(leg.record)) leg.record.probe = false;  // it came to something after all
  updates_.apply(leg.record, event, line.header.logged_at);
  legs_.index_message_id(leg);
  join_facts(line, leg);
}

void Correlator::on(const LogLine& line, const QueueActive& event) {
  auto& leg = find_unended_or_open(line, event.queue_id, [](const LegRecord& ended) {
    return !ended.accepted && ended.recipients.empty();
  });
  if (!is_open(leg.record)) leg.record.probe = false;
  leg.record.closed_at.reset();
  updates_.apply(leg.record, event, line.header.logged_at);
  join_facts(line, leg);
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
  add_lines(leg, *session);
}

void Correlator::on(const LogLine& line, const DeliveryAttempt& event) {
  auto& leg = find_or_open(line, event.queue_id);
  const auto recipient = updates_.apply(leg.record, event, line.header.logged_at);
  join_delivery_process(line, leg, recipient);
  join_refused_for_now(line, leg, recipient);
  join_refused_by_ourselves(line, leg, event);
  join_companions(line, leg, recipient);
  if (line.mta == Mta::exim && event.recipient && event.recipient->starts_with('>')) {
    know_answer(line, leg);
  }
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

// "=> >ana@example.net": the message that Exim logged just before, as if it were a notice about
// this one, is the automatic answer; so is, to its postmaster, the one before "Frozen".
void Correlator::know_answer(const LogLine& line, OpenLeg& leg) {
  const auto child_id = mark_answered(leg.record);
  if (child_id.empty()) return;
  auto* child = find(line, child_id);
  if (child == nullptr) return;
  for (auto& to_parent : child->record.links) {
    if (to_parent.direction == LegLink::Direction::parent &&
        to_parent.queue_id == leg.record.queue_id) {
      to_parent.kind = LegLink::Kind::report;
    }
  }
  mark_dirty(*child);
}

void Correlator::on(const LogLine& line, const Removed& event) {
  auto& leg = find_or_open(line, event.queue_id);
  const bool was_open = is_open(leg.record);
  updates_.apply(leg.record, event, line.header.logged_at);
  // Done with, it had its recipients' lines: of old mail perhaps before the log begins.
  const bool done = event.by == Removed::By::queue_manager && !leg.record.recipients.empty();
  if (was_open && !done) tell_if_unnamed(line, leg.record);
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
  const bool was_open = is_open(leg.record);
  updates_.apply(leg.record, event, line.header.logged_at);
  if (was_open && !is_open(leg.record)) tell_if_unnamed(line, leg.record);
  if (line.mta == Mta::exim && event.action == QueueAction::Action::held &&
      is_told_to_postmaster(leg.record, line.header.logged_at)) {
    know_answer(line, leg);
  }
  note_if_closed(leg);
}

void Correlator::on(const LogLine& line, const ChildAnnounced& event) {
  auto& parent = find_or_open(line, event.queue_id);
  auto to_child = link_to_child(event, line.header.logged_at);
  updates_.add_timeline(parent.record,
                        sending_of(to_child.kind, event.child_id, line.header.logged_at));
  link(parent, std::move(to_child));

  // The announcement may come before the child's own lines (3.11) or after them.
  auto& child = find_or_open(line, event.child_id);
  child.record.internal = true;
  child.record.arrival_seen = true;
  child.record.submission.method = SubmissionMethod::bounce;
  link(child, link_to_parent(event, line.header.logged_at));
}

void Correlator::on(const LogLine& line, const PolicyVerdict& event) {
  using Action = PolicyVerdict::Action;
  count_refusal(line, event);
  if (!event.queue_id.empty()) {
    auto& leg = find_or_open(line, event.queue_id);
    const bool was_waiting = is_open(leg.record) && !leg.record.held;
    updates_.apply(leg.record, event, line.header.logged_at);
    if (line.mta == Mta::exim) {
      join_facts(line, leg);
      if (event.action == Action::reject && !event.client.ip.empty()) {
        // Recipients refused before the content was belong to the same mail.
        auto& session = open_exim_dialogue(line, event.client);
        join_warnings(leg, session);
        join_refused_before(line, leg, session, names_exim_dialogue(line, event.client));
      }
    }
    const bool waits = is_open(leg.record) && !leg.record.held;
    if (was_waiting && !waits) tell_if_unnamed(line, leg.record);
    note_if_closed(leg);
    if (event.action == Action::reject) expect_retry(line, leg, event);
    // A recipient's refusal in a dialogue that goes on is no end of the message.
    if (event.action == Action::reject && event.stage != "RCPT")
      keep_refused_by_ourselves(line, leg, event);
    return;
  }
  if (event.action == Action::proxy_accept) {
    join_proxied(line, event);
    return;
  }
  const bool about_mail = event.envelope_sender || event.recipient;
  const bool refuses = event.action == Action::reject || event.action == Action::proxy_reject ||
                       (event.action == Action::discard && line.mta == Mta::exim);
  if (refuses && about_mail) {
    refuse_without_id(line, event);
  } else if (refuses || event.turned_away || line.agent == "postscreen") {
    encounter(line, Encounter::Kind::client_rejected, event.client, event.login.value_or(""),
              event.reply_text);
  } else if (line.mta == Mta::postfix || (event.stage == "MAIL" && event.envelope_sender) ||
             (event.action == Action::warn && names_exim_dialogue(line, event.client))) {
    keep_early_verdict(line, event);
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
  if (leg == nullptr) return keep_note(line, event);
  touch(*leg, line);
  const bool was_open = is_open(leg->record);
  updates_.apply(leg->record, event, line.header.logged_at);
  if (was_open && !is_open(leg->record)) tell_if_unnamed(line, leg->record);
  note_if_closed(*leg);
}

}  // namespace rastro
