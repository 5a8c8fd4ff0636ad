#pragma once

// What <cctype> has, without the locale: logs and replies are bytes that strangers chose.

namespace rastro {

[[nodiscard]] constexpr bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Letters of A to Z only; every other byte is left as it is.
[[nodiscard]] constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] constexpr bool is_alnum(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

}  // namespace rastro
