#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/journey.h"
#include "daemon/explain/explain.h"

namespace rastro {

// Where the words of an answer, or the way of the message, say more than the reason does.
struct ReasonCase {
  std::string_view texts;    // "server_name.": asked first; empty: those of the reason
  std::string_view base;     // asked next, before the reason's
  std::string_view instead;  // "throttled.": asked last, in the place of the reason's
  bool beside = false;       // its `what` stands behind the reason's, not in its place
  std::optional<WhoseMove> move;
  bool certain = false;  // none of it depends on what the reason guesses
  std::string found;     // what the texts name as {found}
};

// Of a failure whose reason has texts. `move`: of the reason alone.
ReasonCase reason_case(const LegRecipient& recipient, const ExplanationRequest& request,
                       WhoseMove move);

}  // namespace rastro
