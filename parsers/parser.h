#pragma once

#include <new>
#include <string_view>
#include <type_traits>

#include "core/event.h"
#include "core/line_kind.h"

namespace rastro {

// What a parser made of one line: how it is counted, and what it says (monostate when it only
// counts). Views point into the parsed text.
struct ParsedLine {
  LineKind kind = LineKind::unrecognised;
  Event event;
};

// What the first of `readers` makes of a line that it knows; unrecognised when none does. Each
// result is made in place: an event is several hundred bytes large, and a line is read in less time
// than it takes to move one about.
template <typename Readers, typename... Arguments>
ParsedLine first_reading(const Readers& readers, const Arguments&... arguments) {
  static_assert(std::is_trivially_destructible_v<ParsedLine>);
  ParsedLine out;
  for (const auto reader : readers) {
    ::new (static_cast<void*>(&out)) ParsedLine(reader(arguments...));
    if (out.kind != LineKind::unrecognised) break;
  }
  return out;
}

// Makes an event about `queue_id` in place: `fill` reads its other fields and says which kind of
// line it was; nothing is left of the event when that is `unrecognised`.
template <typename Made, typename Fill>
ParsedLine read_event(std::string_view queue_id, Fill fill) {
  ParsedLine out;
  // With its first member given no byte of it is set twice, as in "Made{}" all of them would be.
  out.kind = fill(out.event.template emplace<Made>(queue_id));
  if (out.kind == LineKind::unrecognised) out.event.template emplace<std::monostate>();
  return out;
}

// Parses `text`, the message behind the header. Pure: no I/O, no clock, no state, no allocation on
// the usual forms. A text that is not exactly one of the forms the program is known to log is
// `unrecognised`, with no event: never a guess.
using ParseFunction = ParsedLine (*)(const LineHeader& header, std::string_view text);

// The queue id that `event` names, or empty: for accounting and `scan --lines`.
std::string_view queue_id_of(const Event& event);

}  // namespace rastro
