#include <date/tz.h>

#include <cstdlib>
#include <utility>

#include "core/check.h"
#include "parsers/stamps.h"
#include "parsers/syslog_header.h"

namespace rastro {
namespace {

using stamps::days_from_civil;
using std::chrono::seconds;

// A source may be written by a clock that is ahead of ours, or its file's time be rounded.
constexpr std::int64_t kDaysAhead = 2;
// Who goes on this near to where the first pass of the hour ended, and leaves a gap behind what was
// taken for the second one, is still in the first: that was a late line.
constexpr std::int64_t kLateMax = 60;
constexpr std::int64_t kGoesOnMax = 300;
// What is read first of a file that is being written is not older than this.
constexpr std::int64_t kUnreadMax = 1800;

bool is_leap_day(int month, int day) { return month == 2 && day == 29; }

bool has_leap_day(int year) { return std::chrono::year(year).is_leap(); }

}  // namespace

StampReader::StampReader(std::string zone, Time near) : zone_name_(std::move(zone)), near_(near) {}

// Loading the zone database costs tens of milliseconds, and most logs write their offset.
const date::time_zone* StampReader::zone() {
  if (zone_known_) return zone_;
  zone_known_ = true;
  try {
    zone_ = zone_name_.empty() ? date::current_zone() : date::locate_zone(zone_name_);
  } catch (const std::exception&) {
    // A name was looked up where it was set (why_no_time_zone). Whose machine has no zone, or none
    // that can be found, has UTC, as everywhere else on it.
    RASTRO_CHECK(zone_name_.empty());
    zone_ = nullptr;
  }
  return zone_;
}

Time StampReader::to_utc(std::int64_t local_seconds) {
  const auto hour = local_seconds / 3600;
  if (hour != cached_hour_) {
    cached_hour_ = hour;
    cached_offset_ = 0;
    cached_again_after_ = 0;
    if (const auto* known = zone(); known != nullptr) {
      const auto info = known->get_info(date::local_seconds(seconds(local_seconds)));
      cached_offset_ = info.first.offset.count();
      if (info.result == date::local_info::ambiguous) {
        cached_again_after_ = cached_offset_ - info.second.offset.count();
      }
    }
  }
  auto utc = local_seconds - cached_offset_;
  const bool again = cached_again_after_ != 0 && is_said_again(utc);
  if (again) {
    if (!last_again_) first_until_ = last_utc_;
    utc += cached_again_after_;
  }
  last_again_ = again;
  last_utc_ = utc;
  return Time(seconds(utc));
}

// Which of its two meanings a stamp of the hour that is repeated when summer time ends has: the
// first one, until the source steps back from it by more than half. A line that late is rarer than
// a source that is quiet for half an hour, and it is told by what comes behind it.
bool StampReader::is_said_again(std::int64_t first_utc) const {
  const auto again_utc = first_utc + cached_again_after_;
  const auto half = cached_again_after_ / 2;
  if (last_utc_ == INT64_MIN) {
    const auto near = std::chrono::floor<seconds>(near_).time_since_epoch().count();
    return near - again_utc < kUnreadMax && again_utc - near < kUnreadMax;
  }
  const bool in_second = last_again_ && std::abs(again_utc - last_utc_) < cached_again_after_;
  if (!in_second) return first_utc < last_utc_ - half && again_utc >= last_utc_ - half;
  if (first_until_ == INT64_MIN || again_utc - last_utc_ <= half) return true;
  return first_utc < first_until_ - kLateMax || first_utc > first_until_ + kGoesOnMax;
}

int StampReader::first_year(int month, int day) const {
  const auto near_days = std::chrono::floor<std::chrono::days>(near_);
  auto year = static_cast<int>(std::chrono::year_month_day(near_days).year());
  const auto latest = near_days.time_since_epoch().count() + kDaysAhead;
  if (days_from_civil(year, month, day) > latest) --year;
  while (is_leap_day(month, day) && !has_leap_day(year)) --year;
  return year;
}

void StampReader::follow(int month, int day) {
  // A source may be a day out of order around the turn of a month, not more: going back by two
  // months or more is the next year, from January to December a late line of the last one.
  if (last_month_ - month >= 2) {
    ++year_;
  } else if (last_month_ == 1 && month == 12) {
    --year_;
  }
  while (is_leap_day(month, day) && !has_leap_day(year_)) ++year_;
}

Time StampReader::without_year(int month, int day, std::int64_t second_of_day) {
  if (year_ == 0) {
    year_ = first_year(month, day);
  } else if (last_month_ != 0) {
    follow(month, day);
  }
  last_month_ = month;
  const std::int64_t key = year_ * 512 + month * 32 + day;
  if (key != cached_day_key_) {
    cached_day_key_ = key;
    cached_day_seconds_ = days_from_civil(year_, month, day) * 86400;
  }
  return to_utc(cached_day_seconds_ + second_of_day);
}

}  // namespace rastro
