#include "core/enhanced_status.h"

#include "core/ascii.h"

namespace rastro {
namespace {

std::optional<std::uint16_t> maybe_take_up_to_three_digits(std::string_view& rest) {
  std::size_t n = 0;
  unsigned value = 0;
  while (n < rest.size() && is_digit(rest[n])) {
    if (n == 3) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(rest[n] - '0');
    ++n;
  }
  if (n == 0) return std::nullopt;
  rest.remove_prefix(n);
  return static_cast<std::uint16_t>(value);
}

}  // namespace

std::optional<EnhancedStatus> maybe_take_any_enhanced_status(std::string_view& rest) {
  if (rest.size() < 5 || rest[1] != '.') return std::nullopt;
  if (rest[0] != '2' && rest[0] != '4' && rest[0] != '5') return std::nullopt;
  auto left = rest.substr(2);
  const auto subject = maybe_take_up_to_three_digits(left);
  if (!subject || !left.starts_with('.')) return std::nullopt;
  left.remove_prefix(1);
  const auto detail = maybe_take_up_to_three_digits(left);
  if (!detail) return std::nullopt;
  // "4.7.1.2" is an address, "4.7.1a" a word; neither is a status.
  if (!left.empty()) {
    const char next = left[0];
    const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
    if (letter || (next == '.' && left.size() > 1 && is_digit(left[1]))) return std::nullopt;
  }
  const EnhancedStatus status{static_cast<std::uint8_t>(rest[0] - '0'), *subject, *detail};
  rest = left;
  return status;
}

std::optional<EnhancedStatus> parse_enhanced_status(std::string_view text) {
  const auto status = maybe_take_enhanced_status(text);
  return text.empty() ? status : std::nullopt;
}

std::string to_string(const EnhancedStatus& status) {
  return std::to_string(status.klass) + '.' + std::to_string(status.subject) + '.' +
         std::to_string(status.detail);
}

}  // namespace rastro
