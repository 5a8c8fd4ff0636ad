#pragma once

#include <string_view>

#include "parsers/parser.h"

namespace rastro::exim {

// A line behind its stamps and message id, read for the `reading`-th time (fields.h).
struct Line {
  std::string_view queue_id;  // empty: the line names no message
  std::string_view text;
  unsigned reading = 0;
  bool in_part = false;  // some of it is of no known form
};

// Each reads the forms of its file and leaves all others `unrecognised`.
ParsedLine parse_arrival(const Line& line);       // arrival.cc: "<=" "(="
ParsedLine parse_delivery(const Line& line);      // delivery.cc: "=>" "->" ">>" "*>" "**" "=="
Event what_is_known_of_delivery(Line line);       // delivery.cc: the same, with something unknown
ParsedLine parse_queue_line(const Line& line);    // queue.cc: what happens to a queued message
ParsedLine parse_dialogue(const Line& line);      // dialogue.cc: what was said to a client
ParsedLine parse_service_line(const Line& line);  // service.cc: daemon, callers, local trouble
ParsedLine parse_service_form(const Line& line);  // service_forms.cc: messages of fixed words
bool is_reject_header(std::string_view text);     // rejectlog.cc

}  // namespace rastro::exim
