#include "daemon/times/written_times.h"

#include <algorithm>
#include <charconv>

namespace rastro {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A number of exactly so many digits; -1: there is none.
int digits_at(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return at + count <= text.size() ? value : -1;
}

// ":05", ":05.123456" at the front, if anything stands there; false: no seconds.
bool take_seconds(std::string_view& rest, Duration& clock) {
  if (!rest.starts_with(':')) return true;
  const auto second = digits_at(rest, 1, 2);
  if (second < 0 || second > 60) return false;
  clock += seconds(second);
  rest.remove_prefix(3);
  if (!rest.starts_with('.')) return true;
  rest.remove_prefix(1);
  std::int64_t unit = 100'000;
  for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; unit /= 10) {
    clock += Duration((rest.front() - '0') * unit);
    rest.remove_prefix(1);
  }
  return true;
}

}  // namespace

std::optional<Time> parse_epoch(std::string_view text) {
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  constexpr std::size_t kMilliseconds = 13;  // as JavaScript counts
  if (point == std::string_view::npos && whole.size() == kMilliseconds) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
    if (error == std::errc() && end == whole.data() + whole.size() && value > 0)
      return Time(std::chrono::milliseconds(value));
  }
  if (whole.size() < 9 || whole.size() > 11) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (error != std::errc() || end != whole.data() + whole.size() || value < 0) return std::nullopt;
  Time at{seconds(value)};
  if (point == std::string_view::npos) return at;
  std::int64_t unit = 100'000;
  for (const char c : text.substr(point + 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    at += Duration((c - '0') * unit);
    unit /= 10;
  }
  return at;
}

std::optional<Duration> parse_offset(std::string_view text) {
  if (text == "z") return Duration(0);
  if (text.size() < 5) return std::nullopt;
  const char sign = text.front();
  if (sign != '+' && sign != '-' && sign != ' ') return std::nullopt;
  const auto hour = digits_at(text, 1, 2);
  auto rest = text.substr(3);
  if (rest.starts_with(':')) rest.remove_prefix(1);
  const auto minute = digits_at(rest, 0, 2);
  if (hour < 0 || minute < 0 || rest.size() != 2 || hour > 23 || minute > 59) return std::nullopt;
  const Duration east = hours(hour) + minutes(minute);
  return sign == '-' ? -east : east;
}

std::optional<Time> parse_stamp(std::string_view text, const Zone& zone) {
  if (text.size() < 16 || text[4] != '-' || text[7] != '-' || (text[10] != 't' && text[10] != ' '))
    return std::nullopt;
  const auto year = digits_at(text, 0, 4), month = digits_at(text, 5, 2),
             day = digits_at(text, 8, 2), hour = digits_at(text, 11, 2),
             minute = digits_at(text, 14, 2);
  if (std::min({year, month, day, hour, minute}) < 0 || text[13] != ':' || hour > 23 || minute > 59)
    return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  Duration clock = hours(hour) + minutes(minute);
  auto rest = text.substr(16);
  if (!take_seconds(rest, clock)) return std::nullopt;
  const auto local = Zone::Local(std::chrono::local_days(date)) + clock;
  if (rest.empty()) return zone.to_utc(local);
  const auto east = parse_offset(rest);
  if (!east) return std::nullopt;
  return Time(local.time_since_epoch()) - *east;
}

}  // namespace rastro
