#pragma once

#include <string>

#include "parsers/parser.h"

namespace rastro {

// One line that says everything a parsed line says: "kind name=value ...", absent fields left out,
// values in double quotes with C escapes. What the table and golden tests compare.
std::string event_text(const ParsedLine& parsed);

// The same for a whole log line, header and all; "header" when it has none.
std::string event_text_of_line(std::string_view line, const std::string& zone = "UTC");

}  // namespace rastro
