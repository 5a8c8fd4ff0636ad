#pragma once

#include <string>
#include <string_view>

namespace rastro {

// Without what web pages, letters and keyboards for Chinese put in: blanks of other widths are
// blanks, invisible signs are left out, wide letters and digits are plain ones, dashes are '-'.
std::string with_plain_signs(std::string_view text);

}  // namespace rastro
