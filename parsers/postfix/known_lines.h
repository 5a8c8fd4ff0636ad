#pragma once

#include <string_view>

#include "parsers/parser.h"

namespace rastro::postfix {

// Housekeeping of any Postfix program that names no message and no address: known.ignored, each a
// single form with its source. `unrecognised` when it is none of them.
ParsedLine parse_known_line(std::string_view program, std::string_view text);

}  // namespace rastro::postfix
