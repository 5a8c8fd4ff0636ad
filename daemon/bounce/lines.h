#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/bounce/mime.h"

namespace rastro {

// Blanks that do not break, and those without width, as web pages indent with them: plain blanks.
std::string with_plain_blanks(std::string text);

// The length of the header name that `line` begins with ("Final-Recipient:" is 15), or 0.
std::size_t header_name_length(std::string_view line);
// Whether `line` begins with that header; `name` in lower case.
bool is_header(std::string_view line, std::string_view name);

std::string_view trim(std::string_view text);
bool contains_ignoring_case(std::string_view text, std::string_view lower);

// Printable, valid, at most `bytes_max` long: blanks for control characters, runs of blanks as one.
std::string tidy(std::string_view text, std::size_t bytes_max);

// One line of a text; views into it.
struct TextLine {
  std::string_view text;  // without the blanks around it
  std::size_t indent = 0;
};
std::vector<TextLine> split_lines(std::string_view text);

// A text whose every line was made a paragraph on its way (one <p> for each in a mail program, line
// ends doubled by a form), with the lines of a paragraph together again. Others come back as given.
std::string single_spaced(std::string text);

// Headers that stand as plain text, unfolded, up to the first blank line.
std::vector<MailHeader> parse_header_text(std::string_view text);

}  // namespace rastro
