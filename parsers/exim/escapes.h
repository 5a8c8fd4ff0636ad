#pragma once

#include <string_view>

namespace rastro::exim {

// Takes off the escapes that Exim puts into T="..." and C="...": backslash before a quote or a
// backslash (src/receive.c, src/deliver.c), and string_printing()'s octal for bytes above 127.
// Escaped control characters stay as logged. Without escapes the view itself is returned; else a
// view into a buffer of this thread, good until the next call.
std::string_view without_escapes(std::string_view text);

}  // namespace rastro::exim
