#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rastro::cli {

// What is known of where the answer goes.
struct Terminal {
  std::size_t width = 80;  // columns
  bool is_tty = false;
  bool colour = false;  // never the only sign of anything
};

// Looks at standard output, COLUMNS, NO_COLOR and TERM.
Terminal detect_terminal();

// `text` as it may stand on a terminal: control bytes as \xNN, bidirectional and zero-width
// characters as <U+202E>, invalid UTF-8 as \xNN. Everything that strangers wrote goes through here.
std::string escape(std::string_view text);

// Columns that escaped text takes.
std::size_t columns_of(std::string_view escaped);

// Escaped text cut to at most `columns`, with "…" when something was cut; padded to exactly that
// many when `pad`.
std::string fit(std::string_view escaped, std::size_t columns, bool pad = false);

// Escaped text broken at blanks into lines of at most `columns`, each behind `indent` blanks.
std::string wrap(std::string_view escaped, std::size_t columns, std::size_t indent);

enum class Colour { none, green, yellow, red, bold, dim };
std::string paint(const Terminal& terminal, Colour colour, std::string_view text);

}  // namespace rastro::cli
