#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/enhanced_status.h"

namespace rastro {

// A reply as people paste it to ask about it: what a log line, an entry of a bounce or a transcript
// says around it is not the server's word.
struct PastedReply {
  std::string text;  // in the form in which a log's reply reaches the rules
  std::optional<EnhancedStatus> enhanced_status;  // what the log line gives beside it
};

// Of one line. What is no such line is the reply itself.
PastedReply pasted_reply(std::string_view line);

}  // namespace rastro
