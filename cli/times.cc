#include "cli/times.h"

#include <cstdlib>
#include <ctime>
#include <filesystem>

namespace rastro::cli {
namespace {

constexpr std::int64_t kMicros = 1'000'000;  // of a second

std::optional<int> number(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool known_zone(const std::string& name) {
  if (name.empty() || name.front() == '/' || name.find("..") != std::string::npos) return false;
  std::error_code error;
  return std::filesystem::is_regular_file("/usr/share/zoneinfo/" + name, error);
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
  return (((days * 24 + *hour) * 60 + *minute) * 60 + *second) * kMicros + fraction;
}

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool use_zone(const std::string& name) {
  if (!known_zone(name)) return false;
  setenv("TZ", name.c_str(), 1);
  tzset();
  return true;
}

std::string zone_of_environment() {
  const char* value = std::getenv("TZ");
  std::string name = value == nullptr ? "" : value;
  if (name.starts_with(':')) name.erase(0, 1);
  return known_zone(name) ? name : "";
}

}  // namespace rastro::cli
