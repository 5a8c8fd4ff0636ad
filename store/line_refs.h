#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"

namespace rastro {

// Line references as varints, each relative to the end of the one before: a line that follows the
// last one in the same source costs three bytes.
void append_line_refs(std::string& out, const std::vector<LineRef>& lines);
// Appends what `bytes` hold; false when they are damaged.
bool take_line_refs(std::string_view bytes, std::vector<LineRef>& out);

}  // namespace rastro
