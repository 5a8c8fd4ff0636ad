#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"

namespace date {
class time_zone;
}

namespace rastro {

enum class LineFormat : std::uint8_t { unknown, syslog, exim };

// Reads the stamps of one source in order: knows its zone, and infers the year that RFC 3164 leaves
// out by the lines' own order. `near` is a time known to be close to the stamps.
class StampReader {
 public:
  StampReader(const std::string& zone, Time near);
  // Seconds of local time -> UTC; cached by the hour.
  Time to_utc(std::int64_t local_seconds);
  // A stamp without a year: month 1-12.
  Time without_year(int month, int day, std::int64_t second_of_day);
  void set_year(int year) { year_ = year; }

 private:
  const date::time_zone* zone_ = nullptr;
  Time near_;
  int year_ = 0;
  int last_month_ = 0;
  std::int64_t cached_hour_ = INT64_MIN;
  std::int64_t cached_offset_ = 0;
  std::int64_t cached_day_key_ = -1;
  std::int64_t cached_day_seconds_ = 0;
};

// Syslog: "Nov 24 01:40:29 host tag[pid]: text", RFC 3339 stamps, RFC 5424. On success `rest` is
// the text.
bool maybe_take_syslog_header(std::string_view& rest, StampReader& stamps, LineHeader& header);
// Exim's own files: "2026-11-24 01:40:29[.123][ +0100] [[pid] ]".
bool maybe_take_exim_stamp(std::string_view& rest, StampReader& stamps, LineHeader& header);
LineFormat detect_format(std::string_view first_lines);

}  // namespace rastro
