#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace rastro {

// A message form as a format string would print it, with "{}" where it prints something. Read left
// to right: "{}" takes up to the first occurrence of the literal behind it, a last "{}" the rest.
// It never takes nothing. For the rare lines: the frequent ones have readers of their own.
struct Captured {
  static constexpr std::size_t kMax = 6;
  std::array<std::string_view, kMax> at{};
};
std::optional<Captured> match_form(std::string_view text, std::string_view form);

}  // namespace rastro
