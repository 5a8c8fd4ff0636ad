#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rastro::cli {

// What is known of where the answer goes.
struct Terminal {
  std::size_t width = 80;  // columns
  std::size_t height = 0;  // lines; 0: not known, or no terminal
  bool is_tty = false;
  bool colour = false;  // never the only sign of anything
};

// Looks at standard output, COLUMNS, NO_COLOR and TERM.
Terminal detect_terminal();

struct CodePoint {
  char32_t point = 0;
  std::size_t size = 0;  // bytes; 0: no valid UTF-8 starts here
};
// The first character of `text`, which is not empty.
CodePoint decode_utf8(std::string_view text);

// What a terminal would obey (C0, DEL, C1), and what hides or reorders text: bidirectional,
// zero-width, filler and tag characters, variation selectors.
bool is_unsafe_to_print(char32_t point);

// `text` as it may stand on a terminal: control bytes as \xNN, bidirectional and zero-width
// characters as <U+202E>, invalid UTF-8 as \xNN. Everything that strangers wrote goes through here.
std::string escape(std::string_view text);

// Columns that escaped text takes.
std::size_t columns_of(std::string_view escaped);

// Escaped text cut to at most `columns`, with "…" when something was cut; padded to exactly that
// many when `pad`.
std::string fit(std::string_view escaped, std::size_t columns, bool pad = false);

// A word of a command, escaped, as one may type it: quoted when the shell would read it otherwise.
std::string typed_word(std::string_view value);

// Escaped text broken at blanks into lines of at most `columns`, each behind `indent` blanks.
std::string wrap(std::string_view escaped, std::size_t columns, std::size_t indent);

// "rastro: `message`", which is escaped and may have several lines, each broken like wrap();
// `columns` 0: not broken, for a file or a program that reads lines.
std::string aside(std::string_view message, std::size_t columns);
// That on standard error, as wide as the terminal there.
void print_aside(std::string_view message);

enum class Colour { none, green, yellow, red, bold, dim };
std::string paint(const Terminal& terminal, Colour colour, std::string_view text);

}  // namespace rastro::cli
