#pragma once

#include <string_view>

#include "daemon/answer/journey.h"

namespace rastro {

// "in", "out", "local" or "relay": from how it came and where it went, or was to go.
std::string_view direction_of(const Journey& journey);

}  // namespace rastro
