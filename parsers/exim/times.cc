#include <chrono>

#include "core/ascii.h"
#include "parsers/exim/fields.h"
#include "parsers/scan.h"

namespace rastro::exim {

namespace {

// "w" of "1w2d"; 0: it is no unit.
std::int64_t seconds_of(char unit) {
  switch (unit) {
    case 'w':
      return 7 * 24 * 3600;
    case 'd':
      return 24 * 3600;
    case 'h':
      return 3600;
    case 'm':
      return 60;
    case 's':
      return 1;
    default:
      return 0;
  }
}

// The digits behind the point, six of them at most heeded; nullopt: there are none.
std::optional<Duration> maybe_take_fraction(std::string_view& text) {
  std::int64_t micros = 0;
  std::int64_t scale = 100'000;
  std::size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) {
    micros += (text[digits] - '0') * scale;
    scale /= 10;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return Duration(micros);
}

constexpr std::int64_t kSecondsMax = 1'000'000'000;

// "1w", "20s"; "0.123s" stands last.
std::optional<Duration> maybe_take_time_part(std::string_view& text) {
  const auto number = maybe_take_number(text);
  if (!number || *number > static_cast<std::uint64_t>(kSecondsMax)) return std::nullopt;
  const auto count = static_cast<std::int64_t>(*number);
  Duration part = std::chrono::seconds(count);
  if (maybe_take(text, '.')) {
    const auto fraction = maybe_take_fraction(text);
    if (!fraction || text != "s") return std::nullopt;
    part += *fraction;
  }
  const auto unit = text.empty() ? 0 : seconds_of(text.front());
  if (unit == 0 || count > kSecondsMax / unit) return std::nullopt;
  text.remove_prefix(1);
  return part * unit;
}

}  // namespace

std::optional<Duration> parse_time(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);  // a clock that was set back
  if (text.empty()) return std::nullopt;
  Duration total{0};
  while (!text.empty()) {
    const auto part = maybe_take_time_part(text);
    if (!part) return std::nullopt;
    total += *part;
    if (total > std::chrono::seconds(kSecondsMax)) return std::nullopt;
  }
  return total;
}

}  // namespace rastro::exim
