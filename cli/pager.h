#pragma once

#include <string_view>

#include "cli/terminal.h"

namespace rastro::cli {

// Shows `text` through RASTRO_PAGER, PAGER or less when it has more lines than the terminal, and
// waits until the reader is done. False: it is short enough, or there is no pager; print it.
bool page(std::string_view text, const Terminal& terminal);

}  // namespace rastro::cli
