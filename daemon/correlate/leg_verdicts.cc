// What a server's own verdict changes: refused, held, redirected, let through with a remark.
#include <algorithm>
#include <string>
#include <utility>

#include "core/address.h"
#include "daemon/correlate/leg_updates.h"
#include "daemon/correlate/own_words.h"

namespace rastro {
namespace {

// Of a verdict on the whole message: everything behind RCPT.
bool is_about_message(std::string_view stage) {
  return stage != "RCPT" && stage != "MAIL" && stage != "VRFY" && stage != "HELO" &&
         stage != "EHLO" && stage != "CONNECT";
}

// "header Subject: text", and what whoever set up the check says to it.
std::string stopped_by(const PolicyVerdict& event) {
  if (event.subject_matter.empty()) return std::string(event.reply_text);
  auto out = std::string(event.stage).append(" ").append(event.subject_matter);
  if (!event.reply_text.empty()) out.append(": ").append(event.reply_text);
  return out;
}

}  // namespace

Reason LegUpdates::reason_of_refusal(const PolicyVerdict& event, const std::string& text) const {
  if (const auto cause = cause_of_unfinished_check(text); !cause.empty()) {
    const auto reason = classify_(std::nullopt, 0, cause);
    const bool known = reason != Reason::other && reason != Reason::unknown;
    return known ? reason : Reason::remote_error;
  }
  return reason_of_own_trouble(classify_(event.enhanced_status, event.reply_code, text),
                               event.enhanced_status, text);
}

void LegUpdates::refuse(LegRecipient& recipient, const PolicyVerdict& event, Outcome outcome,
                        Time at) const {
  recipient.outcome = outcome;
  recipient.unknown_because = UnknownBecause::none;
  recipient.reply_code = event.reply_code;
  recipient.enhanced_status = event.enhanced_status;
  recipient.reply_text = cut(event.reply_text);
  if (!recipient.first_attempt_at) recipient.first_attempt_at = at;
  recipient.last_attempt_at = at;
  recipient.reason = outcome == Outcome::rejected
                         ? reason_of_unrouteable(reason_of_refusal(event, recipient.reply_text),
                                                 recipient, event.envelope_sender.value_or(""),
                                                 !event.login && !event.client.ip.empty())
                         : Reason::none;
  // Exim logs no code of its own; it says 451 for now.
  if (event.temporary && recipient.reply_code == 0) recipient.reply_code = 451;
}

// Of a message whose recipients no line names.
void LegUpdates::note_refusal(LegRecord& leg, const PolicyVerdict& event, Time at) const {
  TimelineEntry entry;
  entry.at = at;
  entry.kind = TimelineEntry::Kind::rejected;
  entry.reply_code = event.reply_code;
  entry.enhanced_status = event.enhanced_status;
  entry.text = cut(event.reply_text);
  entry.reason = reason_of_refusal(event, entry.text);
  if (event.temporary && entry.reply_code == 0) entry.reply_code = 451;
  add_timeline(leg, std::move(entry));
}

void LegUpdates::refuse_waiting(LegRecord& leg, const PolicyVerdict& event, Outcome outcome,
                                Time at) const {
  for (auto& recipient : leg.recipients) {
    if (waits(recipient.outcome)) refuse(recipient, event, outcome, at);
  }
}

void LegUpdates::refuse_message(LegRecord& leg, const PolicyVerdict& event, Outcome outcome,
                                Time at) const {
  if (event.recipient && !event.recipient->empty()) {
    recipient_for(leg, *event.recipient, std::nullopt);
  }
  for (auto list = event.other_recipients; !list.empty();) {
    const auto address = list.substr(0, list.find(", "));
    list.remove_prefix(std::min(address.size() + 2, list.size()));
    if (address.find('@') != std::string_view::npos) recipient_for(leg, address, std::nullopt);
  }
  refuse_waiting(leg, event, outcome, at);
  if (outcome == Outcome::rejected) {
    leg.accepted = false;
    // No line names them: that it was refused, and why, is told of the message.
    if (leg.recipients.empty()) note_refusal(leg, event, at);
  }
  leg.closed_at = at;
}

// What the verdict tells of the mail itself.
void LegUpdates::learn_of_mail(LegRecord& leg, const PolicyVerdict& event) const {
  // pickup names a local sender as it was given; cleanup knows the whole address.
  const bool bare_sender = leg.envelope_sender && !leg.envelope_sender->empty() &&
                           leg.envelope_sender->find('@') == std::string::npos;
  if (event.envelope_sender && (!leg.envelope_sender || bare_sender)) {
    set_text(leg.envelope_sender, cut(*event.envelope_sender));
  }
  if (event.helo && !leg.submission.helo) set_text(leg.submission.helo, cut(*event.helo));
  if (event.login && !leg.submission.login) set_text(leg.submission.login, cut(*event.login));
  if (event.message_id && !leg.message_id) set_text(leg.message_id, cut(*event.message_id));
  if (event.size_bytes && !leg.size_bytes) leg.size_bytes = event.size_bytes;
  if (!event.subject.empty() && !leg.subject) set_text(leg.subject, cut(event.subject));
  if (leg.protocol.empty()) leg.protocol = cut(event.protocol);
  if (leg.submission.client.empty() && leg.submission.method != SubmissionMethod::local) {
    leg.submission.client = to_endpoint(event.client);
  }
  const bool submission_unknown =
      leg.submission.method == SubmissionMethod::unknown && !leg.arrival_seen;
  if (submission_unknown && !event.client.ip.empty()) {
    // Exim's refusal after the content: the only line of that id.
    leg.submission.method = method_of_client(leg.mta, event.login.has_value(), event.client.ip);
    leg.arrival_seen = leg.mta == Mta::exim;
  }
  // A program of this host that handed it in without SMTP (src/receive.c, acl_not_smtp).
  if (submission_unknown && leg.mta == Mta::exim && event.client.ip.empty() &&
      event.protocol.starts_with("local")) {
    leg.submission.method = SubmissionMethod::local;
    leg.arrival_seen = true;
  }
}

// Exim's PRDR asks about each recipient, and names them nowhere else by default. An administrator's
// own words may mean yes or no: it will be seen whether the recipient is tried.
void LegUpdates::name_asked_about(LegRecord& leg, const PolicyVerdict& event) const {
  if (leg.queue_id.empty() || !event.recipient) return;
  auto* recipient = recipient_for(leg, *event.recipient, std::nullopt);
  if (recipient != nullptr && event.action == PolicyVerdict::Action::info) {
    recipient->reply_text = cut(event.reply_text);
  }
}

// cleanup names a recipient in what it says of the content, and smtpd in what an access table has
// to say of him ("NOQUEUE: filter: RCPT from ..."). It is of use while no other line names one:
// once a delivery was tried, that line has the address as it is by then. Of the content one is
// named of several; at RCPT each is.
void LegUpdates::name_checked(LegRecord& leg, const PolicyVerdict& event) const {
  if (leg.queue_id.empty() || !event.recipient || event.recipient->empty()) return;
  const bool at_rcpt = event.stage == "RCPT";
  if (!at_rcpt && (!leg.recipients.empty() || !is_about_message(event.stage))) return;
  name_waiting(leg, *event.recipient);
}

// access(5), header_checks(5): the target gets the message in place of its recipients.
void LegUpdates::redirect(LegRecord& leg, const PolicyVerdict& event) const {
  if (!event.recipient || event.recipient->empty() || event.target.empty() ||
      is_same_recipient(*event.recipient, event.target))
    return;
  auto* replaced = recipient_for(leg, *event.recipient, std::nullopt);
  if (replaced == nullptr || !waits(replaced->outcome)) return;
  replaced->outcome = Outcome::passed;
  replaced->agent = kRedirectAgent;
  replaced->reply_text = cut(event.reply_text);
}

void LegUpdates::reject(LegRecord& leg, const PolicyVerdict& event, Time at) const {
  if (event.client.host == "local" && event.client.ip.empty()) {
    // Nobody to say no to: cleanup bounces it in the next lines.
    if (event.recipient && !event.recipient->empty()) {
      recipient_for(leg, *event.recipient, std::nullopt);
    }
    note(leg, TimelineEntry::Kind::rejected, event.reply_text, at);
    return;
  }
  if (!leg.queue_id.empty() && is_about_message(event.stage)) {
    refuse_message(leg, event, Outcome::rejected, at);
  } else if (event.recipient) {
    if (auto* recipient = recipient_for(leg, *event.recipient, std::nullopt)) {
      refuse(*recipient, event, Outcome::rejected, at);
    }
  } else {
    note_refusal(leg, event, at);
  }
}

void LegUpdates::hold(LegRecord& leg, const PolicyVerdict& event, Time at) const {
  leg.held = true;
  if (event.recipient && !event.recipient->empty()) {
    recipient_for(leg, *event.recipient, std::nullopt);
  }
  for (auto& recipient : leg.recipients) {
    if (recipient.outcome == Outcome::queued) recipient.outcome = Outcome::held;
  }
  // Before the content, the client may still go away.
  if (is_about_message(event.stage)) accept(leg, at);
  note(leg, TimelineEntry::Kind::held, stopped_by(event), at);
}

// Exim goes on at its next queue run (src/deliver.c deliver_message()).
void LegUpdates::put_off(LegRecord& leg, const Note& event) const {
  for (auto& recipient : leg.recipients) {
    if (recipient.outcome != Outcome::queued) continue;
    recipient.outcome = Outcome::deferred;
    recipient.reply_text = cut(event.text);
    recipient.reason = reason_of_putting_off(event.text);
  }
}

// The next hop said "later" while the message came in. Where that is passed on to the client there
// is no "<=" (src/receive.c, cutthrough "defer=pass"); else it is queued and tried again.
void LegUpdates::take_after_all(LegRecord& leg) {
  if (leg.mta != Mta::exim || is_open(leg) || leg.accepted) return;
  leg.closed_at.reset();
  for (auto& recipient : leg.recipients) {
    if (recipient.outcome != Outcome::rejected || recipient.reply_code != 451) continue;
    recipient.outcome = Outcome::queued;
    recipient.reason = Reason::none;
    recipient.reply_code = 0;
    recipient.first_attempt_at.reset();
    recipient.last_attempt_at.reset();
  }
}

void LegUpdates::apply(LegRecord& leg, const PolicyVerdict& event, Time at) const {
  using Action = PolicyVerdict::Action;
  learn_of_mail(leg, event);
  switch (event.action) {
    case Action::reject:
    case Action::proxy_reject:
      reject(leg, event, at);
      return;
    case Action::hold:
      hold(leg, event, at);
      return;
    case Action::discard: {
      accept(leg, at);
      const auto text = stopped_by(event);
      auto told = event;
      told.reply_text = text;
      refuse_message(leg, told, Outcome::discarded, at);
      note(leg, TimelineEntry::Kind::discarded, text, at);
      note_filtered(leg);
      return;
    }
    case Action::recipients_replaced:
      accept(leg, at);
      refuse_waiting(leg, event, Outcome::discarded, at);
      note(leg, TimelineEntry::Kind::discarded, event.reply_text, at);
      return;
    case Action::proxy_accept:
      accept(leg, at);
      return;
    case Action::redirect:
      redirect(leg, event);
      [[fallthrough]];
    case Action::filter:
    case Action::bcc:
    case Action::warn:
    case Action::reject_warning:
      name_checked(leg, event);
      note(leg, TimelineEntry::Kind::note,
           event.reply_text.empty() ? event.target : event.reply_text, at);
      return;
    case Action::info:
    case Action::permit:
      if (event.stage == "PRDR") {
        name_asked_about(leg, event);
      } else {
        name_checked(leg, event);
      }
      return;
    case Action::prepend:
    case Action::replace:
      name_checked(leg, event);
      return;
    case Action::client_accepted:
      return;
  }
}

}  // namespace rastro
