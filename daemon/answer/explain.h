#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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
  std::string what_to_do;
  std::string reply;  // a paragraph for the customer
};

struct ExplanationRequest {
  // Who spoke to whom: what a refusal means depends on it.
  SubmissionMethod submission = SubmissionMethod::unknown;
  bool null_sender = false;       // it is a report: nobody is told when it fails
  bool from_outside = false;      // the customer is who waits for it
  bool by_our_log = true;         // false: a bounce says it, maybe about another site
  bool one_of_several = false;    // others behind the same original recipient ended otherwise
  bool came_back = false;         // what was refused for now was accepted later
  std::optional<Outcome> report;  // how the report of a failure ended, where the log shows one
  Language language = Language::en;
  std::string timezone;  // IANA name of the times shown; empty: this machine's
  Time now{};            // times of this day are shown without a date
  std::optional<Time> next_attempt_at;
  std::optional<Time> gives_up_at;
};

// The words of config/explanations, with the recipient's facts put in. Immutable; any thread.
class Explainer {
 public:
  // With `rules` a reason that they can only guess is called so.
  static Result<Explainer> create(std::shared_ptr<const ReasonRules> rules = nullptr);
  Explanation explain(const LegRecipient& recipient, const ExplanationRequest& request) const;

 private:
  std::array<ExplanationTexts, 2> texts_;  // by Language
  std::shared_ptr<const ReasonRules> rules_;
};

// Which of the outcome texts is meant: "deferred", "delivered_junk", "unknown_hole".
std::string outcome_key(const LegRecipient& recipient);
// Whose move it is when the reason is `reason` and the MTA will (not) try again by itself.
WhoseMove whose_move(Outcome outcome, Reason reason, bool final);
// Whether the attempt was at a program of this mail system: a loopback address or a local socket.
bool is_own_hop(const LegRecipient& recipient);

}  // namespace rastro
