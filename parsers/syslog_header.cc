#include "parsers/syslog_header.h"

#include <date/tz.h>

#include "parsers/scan.h"

namespace rastro {
namespace {

using std::chrono::seconds;

int two(const char* at) {
  const unsigned a = static_cast<unsigned char>(at[0]) - '0';
  const unsigned b = static_cast<unsigned char>(at[1]) - '0';
  return a < 10 && b < 10 ? static_cast<int>(a * 10 + b) : -1;
}

std::int64_t days_from_civil(int y, int m, int d) {
  return std::chrono::sys_days(std::chrono::year(y) / m / d).time_since_epoch().count();
}

// "HH:MM:SS"
std::int64_t time_of_day(const char* at) {
  const int h = two(at);
  const int m = two(at + 3);
  const int s = two(at + 6);
  if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60 || at[2] != ':' || at[5] != ':')
    return -1;
  return h * 3600 + m * 60 + s;
}

int month_of(std::string_view name) {
  static constexpr std::string_view kNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
  for (std::size_t i = 0; i < 12; ++i) {
    if (kNames.substr(i * 3, 3) == name) return static_cast<int>(i) + 1;
  }
  return 0;
}

std::int64_t take_fraction(std::string_view& rest) {
  if (!rest.starts_with('.')) return 0;
  if (rest.size() > 7 && (rest[7] < '0' || rest[7] > '9')) {  // what rsyslog writes
    const int high = two(rest.data() + 1);
    const int middle = two(rest.data() + 3);
    const int low = two(rest.data() + 5);
    if (high >= 0 && middle >= 0 && low >= 0) {
      rest.remove_prefix(7);
      return high * 10'000 + middle * 100 + low;
    }
  }
  std::int64_t us = 0;
  std::int64_t unit = 100'000;
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] >= '0' && rest[i] <= '9'; ++i, unit /= 10)
    us += (rest[i] - '0') * unit;
  rest.remove_prefix(i);
  return us;
}

// "Z", "+02:00", "+0200": seconds east of UTC.
std::optional<std::int64_t> take_offset(std::string_view& rest) {
  if (maybe_take(rest, 'Z')) return 0;
  if (rest.size() < 5 || (rest[0] != '+' && rest[0] != '-')) return std::nullopt;
  const int h = two(rest.data() + 1);
  const std::size_t colon = rest[3] == ':' ? 1 : 0;
  if (rest.size() < 5 + colon) return std::nullopt;
  const int m = two(rest.data() + 3 + colon);
  if (h < 0 || m < 0) return std::nullopt;
  const std::int64_t east = (h * 60 + m) * 60;
  const bool west = rest[0] == '-';
  rest.remove_prefix(5 + colon);
  return west ? -east : east;
}

// "YYYY-MM-DD" and one character and "HH:MM:SS": local seconds since 1970.
std::optional<std::int64_t> take_date_time(std::string_view& rest, char between) {
  if (rest.size() < 19 || rest[4] != '-' || rest[7] != '-' || rest[10] != between)
    return std::nullopt;
  const int c = two(rest.data());
  const int y = two(rest.data() + 2);
  const int mo = two(rest.data() + 5);
  const int d = two(rest.data() + 8);
  const auto tod = time_of_day(rest.data() + 11);
  if (c < 0 || y < 0 || mo < 1 || mo > 12 || d < 1 || d > 31 || tod < 0) return std::nullopt;
  const auto out = days_from_civil(c * 100 + y, mo, d) * 86400 + tod;
  rest.remove_prefix(19);
  return out;
}

// The same, read once for each minute.
std::optional<std::int64_t> take_date_time(std::string_view& rest, char between,
                                           StampReader& stamps) {
  constexpr std::size_t kMinuteSize = 17;
  if (rest.size() < kMinuteSize + 2) return std::nullopt;
  const auto minute = rest.substr(0, kMinuteSize);
  const auto second = two(rest.data() + kMinuteSize);
  if (const auto known = stamps.known_minute(minute); known && second >= 0 && second <= 60) {
    rest.remove_prefix(kMinuteSize + 2);
    return *known + second;
  }
  const auto out = take_date_time(rest, between);
  if (out) stamps.know_minute(minute, *out - second);
  return out;
}

// "Nov 24 01:40:29" and a blank behind it: seconds since 1970.
std::optional<std::int64_t> take_traditional_stamp(std::string_view& rest, StampReader& stamps) {
  constexpr std::size_t kMinuteSize = 13;
  constexpr std::size_t kSize = kMinuteSize + 2;
  if (rest.size() < kSize) return std::nullopt;
  const auto minute = rest.substr(0, kMinuteSize);
  const auto second = two(rest.data() + kMinuteSize);
  if (const auto known = stamps.known_minute(minute); known && second >= 0 && second <= 60) {
    rest.remove_prefix(kSize);
    return *known + second;
  }
  const int month = month_of(rest.substr(0, 3));
  if (month == 0 || rest[3] != ' ' || rest[6] != ' ') return std::nullopt;
  const int day = rest[4] == ' ' ? (rest[5] - '0') : two(rest.data() + 4);
  const auto tod = time_of_day(rest.data() + 7);
  if (day < 1 || day > 31 || tod < 0) return std::nullopt;
  rest.remove_prefix(kSize);
  const auto at = stamps.without_year(month, day, tod);
  const auto out = std::chrono::floor<seconds>(at).time_since_epoch().count();
  stamps.know_minute(minute, out - second);
  return out;
}

// "host tag[pid]: text"
bool take_host_and_tag(std::string_view& rest, LineHeader& header) {
  const auto host = position_of(rest, ' ');
  if (host == 0 || host == rest.size()) return false;
  header.host = rest.substr(0, host);
  rest.remove_prefix(host + 1);
  const auto end = position_of(rest, ':', '[', ' ');
  if (end == rest.size() || rest[end] == ' ' || end == 0) return false;
  header.program = rest.substr(0, end);
  header.pid = 0;
  rest.remove_prefix(end);
  if (maybe_take(rest, '[')) {
    const auto pid = maybe_take_number(rest);
    if (!pid || !maybe_take(rest, ']')) return false;
    header.pid = static_cast<std::uint32_t>(*pid);
  }
  if (!maybe_take(rest, ':')) return false;
  maybe_take(rest, ' ');
  return true;
}

void take_repeat(std::string_view& rest, LineHeader& header) {
  header.repeated = 1;
  auto left = rest;
  if (!maybe_take(left, "message repeated ")) return;
  const auto times = maybe_take_number(left);
  if (!times || *times > 1'000'000 || !maybe_take(left, " times: [ ") || !left.ends_with(']'))
    return;
  left.remove_suffix(1);
  header.repeated = static_cast<std::uint32_t>(*times);
  rest = left;
}

}  // namespace

StampReader::StampReader(const std::string& zone, Time near) : near_(near) {
  try {
    zone_ = zone.empty() ? date::current_zone() : date::locate_zone(zone);
  } catch (const std::exception&) {
    zone_ = nullptr;  // no zone database: UTC
  }
}

Time StampReader::to_utc(std::int64_t local_seconds) {
  const auto hour = local_seconds / 3600;
  if (hour != cached_hour_) {
    cached_hour_ = hour;
    cached_offset_ = 0;
    if (zone_ != nullptr) {
      const auto info = zone_->get_info(date::local_seconds(seconds(local_seconds)));
      cached_offset_ = info.first.offset.count();
    }
  }
  return Time(seconds(local_seconds - cached_offset_));
}

Time StampReader::without_year(int month, int day, std::int64_t second_of_day) {
  if (year_ == 0) {
    const auto near_days = std::chrono::floor<std::chrono::days>(near_);
    const std::chrono::year_month_day date(near_days);
    year_ = static_cast<int>(date.year());
    // A stamp more than two days behind `near` is of the year before.
    if (days_from_civil(year_, month, day) > near_days.time_since_epoch().count() + 2) --year_;
  } else if (last_month_ == 12 && month == 1) {
    ++year_;
  } else if (last_month_ == 1 && month == 12) {
    --year_;
  }
  last_month_ = month;
  const std::int64_t key = year_ * 512 + month * 32 + day;
  if (key != cached_day_key_) {
    cached_day_key_ = key;
    cached_day_seconds_ = days_from_civil(year_, month, day) * 86400;
  }
  return to_utc(cached_day_seconds_ + second_of_day);
}

bool maybe_take_syslog_header(std::string_view& rest, StampReader& stamps, LineHeader& header) {
  auto left = rest;
  if (left.starts_with('<')) {
    const auto end = left.find('>');
    if (end == std::string_view::npos || end > 4) return false;
    left.remove_prefix(end + 1);
    maybe_take(left, "1 ");
  }
  if (left.size() < 16) return false;
  if (left[0] >= '0' && left[0] <= '9') {
    const auto local = take_date_time(left, 'T', stamps);
    if (!local) return false;
    const auto us = take_fraction(left);
    const auto east = take_offset(left);
    if (!east || !maybe_take(left, ' ')) return false;
    header.logged_at = Time(Duration((*local - *east) * 1'000'000 + us));
  } else {
    const auto at = take_traditional_stamp(left, stamps);
    if (!at) return false;
    const auto us = take_fraction(left);
    if (!maybe_take(left, ' ')) return false;
    header.logged_at = Time(seconds(*at)) + Duration(us);
  }
  if (!take_host_and_tag(left, header)) return false;
  take_repeat(left, header);
  rest = left;
  return true;
}

bool maybe_take_exim_stamp(std::string_view& rest, StampReader& stamps, LineHeader& header) {
  auto left = rest;
  const auto local = take_date_time(left, ' ', stamps);
  if (!local) return false;
  const auto us = take_fraction(left);
  if (!maybe_take(left, ' ')) return false;
  if (left.starts_with('+') || left.starts_with('-')) {
    const auto east = take_offset(left);
    if (!east || !maybe_take(left, ' ')) return false;
    header.logged_at = Time(Duration((*local - *east) * 1'000'000 + us));
  } else {
    header.logged_at = stamps.to_utc(*local) + Duration(us);
  }
  header.pid = 0;
  header.program = "exim";
  if (left.starts_with('[')) {
    auto digits = left.substr(1);
    const auto pid = maybe_take_number(digits);
    if (pid && maybe_take(digits, "] ")) {
      header.pid = static_cast<std::uint32_t>(*pid);
      left = digits;
    }
  }
  rest = left;
  return true;
}

LineFormat detect_format(std::string_view first_lines) {
  while (!first_lines.empty()) {
    const auto line = first_lines.substr(0, first_lines.find('\n'));
    auto rest = line;
    if (take_date_time(rest, ' ')) return LineFormat::exim;
    rest = line;
    if (take_date_time(rest, 'T') || line.starts_with('<') || month_of(line.substr(0, 3)) != 0)
      return LineFormat::syslog;
    first_lines.remove_prefix(std::min(line.size() + 1, first_lines.size()));
  }
  return LineFormat::unknown;
}

}  // namespace rastro
