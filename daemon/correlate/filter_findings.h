#pragma once

#include <string_view>

#include "core/journey.h"

namespace rastro {

// Why a content filter of ours gave a message that it had taken to nobody: by what it answered, or
// by what its own log says of the message. none: neither says.
Reason found_by_filter(const LegRecord& leg, const LegRecipient& recipient);

// What Exim's scanner did not get done stands in a line of its own; the refusal says nothing then.
void note_failed_scan(LegRecord& leg);
inline constexpr std::string_view kScannerSource = "exim.scanner";

}  // namespace rastro
