#pragma once

#include <string_view>

#include "daemon/answer/journey.h"

namespace rastro {

// "in", "out", "local" or "relay": from how it came and where it went, or was to go.
std::string_view direction_of(const Journey& journey);

// Whether this recipient's mail went to another server, or failed on the way there.
bool leaves_us(const LegRecipient& state);

}  // namespace rastro
