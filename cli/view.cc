#include "cli/view.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "cli/phrases.h"
#include "cli/times.h"

namespace rastro::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

std::tm local(std::int64_t us) {
  // Rounded down, so that half a second before 1970 is in 1969.
  const std::time_t seconds = us / kSecond - (us % kSecond < 0 ? 1 : 0);
  std::tm out{};
  localtime_r(&seconds, &out);
  return out;
}

// The day as a number; days of one zone are one apart, whatever their length.
std::int64_t day_number(const std::tm& at) {
  const std::chrono::year_month_day date(std::chrono::year(at.tm_year + 1900),
                                         std::chrono::month(static_cast<unsigned>(at.tm_mon + 1)),
                                         std::chrono::day(static_cast<unsigned>(at.tm_mday)));
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::string two(int value) {
  char out[16];
  std::snprintf(out, sizeof out, "%02d", value);
  return out;
}

std::string month_name(const View& view, int month) {
  auto names = template_of(view.language, Text::months);
  for (int i = 0; i < month; ++i) names.remove_prefix(names.find(' ') + 1);
  return std::string(names.substr(0, names.find(' ')));
}

std::string stamped(const View& view, std::int64_t us, bool seconds) {
  const auto then = local(us);
  const auto today = local(view.now_us);
  auto time = two(then.tm_hour) + ":" + two(then.tm_min);
  if (seconds) time += ":" + two(then.tm_sec);
  const auto days = day_number(today) - day_number(then);
  if (days == 0) return time;
  // A scanned log has a day of its own, from which typed words are counted.
  const bool by_word = view.scanned.empty();
  if (days == 1 && by_word) return view.say(Text::time_yesterday, {time});
  if (days == -1 && by_word) return view.say(Text::time_tomorrow, {time});
  auto date = std::to_string(then.tm_mday) + " " + month_name(view, then.tm_mon);
  if (then.tm_year != today.tm_year) date += " " + std::to_string(then.tm_year + 1900);
  return date + " " + time;
}

// Digits in groups of three.
std::string grouped(std::int64_t n, char separator, std::size_t digits_min) {
  auto digits = std::to_string(n);
  const std::size_t sign = n < 0 ? 1 : 0;
  if (digits.size() - sign < digits_min) return digits;
  for (auto at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, 1, separator);
  }
  return digits;
}

}  // namespace

std::string View::count(Text one, Text many, std::int64_t n) const {
  return say(n == 1 ? one : many, {number(n)});
}

std::string View::named(std::string_view prefix, std::string_view name) const {
  const auto id = find_text(prefix, name);
  return id ? say(*id) : escape(name);
}

std::string View::said(std::string_view sentence) const {
  return language == Language::en ? escape(sentence) : translate(language, sentence);
}

std::string View::number(std::int64_t n) const {
  // Spanish leaves four digits together (RAE, Ortografía 8.2.1.1.1).
  return language == Language::es ? grouped(n, '.', 5) : grouped(n, ',', 4);
}

std::string View::size(std::int64_t bytes) const {
  if (bytes < 1000) return count(Text::size_byte, Text::size_bytes, bytes);
  static constexpr std::array<const char*, 4> kUnits{"kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.1f %s", value, kUnits[unit]);
  std::string text(out.data());
  if (language == Language::es) text[text.find('.')] = ',';
  return text;
}

std::string View::clock(std::int64_t us) const { return stamped(*this, us, true); }
std::string View::minute(std::int64_t us) const { return stamped(*this, us, false); }

std::string View::clock(std::string_view stamp) const {
  const auto at = parse_api_time(stamp);
  return at ? clock(*at) : escape(stamp);
}
std::string View::minute(std::string_view stamp) const {
  const auto at = parse_api_time(stamp);
  return at ? minute(*at) : escape(stamp);
}

std::string View::brief(std::string_view stamp) const {
  const auto at = parse_api_time(stamp);
  if (!at) return escape(stamp);
  const bool today = day_number(local(*at)) == day_number(local(now_us));
  return today ? clock(*at) : minute(*at);
}

std::string View::ago(std::int64_t us) const {
  const bool past = us <= now_us;
  const auto apart = past ? now_us - us : us - now_us;
  if (apart < 10 * kSecond) return say(Text::time_now);
  std::string span;
  if (apart < kMinute) {
    span = count(Text::span_second, Text::span_seconds, apart / kSecond);
  } else if (apart < kHour) {
    span = count(Text::span_minute, Text::span_minutes, apart / kMinute);
  } else if (apart < kDay) {
    span = count(Text::span_hour, Text::span_hours, apart / kHour);
  } else {
    span = count(Text::span_day, Text::span_days, apart / kDay);
  }
  return say(past ? Text::time_ago : Text::time_in, {span});
}

std::string View::clock_ago(std::string_view stamp) const {
  const auto at = parse_api_time(stamp);
  if (!at) return escape(stamp);
  // "yesterday 14:30 (1 day ago)" says nothing new.
  const bool near = *at > now_us - kDay && *at < now_us + kDay;
  return near ? clock(*at) + " (" + ago(*at) + ")" : clock(*at);
}

std::string View::duration(std::int64_t us) const {
  const auto parts = [](std::int64_t big, const char* big_unit, std::int64_t small,
                        const char* small_unit) {
    auto text = std::to_string(big) + " " + big_unit;
    if (small != 0) text += " " + std::to_string(small) + " " + small_unit;
    return text;
  };
  if (us < kSecond) return parts(us / 1000, "ms", 0, "");
  if (us < kMinute) return parts(us / kSecond, "s", 0, "");
  if (us < kHour) return parts(us / kMinute, "min", 0, "");
  if (us < kDay) return parts(us / kHour, "h", us % kHour / kMinute, "min");
  return parts(us / kDay, "d", us % kDay / kHour, "h");
}

}  // namespace rastro::cli
