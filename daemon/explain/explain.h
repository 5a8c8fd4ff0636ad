#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/explanations.h"
#include "core/journey.h"
#include "core/result.h"
#include "parsers/reason_classifier.h"

namespace rastro {

enum class WhoseMove : std::uint8_t { nobody, sender, us, recipient };
std::string_view whose_move_name(WhoseMove move);

// What an outcome means, for a person.
struct Explanation {
  std::string text;  // what happened, and what happens next
  WhoseMove whose_move = WhoseMove::nobody;
  bool final = false;  // nothing more will happen by itself
  bool guess = false;  // of the reason: no rule knows the words of the answer
  std::string what_to_do;
  std::string reply;  // a paragraph for the customer
};

struct ExplanationRequest {
  // Who spoke to whom: what a refusal means depends on it.
  SubmissionMethod submission = SubmissionMethod::unknown;
  bool null_sender = false;       // it is a report: nobody is told when it fails
  bool from_outside = false;      // the customer is who waits for it
  bool by_our_log = true;         // false: a bounce says it, maybe about another site
  bool report_known = true;       // false: whether anybody was sent a report is not known
  bool forwarded = false;         // it came from outside for an address here, which sends it on
  bool redirected = false;        // an address here sends it on to this recipient, who is elsewhere
  bool beside_forward = false;    // the recipient's mail is sent on too, and that ended otherwise
  bool one_of_several = false;    // others behind the same original recipient ended otherwise
  std::string forwarded_to;       // where the mailbox server says that it sent it on, with commas
  bool came_back = false;         // what was refused for now was accepted later
  bool earlier_attempts = false;  // some were made before the log begins
  std::uint32_t refused_beside = 0;  // others of the same message, whom no line names
  std::optional<Outcome> report;     // how the report of a failure ended, where the log shows one
  std::string sender;                // envelope sender
  std::string finding;               // what a filter of ours found: a virus, a forbidden file
  bool only_forbidden = false;       // `finding` is a type of file, and no virus is told of
  std::string score;                 // of a filter of ours: how much it is like spam
  std::string rule;                  // what held or discarded it, in the log's words
  bool by_own_script = false;  // a script of the recipient refused it or threw it away, behind our
                               // own delivery
  bool host_failed = false;    // a server of several could not be used; another may be tried still
  bool ended_by_hand = false;  // `postsuper -e`, before its time was up
  Language language = Language::en;
  std::string timezone;  // IANA name of the times shown; empty: this machine's
  Time now{};            // times of this day are shown without a date
  std::optional<Time> next_attempt_at;
  std::optional<Time> gives_up_at;
};

struct TurnedAwayRequest {
  Language language = Language::en;
  std::string timezone;  // as in ExplanationRequest
  Time now{};
};

// The words of config/explanations, with the recipient's facts put in. One thread.
class Explainer {
 public:
  // With `rules` a reason that they can only guess is called so.
  static Result<Explainer> create(std::shared_ptr<const ReasonRules> rules = nullptr);
  Explanation explain(const LegRecipient& recipient, const ExplanationRequest& request) const;
  // Why a mail program, or a server, handed nothing in: its login was refused, it was turned away.
  // Newest first; nullopt: they tell nothing of the kind.
  std::optional<Explanation> explain_turned_away(const std::vector<Encounter>& encounters,
                                                 const TurnedAwayRequest& request) const;

 private:
  std::array<ExplanationTexts, 2> texts_;      // by Language
  std::unique_ptr<ReasonClassifier> replies_;  // null: no reason is a guess
};

// Which of the outcome texts is meant: "deferred", "delivered_junk", "unknown_hole".
std::string outcome_key(const LegRecipient& recipient);
// Whose move it is when the reason is `reason` and the MTA will (not) try again by itself.
WhoseMove whose_move(Outcome outcome, Reason reason, bool final);
// Whether the attempt was at a program of this mail system: a loopback address or a local socket.
bool is_own_hop(const LegRecipient& recipient);
// Whether mail is handed in there for anybody: a name that such a service tells its customers to
// send to, and no domain's mail exchanger.
bool is_sending_service(std::string_view host);
// Whether it was at a server set up to pass mail on: one that is found by MX listens on port 25.
bool is_at_relay(const LegRecipient& recipient);

}  // namespace rastro
