#pragma once

#include <string_view>
#include <vector>

#include "cli/texts.h"

namespace rastro::cli {

// What --help says, in the reader's language: `english` as the command line has it, and the same in
// Spanish. A text without a translation stays as it is, and fails a test.
std::string_view help_text(Language language, std::string_view english);
bool has_help_text(std::string_view english);
std::vector<std::string_view> all_help_texts();  // in English

}  // namespace rastro::cli
