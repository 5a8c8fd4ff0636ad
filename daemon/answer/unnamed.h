#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "daemon/answer/journey.h"

namespace rastro {

// What became of a message of which no line names a recipient, told as of one without an address:
// refused after its content, a size that MAIL announced, on hold, not tried yet. nullopt: a line
// names one, or nothing became of it (its client went away).
std::optional<JourneyRecipient> end_of_unnamed(const std::vector<LegRecord>& legs);

// How it came in: "accepted", "refused" (said no to), "broken_off" (the client went away before it
// was whole), "under_way" (it is being handed in), "not_logged" (the log starts after it).
std::string_view arrival_of(const LegRecord& first);

}  // namespace rastro
