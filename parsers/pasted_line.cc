#include "parsers/pasted_line.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <utility>

#include "core/ascii.h"
#include "parsers/scan.h"
#include "parsers/stamps.h"

namespace rastro {
namespace {

// Longer than any path that somebody greps.
constexpr std::size_t kFrontBytesMax = 160;
constexpr std::size_t kFrontWordsMax = 3;

struct Stamp {
  int year = 0;  // 0: not said
  int month = 0;
  int day = 0;
  std::string_view time;      // "HH:MM:SS"
  std::string_view fraction;  // ".123", or nothing
  std::string_view offset;    // "+0100", or nothing
  bool utc = false;
};

int maybe_take_year(std::string_view& rest) {
  auto left = rest;
  const auto year = maybe_take_number(left);
  if (!year || rest.size() - left.size() != 4 || *year < 1970 || *year > 2199) return 0;
  rest = left;
  return static_cast<int>(*year);
}

// "10:00:00", ".123", " +0100"
bool take_time(std::string_view& rest, Stamp& stamp) {
  if (stamps::time_of_day(rest) < 0) return false;
  stamp.time = rest.substr(0, 8);
  rest.remove_prefix(8);
  auto left = rest;
  stamps::take_fraction(left);
  stamp.fraction = rest.substr(0, rest.size() - left.size());
  rest = left;
  maybe_take(left, ' ');
  const auto offset = left;
  if ((left.starts_with('+') || left.starts_with('-')) && stamps::maybe_take_offset(left)) {
    stamp.offset = offset.substr(0, offset.size() - left.size());
    rest = left;
  }
  return true;
}

// "28.11.2026 ", "28/11/2026 ", "11/28/2026 ", "2026/11/28 ": with slashes the month stands first
// unless it cannot be one.
bool maybe_take_figures(std::string_view& rest, Stamp& stamp) {
  auto left = rest;
  std::array<std::uint64_t, 3> parts{};
  char between = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) {
      if (left.empty() || (left[0] != '.' && left[0] != '/' && left[0] != '-')) return false;
      if (i == 2 && left[0] != between) return false;
      between = left[0];
      left.remove_prefix(1);
    }
    const auto number = maybe_take_number(left);
    if (!number || *number > 2199) return false;
    parts[i] = *number;
  }
  if (parts[0] < 32) std::swap(parts[0], parts[2]);  // the year first
  if (between == '/' && rest[2] == '/' && parts[2] < 13) std::swap(parts[1], parts[2]);
  if (parts[1] > 12) std::swap(parts[1], parts[2]);
  if (parts[0] < 1970 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31) {
    return false;
  }
  if (!maybe_take(left, ", ") && !maybe_take(left, ' ') && !maybe_take(left, 'T')) return false;
  stamp.year = static_cast<int>(parts[0]);
  stamp.month = static_cast<int>(parts[1]);
  stamp.day = static_cast<int>(parts[2]);
  if (!take_time(left, stamp)) return false;
  rest = left;
  return true;
}

// "2026 11-28 10:00:00"
bool maybe_take_year_apart(std::string_view& rest, Stamp& stamp) {
  auto left = rest;
  stamp.year = maybe_take_year(left);
  if (stamp.year == 0 || !maybe_take(left, ' ') || left.size() < 15 || left[2] != '-' ||
      left[5] != ' ') {
    return false;
  }
  const auto month = maybe_take_number(left);
  maybe_take(left, '-');
  const auto day = maybe_take_number(left);
  maybe_take(left, ' ');
  if (!month || !day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return false;
  stamp.month = static_cast<int>(*month);
  stamp.day = static_cast<int>(*day);
  if (!take_time(left, stamp)) return false;
  rest = left;
  return true;
}

// "28 Nov 10:00:00", "28 Nov 2026 10:00:00", "28/Nov/2026:10:00:00 +0100", "28-Nov-2026 10:00:00".
bool maybe_take_day_first(std::string_view& rest, Stamp& stamp) {
  auto left = rest;
  const auto day = maybe_take_number(left);
  if (!day || *day < 1 || *day > 31 || left.size() < 14) return false;
  const char between = left[0];
  if ((between != ' ' && between != '/' && between != '-') || left[4] != between) return false;
  stamp.month = stamps::month_of(left.substr(1, 3));
  if (stamp.month == 0) return false;
  left.remove_prefix(5);
  auto behind = left;
  if (const int year = maybe_take_year(behind);
      year != 0 && (maybe_take(behind, ' ') || maybe_take(behind, ':'))) {
    stamp.year = year;
    left = behind;
  }
  stamp.day = static_cast<int>(*day);
  if (!take_time(left, stamp)) return false;
  rest = left;
  return true;
}

// "Nov 28 10:00:00 CET 2026", what a weekday stands in front of.
bool maybe_take_month_first(std::string_view& rest, Stamp& stamp) {
  auto left = rest;
  const auto date = stamps::maybe_take_named_date(left);
  if (!date) return false;
  const auto size = rest.size() - left.size();
  stamp.year = date->year;
  stamp.month = date->month;
  stamp.day = date->day;
  auto time = rest.substr(size - 8);
  if (!take_time(time, stamp)) return false;
  left = time;
  stamp.utc = stamps::maybe_take_zone_name(left) == "UTC";
  if (stamp.year == 0) stamp.year = stamps::maybe_take_year_behind(left);
  rest = left;
  return true;
}

// A stamp as log daemons write it, which the reader of headers knows.
bool is_plain(std::string_view text) {
  auto left = text;
  if (stamps::maybe_take_date_time(left, 'T') || stamps::maybe_take_date_time(left, ' ') ||
      stamps::maybe_take_named_date(left)) {
    stamps::take_fraction(left);
    stamps::maybe_take_offset(left);
    return left.starts_with(' ') || left.starts_with(": ");
  }
  left = text;
  if (!maybe_take(left, '<') || !maybe_take_number(left) || !maybe_take(left, '>')) return false;
  maybe_take(left, "1 ");
  return is_plain(left);
}

// Any other stamp, and one in brackets.
bool maybe_take_other(std::string_view& rest, Stamp& stamp) {
  auto left = rest;
  const bool in_brackets = maybe_take(left, '[');
  stamps::maybe_take_weekday(left);
  constexpr bool (*kReaders[])(std::string_view&, Stamp&) = {
      maybe_take_figures, maybe_take_year_apart, maybe_take_day_first, maybe_take_month_first};
  const auto reads = [&](const auto reader) {
    stamp = {};
    return reader(left, stamp);
  };
  if (std::ranges::none_of(kReaders, reads)) return false;
  if (in_brackets) {
    if (!maybe_take(left, ']')) return false;
    maybe_take(left, ':');
  }
  if (!maybe_take(left, ' ')) return false;
  rest = left;
  return true;
}

// What stands in front of a stamp: no more than a few words.
bool may_be_front(std::string_view front) {
  if (front.empty()) return true;
  constexpr std::string_view kEnds = " \t:-|>]\"'`";
  return kEnds.find(front.back()) != std::string_view::npos &&
         static_cast<std::size_t>(std::ranges::count(front, ' ')) <=
             kFrontWordsMax + static_cast<std::size_t>(std::ranges::count(
                                  front.substr(0, front.find_first_not_of(" >")), ' '));
}

bool may_begin_stamp(char c) {
  return is_digit(c) || c == '[' || c == '<' || (c >= 'A' && c <= 'Z');
}

void write(const Stamp& stamp, std::string& out) {
  static constexpr std::string_view kNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::array<char, 24> day{};
  if (stamp.year == 0) {
    std::snprintf(day.data(), day.size(), "%.3s %2d ",
                  kNames.substr(static_cast<std::size_t>(stamp.month - 1) * 3).data(), stamp.day);
  } else {
    std::snprintf(day.data(), day.size(), "%04d-%02d-%02d ", stamp.year, stamp.month, stamp.day);
  }
  out.assign(day.data()).append(stamp.time).append(stamp.fraction);
  if (stamp.year == 0) return;
  if (!stamp.offset.empty()) {
    out.append(" ").append(stamp.offset);
  } else if (stamp.utc) {
    out.append(" +0000");
  }
}

}  // namespace

// "field","field ""quoted""": the fields become words.
bool PastedLine::read_record(std::string_view line) {
  if (!maybe_take(line, '"') || line.find("\",\"") == std::string_view::npos) return false;
  record_.clear();
  while (!line.empty()) {
    const auto plain = position_of(line, '"');
    record_.append(line.substr(0, plain));
    line.remove_prefix(plain);
    if (maybe_take(line, "\"\"")) {
      record_.push_back('"');
    } else if (maybe_take(line, "\",\"")) {
      record_.push_back(' ');
    } else {
      return maybe_take(line, '"') && line.find_first_not_of(" \r") == std::string_view::npos;
    }
  }
  return false;
}

namespace {

// "  Subject: ..." in Exim's reject log is a stranger's; grep names a file so: "mainlog:".
bool is_header_field(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto end =
      line.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
  if (end == std::string_view::npos || end == 0 || line[end] != ':') return false;
  const auto name = line.substr(0, end);
  return !name.ends_with("log") && name.find_first_not_of("0123456789") != std::string_view::npos;
}

}  // namespace

// "\x1b[32m", "\x1b[K" of `grep --color=always` and its like, anywhere in a line.
std::string_view PastedLine::without_colours(std::string_view line) {
  constexpr std::string_view kBegin = "\x1b[";
  auto at = line.find(kBegin);
  if (at == std::string_view::npos) return line;
  plain_.clear();
  for (; at != std::string_view::npos; at = line.find(kBegin)) {
    plain_.append(line.substr(0, at));
    line.remove_prefix(at + kBegin.size());
    const auto end = line.find_first_not_of("0123456789;");
    const bool known = end != std::string_view::npos && (line[end] == 'm' || line[end] == 'K');
    if (known) line.remove_prefix(end + 1);
    if (!known) plain_.append(kBegin);
  }
  plain_.append(line);
  return plain_;
}

std::optional<std::string_view> PastedLine::unwrap(std::string_view line) {
  line = without_colours(line);
  if (is_header_field(line)) return std::nullopt;
  if (line.size() > 1 && line.starts_with('`') && line.ends_with('`'))
    line = line.substr(1, line.size() - 2);
  if (line.starts_with('"') && read_record(line)) line = record_;
  const auto end = std::min(line.size(), kFrontBytesMax);
  for (std::size_t at = 0; at < end; ++at) {
    if (!may_begin_stamp(line[at]) || !may_be_front(line.substr(0, at))) continue;
    auto rest = line.substr(at);
    if (is_plain(rest)) return rest;
    Stamp stamp;
    if (!maybe_take_other(rest, stamp)) continue;
    write(stamp, line_);
    line_.append(" ").append(rest);
    return line_;
  }
  return std::nullopt;
}

std::string_view PastedLine::unescape(std::string_view text) {
  static constexpr std::pair<std::string_view, char> kEscapes[] = {
      {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&amp;", '&'}};
  unescaped_.clear();
  while (!text.empty()) {
    const auto* const escape = std::ranges::find_if(
        kEscapes, [text](const auto& known) { return text.starts_with(known.first); });
    const bool plain = escape == std::end(kEscapes);
    unescaped_.push_back(plain ? text[0] : escape->second);
    text.remove_prefix(plain ? 1 : escape->first.size());
  }
  return unescaped_;
}

}  // namespace rastro
