#include "cli/times.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace rastro::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::optional<int> number(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::tm local(std::int64_t us) {
  const std::time_t seconds = us / kSecond;
  std::tm out{};
  localtime_r(&seconds, &out);
  return out;
}

}  // namespace

std::optional<std::int64_t> parse_api_time(std::string_view text) {
  if (text.size() < 20 || text.back() != 'Z' || text[4] != '-' || text[7] != '-' ||
      text[10] != 'T' || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const auto year = number(text.substr(0, 4));
  const auto month = number(text.substr(5, 2));
  const auto day = number(text.substr(8, 2));
  const auto hour = number(text.substr(11, 2));
  const auto minute = number(text.substr(14, 2));
  const auto second = number(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  std::int64_t fraction = 0;
  if (text[19] == '.') {
    auto digits = std::string(text.substr(20, text.size() - 21));
    if (digits.size() > 6) return std::nullopt;
    digits.resize(6, '0');
    const auto value = number(digits);
    if (!value) return std::nullopt;
    fraction = *value;
  }
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (((days * 24 + *hour) * 60 + *minute) * 60 + *second) * kSecond + fraction;
}

std::string local_time(std::string_view api_time, std::int64_t now) {
  const auto at = parse_api_time(api_time);
  if (!at) return std::string(api_time);
  const auto then = local(*at);
  const auto today = local(now);
  std::array<char, 64> out{};
  std::size_t size = 0;
  if (then.tm_year != today.tm_year) {
    size = std::strftime(out.data(), out.size(), "%d %b %Y %H:%M:%S", &then);
  } else if (then.tm_yday != today.tm_yday) {
    size = std::strftime(out.data(), out.size(), "%d %b %H:%M:%S", &then);
  } else {
    size = std::strftime(out.data(), out.size(), "%H:%M:%S", &then);
  }
  return {out.data(), size};
}

std::string spoken_duration(std::int64_t microseconds) {
  const auto seconds = microseconds / kSecond;
  const auto text = [](std::int64_t value, const char* unit) {
    return std::to_string(value) + " " + unit;
  };
  if (seconds < 60) return text(seconds, "s");
  const auto minutes = seconds / 60;
  if (minutes < 60) return text(minutes, "min");
  const auto hours = minutes / 60;
  if (hours < 24) {
    return text(hours, "h") + (minutes % 60 == 0 ? "" : " " + text(minutes % 60, "min"));
  }
  return text(hours / 24, "d") + (hours % 24 == 0 ? "" : " " + text(hours % 24, "h"));
}

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace rastro::cli
