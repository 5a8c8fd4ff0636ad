#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"

namespace rastro {

// How line references are packed; docs/store.md has both. Rows say which one they have.
enum class LinePacking : std::uint8_t { three_numbers, marked_source, near_length };

// Line references as varints, each relative to the end of the one before: a line that follows the
// last one in the same source costs two bytes. Always as `near_length`.
void append_line_refs(std::string& out, const std::vector<LineRef>& lines);
// Appends what `bytes` hold; false when they are damaged.
bool take_line_refs(std::string_view bytes, LinePacking packing, std::vector<LineRef>& out);

}  // namespace rastro
