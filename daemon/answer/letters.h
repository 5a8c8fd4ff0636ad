#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rastro {

// Latin, Greek and Cyrillic letters of UTF-8 text in lower or upper case; all else, broken UTF-8
// too, as it is. Each letter keeps its two bytes.
std::string lower_letters(std::string_view text);
// What the index, which folds ASCII alone, may keep of a name written in whatever case: each of up
// to four such letters in either; of more all in lower case, all in upper case, and the first of
// each word in upper case.
std::vector<std::string> forms_by_case(std::string_view name);

}  // namespace rastro
