#include "daemon/correlate/leg_updates.h"

#include <algorithm>
#include <utility>

#include "core/address.h"
#include "core/ip_networks.h"
#include "daemon/correlate/filter_findings.h"
#include "daemon/correlate/link_rules.h"
#include "daemon/correlate/own_words.h"

namespace rastro {
namespace {

void set_if_said(MaybeText& field, std::optional<std::string_view> said) {
  if (said) set_text(field, *said);
}

// What went wrong there went wrong here: a program, or a mailbox of this host.
bool asked_nobody_else(const LegRecord& leg, const DeliveryAttempt& event) {
  return leg.mta == Mta::postfix && event.reply_code == 0 &&
         (event.agent == "pipe" || event.agent == "local" || event.agent == "virtual");
}

Outcome outcome_of(const DeliveryAttempt& event) {
  if (event.soft_bounce) return Outcome::deferred;
  switch (event.status) {
    case DeliveryStatus::sent:
      return event.forwarded_as.empty() ? Outcome::delivered : Outcome::passed;
    case DeliveryStatus::deferred:
      return Outcome::deferred;
    case DeliveryStatus::bounced:
      return Outcome::bounced;
    case DeliveryStatus::expired:
      return Outcome::expired;
    case DeliveryStatus::discarded:
      return Outcome::discarded;
    case DeliveryStatus::undeliverable:
    case DeliveryStatus::deliverable:
      break;
  }
  return Outcome::unknown;
}

// "cancelled by system filter: text", "Delivery deferred by system filter" (src/deliver.c): what
// comes behind it is the filter's own.
bool was_stopped_by_system_filter(const LegRecord& leg) {
  return std::ranges::any_of(leg.timeline, [](const TimelineEntry& entry) {
    return entry.text.starts_with("cancelled by system filter") ||
           entry.text == "Delivery deferred by system filter";
  });
}

// Exim's appendfile writes into a directory where the path ends with a slash (spec.txt, "The
// appendfile transport"): a Maildir, or a folder of one as Maildir++ calls it, ".Junk".
bool is_maildir(std::string_view path) { return path.starts_with('/') && path.ends_with('/'); }
std::string_view maildir_folder(std::string_view path) {
  path.remove_suffix(1);
  const auto name = path.substr(path.rfind('/') + 1);
  // "~/.maildir/" is a Maildir that is hidden, and no folder of one.
  const bool is_whole = ascii_lower(name).starts_with(".mail");
  return name.starts_with('.') && !is_whole ? name.substr(1) : std::string_view();
}

// Whether Exim's ACL refused this recipient of a message that it took for others (PRDR).
bool was_struck_off(const LegRecipient& recipient) {
  return recipient.outcome == Outcome::queued && recipient.attempts == 0 &&
         !recipient.reply_text.empty();
}

// Everybody whom the queue manager had was tried: who else was named while the client spoke was
// rewritten to one of them, and the delivery lines were not told so (enable_original_recipient,
// two aliases of one mailbox).
void pass_on_untried(LegRecord& leg) {
  const auto tried = std::ranges::count_if(
      leg.recipients, [](const LegRecipient& recipient) { return recipient.attempts > 0; });
  if (!leg.recipient_count || tried < std::int64_t{*leg.recipient_count}) return;
  const bool one_for_one = tried == 1 && leg.recipients.size() == 2;
  for (auto& recipient : leg.recipients) {
    if (recipient.outcome != Outcome::queued || recipient.attempts != 0) continue;
    recipient.outcome = Outcome::passed;
    recipient.agent = one_for_one ? kRedirectAgent : kRewriteAgent;
  }
}

// RFC 3848's names: "esmtpa", "esmtpsa". Not every login has a name that Exim is told to log.
bool says_authenticated(std::string_view protocol) {
  return protocol.ends_with("smtpa") || protocol.ends_with("smtpsa");
}

// When the message came; nullopt: the log begins behind it.
std::optional<Time> arrived_at(const LegRecord& leg) {
  // smtpd, pickup or cleanup have spoken, or Exim's "<=".
  if (leg.arrival_seen || leg.internal || leg.message_id) return leg.opened_at;
  constexpr Duration kQueuedMax = std::chrono::hours(24 * 60);
  const auto began = leg.mta == Mta::exim ? reception_began(leg.queue_id) : std::nullopt;
  const bool likely = began && *began <= leg.opened_at && leg.opened_at - *began < kQueuedMax;
  return likely ? began : std::nullopt;
}

}  // namespace

SubmissionMethod method_of_client(Mta mta, bool has_login, std::string_view client_ip) {
  if (has_login) return SubmissionMethod::submission;
  // Of Postfix it is mostly a filter that gives back what came from outside.
  const bool local = mta == Mta::exim && is_loopback(client_ip);
  return local ? SubmissionMethod::local : SubmissionMethod::mx;
}

Endpoint to_endpoint(const Peer& peer) {
  return {std::string(peer.host), std::string(peer.ip), peer.port};
}

void set_endpoint(Endpoint& endpoint, const Peer& peer) {
  endpoint.host = peer.host;
  endpoint.ip = peer.ip;
  endpoint.port = peer.port;
}

void set_text(MaybeText& field, std::string_view text) { field.emplace(text); }

bool waits(Outcome outcome) {
  return outcome == Outcome::queued || outcome == Outcome::deferred || outcome == Outcome::held;
}

void end_waiting_recipients(LegRecord& leg, Outcome outcome, UnknownBecause because) {
  for (auto& recipient : leg.recipients) {
    if (!waits(recipient.outcome)) continue;
    recipient.outcome = outcome;
    recipient.unknown_because = because;
  }
}

void LegUpdates::add_timeline(LegRecord& leg, TimelineEntry&& entry) const {
  if (leg.timeline.size() >= limits_.timeline_max) {
    ++refused_;
    return;
  }
  leg.timeline.push_back(std::move(entry));
}

void LegUpdates::note(LegRecord& leg, TimelineEntry::Kind kind, std::string_view text, Time at,
                      Reason reason) const {
  TimelineEntry entry;
  entry.at = at;
  entry.kind = kind;
  entry.reason = reason;
  entry.text = cut(text);
  add_timeline(leg, std::move(entry));
}

void LegUpdates::accept(LegRecord& leg, std::optional<Time> at) const {
  if (leg.accepted && (leg.accepted_at || !at)) return;
  leg.accepted = true;
  leg.accepted_at = at;
}

void LegUpdates::fact(LegRecord& leg, std::string_view source, std::string_view name,
                      std::string_view value) const {
  if (leg.facts.size() >= limits_.facts_max) {
    ++refused_;
    return;
  }
  leg.facts.push_back({std::string(source), std::string(name), std::string(cut(value))});
}

void LegUpdates::note_checks(LegRecord& leg, const Arrival& event) const {
  if (!event.dkim_domain.empty()) fact(leg, "exim.dkim", "d", event.dkim_domain);
  if (!event.spf_result.empty()) fact(leg, "exim.spf", "result", event.spf_result);
  if (!event.dmarc_result.empty()) fact(leg, "exim.dmarc", "result", event.dmarc_result);
  if (event.arc_passed) fact(leg, "exim.arc", "result", "pass");
}

void LegUpdates::apply(LegRecord& leg, const Arrival& event, Time at) const {
  take_after_all(leg);
  leg.arrival_seen = true;
  auto& submission = leg.submission;
  // Only filters may speak for another client (XFORWARD).
  const bool has_original_client =
      !event.original_client.ip.empty() || !event.original_client.host.empty();
  set_endpoint(submission.client, has_original_client ? event.original_client : event.client);
  leg.internal =
      event.method == ArrivalMethod::internal || event.parent_is_bounced || has_original_client;
  set_if_said(submission.helo, event.helo);
  set_if_said(submission.login, event.login);
  set_if_said(submission.user, event.user);
  submission.uid = event.uid;
  if (event.parent_is_bounced) {
    submission.method = SubmissionMethod::bounce;
  } else if (event.method == ArrivalMethod::local) {
    submission.method = SubmissionMethod::local;
  } else if (event.method == ArrivalMethod::smtp) {
    submission.method = event.login || says_authenticated(event.protocol)
                            ? SubmissionMethod::submission
                        : is_loopback(submission.client.ip) ? SubmissionMethod::local
                                                            : SubmissionMethod::mx;
  }
  set_if_said(leg.accepted_tls, event.tls);
  if (event.envelope_sender) set_text(leg.envelope_sender, cut(*event.envelope_sender));
  if (event.message_id) set_text(leg.message_id, cut(*event.message_id));
  if (event.size_bytes) leg.size_bytes = event.size_bytes;
  if (event.subject) set_text(leg.subject, cut(*event.subject));
  if (!event.protocol.empty()) leg.protocol = event.protocol;
  note_checks(leg, event);
  if (event.fake_reject) {
    leg.accepted_reply_code = 550;
    note(leg, TimelineEntry::Kind::note, "the client was told 550, the message was kept", at);
  }
  // smtpd names the client before the content came; Exim and pickup speak when they have it all.
  if (leg.mta == Mta::exim || event.method != ArrivalMethod::smtp) accept(leg, at);
  for (auto list = event.recipients; !list.empty();) {
    const auto address = take_listed_recipient(list);
    if (!address.empty()) recipient_for(leg, address, std::nullopt);
  }
}

void LegUpdates::apply(LegRecord& leg, const MessageIdSeen& event, Time /*at*/) const {
  // The resent one is the newer name of the same message; the first is what people know.
  if (event.resent && leg.message_id) return;
  set_text(leg.message_id, cut(event.message_id));
}

void LegUpdates::apply(LegRecord& leg, const QueueActive& event, Time at) const {
  set_text(leg.envelope_sender, cut(event.envelope_sender));
  if (event.size_bytes) leg.size_bytes = event.size_bytes;
  // On retries it counts what is left: the first is the one that says how many there were.
  if (event.recipient_count) {
    leg.recipient_count = std::max(leg.recipient_count.value_or(0), *event.recipient_count);
  }
  accept(leg, arrived_at(leg) ? std::optional(at) : std::nullopt);
  leg.held = false;
  for (auto& recipient : leg.recipients) {
    if (recipient.outcome == Outcome::held) recipient.outcome = Outcome::queued;
  }
}

void LegUpdates::keep_superseded_attempt(LegRecord& leg, const LegRecipient& recipient) const {
  TimelineEntry entry;
  entry.at = recipient.last_attempt_at.value_or(leg.opened_at);
  entry.kind = TimelineEntry::Kind::attempt;
  entry.recipient = static_cast<std::int32_t>(&recipient - leg.recipients.data());
  entry.ordinal = recipient.attempts;
  entry.result = recipient.outcome;
  entry.reason = recipient.reason;
  entry.reply_code = recipient.reply_code;
  entry.enhanced_status = recipient.enhanced_status;
  entry.agent = recipient.agent;
  entry.relay = recipient.relay;
  entry.text = recipient.reply_text;
  add_timeline(leg, std::move(entry));
}

// Each attempt says it anew.
void LegUpdates::note_signature(LegRecord& leg, std::string_view domain) const {
  const bool known = std::ranges::any_of(leg.facts, [&](const Fact& told) {
    return told.source == "exim.dkim" && told.name == "signed" && told.value == cut(domain);
  });
  if (!known) fact(leg, "exim.dkim", "signed", domain);
}

std::int32_t LegUpdates::apply(LegRecord& leg, const DeliveryAttempt& event, Time at) const {
  if (event.status == DeliveryStatus::undeliverable ||
      event.status == DeliveryStatus::deliverable) {
    leg.probe = true;
  }
  const auto arrived = arrived_at(leg);
  accept(leg, arrived || !event.delay ? arrived : at - *event.delay);
  // Of a message whose arrival is not in the log.
  if (!leg.envelope_sender && event.envelope_sender)
    set_text(leg.envelope_sender, cut(*event.envelope_sender));
  if (!event.dkim_signed.empty()) note_signature(leg, event.dkim_signed);
  if (!event.recipient) return -1;
  if (event.recipient->starts_with('>')) {
    // Made for a recipient of this message, or by the system filter for none of them.
    const auto to = event.recipient->substr(1);
    note(leg, TimelineEntry::Kind::note, "automatic answer to " + std::string(to), at);
    return event.original_recipient ? apply_answer(leg, event, *event.original_recipient, at) : -1;
  }
  if (event.recipient->starts_with('|') && !event.original_recipient) {
    // The system filter's pipe: beside the recipients, for none of them.
    note(leg, TimelineEntry::Kind::note, *event.recipient, at);
    return -1;
  }
  if (event.by_system_filter && leg.recipients.empty() && was_stopped_by_system_filter(leg)) {
    // Its own copy of what it gives to nobody: no line names those it was for.
    note(leg, TimelineEntry::Kind::note,
         "the system filter's copy for " + std::string(*event.recipient), at);
    return -1;
  }
  if (leg.mta == Mta::exim && answers_by_itself(event.agent, event.file_or_command)) {
    note(leg, TimelineEntry::Kind::note, "automatic answer by " + std::string(event.agent), at);
    return apply_answer(leg, event, event.original_recipient.value_or(*event.recipient), at);
  }
  if (!event.file_or_command.empty() && event.original_recipient) {
    if (leg.mta == Mta::exim && is_maildir(event.file_or_command)) {
      auto saved = event;
      if (saved.delivered_to == DeliveredTo::file) saved.delivered_to = DeliveredTo::mailbox;
      return apply_to_program(leg, saved, at);
    }
    return apply_to_program(leg, event, at);
  }
  auto* recipient = recipient_for(leg, *event.recipient, event.original_recipient);
  if (recipient == nullptr) return -1;
  // Exim's stamps have no fraction by default, and its queue runs may be as fast.
  if (leg.mta == Mta::postfix && is_told_again(*recipient, event, at))
    return static_cast<std::int32_t>(recipient - leg.recipients.data());
  return apply_to(leg, *recipient, event, at);
}

// A syslog daemon with two rules for one file writes each line twice: no second attempt.
bool LegUpdates::is_told_again(const LegRecipient& known, const DeliveryAttempt& event,
                               Time at) const {
  return known.attempts > 0 && known.last_attempt_at == at && known.outcome == outcome_of(event) &&
         known.agent == event.agent && known.reply_text == cut(event.reply_text);
}

// A program or a file that takes the mail of an address: the address is the recipient, what took it
// stands in the reply.
std::int32_t LegUpdates::apply_to_program(LegRecord& leg, const DeliveryAttempt& event,
                                          Time at) const {
  if (!event.recipient || !event.original_recipient) return -1;
  const auto program = *event.recipient;
  const auto address = *event.original_recipient;
  auto* known = find_recipient(leg, address, std::nullopt);
  if (known == nullptr) known = mailbox_of(leg, address);
  const bool mailbox_failed =
      known != nullptr && known->attempts > 0 && known->agent != event.agent &&
      (known->outcome == Outcome::deferred || known->outcome == Outcome::bounced);
  if (known != nullptr && (known->outcome == Outcome::delivered || mailbox_failed)) {
    // An automatic answer keeps no mail: what does is told in its place.
    const bool mailbox_at_last = known->delivered_to == DeliveredTo::program &&
                                 (event.delivered_to == DeliveredTo::mailbox ||
                                  answers_by_itself(known->agent, known->reply_text));
    if (outcome_of(event) == Outcome::delivered && mailbox_at_last) {
      known->attempts = 0;  // the mailbox beside the answer
      auto kept = event;
      if (kept.reply_text.empty() && kept.delivered_to != DeliveredTo::mailbox)
        kept.reply_text = event.file_or_command;
      return apply_to(leg, *known, kept, at);
    }
    if (outcome_of(event) == Outcome::delivered) {  // beside a copy that has arrived elsewhere
      note(leg, TimelineEntry::Kind::note, "also given to " + std::string(event.file_or_command),
           at);
      return -1;
    }
    // One of several ends of an address did not take its copy: told apart from those that did.
    auto* apart = recipient_for(leg, program, address);
    return apart == nullptr ? -1 : apply_to(leg, *apart, event, at);
  }
  if (known == nullptr) known = find_recipient(leg, program, address);
  if (known == nullptr) known = recipient_for(leg, address, std::nullopt);
  if (known == nullptr) return -1;
  auto named = event;
  if (named.reply_text.empty()) named.reply_text = event.file_or_command;
  return apply_to(leg, *known, named, at);
}

// The folder into which Exim put it, where it tells.
void LegUpdates::note_folder(LegRecipient& recipient, const DeliveryAttempt& event) const {
  if (is_maildir(event.file_or_command))
    recipient.folder = cut(maildir_folder(event.file_or_command));
  // cPanel's routers of an account with a spam box: "R=virtual_user_spam".
  if (event.router.ends_with("_user_spam")) recipient.folder = "spam";
}

std::int32_t LegUpdates::apply_to(LegRecord& leg, LegRecipient& known, const DeliveryAttempt& event,
                                  Time at) const {
  auto* const recipient = &known;
  const auto index = static_cast<std::int32_t>(recipient - leg.recipients.data());

  forget_what_went_beside(known, event);
  const auto outcome = outcome_of(event);
  if (outcome == Outcome::delivered && recipient->outcome == Outcome::delivered) {
    const bool in_mailbox = recipient->delivered_to == DeliveredTo::mailbox;
    const auto beside = [](DeliveredTo where) {
      return where == DeliveredTo::program || where == DeliveredTo::file;
    };
    if (event.delivered_to == DeliveredTo::mailbox && beside(recipient->delivered_to)) {
      recipient->attempts = 0;  // a copy in the mailbox beside the answer
    } else if (in_mailbox && beside(event.delivered_to)) {
      note(leg, TimelineEntry::Kind::note, event.reply_text, at);
      return index;
    }
  }
  if (outcome == Outcome::passed && recipient->outcome == Outcome::delivered) {
    return index;  // local(8) may both keep a copy and forward one: the copy is the end
  }
  // "retry timeout exceeded" follows the last attempt, it is none.
  if (!event.bookkeeping && outcome != Outcome::expired) {
    if (recipient->attempts > 0) keep_superseded_attempt(leg, *recipient);
    // Delivered again is a copy ("unseen", a program beside the mailbox), no second try.
    const bool copy = outcome == Outcome::delivered && recipient->outcome == Outcome::delivered;
    if (!copy || recipient->attempts == 0) ++recipient->attempts;
    if (!recipient->first_attempt_at) recipient->first_attempt_at = at;
    recipient->last_attempt_at = at;
  }
  if (!event.dsn_original_recipient.empty()) {
    set_text(recipient->dsn_original_recipient, cut(event.dsn_original_recipient));
  }

  const bool cause_known =
      !recipient->reply_text.empty() &&
      (recipient->outcome == Outcome::deferred || recipient->outcome == Outcome::bounced);
  recipient->outcome = outcome;
  recipient->unknown_because = UnknownBecause::none;
  recipient->delivered_to =
      outcome == Outcome::delivered ? event.delivered_to : DeliveredTo::nowhere;
  if (recipient->delivered_to == DeliveredTo::mailbox) note_folder(*recipient, event);
  // Bookkeeping repeats an older cause, and "retry timeout exceeded" comes behind the true one.
  if ((event.bookkeeping || outcome == Outcome::expired) && cause_known) return index;

  recipient->agent = event.agent;
  set_endpoint(recipient->relay, event.relay);
  recipient->enhanced_status = event.enhanced_status;
  recipient->reply_code = event.reply_code;
  recipient->reply_text = cut(event.reply_text);
  if (event.tls) set_text(recipient->tls, cut(*event.tls));
  if (outcome == Outcome::deferred || outcome == Outcome::bounced || outcome == Outcome::expired) {
    recipient->reason = reason_of_unrouteable(
        classify_(event.enhanced_status, event.reply_code, recipient->reply_text), *recipient,
        leg.envelope_sender ? std::string_view(*leg.envelope_sender) : std::string_view(),
        leg.submission.method == SubmissionMethod::mx);
    if (event.reply_code != 0)
      recipient->reason = reason_of_their_trouble(recipient->reason, event.relay.ip);
    if (leg.mta == Mta::postfix)
      recipient->reason =
          reason_of_own_table(recipient->reason, event.agent, recipient->reply_text);
    if (recipient->reason == Reason::remote_error && asked_nobody_else(leg, event)) {
      recipient->reason = Reason::local_config;
    }
  } else {
    recipient->reason = Reason::none;
  }
  note_filtered(leg);
  return index;
}

void LegUpdates::apply(LegRecord& leg, const Removed& event, Time at) const {
  switch (event.by) {
    case Removed::By::queue_manager:
      accept(leg, arrived_at(leg));
      for (auto& recipient : leg.recipients) {
        if (leg.mta == Mta::exim && was_struck_off(recipient)) {
          recipient.outcome = Outcome::rejected;
          recipient.reason = classify_(std::nullopt, 0, recipient.reply_text);
        }
      }
      if (leg.mta == Mta::postfix) pass_on_untried(leg);
      // Every recipient had an end in a line; one without it lost that line.
      end_waiting_recipients(leg, Outcome::unknown, UnknownBecause::hole);
      break;
    case Removed::By::admin:
      end_waiting_recipients(leg, Outcome::deleted, UnknownBecause::none);
      note(leg, TimelineEntry::Kind::deleted, "", at);
      break;
    case Removed::By::cleanup_canceled:
      break;
    case Removed::By::cleanup_discarded:
      end_waiting_recipients(leg, Outcome::discarded, UnknownBecause::none);
      // Who discarded it, and why, has been said then.
      if (is_open(leg)) note(leg, TimelineEntry::Kind::discarded, "", at);
      break;
  }
  leg.closed_at = at;
}

void LegUpdates::apply(LegRecord& leg, const MessageExpired& event, Time at) const {
  set_text(leg.envelope_sender, cut(event.envelope_sender));
  accept(leg, arrived_at(leg));
  end_waiting_recipients(leg, Outcome::expired, UnknownBecause::none);
  for (auto& recipient : leg.recipients) {
    if (recipient.outcome == Outcome::expired && recipient.reason == Reason::none) {
      recipient.reason = Reason::expired;
    }
  }
  note(leg, TimelineEntry::Kind::expired, event.forced ? "force-expired" : "", at);
}

// What was waiting is returned to the sender: Exim bounces it in the next lines, if it can.
void LegUpdates::cancel(LegRecord& leg, const QueueAction& event, Time at) const {
  TimelineEntry entry;
  entry.at = at;
  entry.result = Outcome::bounced;
  entry.reason = Reason::local_policy;
  entry.text = "cancelled by " + std::string(cut(event.by));
  if (!event.text.empty()) entry.text.append(": ").append(cut(event.text));
  for (auto& recipient : leg.recipients) {
    if (!waits(recipient.outcome)) continue;
    if (recipient.attempts > 0) keep_superseded_attempt(leg, recipient);
    recipient.outcome = Outcome::bounced;
    recipient.reason = entry.reason;
    recipient.reply_code = 0;
    recipient.enhanced_status.reset();
    recipient.relay = {};
    recipient.reply_text = entry.text;
    recipient.last_attempt_at = at;
  }
  add_timeline(leg, std::move(entry));
}

// Of the recipient that the line names: others may wait still.
void LegUpdates::ignore_error(LegRecord& leg, const QueueAction& event) const {
  if (!event.address) return;
  if (leg.recipients.empty()) recipient_for(leg, *event.address, std::nullopt);
  for (auto& recipient : leg.recipients) {
    const bool named = is_same_recipient(recipient.recipient, *event.address) ||
                       (recipient.original_recipient &&
                        is_same_recipient(*recipient.original_recipient, *event.address));
    if (named && waits(recipient.outcome)) recipient.outcome = Outcome::bounced;
  }
}

void LegUpdates::apply(LegRecord& leg, const QueueAction& event, Time at) const {
  using Action = QueueAction::Action;
  switch (event.action) {
    case Action::held:
    case Action::still_held:
      for (auto& recipient : leg.recipients) {
        if (waits(recipient.outcome)) recipient.outcome = Outcome::held;
      }
      leg.held = true;
      if (event.action == Action::held) note(leg, TimelineEntry::Kind::held, event.text, at);
      return;
    case Action::released:
      for (auto& recipient : leg.recipients) {
        if (recipient.outcome != Outcome::held) continue;
        recipient.outcome = recipient.attempts > 0 ? Outcome::deferred : Outcome::queued;
      }
      leg.held = false;
      note(leg, TimelineEntry::Kind::released, event.text, at);
      return;
    case Action::requeued:
      note(leg, TimelineEntry::Kind::requeued, event.text, at);
      return;
    case Action::deleted:
      end_waiting_recipients(leg, Outcome::deleted, UnknownBecause::none);
      note(leg, TimelineEntry::Kind::deleted, event.by, at);
      // postsuper's own word is the last one; Exim still says Completed.
      if (leg.mta == Mta::postfix) leg.closed_at = at;
      return;
    case Action::expired:
      note(leg, TimelineEntry::Kind::expired, event.by, at);
      return;
    case Action::cancelled:
      cancel(leg, event, at);
      return;
    case Action::error_ignored:
      ignore_error(leg, event);
      note(leg, TimelineEntry::Kind::note,
           event.text.empty() ? "error ignored" : std::string("error ignored: ").append(event.text),
           at);
      return;
    case Action::marked_delivered:
      for (auto& recipient : leg.recipients) {
        if (event.address && is_same_recipient(recipient.recipient, *event.address) &&
            waits(recipient.outcome)) {
          recipient.outcome = Outcome::deleted;
        }
      }
      note(leg, TimelineEntry::Kind::deleted, event.by, at);
      return;
    case Action::recipient_added:
      if (event.address) recipient_for(leg, *event.address, std::nullopt);
      note(leg, TimelineEntry::Kind::note, event.by, at);
      return;
    case Action::sender_changed:
      // Bounces go there from now on; who sent it stays what it was.
      if (event.address && !leg.envelope_sender) {
        set_text(leg.envelope_sender, cut(*event.address));
      }
      note(leg, TimelineEntry::Kind::note,
           "sender address changed to <" + std::string(event.address.value_or("")) + "> by " +
               std::string(event.by),
           at);
      return;
    case Action::skipped:
      return;
  }
}

void LegUpdates::apply(LegRecord& leg, const HostFailure& event, Time at) const {
  TimelineEntry entry;
  entry.at = at;
  entry.kind = TimelineEntry::Kind::host_failure;
  entry.relay = to_endpoint(event.relay);
  entry.text = cut(event.text);
  add_timeline(leg, std::move(entry));
}

void LegUpdates::apply(LegRecord& leg, const Note& event, Time at) const {
  const bool loops = event.about == Note::About::hop_count;
  const bool refused = loops || event.about == Note::About::size_limit;
  const auto reason = loops ? Reason::loop : Reason::too_large;
  const bool of_nobody = refused && leg.recipients.empty() && is_open(leg);
  const auto why = event.about == Note::About::put_off ? reason_of_putting_off(event.text)
                   : of_nobody                         ? reason
                                                       : Reason::none;
  note(leg, of_nobody ? TimelineEntry::Kind::rejected : TimelineEntry::Kind::note, event.text, at,
       why);
  if (event.about == Note::About::put_off) return put_off(leg, event);
  if (!refused) return;
  for (auto& recipient : leg.recipients) {
    if (!waits(recipient.outcome)) continue;
    recipient.outcome = Outcome::rejected;
    recipient.reason = reason;
    recipient.reply_text = cut(event.text);
  }
  if (!is_open(leg)) return;
  leg.closed_at = at;
  leg.accepted = false;
  // A bounce of our own that was too large: nobody sent it, and it never came to be.
  const bool ours = !leg.arrival_seen && !leg.envelope_sender && leg.recipients.empty();
  if (ours && !leg.internal) leg.probe = true;
}

void LegUpdates::apply(LegRecord& leg, const SessionTrouble& event, Time at) const {
  std::string text(event.what);
  if (!event.stage.empty()) text.append(" after ").append(event.stage);
  note(leg, TimelineEntry::Kind::note, text, at);
  // Whom the client named, and was not refused: the message never came.
  for (auto list = event.recipients; !list.empty();) {
    const auto address = take_listed_recipient(list);
    auto* recipient = address.empty() ? nullptr : recipient_for(leg, address, std::nullopt);
    if (recipient == nullptr || !waits(recipient->outcome)) continue;
    recipient->outcome = Outcome::unknown;
    recipient->unknown_because = UnknownBecause::no_end_logged;
  }
  // Exim names the sender, or that it was the end, of a message that it did not take.
  const bool ended = event.envelope_sender || event.stage == "END-OF-MESSAGE";
  if (!ended || leg.accepted || leg.queue_id.empty()) return;
  leg.arrival_seen = true;
  set_if_said(leg.envelope_sender, event.envelope_sender);
  set_endpoint(leg.submission.client, event.client);
  leg.submission.method = event.client.ip.empty()
                              ? SubmissionMethod::local
                              : method_of_client(leg.mta, false, event.client.ip);
  close_unqueued(leg, at);
}

void LegUpdates::apply(LegRecord& leg, const CompanionFact& event, Time /*at*/) const {
  name_told(leg, event);
  for (std::size_t i = 0; i < event.value_count; ++i) {
    fact(leg, event.source, event.values[i].name, event.values[i].value);
  }
  note_filtered(leg);
}

namespace {

// MailScanner took a message out of the hold queue and, by what it says that it does
// ("store,delete"), will not give it back: Postfix logs nothing more.
void end_as_filtered(LegRecord& leg, std::string_view actions) {
  const auto has = [&](std::string_view action) {
    return actions.find(action) != std::string_view::npos;
  };
  if (!is_open(leg) || !leg.held || has("deliver") || has("forward")) return;
  for (auto& recipient : leg.recipients) {
    if (!waits(recipient.outcome)) continue;
    recipient.outcome = has("store") ? Outcome::quarantined : Outcome::discarded;
  }
  leg.closed_at = leg.last_activity_at;
}

// By its own answer behind the queue, or by a milter's word before it ("milter triggers DISCARD
// action", src/milter/milter8.c): a header check, an access table and a mailbox's script, behind
// the answer "... Saved", discard too.
bool discarded_by_filter(const LegRecipient& recipient) {
  const std::string_view reply = recipient.reply_text;
  return (reply.starts_with("250 ") && !reply.ends_with(" Saved")) ||
         reply == "milter triggers DISCARD action";
}

// A filter of ours took a message and gives it to nobody ("250 ..., BOUNCE", "250 ..., discarded"):
// what it found is the cause. What a rule or a mailbox's script discards has no such cause.
void note_why_filtered(LegRecord& leg) {
  for (auto& recipient : leg.recipients) {
    switch (recipient.outcome) {
      case Outcome::bounced:
        if (!recipient.reply_text.starts_with("250 ")) continue;
        recipient.reason = found_by_filter(leg, recipient);
        if (recipient.reason == Reason::none) recipient.reason = Reason::local_policy;
        continue;
      case Outcome::discarded:
      case Outcome::quarantined:
        if (discarded_by_filter(recipient)) recipient.reason = found_by_filter(leg, recipient);
        continue;
      default:
        continue;
    }
  }
}

}  // namespace

void LegUpdates::note_quarantine(LegRecord& leg) {
  // Proxmox Mail Gateway says for whom; amavis keeps the message as a whole.
  for (const auto& fact : leg.facts) {
    if (fact.source != "pmg" || fact.name != "quarantined_for") continue;
    for (auto& recipient : leg.recipients) {
      const bool taken_by_filter =
          recipient.outcome == Outcome::delivered && is_loopback(recipient.relay.ip);
      if (taken_by_filter && equal_ignoring_case(recipient.recipient, fact.value)) {
        recipient.outcome = Outcome::quarantined;
        recipient.delivered_to = DeliveredTo::nowhere;
      }
    }
  }
  for (const auto& fact : leg.facts) {
    if (fact.source == "mailscanner" && fact.name == "actions") end_as_filtered(leg, fact.value);
  }
  const bool kept = std::ranges::any_of(leg.facts, [](const Fact& fact) {
    return fact.source == "amavis" && fact.name == "quarantine";
  });
  if (!kept) return;
  for (auto& recipient : leg.recipients) {
    if (recipient.outcome == Outcome::discarded) recipient.outcome = Outcome::quarantined;
  }
}

void LegUpdates::note_filtered(LegRecord& leg) {
  note_quarantine(leg);
  note_why_filtered(leg);
  note_failed_scan(leg);
}

namespace {

// Whether a script in some recipient's mailbox sent the message on.
bool was_sent_on(const LegRecord& leg) {
  return std::ranges::any_of(leg.facts, [](const Fact& fact) { return fact.name == "forwarded"; });
}

}  // namespace

void LegUpdates::apply(LegRecord& leg, LegRecipient& recipient, const MailboxNote& note) const {
  const auto tell = [&](std::string_view name, std::string_view value) {
    fact(leg, note.source, name, value);
  };
  switch (note.what) {
    case MailboxResult::What::saved:
      // A script may keep several copies.
      if (!recipient.folder.empty() && recipient.folder != note.folder) {
        tell("another copy in", note.folder);
        return;
      }
      recipient.folder = note.folder;
      recipient.outcome = Outcome::delivered;
      recipient.delivered_to = DeliveredTo::mailbox;
      return;
    case MailboxResult::What::discarded:
      if (!recipient.folder.empty()) return;
      // Sieve's discard only leaves the mailbox without a copy: what was sent on is under way.
      if (recipient.delivered_to == DeliveredTo::program && was_sent_on(leg)) return;
      recipient.outcome = Outcome::discarded;
      recipient.delivered_to = DeliveredTo::nowhere;
      recipient.discarded_in = short_name_of(note.session);
      this->note(leg, TimelineEntry::Kind::discarded, note.text, note.at);
      return;
    case MailboxResult::What::forwarded:
      tell("forwarded", note.text);
      if (!recipient.folder.empty()) return;
      if (recipient.outcome == Outcome::discarded) recipient.outcome = Outcome::delivered;
      recipient.delivered_to = DeliveredTo::program;
      return;
    case MailboxResult::What::rejected:
      tell("rejected", note.text);
      // The agent tells the sender itself, and the MTA that all is well.
      if (!recipient.folder.empty()) return;
      recipient.outcome = Outcome::bounced;
      recipient.delivered_to = DeliveredTo::nowhere;
      recipient.reason = classify_(std::nullopt, 0, note.text);
      // A rule of the recipient's own, whatever it has against the message.
      if (recipient.reason == Reason::other || recipient.reason == Reason::unknown)
        recipient.reason = Reason::local_policy;
      recipient.reply_text = cut(note.text);
      return;
    case MailboxResult::What::deferred:
      tell("deferred", note.text);
      return;
  }
}

void LegUpdates::close_unqueued(LegRecord& leg, Time at) {
  if (leg.closed_at || leg.accepted) return;
  leg.closed_at = at;
}

}  // namespace rastro
