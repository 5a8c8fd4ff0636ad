#pragma once

#include <string>

#include "core/result.h"

namespace rastro {

// The whole of a regular file, at most `bytes_max`. Opens first and asks the descriptor, so the
// path cannot change in between; a fifo or device is refused and never waited for.
Result<std::string> read_text(const std::string& path, std::size_t bytes_max);

}  // namespace rastro
