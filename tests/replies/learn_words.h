#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/enhanced_status.h"
#include "core/reason.h"

namespace rastro {

// A reply as the rules see it, and the reason that a person gave it.
struct LabelledReply {
  Reason reason = Reason::other;
  std::string rule_text;
  std::uint16_t reply_code = 0;
  std::optional<EnhancedStatus> enhanced_status;
};

// The table that ReasonWords reads: logistic regression over the words that occur in two replies or
// more. The same replies in the same order give the same table.
std::string learn_words(const std::vector<LabelledReply>& replies);

}  // namespace rastro
