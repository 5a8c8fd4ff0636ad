#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "core/enhanced_status.h"
#include "core/reason.h"
#include "daemon/bounce/bounce.h"

namespace rastro {

// By a rule or the codes, or by what its words are likely to mean.
struct ClassifiedText {
  Reason reason = Reason::unknown;
  bool by_words = false;
};

// Why a server said what it said; callable on any thread.
using ClassifyText = std::function<ClassifiedText(std::optional<EnhancedStatus> enhanced_status,
                                                  std::uint16_t reply_code, std::string_view text)>;

// What the bounce itself explains, whether or not its message is known here. `none` for who has
// it; `unknown` where the notice names no cause, or `classify` is empty.
void add_reasons(const ClassifyText& classify, BounceReport& report);

}  // namespace rastro
