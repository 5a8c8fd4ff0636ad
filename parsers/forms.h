#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace rastro {

// A message form as a format string would print it, with "{}" where it prints something and "{?}"
// where it may print nothing. Read left to right: a hole takes up to the first occurrence of the
// literal behind it, "<{}>" an address with its quotes followed, the last hole all up to the form's
// last words. For the rare lines: the frequent ones have readers of their own.
struct Captured {
  static constexpr std::size_t kMax = 12;
  std::array<std::string_view, kMax> at{};
  std::size_t count = 0;
};
std::optional<Captured> match_whole_form(std::string_view text, std::string_view form);
// Most forms that a line is held against differ in their first character.
inline std::optional<Captured> match_form(std::string_view text, std::string_view form) {
  if (!form.empty() && form[0] != '{' && (text.empty() || text[0] != form[0])) return std::nullopt;
  return match_whole_form(text, form);
}

}  // namespace rastro
