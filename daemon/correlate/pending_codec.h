#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/correlate/sessions.h"

namespace rastro {

// Sessions as the store's table `pending` keeps them, so that a restart in mid-session gives the
// same journeys. Read back only by the same version's code; anything else is dropped as unknown.
std::string encode_session(const Session& session);
// Fills `session` but for its name. False: not one of ours; `session` is then unspecified.
bool decode_session(std::string_view value, Session& session);

}  // namespace rastro
