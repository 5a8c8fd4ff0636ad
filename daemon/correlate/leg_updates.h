#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "core/event.h"
#include "core/journey.h"
#include "daemon/correlate/sessions.h"

namespace rastro {

// Why a recipient is where it is, from what the other side said. daemon/app injects the classifier.
using ClassifyReply = std::function<Reason(std::optional<EnhancedStatus> enhanced_status,
                                           std::uint16_t reply_code, std::string_view text)>;

// Bounds on what one leg may hold; what is beyond them is counted by the caller.
struct LegLimits {
  std::size_t recipients_max = 10'000;
  std::size_t evidence_lines_max = 5'000;
  std::size_t timeline_max = 1'000;
  std::size_t text_bytes_max = 2'000;
  std::size_t facts_max = 100;
  std::size_t links_max = 200;
};

// What one event changes in one leg. No look-ups, no other legs: those are link_rules' and the
// correlator's business. Each function is total: any order of events is legal, logs have holes.
class LegUpdates {
 public:
  LegUpdates(const LegLimits& limits, ClassifyReply classify)
      : limits_(limits), classify_(std::move(classify)) {}

  void apply(LegRecord& leg, const Arrival& event, Time at) const;
  void apply(LegRecord& leg, const MessageIdSeen& event, Time at) const;
  void apply(LegRecord& leg, const QueueActive& event, Time at) const;
  // The index of the recipient it is about, or -1.
  std::int32_t apply(LegRecord& leg, const DeliveryAttempt& event, Time at) const;
  void apply(LegRecord& leg, const Removed& event, Time at) const;
  void apply(LegRecord& leg, const MessageExpired& event, Time at) const;
  void apply(LegRecord& leg, const QueueAction& event, Time at) const;
  void apply(LegRecord& leg, const PolicyVerdict& event, Time at) const;
  void apply(LegRecord& leg, const HostFailure& event, Time at) const;
  void apply(LegRecord& leg, const Note& event, Time at) const;
  void apply(LegRecord& leg, const SessionTrouble& event, Time at) const;
  void apply(LegRecord& leg, const CompanionFact& event, Time at) const;
  // What a filter discarded and, as it says itself, kept is in quarantine.
  static void note_quarantine(LegRecord& leg);
  // The same, and why a filter gave it to nobody.
  static void note_filtered(LegRecord& leg);
  // What the mailbox server did with what `recipient` of `leg` was handed.
  void apply(LegRecord& leg, LegRecipient& recipient, const MailboxNote& note) const;

  // Without a time: before the log begins.
  void accept(LegRecord& leg, std::optional<Time> at) const;

  // The session ended without the message being queued: nothing more will come.
  static void close_unqueued(LegRecord& leg, Time at);

  std::uint64_t refused() const { return refused_; }  // beyond a limit
  std::string_view cut(std::string_view text) const {
    return text.substr(0, limits_.text_bytes_max);
  }
  void add_timeline(LegRecord& leg, TimelineEntry&& entry) const;

 private:
  LegRecipient* find_recipient(LegRecord& leg, std::string_view recipient,
                               std::optional<std::string_view> original) const;
  LegRecipient* recipient_for(LegRecord& leg, std::string_view recipient,
                              std::optional<std::string_view> original) const;
  void learn_of_mail(LegRecord& leg, const PolicyVerdict& event) const;
  void redirect(LegRecord& leg, const PolicyVerdict& event) const;
  void refuse(LegRecipient& recipient, const PolicyVerdict& event, Outcome outcome, Time at) const;
  Reason reason_of_refusal(const PolicyVerdict& event, const std::string& text) const;
  void cancel(LegRecord& leg, const QueueAction& event, Time at) const;
  void put_off(LegRecord& leg, const Note& event) const;
  static void take_after_all(LegRecord& leg);
  void ignore_error(LegRecord& leg, const QueueAction& event) const;
  void reject(LegRecord& leg, const PolicyVerdict& event, Time at) const;
  void hold(LegRecord& leg, const PolicyVerdict& event, Time at) const;
  void note_refusal(LegRecord& leg, const PolicyVerdict& event, Time at) const;
  void refuse_waiting(LegRecord& leg, const PolicyVerdict& event, Outcome outcome, Time at) const;
  void refuse_message(LegRecord& leg, const PolicyVerdict& event, Outcome outcome, Time at) const;
  void name_asked_about(LegRecord& leg, const PolicyVerdict& event) const;
  void name_checked(LegRecord& leg, const PolicyVerdict& event) const;
  void name_waiting(LegRecord& leg, std::string_view address) const;
  void name_told(LegRecord& leg, const CompanionFact& event) const;
  std::int32_t apply_to_program(LegRecord& leg, const DeliveryAttempt& event, Time at) const;
  bool is_told_again(const LegRecipient& known, const DeliveryAttempt& event, Time at) const;
  void note_folder(LegRecipient& recipient, const DeliveryAttempt& event) const;
  std::int32_t apply_to(LegRecord& leg, LegRecipient& known, const DeliveryAttempt& event,
                        Time at) const;
  static LegRecipient* mailbox_of(LegRecord& leg, std::string_view address);
  std::int32_t apply_answer(LegRecord& leg, const DeliveryAttempt& event, std::string_view address,
                            Time at) const;
  static void forget_what_went_beside(LegRecipient& known, const DeliveryAttempt& event);
  void keep_superseded_attempt(LegRecord& leg, const LegRecipient& recipient) const;
  void note(LegRecord& leg, TimelineEntry::Kind kind, std::string_view text, Time at,
            Reason reason = Reason::none) const;
  void fact(LegRecord& leg, std::string_view source, std::string_view name,
            std::string_view value) const;
  void note_checks(LegRecord& leg, const Arrival& event) const;
  void note_signature(LegRecord& leg, std::string_view domain) const;

  LegLimits limits_;
  ClassifyReply classify_;
  mutable std::uint64_t refused_ = 0;
};

bool waits(Outcome outcome);  // in the queue
// Ends every recipient that still waits.
void end_waiting_recipients(LegRecord& leg, Outcome outcome, UnknownBecause because);

// How a client of Exim's came that handed in over SMTP: web mail on this host as it is taken.
SubmissionMethod method_of_client(Mta mta, bool has_login, std::string_view client_ip);

Endpoint to_endpoint(const Peer& peer);
void set_endpoint(Endpoint& endpoint, const Peer& peer);  // in the memory that it has
void set_text(MaybeText& field, std::string_view text);

// Exim names who is received as the client wrote it, and lowers the domain when it routes. Local
// parts that differ in case may be two people's.
bool is_same_recipient(std::string_view a, std::string_view b);

}  // namespace rastro
