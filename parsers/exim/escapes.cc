#include "parsers/exim/escapes.h"

#include <array>
#include <cstddef>

namespace rastro::exim {
namespace {

// Exim cuts a subject at 100 and a confirmation at 1024 characters; octal makes four of one.
constexpr std::size_t kTextMax = 4 * 1024 + 256;

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// The byte of "\303", or -1: below 128 stand control characters, which stay escaped.
int high_byte(std::string_view at) {
  if (at.size() < 4 || !is_octal(at[1]) || !is_octal(at[2]) || !is_octal(at[3])) return -1;
  const int value = (at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0');
  return value >= 128 && value <= 255 ? value : -1;
}

}  // namespace

std::string_view without_escapes(std::string_view text) {
  if (text.find('\\') == std::string_view::npos || text.size() > kTextMax) return text;
  thread_local std::array<char, kTextMax> buffer;
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      if (text[i + 1] == '"' || text[i + 1] == '\\') {
        c = text[++i];
      } else if (const int byte = high_byte(text.substr(i)); byte >= 0) {
        c = static_cast<char>(byte);
        i += 3;
      }
    }
    buffer[size++] = c;
  }
  return {buffer.data(), size};
}

}  // namespace rastro::exim
