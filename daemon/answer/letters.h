#pragma once

#include <string>
#include <string_view>

namespace rastro {

// Latin, Greek and Cyrillic letters of UTF-8 text in lower or upper case; all else, broken UTF-8
// too, as it is. Each letter keeps its two bytes.
std::string lower_letters(std::string_view text);
// ASCII stays in lower case: what the index keeps of "PEÑA", whose case nobody folded there.
std::string upper_foreign_letters(std::string_view text);

}  // namespace rastro
