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
std::optional<EnhancedStatus> maybe_take_enhanced_status(std::string_view& rest);

std::string to_string(const EnhancedStatus& status);

}  // namespace rastro
