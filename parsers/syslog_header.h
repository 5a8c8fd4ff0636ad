#pragma once

#include <array>
#include <cstdint>
#include <cstring>
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
  StampReader(std::string zone, Time near);
  // Seconds of local time -> UTC; cached by the hour.
  Time to_utc(std::int64_t local_seconds);
  // A stamp without a year: month 1-12.
  Time without_year(int month, int day, std::int64_t second_of_day);
  Time near() const { return near_; }
  void set_year(int year) {
    year_ = year;
    minute_size_ = 0;
  }

  // What the last stamp up to its minute ("2026-11-24T01:40:", "Nov 24 01:40:") meant, in seconds;
  // nullopt when `text` is another one. Most lines stand in the same minute as the one before.
  std::optional<std::int64_t> known_minute(std::string_view text) const {
    if (text.size() != minute_size_ ||
        std::memcmp(text.data(), minute_text_.data(), minute_size_) != 0) {
      return std::nullopt;
    }
    return minute_seconds_;
  }
  void know_minute(std::string_view text, std::int64_t seconds) {
    minute_size_ = text.copy(minute_text_.data(), minute_text_.size());
    minute_seconds_ = seconds;
  }

  // The same for "2026-11-24T01:40:29.123456+01:00 ": minute and offset must be as before, and the
  // answer is UTC.
  static constexpr std::size_t kFullSize = 33;
  std::optional<std::int64_t> known_full_minute(std::string_view stamp) const {
    if (std::memcmp(stamp.data(), full_text_.data(), kFullMinute) != 0 ||
        std::memcmp(stamp.data() + kFullOffset, full_text_.data() + kFullOffset,
                    kFullSize - kFullOffset) != 0) {
      return std::nullopt;
    }
    return full_seconds_;
  }
  void know_full_minute(std::string_view stamp, std::int64_t seconds) {
    stamp.copy(full_text_.data(), full_text_.size());
    full_seconds_ = seconds;
  }

 private:
  int first_year(int month, int day) const;
  void follow(int month, int day);
  bool is_said_again(std::int64_t first_utc) const;

  const date::time_zone* zone();

  std::string zone_name_;
  bool zone_known_ = false;
  const date::time_zone* zone_ = nullptr;
  Time near_;
  int year_ = 0;
  int last_month_ = 0;
  std::int64_t cached_hour_ = INT64_MIN;
  std::int64_t cached_offset_ = 0;
  std::int64_t cached_again_after_ = 0;  // a local time that comes twice: seconds between both
  std::int64_t last_utc_ = INT64_MIN;    // seconds, of the last local time read
  bool last_again_ = false;
  std::int64_t first_until_ = INT64_MIN;  // the last one of that hour's first pass, when it ended
  std::int64_t cached_day_key_ = -1;
  std::int64_t cached_day_seconds_ = 0;
  std::array<char, 17> minute_text_{};
  std::size_t minute_size_ = 0;
  std::int64_t minute_seconds_ = 0;
  static constexpr std::size_t kFullMinute = 17;
  static constexpr std::size_t kFullOffset = 26;
  std::array<char, kFullSize> full_text_{};
  std::int64_t full_seconds_ = 0;
};

// The header of a line as syslog daemons, journalctl, postlogd and container runtimes write it: RFC
// 3164 (with a year, a fraction, a "<PRI>", a "<facility.level>", no host, no pid), RFC 3339 stamps
// ("T" or a blank, any offset or none), RFC 5424, "[tag]" of metalog, `docker logs -t` and CRI in
// front of any of these. On success `rest` is the text; a line without a tag has program "-".
bool maybe_take_syslog_header(std::string_view& rest, StampReader& stamps, LineHeader& header);
// Exim's own files: "2026-11-24 01:40:29[.123][ +0100] [[pid] ]".
bool maybe_take_exim_stamp(std::string_view& rest, StampReader& stamps, LineHeader& header);
LineFormat detect_format(std::string_view first_lines);
// "postfix/smtp[12]: text", what is left of a line where somebody took its stamp and host away. Its
// time is that near which the source's stamps are.
bool maybe_take_bare_tag(std::string_view& rest, const StampReader& stamps, LineHeader& header);

}  // namespace rastro
