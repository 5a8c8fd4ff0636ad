#pragma once

#include <string_view>

#include "core/event.h"
#include "core/line_kind.h"

namespace rastro {

// What a parser made of one line: how it is counted, and what it says (monostate when it only
// counts). Views point into the parsed text.
struct ParsedLine {
  LineKind kind = LineKind::unrecognised;
  Event event;
};

// Parses `text`, the message behind the header. Pure: no I/O, no clock, no state, no allocation on
// the usual forms. A text that is not exactly one of the forms the program is known to log is
// `unrecognised`, with no event: never a guess.
using ParseFunction = ParsedLine (*)(const LineHeader& header, std::string_view text);

// The queue id that `event` names, or empty: for accounting and `scan --lines`.
std::string_view queue_id_of(const Event& event);

}  // namespace rastro
