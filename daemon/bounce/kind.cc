#include "daemon/bounce/kind.h"

#include <algorithm>
#include <array>

namespace rastro {
namespace {

struct Verdict {
  BounceKind kind = BounceKind::not_a_bounce;
  NotABounce not_a_bounce = NotABounce::none;
  std::string_view because;
};

// What the recipients' actions add up to: a failure is told before a delay.
std::optional<BounceKind> kind_of_actions(const BounceReport& report) {
  constexpr std::array kOrder = {BounceKind::failed, BounceKind::delayed, BounceKind::delivered,
                                 BounceKind::relayed, BounceKind::expanded};
  for (const auto kind : kOrder) {
    if (std::ranges::any_of(report.recipients, [&](const auto& r) {
          return r.action.value == bounce_kind_name(kind);
        }))
      return kind;
  }
  return std::nullopt;
}

// Whether the words speak of mail that is still being tried. A 5xx reply ends every doubt, unless
// the subject itself says "delayed".
bool is_delay(const KindEvidence& e) {
  // Postfix warns of a server that greets with 554, which it tries again.
  if (e.text.has(Phrase::warning_only) && !e.text.has(Phrase::final_failure) &&
      !e.subject.has(Phrase::failure))
    return true;
  if (!e.text.has(Phrase::delay) && !e.subject.has(Phrase::delay)) return false;
  if (e.subject.has(Phrase::delay) && !e.subject.has(Phrase::failure)) return true;
  return e.reply_class != 5 && !e.text.has(Phrase::final_failure) && e.text.has(Phrase::delay);
}

// Whether enough speaks for a notice at all. A stranger's letter may talk of failed deliveries too.
bool is_notice(const KindEvidence& e) {
  const bool bad =
      e.text.has(Phrase::failure) || e.text.has(Phrase::delay) || e.text.has(Phrase::final_failure);
  if (e.failed_header) return true;
  if (e.program == ProgramError::refused) return true;
  const bool goods = e.text.has(Phrase::goods) || e.subject.has(Phrase::goods);
  if (goods && e.has_headers && !e.from_robot && !e.null_sender && !e.passed_on &&
      e.reply_class == 0 && !e.named_recipient)
    return false;
  // Who answers on a list may quote anything.
  if (e.from_list && !e.from_robot && !e.null_sender) return false;
  const bool subject = e.subject.has(Phrase::failure) || e.subject.has(Phrase::delay);
  if (e.from_robot) return bad || subject || e.reply_class != 0 || e.named_recipient;
  if (!e.has_headers && e.entry) return true;
  if (!e.has_headers)
    return bad || e.reply_class != 0 || (e.text.has(Phrase::cause) && e.any_address);
  if (e.null_sender && bad && e.any_address) return true;
  if (e.passed_on && (bad || e.text.has(Phrase::cause)) &&
      (e.named_recipient || e.reply_class != 0 || (e.forwarded && bad && e.told_recipient)))
    return true;
  // Who writes to a helpdesk quotes what he got, in a mail like any other.
  if (e.one_reply && e.any_address && !e.from_list && !e.auto_header) return true;
  // A carrier's "delivery failed" names nobody whom mail could reach.
  if (!e.null_sender && !e.passed_on && !e.any_address && !e.names_mail && e.reply_class == 0)
    return false;
  if (subject && (bad || e.reply_class != 0 || e.named_recipient)) return true;
  return bad && e.reply_class != 0 && (e.named_recipient || e.any_address);
}

std::optional<Verdict> other_report(const KindEvidence& e) {
  constexpr auto kNot = BounceKind::not_a_bounce;
  if (e.empty) return Verdict{kNot, NotABounce::empty, "there is no text"};
  if (e.program == ProgramError::login)
    return Verdict{kNot, NotABounce::login_refused, "a mail program's words about its login"};
  if (e.program == ProgramError::unreached)
    return Verdict{kNot, NotABounce::not_connected, "a mail program's words about its server"};
  if (e.feedback) return Verdict{kNot, NotABounce::abuse_report, "a feedback-report part"};
  if (e.refusal) return std::nullopt;
  const bool reports = e.delivery_status || e.failed_header || e.names_mail || e.disposition;
  // A refusal of what the reader sent to somebody is one, whatever the notice offers beside it.
  const bool refused_one = e.reply_class == 5 && (e.named_recipient || e.told_recipient) &&
                           e.text.has(Phrase::readers_mail);
  if (!reports && !refused_one && e.text.has(Phrase::mail_held) && e.text.has(Phrase::release_link))
    return Verdict{kNot, NotABounce::held_mail, "the words that offer to release held mail"};
  if (e.disposition && !e.delivery_status)
    return Verdict{kNot, NotABounce::read_receipt, "a disposition-notification part"};
  // Boxbe holds the mail and asks in the form of a report.
  if (e.delivery_status && e.text.has(Phrase::challenge) && e.reply_class != 5 &&
      !e.subject.has(Phrase::failure) && !e.subject.has(Phrase::delay))
    return Verdict{kNot, NotABounce::challenge, "the words of a challenge"};
  if (e.delivery_status || e.failed_header) return std::nullopt;
  if (!e.has_headers && e.text.has(Phrase::read_receipt) && !e.text.has(Phrase::failure) &&
      !e.text.has(Phrase::cause) && e.reply_class == 0)
    return Verdict{kNot, NotABounce::read_receipt, "the words of a read receipt"};
  const bool hard = e.reply_class != 0 && e.from_robot;
  if (hard) return std::nullopt;
  if (e.subject.has(Phrase::read_receipt) && !e.from_robot && !e.subject.has(Phrase::failure))
    return Verdict{kNot, NotABounce::read_receipt, "the subject"};
  // The subject of a bounce may quote that of a list's notice.
  const bool bounced = (e.subject.has(Phrase::failure) || (!e.has_headers && e.named_recipient)) &&
                       e.text.has(Phrase::failure);
  if ((e.subject.has(Phrase::list_notice) && !bounced) ||
      (e.text.has(Phrase::list_notice) && !bounced && !e.from_robot && e.reply_class == 0))
    return Verdict{kNot, NotABounce::list_notice, "the words of a mailing list"};
  if (e.text.has(Phrase::challenge) && e.reply_class == 0 &&
      (!e.from_robot || e.subject.has(Phrase::challenge)))
    return Verdict{kNot, NotABounce::challenge, "the words of a challenge"};
  if (!e.from_robot && !e.named_recipient && e.reply_class == 0 &&
      e.subject.has(Phrase::auto_reply) && e.text.has(Phrase::auto_reply))
    return Verdict{kNot, NotABounce::auto_reply, "subject and words of an auto-responder"};
  // The subject of a helpdesk's confirmation is that of what it confirms.
  if (e.auto_header && !e.from_robot && !e.null_sender && e.reply_class == 0 &&
      !e.named_recipient && !e.told_recipient && !e.text.has(Phrase::failure) &&
      !e.text.has(Phrase::delay) && !e.text.has(Phrase::final_failure))
    return Verdict{kNot, NotABounce::auto_reply, "headers of an auto-responder"};
  if (e.from_robot || e.subject.has(Phrase::failure)) return std::nullopt;
  if (e.subject.has(Phrase::auto_reply))
    return Verdict{kNot, NotABounce::auto_reply, "the subject"};
  if (e.auto_header && e.reply_class == 0)
    return Verdict{kNot, NotABounce::auto_reply, "headers of an auto-responder"};
  // An address on a line of its own is whose program answers, where nothing tells of a failure.
  const bool bad =
      e.text.has(Phrase::failure) || e.text.has(Phrase::delay) || e.text.has(Phrase::final_failure);
  if (e.text.has(Phrase::auto_reply) && e.reply_class == 0 && (!e.named_recipient || !bad))
    return Verdict{kNot, NotABounce::auto_reply, "the words of an auto-responder"};
  return std::nullopt;
}

Verdict from_words(const KindEvidence& e) {
  // "Successful Mail Delivery Report"
  const bool subject_bad = e.subject.has(Phrase::failure) && !e.subject.has(Phrase::success);
  const bool bad = e.text.has(Phrase::failure) || e.text.has(Phrase::final_failure) ||
                   subject_bad || e.reply_class != 0;
  if (is_notice(e) && is_delay(e))
    return {BounceKind::delayed, NotABounce::none, "the words of a delay notice"};
  if (e.subject.has(Phrase::relayed) && !e.subject.has(Phrase::failure))
    return {BounceKind::relayed, NotABounce::none, "the subject"};
  if (e.subject.has(Phrase::expanded) && !e.subject.has(Phrase::failure))
    return {BounceKind::expanded, NotABounce::none, "the subject"};
  if (!bad && (e.from_robot || !e.has_headers || e.passed_on)) {
    if (e.text.has(Phrase::relayed))
      return {BounceKind::relayed, NotABounce::none, "the words of a notice"};
    if (e.text.has(Phrase::expanded))
      return {BounceKind::expanded, NotABounce::none, "the words of a notice"};
  }
  const bool good = e.text.has(Phrase::success) || e.subject.has(Phrase::success);
  if (good && !bad && (e.from_robot || e.subject.has(Phrase::success) || !e.has_headers))
    return {BounceKind::delivered, NotABounce::none, "the words of a success notice"};
  if (!is_notice(e))
    return {BounceKind::not_a_bounce, NotABounce::ordinary, "nothing in it reports a failure"};
  const bool told_bad =
      e.text.has(Phrase::failure) || e.text.has(Phrase::final_failure) || subject_bad;
  if (e.reply_class == 4 && !told_bad && !e.from_robot && !e.login_reply)
    return {BounceKind::delayed, NotABounce::none, "a 4xx reply"};
  if (e.reply_class == 4 && e.text.has(Phrase::temporary) && !e.failed_header && !e.login_reply &&
      !e.text.has(Phrase::final_failure) && !e.subject.has(Phrase::failure))
    return {BounceKind::delayed, NotABounce::none, "a 4xx reply and the words of a delay"};
  if (e.failed_header) return {BounceKind::failed, NotABounce::none, "X-Failed-Recipients"};
  // A relay may refuse the login of a server too, whose notice names who was not reached.
  if (e.login_reply && !e.from_robot && !e.named_recipient && !e.told_recipient)
    return {BounceKind::not_a_bounce, NotABounce::login_refused, "the reply to a login"};
  return {BounceKind::failed, NotABounce::none, "the words of the notice"};
}

// A block without an action says it by its status.
void add_missing_actions(const KindEvidence& e, BounceReport& report) {
  for (auto& recipient : report.recipients) {
    if (recipient.action || !recipient.enhanced_status) continue;
    const char klass = recipient.enhanced_status.value.front();
    const bool waits = klass == '4' && is_delay(e);
    recipient.action = {klass == '2' ? "delivered"
                        : waits      ? "delayed"
                                     : "failed",
                        recipient.enhanced_status.from};
  }
}

}  // namespace

std::string_view bounce_kind_name(BounceKind kind) {
  switch (kind) {
    case BounceKind::failed:
      return "failed";
    case BounceKind::delayed:
      return "delayed";
    case BounceKind::delivered:
      return "delivered";
    case BounceKind::relayed:
      return "relayed";
    case BounceKind::expanded:
      return "expanded";
    case BounceKind::not_a_bounce:
      break;
  }
  return "not_a_bounce";
}

std::string_view not_a_bounce_name(NotABounce what) {
  constexpr std::array kNames = {
      "",         "auto_reply", "challenge",     "read_receipt",  "abuse_report", "list_notice",
      "ordinary", "held_mail",  "login_refused", "not_connected", "empty"};
  return kNames.at(static_cast<std::size_t>(what));
}

void decide_kind(const KindEvidence& evidence, BounceReport& report) {
  Verdict verdict;
  if (evidence.log && evidence.from_list) {
    verdict = {BounceKind::not_a_bounce, NotABounce::ordinary, "sent to subscribers"};
  } else if (evidence.log) {
    verdict = {kind_of_actions(report).value_or(BounceKind::failed), NotABounce::none,
               report.recipients.front().action.from};
  } else if (const auto other = other_report(evidence)) {
    verdict = *other;
  } else if (evidence.refusal) {
    verdict = {BounceKind::failed, NotABounce::none, "refused by a filter of the recipient"};
  } else if (evidence.delivery_status) {
    add_missing_actions(evidence, report);
    const auto kind = kind_of_actions(report);
    verdict =
        kind ? Verdict{*kind, NotABounce::none, "delivery-status Action"} : from_words(evidence);
    if (verdict.kind == BounceKind::not_a_bounce)
      verdict = {BounceKind::failed, NotABounce::none, "a delivery-status part"};
  } else {
    verdict = from_words(evidence);
  }
  report.kind = verdict.kind;
  report.not_a_bounce = verdict.not_a_bounce;
  report.kind_because = verdict.because;
  for (auto& recipient : report.recipients) {
    if (!recipient.action && verdict.kind != BounceKind::not_a_bounce)
      recipient.action = {std::string(bounce_kind_name(verdict.kind)), verdict.because};
  }
}

}  // namespace rastro
