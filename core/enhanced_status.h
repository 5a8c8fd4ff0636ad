#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rastro {

// RFC 3463 class.subject.detail, e.g. 4.7.1. Class is 2, 4 or 5; the others have up to three
// digits.
struct EnhancedStatus {
  std::uint8_t klass = 0;
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;
  friend auto operator<=>(const EnhancedStatus&, const EnhancedStatus&) = default;
};

// The whole of `text` must be one status code ("4.7.1"), else nullopt.
std::optional<EnhancedStatus> parse_enhanced_status(std::string_view text);

// Takes a status code off the front of `rest`; it must end at a blank, a punctuation mark or the
// end. `rest` is left alone when it does not start with one.
std::optional<EnhancedStatus> maybe_take_any_enhanced_status(std::string_view& rest);
[[gnu::always_inline]] inline std::optional<EnhancedStatus> maybe_take_enhanced_status(
    std::string_view& rest) {
  const auto digit = [&](std::size_t at) {
    return static_cast<std::uint8_t>(static_cast<unsigned char>(rest[at]) - '0');
  };
  // "5.1.1 " or "5.1.1,": nearly all.
  if (rest.size() > 5 && (rest[0] == '2' || rest[0] == '4' || rest[0] == '5') && rest[1] == '.' &&
      digit(2) < 10 && rest[3] == '.' && digit(4) < 10 && (rest[5] == ' ' || rest[5] == ',')) {
    const EnhancedStatus status{digit(0), digit(2), digit(4)};
    rest.remove_prefix(5);
    return status;
  }
  auto left = rest;
  const auto status = maybe_take_any_enhanced_status(left);
  rest = left;
  return status;
}

std::string to_string(const EnhancedStatus& status);

}  // namespace rastro
