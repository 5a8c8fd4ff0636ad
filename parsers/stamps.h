#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/clock.h"

// The readers of dates and times, shared by syslog_header.cc and exim_stamp() only. Each takes what
// it names off the front of `rest`, or returns nothing.
namespace rastro::stamps {

std::int64_t days_from_civil(int year, int month, int day);
// "Jan" .. "Dec" -> 1..12, else 0.
int month_of(std::string_view name);
// "HH:MM:SS" at the front of `text`: seconds of the day, -1 when it is none. A leap second is read.
std::int64_t time_of_day(std::string_view text);
// ".123456" or ",123": microseconds; 0 when there is none.
std::int64_t take_fraction(std::string_view& rest);
// "Z", "+02:00", "+0200", "+02": seconds east of UTC.
std::optional<std::int64_t> maybe_take_offset(std::string_view& rest);
// "YYYY-MM-DD", `between`, "HH:MM:SS": local seconds since 1970.
std::optional<std::int64_t> maybe_take_date_time(std::string_view& rest, char between);

// "Nov 24 01:40:29", "Nov  4 ...", "Nov 24 2026 01:40:29", "2026 Nov 24 01:40:29".
struct NamedDate {
  int year = 0;  // 0: not said
  int month = 0;
  int day = 0;
  std::int64_t second_of_day = 0;
};
std::optional<NamedDate> maybe_take_named_date(std::string_view& rest);

// "1795000000.123456" of journalctl -o short-unix.
std::optional<Time> maybe_take_unix_time(std::string_view& rest);
// "@400000006a139f9f12345678" of multilog, "2026-11-24_01:40:29.12345" of svlogd: UTC.
std::optional<Time> maybe_take_daemontools_time(std::string_view& rest);
// "Tue ", "Tue, ".
bool maybe_take_weekday(std::string_view& rest);
// " CET", and the like, behind a time: the name, "UTC" for that of GMT too; empty when there is
// none.
std::string_view maybe_take_zone_name(std::string_view& rest);
// " 2026" behind a time, 0 when there is none.
int maybe_take_year_behind(std::string_view& rest);

}  // namespace rastro::stamps
