#pragma once

#include <string>
#include <string_view>

#include "cli/texts.h"

namespace rastro::cli {

// The daemon says some things in English sentences (why a message fits, why a log has a hole). The
// catalogue has those sentences under said_*, with places for what varies: what fits one of them
// comes back in `language`, escaped; what fits none comes back as it is, escaped.
std::string translate(Language language, std::string_view sentence);

}  // namespace rastro::cli
