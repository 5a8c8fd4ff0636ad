#include "parsers/stamps.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>

#include "core/ascii.h"
#include "parsers/scan.h"

namespace rastro::stamps {
namespace {

int two(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return -1;
  const unsigned a = static_cast<unsigned char>(text[at]) - '0';
  const unsigned b = static_cast<unsigned char>(text[at + 1]) - '0';
  return a < 10 && b < 10 ? static_cast<int>(a * 10 + b) : -1;
}

int maybe_take_year(std::string_view& rest) {
  const int century = two(rest, 0);
  const int years = two(rest, 2);
  if (century < 19 || century > 21 || years < 0 || rest.size() < 5 || rest[4] != ' ') return 0;
  rest.remove_prefix(5);
  return century * 100 + years;
}

}  // namespace

std::int64_t days_from_civil(int year, int month, int day) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day).time_since_epoch().count();
}

int month_of(std::string_view name) {
  static constexpr std::string_view kNames = "JanFebMarAprMayJunJulAugSepOctNovDec";
  for (std::size_t i = 0; i < 12; ++i) {
    if (kNames.substr(i * 3, 3) == name) return static_cast<int>(i) + 1;
  }
  return 0;
}

std::int64_t time_of_day(std::string_view text) {
  if (text.size() < 8) return -1;
  const int h = two(text, 0);
  const int m = two(text, 3);
  const int s = two(text, 6);
  if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60 || text[2] != ':' || text[5] != ':') {
    return -1;
  }
  return h * 3600 + m * 60 + s;
}

std::int64_t take_fraction(std::string_view& rest) {
  if (rest.size() < 2 || (rest[0] != '.' && rest[0] != ',') || !is_digit(rest[1])) return 0;
  if (rest.size() > 7 && !is_digit(rest[7])) {  // what rsyslog writes
    const int high = two(rest, 1);
    const int middle = two(rest, 3);
    const int low = two(rest, 5);
    if (high >= 0 && middle >= 0 && low >= 0) {
      rest.remove_prefix(7);
      return high * 10'000 + middle * 100 + low;
    }
  }
  std::int64_t us = 0;
  std::int64_t unit = 100'000;
  std::size_t i = 1;
  for (; i < rest.size() && is_digit(rest[i]); ++i, unit /= 10) us += (rest[i] - '0') * unit;
  rest.remove_prefix(i);
  return us;
}

std::optional<std::int64_t> maybe_take_offset(std::string_view& rest) {
  if (maybe_take(rest, 'Z')) return 0;
  if (rest.size() < 3 || (rest[0] != '+' && rest[0] != '-')) return std::nullopt;
  const int h = two(rest, 1);
  if (h < 0 || h > 14) return std::nullopt;
  const std::size_t colon = rest.size() > 3 && rest[3] == ':' ? 1 : 0;
  int m = two(rest, 3 + colon);
  std::size_t size = 5 + colon;
  if (m < 0) {  // "+02"
    if (colon != 0) return std::nullopt;
    m = 0;
    size = 3;
  }
  const std::int64_t east = (h * 60 + m) * 60;
  const bool west = rest[0] == '-';
  rest.remove_prefix(size);
  return west ? -east : east;
}

std::optional<std::int64_t> maybe_take_date_time(std::string_view& rest, char between) {
  if (rest.size() < 19 || rest[4] != '-' || rest[7] != '-' || rest[10] != between) {
    return std::nullopt;
  }
  const int c = two(rest, 0);
  const int y = two(rest, 2);
  const int mo = two(rest, 5);
  const int d = two(rest, 8);
  const auto tod = time_of_day(rest.substr(11));
  if (c < 0 || y < 0 || mo < 1 || mo > 12 || d < 1 || d > 31 || tod < 0) return std::nullopt;
  const auto out = days_from_civil(c * 100 + y, mo, d) * 86400 + tod;
  rest.remove_prefix(19);
  return out;
}

namespace {

// journalctl writes the month as the reader's locale abbreviates it. Without the dot that some put
// behind it; where two languages mean different months by one word, neither is read.
struct LocalMonth {
  std::string_view name;
  int month;
};
constexpr LocalMonth kLocalMonths[] = {
    // es, ca, gl, pt, fr, it
    {"ene", 1},
    {"gen", 1},
    {"gener", 1},
    {"xan", 1},
    {"jan", 1},
    {"janv", 1},
    {"feb", 2},
    {"febr", 2},
    {"fev", 2},
    {"fév", 2},
    {"févr", 2},
    {"mar", 3},
    {"març", 3},
    {"mars", 3},
    {"abr", 4},
    {"apr", 4},
    {"avr", 4},
    {"avril", 4},
    {"may", 5},
    {"maig", 5},
    {"mai", 5},
    {"mag", 5},
    {"jun", 6},
    {"juny", 6},
    {"xuñ", 6},
    {"juin", 6},
    {"giu", 6},
    {"jul", 7},
    {"xul", 7},
    {"juil", 7},
    {"lug", 7},
    {"ago", 8},
    {"ag", 8},
    {"août", 8},
    {"aoû", 8},
    {"sep", 9},
    {"sept", 9},
    {"set", 9},
    {"oct", 10},
    {"out", 10},
    {"ott", 10},
    {"nov", 11},
    {"dic", 12},
    {"des", 12},
    {"dec", 12},
    {"dez", 12},
    {"déc", 12},
    // de, nl, da, sv
    {"Mär", 3},
    {"Mrz", 3},
    {"März", 3},
    {"Mai", 5},
    {"Juni", 6},
    {"Juli", 7},
    {"Okt", 10},
    {"Dez", 12},
    {"mrt", 3},
    {"mei", 5},
    {"maj", 5},
    {"aug", 8},
    {"okt", 10},
    // pl, cs, tr, ru
    {"sty", 1},
    {"lut", 2},
    {"kwi", 4},
    {"cze", 6},
    {"sie", 8},
    {"wrz", 9},
    {"paź", 10},
    {"lis", 11},
    {"gru", 12},
    {"led", 1},
    {"úno", 2},
    {"bře", 3},
    {"dub", 4},
    {"kvě", 5},
    {"čen", 6},
    {"čec", 7},
    {"zář", 9},
    {"říj", 10},
    {"pro", 12},
    {"Oca", 1},
    {"Şub", 2},
    {"Nis", 4},
    {"Haz", 6},
    {"Tem", 7},
    {"Ağu", 8},
    {"Eyl", 9},
    {"Eki", 10},
    {"Kas", 11},
    {"Ara", 12},
    {"янв", 1},
    {"фев", 2},
    {"мар", 3},
    {"апр", 4},
    {"май", 5},
    {"мая", 5},
    {"июн", 6},
    {"июл", 7},
    {"авг", 8},
    {"сен", 9},
    {"окт", 10},
    {"ноя", 11},
    {"дек", 12},
};

// Takes the name, up to the blank in front of the day; 0 when it is none.
int take_month(std::string_view& rest) {
  if (rest[3] == ' ') {
    if (const int month = month_of(rest.substr(0, 3)); month != 0) {
      rest.remove_prefix(3);
      return month;
    }
  }
  constexpr std::size_t kNameMax = 8;
  auto name = rest.substr(0, rest.substr(0, kNameMax + 1).find(' '));
  auto left = rest.substr(name.size());
  // Few lines get further: " 24 01:40:29".
  if (name.size() > kNameMax || left.size() < 12 ||
      (time_of_day(left.substr(4)) < 0 && time_of_day(left.substr(3)) < 0)) {
    return 0;
  }
  if (name.ends_with('.')) name.remove_suffix(1);
  const auto* const found = std::ranges::find(kLocalMonths, name, &LocalMonth::name);
  if (found == std::end(kLocalMonths)) return 0;
  rest = left;
  return found->month;
}

}  // namespace

std::optional<NamedDate> maybe_take_named_date(std::string_view& rest) {
  auto left = rest;
  NamedDate out;
  if (!left.empty() && is_digit(left[0])) {
    out.year = maybe_take_year(left);
    if (out.year == 0) return std::nullopt;
  }
  if (left.size() < 15) return std::nullopt;
  out.month = take_month(left);
  if (out.month == 0) return std::nullopt;
  if (left[3] == ' ') {
    out.day = left[1] == ' ' ? left[2] - '0' : two(left, 1);
    left.remove_prefix(4);
  } else if (left[2] == ' ' && is_digit(left[1])) {  // "Nov 4 01:40:29"
    out.day = left[1] - '0';
    left.remove_prefix(3);
  }
  if (out.day < 1 || out.day > 31) return std::nullopt;
  if (out.year == 0 && left.size() > 5 && left[4] == ' ') out.year = maybe_take_year(left);
  out.second_of_day = time_of_day(left);
  if (out.second_of_day < 0) return std::nullopt;
  left.remove_prefix(8);
  rest = left;
  return out;
}

std::optional<Time> maybe_take_unix_time(std::string_view& rest) {
  auto left = rest;
  const auto seconds = maybe_take_number(left);
  if (!seconds || *seconds < 100'000'000 || *seconds > 9'999'999'999) return std::nullopt;
  if (!left.starts_with('.')) return std::nullopt;
  const auto us = take_fraction(left);
  rest = left;
  return Time(Duration(static_cast<std::int64_t>(*seconds) * 1'000'000 + us));
}

std::optional<Time> maybe_take_daemontools_time(std::string_view& rest) {
  auto left = rest;
  if (!maybe_take(left, '@')) {
    if (left.size() < 20 || left[10] != '_') return std::nullopt;
    const auto local = maybe_take_date_time(left, '_');
    if (!local) return std::nullopt;
    const auto us = take_fraction(left);
    rest = left;
    return Time(Duration(*local * 1'000'000 + us));
  }
  const auto label = maybe_take_word(left);
  if (!label || (label->size() != 16 && label->size() != 24)) return std::nullopt;
  std::uint64_t seconds = 0;
  std::uint64_t nanos = 0;
  const auto* const middle = label->data() + 16;
  const auto* const end = label->data() + label->size();
  if (std::from_chars(label->data(), middle, seconds, 16).ptr != middle) return std::nullopt;
  if (middle != end && std::from_chars(middle, end, nanos, 16).ptr != end) return std::nullopt;
  // What multilog adds to time(): 2^62, and the ten seconds that TAI was ahead in 1970.
  constexpr std::uint64_t kEpoch = 4'611'686'018'427'387'914;
  constexpr std::uint64_t kSecondsMax = 9'999'999'999;
  if (seconds < kEpoch || seconds - kEpoch > kSecondsMax || nanos > 999'999'999) {
    return std::nullopt;
  }
  rest = left;
  return Time(Duration(static_cast<std::int64_t>((seconds - kEpoch) * 1'000'000 + nanos / 1'000)));
}

bool maybe_take_weekday(std::string_view& rest) {
  static constexpr std::string_view kNames = "MonTueWedThuFriSatSun";
  if (rest.size() < 5) return false;
  const auto at = kNames.find(rest.substr(0, 3));
  if (at == std::string_view::npos || at % 3 != 0) return false;
  auto left = rest.substr(3);
  maybe_take(left, ',');
  if (!maybe_take(left, ' ')) return false;
  rest = left;
  return true;
}

std::string_view maybe_take_zone_name(std::string_view& rest) {
  // Those that servers are set to; any word in capitals may be a host's name.
  static constexpr std::string_view kNames[] = {
      "UTC", "GMT", "CET", "CEST", "WET", "WEST", "EET", "EEST", "BST", "IST",  "MSK",
      "EST", "EDT", "CST", "CDT",  "MST", "MDT",  "PST", "PDT",  "JST", "KST",  "HKT",
      "SGT", "WIB", "ICT", "AEST", "BRT", "AEDT", "ART", "SAST", "CLT", "AKST", "HST"};
  auto left = rest;
  if (!maybe_take(left, ' ')) return {};
  const auto word = maybe_take_word(left);
  if (!word) return {};
  auto name = *word;
  if (const auto end = name.find(']'); end != std::string_view::npos) {
    left = std::string_view(name.data() + end, rest.data() + rest.size());
    name = name.substr(0, end);
  }
  if (std::ranges::find(kNames, name) == std::end(kNames)) return {};
  rest = left;
  return name == "GMT" ? std::string_view("UTC") : name;
}

int maybe_take_year_behind(std::string_view& rest) {
  if (rest.size() < 6 || rest[0] != ' ' || is_digit(rest[5])) return 0;
  const int century = two(rest, 1);
  const int years = two(rest, 3);
  if (century < 19 || century > 21 || years < 0) return 0;
  rest.remove_prefix(5);
  return century * 100 + years;
}

}  // namespace rastro::stamps
