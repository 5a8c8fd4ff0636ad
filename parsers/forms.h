#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace rastro {

// A message form as a format string would print it, with "{}" where it prints something and "{?}"
// where it may print nothing. Read left to right: a hole takes up to the first occurrence of the
// literal behind it, "<{}>" an address with its quotes followed, the last hole the rest. For the
// rare lines: the frequent ones have readers of their own.
struct Captured {
  static constexpr std::size_t kMax = 12;
  std::array<std::string_view, kMax> at{};
  std::size_t count = 0;
};
std::optional<Captured> match_form(std::string_view text, std::string_view form);

}  // namespace rastro
