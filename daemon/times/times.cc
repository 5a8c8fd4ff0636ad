#include "daemon/times/times.h"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <span>
#include <vector>

#include "core/address.h"
#include "core/ascii.h"
#include "daemon/times/spoken_clock.h"
#include "daemon/times/spoken_dots.h"
#include "daemon/times/spoken_interval.h"
#include "daemon/times/spoken_near.h"
#include "daemon/times/spoken_words.h"
#include "daemon/times/written_times.h"

namespace rastro {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Words = std::vector<std::string_view>;

constexpr std::size_t kTimeTextMax = 100;

// Digits only, at most `digits_max` of them.
std::optional<int> number(std::string_view text, std::size_t digits_max) {
  int value = 0;
  if (text.empty() || text.size() > digits_max || text.front() < '0' || text.front() > '9')
    return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes leading digits off.
std::optional<int> take_number(std::string_view& text, std::size_t digits_max) {
  std::size_t size = 0;
  while (size < text.size() && text[size] >= '0' && text[size] <= '9') ++size;
  const auto value = number(text.substr(0, size), digits_max);
  if (value) text.remove_prefix(size);
  return value;
}

struct Named {
  std::string_view name;
  int value;
};

template <std::size_t kSize>
std::optional<int> find_name(const std::array<Named, kSize>& names, std::string_view word) {
  const auto found = std::ranges::find(names, word, &Named::name);
  return found == names.end() ? std::nullopt : std::optional(found->value);
}

// Seconds of a unit of time.
std::optional<int> seconds_of_unit(std::string_view word) {
  static constexpr std::array<Named, 36> kUnits = {{{"s", 1},
                                                    {"sec", 1},
                                                    {"secs", 1},
                                                    {"second", 1},
                                                    {"seconds", 1},
                                                    {"seg", 1},
                                                    {"segundo", 1},
                                                    {"segundos", 1},
                                                    {"m", 60},
                                                    {"min", 60},
                                                    {"mins", 60},
                                                    {"minute", 60},
                                                    {"minutes", 60},
                                                    {"minuto", 60},
                                                    {"minutos", 60},
                                                    {"h", 3600},
                                                    {"hr", 3600},
                                                    {"hrs", 3600},
                                                    {"hour", 3600},
                                                    {"hours", 3600},
                                                    {"hora", 3600},
                                                    {"horas", 3600},
                                                    {"d", 86400},
                                                    {"day", 86400},
                                                    {"days", 86400},
                                                    {"d\xc3\xad"
                                                     "a",
                                                     86400},
                                                    {"dia", 86400},
                                                    {"dias", 86400},
                                                    {"week", 7 * 86400},
                                                    {"weeks", 7 * 86400},
                                                    {"semana", 7 * 86400},
                                                    {"semanas", 7 * 86400},
                                                    {"month", 30 * 86400},
                                                    {"months", 30 * 86400},
                                                    {"mes", 30 * 86400},
                                                    {"meses", 30 * 86400}}};
  if (word ==
      "d\xc3\xad"
      "as")
    return 86400;
  return find_name(kUnits, word);
}

std::optional<int> count_of(std::string_view word) {
  static constexpr std::array<Named, 4> kOne = {{{"a", 1}, {"an", 1}, {"un", 1}, {"una", 1}}};
  if (const auto one = find_name(kOne, word)) return one;
  if (const auto small = spoken_number(word); small && word != "half" && word != "media")
    return small;
  return number(word, 6);
}

std::optional<Duration> duration_of(const Words& words);

// "una hora y media", "hora y media", "2 hours and a half".
std::optional<Duration> duration_and_half(const Words& words) {
  for (const Words& half : {Words{"y", "media"}, Words{"and", "a", "half"}}) {
    if (words.size() <= half.size() || !std::equal(half.rbegin(), half.rend(), words.rbegin()))
      continue;
    Words whole(words.begin(), words.end() - static_cast<std::ptrdiff_t>(half.size()));
    if (whole.size() == 1 && seconds_of_unit(whole[0])) whole.insert(whole.begin(), "una");
    const auto unit = seconds_of_unit(whole.back());
    const auto rest = duration_of(whole);
    if (unit && rest) return *rest + Duration(seconds(*unit)) / 2;
  }
  return std::nullopt;
}

// "1h30m".
std::optional<Duration> joined_duration(std::string_view word) {
  Duration total{0};
  while (!word.empty()) {
    const auto value = take_number(word, 6);
    if (!value) return std::nullopt;
    std::size_t size = 0;
    while (size < word.size() && (word[size] < '0' || word[size] > '9')) ++size;
    const auto unit = seconds_of_unit(word.substr(0, size));
    if (!unit) return std::nullopt;
    word.remove_prefix(size);
    total += *value * seconds(*unit);
  }
  return total;
}

// "90" "min", "1h30m" at the front; how many words that takes, 0: none.
std::size_t take_duration(std::span<const std::string_view> words, Duration& total) {
  if (const auto count = count_of(words[0])) {
    const auto unit = words.size() > 1 ? seconds_of_unit(words[1]) : std::nullopt;
    if (!unit) return 0;
    total += *count * seconds(*unit);
    return 2;
  }
  const auto joined = joined_duration(words[0]);
  if (!joined) return 0;
  total += *joined;
  return 1;
}

// "2h", "1h30m", "90 min", "2 horas", "an hour", "half an hour", "media hora".
std::optional<Duration> duration_of(const Words& words) {
  if (words == Words{"half", "an", "hour"} || words == Words{"media", "hora"}) return minutes(30);
  if (words == Words{"un", "cuarto", "de", "hora"} ||
      words == Words{"a", "quarter", "of", "an", "hour"})
    return minutes(15);
  if (words == Words{"tres", "cuartos", "de", "hora"} ||
      words == Words{"three", "quarters", "of", "an", "hour"})
    return minutes(45);
  if (const auto with_half = duration_and_half(words)) return with_half;
  if (words.empty()) return std::nullopt;
  Duration total{0};
  for (std::span<const std::string_view> rest(words); !rest.empty();) {
    const bool joins = total > Duration(0) && (rest[0] == "y" || rest[0] == "and");
    const auto taken = joins ? 1 : take_duration(rest, total);
    if (taken == 0) return std::nullopt;
    rest = rest.subspan(taken);
  }
  return total;
}

Words split(std::string_view text) {
  Words words;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(" \t,"), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// "14:30", "14:30:05", "14h30", "2:30pm", "9am"; since midnight.
std::optional<Duration> clock_time(std::string_view word, std::string_view half) {
  for (const std::string_view mark : {"am", "pm", "a.m.", "p.m."}) {
    if (half.empty() && word.ends_with(mark)) {
      half = mark;
      word.remove_suffix(mark.size());
    }
  }
  std::string with_colon;
  if (const auto dot = word.find('.'); dot != std::string_view::npos && !half.empty()) {
    with_colon = word;  // "6.05pm"
    with_colon[dot] = ':';
    word = with_colon;
  }
  if ((word.size() == 3 || word.size() == 4) && number(word, 4)) {  // "1430", "930"
    with_colon = word;
    with_colon.insert(word.size() - 2, ":");
    word = with_colon;
  }
  const auto hour = take_number(word, 2);
  if (!hour) return std::nullopt;
  int minute = 0;
  int second = 0;
  if (word.empty()) {
    if (half.empty()) return std::nullopt;  // a bare number is no time
  } else {
    if (word.front() != ':' && word.front() != 'h') return std::nullopt;
    const bool bare = word == "h";
    word.remove_prefix(1);
    const auto minutes_given = take_number(word, 2);
    if (!minutes_given && !bare) return std::nullopt;
    minute = minutes_given.value_or(0);
    if (word.starts_with(':')) {
      word.remove_prefix(1);
      const auto seconds_given = take_number(word, 2);
      if (!seconds_given) return std::nullopt;
      second = *seconds_given;
    }
    if (word == "h") word = {};  // "14:30h"
    if (!word.empty()) return std::nullopt;
  }
  int of_day = *hour;
  if (!half.empty()) {
    if (of_day < 1 || of_day > 12) return std::nullopt;
    of_day = of_day % 12 + (half.front() == 'p' ? 12 : 0);
  }
  if (of_day > 23 || minute > 59 || second > 60) return std::nullopt;
  return hours(of_day) + minutes(minute) + seconds(second);
}

std::optional<int> month_of(std::string_view word) {
  const auto month = month_number(word);
  return month > 0 ? std::optional(month) : std::nullopt;
}

std::optional<int> weekday_of(std::string_view word) {  // Sunday is 0
  static constexpr std::array<Named, 33> kDays = {{{"sunday", 0},
                                                   {"sun", 0},
                                                   {"domingo", 0},
                                                   {"dom", 0},
                                                   {"monday", 1},
                                                   {"mon", 1},
                                                   {"lunes", 1},
                                                   {"lun", 1},
                                                   {"tuesday", 2},
                                                   {"tue", 2},
                                                   {"tues", 2},
                                                   {"martes", 2},
                                                   {"wednesday", 3},
                                                   {"wed", 3},
                                                   {"miercoles", 3},
                                                   {"mi\xc3\xa9rcoles", 3},
                                                   {"mie", 3},
                                                   {"mi\xc3\xa9", 3},
                                                   {"thursday", 4},
                                                   {"thu", 4},
                                                   {"thur", 4},
                                                   {"thurs", 4},
                                                   {"jueves", 4},
                                                   {"jue", 4},
                                                   {"friday", 5},
                                                   {"fri", 5},
                                                   {"viernes", 5},
                                                   {"vie", 5},
                                                   {"saturday", 6},
                                                   {"sab", 6},
                                                   {"sat", 6},
                                                   {"sabado", 6},
                                                   {"s\xc3\xa1"
                                                    "bado",
                                                    6}}};
  return find_name(kDays, word);
}

// Reads a day off words, relative to the local day of `now`.
class DayReader {
 public:
  explicit DayReader(std::chrono::local_days today) : today_(today) {}

  // How many of the words at the front name a day; 0: none.
  std::size_t take(const Words& words) {
    if (words.empty()) return 0;
    const auto first = words[0];
    if (first == "today" || first == "hoy") return relative(0, 1);
    if (first == "yesterday" || first == "ayer") return relative(1, 1);
    if (first == "anteayer" || first == "antier") return relative(2, 1);
    if (words.size() >= 3 && first == "antes" && words[1] == "de" && words[2] == "ayer")
      return relative(2, 3);
    if (words.size() >= 4 && first == "day" && words[1] == "before" && words[2] == "yesterday")
      return relative(2, 3);
    if (const auto weekday = weekday_of(first)) {
      // "martes 24 de noviembre": the date says more than the name of its day.
      const auto behind = Words(words.begin() + 1, words.end());
      auto taken = behind.empty() ? 0 : numeric(behind[0]);
      if (taken == 0 && !behind.empty()) taken = named_month(behind);
      if (taken > 0) return 1 + taken;
      if (is_day_of_month(behind) && take_day_of_month({behind[0]}) > 0 && has_weekday(*weekday))
        return 2;
      const auto now = static_cast<int>(std::chrono::weekday(today_).c_encoding());
      const bool past = words.size() > 1 && words[1] == "pasado";
      is_weekday_ = true;
      const auto back = (now - *weekday + 7) % 7;
      return relative(past && back == 0 ? 7 : back, past ? 2 : 1);
    }
    if (const auto taken = numeric(first)) return taken;
    return named_month(words);
  }
  // "the 27th", "el día 27": the last day of that number.
  std::size_t take_day_of_month(const Words& words) {
    const std::size_t at = !words.empty() && words[0] == "dia" ? 1 : 0;
    const auto day = at < words.size() ? number(words[at], 2) : std::nullopt;
    if (!day) return 0;
    constexpr int kMonthsBack = 3;  // one in two has a 31st
    std::chrono::year_month_day date(today_);
    auto month = date.year() / date.month();
    for (int back = 0; back < kMonthsBack; ++back, month -= std::chrono::months(1)) {
      date = month / std::chrono::day(static_cast<unsigned>(*day));
      if (!date.ok() || std::chrono::local_days(date) > today_) continue;
      day_ = std::chrono::local_days(date);
      return at + 1;
    }
    return 0;
  }
  std::chrono::local_days day() const { return day_; }
  bool is_weekday() const { return is_weekday_; }  // "monday"
  // "last monday", on a Monday.
  void is_last() {
    if (is_weekday_ && day_ == today_) day_ -= days(7);
  }

 private:
  static constexpr int kNoYear = -1;

  // "lunes 30", "lunes 9 a las 14:30", and not "lunes 9 de la noche".
  static bool is_day_of_month(const Words& words) {
    if (words.empty()) return false;
    return words.size() == 1 || is_one_of(words[1], {"a", "at", "las"}) ||
           words[1].find(':') != std::string_view::npos;
  }
  // No other number than that day's can be meant.
  bool has_weekday(int weekday) const {
    return static_cast<int>(std::chrono::weekday(day_).c_encoding()) == weekday;
  }

  std::size_t relative(int back, std::size_t words) {
    day_ = today_ - days(back);
    return words;
  }

  bool set(int year, int month, int day) {
    const std::chrono::year_month_day now(today_);
    const auto make = [&](int in_year) {
      return std::chrono::year_month_day(std::chrono::year(in_year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
    };
    auto date = make(year == kNoYear ? static_cast<int>(now.year()) : year);
    // Without a year: the last such day, 29 February included.
    for (int back = 1;
         year == kNoYear && (!date.ok() || std::chrono::local_days(date) > today_) && back < 9;
         ++back)
      date = make(static_cast<int>(now.year()) - back);
    if (!date.ok() || static_cast<int>(date.year()) < 1970) return false;
    day_ = std::chrono::local_days(date);
    return true;
  }

  // 2026-11-24, 24/11, 24/11/2026, 24.11.2026
  std::size_t numeric(std::string_view word) {
    std::array<int, 3> parts{};
    std::size_t size = 0;
    char mark = 0;
    for (; size < 3; ++size) {
      const auto part = take_number(word, 4);
      if (!part) return 0;
      parts[size] = *part;
      if (word.empty()) break;
      if (word.front() != '-' && word.front() != '/' && word.front() != '.') return 0;
      if (mark != 0 && word.front() != mark) return 0;
      mark = word.front();
      word.remove_prefix(1);
    }
    if (!word.empty() || size == 0 || size > 2) return 0;
    const bool year_first = parts[0] > 31;
    if (year_first) return size == 2 && set(parts[0], parts[1], parts[2]) ? 1 : 0;
    constexpr int kLastMonth = 12;
    if (mark == '/' && parts[1] > kLastMonth && parts[0] <= kLastMonth)
      std::swap(parts[0], parts[1]);  // "11/28": no month has that number
    constexpr int kCentury = 100;
    if (size == 2 && parts[2] < kCentury) parts[2] += 2000;
    return set(size == 2 ? parts[2] : kNoYear, parts[1], parts[0]) ? 1 : 0;
  }

  // "24 nov", "nov 24", "24 de noviembre de 2026", each with a year or without
  std::size_t named_month(const Words& words) {
    std::size_t at = 0;
    const auto next = [&]() -> std::string_view {
      if (at < words.size() && is_one_of(words[at], {"de", "of"})) ++at;
      return at < words.size() ? words[at] : std::string_view();
    };
    const auto first = next();
    ++at;
    const auto second = next();
    ++at;
    const bool month_first = month_of(first).has_value();
    const auto month = month_of(month_first ? first : second);
    const auto day = number(month_first ? second : first, 2);
    if (!day || !month) return 0;
    const auto word = next();
    const auto year = word.size() == 4 ? number(word, 4).value_or(kNoYear) : kNoYear;
    if (year != kNoYear) ++at;
    return set(year, *month, *day) ? std::min(at, words.size()) : 0;
  }

  std::chrono::local_days today_;
  std::chrono::local_days day_{};
  bool is_weekday_ = false;
};

// How many of the words at the front name a time of day; 0: none.
std::size_t take_clock(const Words& words, Duration& since_midnight) {
  std::size_t at = 0;
  const auto skip = [&](std::string_view word) {
    if (at < words.size() && words[at] == word) ++at;
  };
  skip("at");
  skip("a");
  skip("las");
  skip("la");
  if (at >= words.size()) return 0;
  if (words[at] == "noon" ||
      words[at] ==
          "mediod\xc3\xad"
          "a" ||
      words[at] == "mediodia") {
    since_midnight = hours(12);
    return at + 1;
  }
  if (words[at] == "midnight" || words[at] == "medianoche") {
    since_midnight = Duration(0);
    return at + 1;
  }
  const auto next = at + 1 < words.size() ? words[at + 1] : std::string_view();
  const bool half = next == "am" || next == "pm" || next == "a.m." || next == "p.m.";
  // "ayer 14 horas"
  const bool hours_behind = is_one_of(next, {"h", "hrs", "horas"}) && words[at].size() <= 2;
  const auto time = hours_behind ? clock_time(std::string(words[at]) + "h", {})
                                 : clock_time(words[at], half ? next : std::string_view());
  if (!time) return 0;
  since_midnight = *time;
  at += half ? 2 : 1;
  skip("h");
  skip("hrs");
  skip("horas");
  return at;
}

// "esta tarde", "yesterday morning", "anoche": which hours, without a time of day.
struct PartOfDay {
  int from;   // hours since midnight
  int until;  // past 24: into the next day
};
std::optional<PartOfDay> part_of_day(std::string_view word) {
  if (word == "morning" || word == "manana") return PartOfDay{6, 12};
  if (word == "afternoon") return PartOfDay{12, 18};
  if (word == "tarde") return PartOfDay{12, 21};
  if (word == "evening") return PartOfDay{18, 24};
  if (word == "night" || word == "noche") return PartOfDay{20, 30};
  if (word == "madrugada") return PartOfDay{0, 6};
  if (word == "lunchtime") return PartOfDay{12, 14};
  if (word == "hora-de-comer") return PartOfDay{13, 16};
  if (word == "before-lunch") return PartOfDay{10, 14};
  if (word == "after-lunch") return PartOfDay{13, 18};
  return std::nullopt;
}

// "6 de la tarde de ayer" is "ayer 6 de la tarde".
void say_day_first(Words& words) {
  constexpr std::size_t kLeast = 4;
  const auto size = words.size();
  if (size < kLeast || !is_one_of(words[size - 2], {"de", "of", "del"})) return;
  const auto day = words.back();
  if (!is_one_of(day, {"ayer", "hoy", "anteayer", "antier", "yesterday", "today"}) &&
      !weekday_of(day))
    return;
  words.resize(size - 2);
  words.insert(words.begin(), day);
}

// The words with which part of a day is named, said as the day and the part: "anoche" is "ayer
// noche", "this morning" is "today morning". Behind a time of day they belong to it.
// True: the night from yesterday to today was named.
bool say_parts_plainly(Words& words) {
  bool last_night = false;
  say_day_first(words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto next = i + 1 < words.size() ? words[i + 1] : std::string_view();
    last_night = last_night || words[i] == "anoche" || (words[i] == "last" && next == "night");
    if (words[i] == "anoche") {
      words[i] = "ayer";
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, "noche");
    } else if (words[i] == "tonight") {
      words[i] = "today";
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, "night");
    } else if (words[i] == "last" && next == "night") {
      words[i] = "yesterday";
    } else if ((words[i] == "this" || words[i] == "esta") && part_of_day(next)) {
      words[i] = "today";
    } else {
      continue;
    }
    // "las 10 de esta manana", "11 last night": the part goes with the time, not with the day.
    if (i == 0) continue;
    const auto day = words.begin() + static_cast<std::ptrdiff_t>(i);
    std::rotate(words.begin(), day, day + 1);
    if (is_one_of(words[i], {"de", "of"}))
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
  }
  // "ayer por la tarde a las 3": the part goes behind the time.
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!part_of_day(words[i])) continue;
    std::size_t from = i;
    if (from >= 2 && (words[from - 1] == "la" || words[from - 1] == "the")) from -= 2;
    std::rotate(words.begin() + static_cast<std::ptrdiff_t>(from),
                words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
    break;
  }
  return last_night;
}

// A day of which only a part is named: its words at the end.
std::optional<SpokenTime> part_of_a_day(const Words& words, Time now, const Zone& zone) {
  const auto part = words.empty() ? std::nullopt : part_of_day(words.back());
  if (!part) return std::nullopt;
  auto rest = Words(words.begin(), words.end() - 1);
  if (rest.size() >= 2 && (rest.back() == "la" || rest.back() == "the"))
    rest.resize(rest.size() - 2);
  // "lunes 9 de la noche"
  if (words.size() > rest.size() + 1 && words[rest.size()] == "de" && !rest.empty() &&
      number(rest.back(), 2))
    return std::nullopt;
  if (!rest.empty() && is_one_of(rest[0], {"on", "el", "last", "de", "del", "of"}))
    rest.erase(rest.begin());
  const auto today = std::chrono::floor<days>(zone.to_local(now));
  DayReader reader(today);
  // "manana" and "tarde" alone mean tomorrow and late.
  const bool alone =
      rest.empty() && (words.size() > 1 || !is_one_of(words[0], {"manana", "tarde"}));
  if (!alone && (rest.empty() || reader.take(rest) != rest.size())) return std::nullopt;
  auto day = alone ? today : reader.day();
  const auto at = [&](int hour) { return zone.to_utc(Zone::Local(day) + hours(hour)); };
  if (at(part->from) > now) day -= days(1);  // still to come: the one before
  return SpokenTime{at(part->from), at(part->until) - at(part->from)};
}

std::optional<SpokenTime> day_and_clock(Words words, Time now, const Zone& zone) {
  const auto today = std::chrono::floor<days>(zone.to_local(now));
  DayReader day(today);
  Duration clock{0};
  bool has_day = false;
  bool has_clock = false;
  while (!words.empty()) {
    std::size_t taken = 0;
    if (!has_clock) {
      taken = take_spoken_clock(words, clock);
      if (taken == 0) taken = take_clock(words, clock);
      has_clock = taken > 0;
    }
    if (taken == 0 && !has_day) {
      const bool last = words[0] == "last";
      if (words[0] == "on" && words.size() > 1) words.erase(words.begin());
      const bool is_day = is_one_of(words[0], {"el", "the", "del", "dia"});
      if (is_one_of(words[0], {"on", "el", "last", "the", "de", "del", "of"}))
        words.erase(words.begin());
      taken = day.take(words);
      if (taken == 0 && is_day) taken = day.take_day_of_month(words);
      has_day = taken > 0;
      if (last) day.is_last();
    }
    if (taken == 0) return std::nullopt;
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(taken));
  }
  if (!has_clock && !has_day) return std::nullopt;
  if (!has_clock) {
    const auto from = zone.to_utc(Zone::Local(day.day()));
    return SpokenTime{from, zone.to_utc(Zone::Local(day.day() + days(1))) - from};
  }
  if (has_day) {
    const auto on = [&](std::chrono::local_days which) {
      return zone.to_utc(Zone::Local(which) + clock);
    };
    // On a Monday, "monday 9:00" before nine is last week's.
    const bool to_come = day.is_weekday() && on(day.day()) > now + minutes(1);
    return SpokenTime{on(to_come ? day.day() - days(7) : day.day()), Duration(0)};
  }
  auto at = zone.to_utc(Zone::Local(today) + clock);
  // A minute ahead is somebody's fast clock, more is yesterday.
  if (at > now + minutes(1)) at = zone.to_utc(Zone::Local(today - days(1)) + clock);
  return SpokenTime{at, Duration(0)};
}

// The zone at the end of a letter's date, "Tue, 24 Nov 2026 14:30:00 +0100 (CET)"; takes it off.
std::optional<Duration> take_mail_zone(Words& words) {
  constexpr std::size_t kLeast = 5;  // day, month, year, clock, zone
  auto size = words.size();
  if (size > kLeast && words[size - 1].starts_with('(')) --size;
  if (size < kLeast || words[size - 2].find(':') == std::string_view::npos) return std::nullopt;
  const auto zone = words[size - 1];
  // A '+' may have become a blank on its way here.
  const auto east = zone == "gmt" || zone == "utc" || zone == "ut" ? Duration(0)
                    : zone.starts_with('+') || zone.starts_with('-')
                        ? parse_offset(zone)
                        : parse_offset(" " + std::string(zone));
  if (east) words.resize(size - 1);
  return east;
}

const date::time_zone& as_zone(const void* zone) {
  return *static_cast<const date::time_zone*>(zone);
}

}  // namespace

std::optional<Zone> Zone::find(std::string_view name) {
  try {
    return Zone(name.empty() ? date::current_zone() : date::locate_zone(std::string(name)));
  } catch (const std::exception&) {
    if (!name.empty()) return std::nullopt;
  }
  try {  // a machine whose own zone cannot be told
    return Zone(date::locate_zone("UTC"));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

Zone::Local Zone::to_local(Time at) const {
  const auto offset = as_zone(zone_).get_info(date::floor<seconds>(at)).offset;
  return Local(at.time_since_epoch() + offset);
}

Time Zone::to_utc(Local local) const {
  const date::local_time<Duration> same(local.time_since_epoch());
  return as_zone(zone_).to_sys(same, date::choose::earliest);
}

namespace {

// "hace 2 horas", "about an hour ago"
std::optional<SpokenTime> time_ago(Words words, Time now) {
  const bool said = words.size() > 1 && (words.back() == "ago" || words.front() == "hace");
  if (words.back() == "ago" || words.back() == "atras") {
    words.pop_back();
  } else if (words.front() == "hace") {
    words.erase(words.begin());
  }
  while (words.size() > 2 && (words[0] == "unos" || words[0] == "unas" || words[0] == "about" ||
                              words[0] == "como" || words[0] == "around"))
    words.erase(words.begin());
  std::string with_minutes;
  if (said && words.size() == 1 && is_digit(words[0].back())) {  // "hace 1h20"
    with_minutes = std::string(words[0]) + "m";
    words[0] = with_minutes;
  }
  const auto back = duration_of(words);
  if (!back) return std::nullopt;
  return SpokenTime{now - *back, Duration(0)};
}

// A Date header's, `east` of UTC.
std::optional<SpokenTime> mail_time(Words words, Time now, Duration east) {
  const auto utc = Zone::find("UTC");
  if (!utc) return std::nullopt;
  auto at = day_and_clock(std::move(words), now + east, *utc);
  if (at) at->from -= east;
  return at;
}

// "anoche a las 2" is today.
Time night_of(Time at, const Zone& zone) {
  constexpr Duration kNightUntil = hours(6);
  const auto local = zone.to_local(at);
  return local - std::chrono::floor<days>(local) < kNightUntil ? at + days(1) : at;
}

// "1430 hrs": a time of day, however many hours that would be.
bool is_military_time(const Words& words) {
  return words.size() == 2 && (words[0].size() == 3 || words[0].size() == 4) &&
         number(words[0], 4) && is_one_of(words[1], {"h", "hrs", "hr", "hs", "horas", "hours"});
}

// One time, no interval of two.
std::optional<SpokenTime> single_time(Words words, Time now, const Zone& zone) {
  if (is_military_time(words)) words.pop_back();
  if (words == Words{"now"} || words == Words{"ahora"}) return SpokenTime{now, Duration(0)};
  if (const auto ago = time_ago(words, now)) return ago;
  const auto typed = words.size();
  drop_vague_words(words);
  if (words.size() == 1 && typed > 1 && number(words[0], 2)) words.insert(words.begin(), "las");
  const bool last_night = say_parts_plainly(words);
  if (const auto part = part_of_a_day(words, now, zone)) return part;
  if (const auto east = take_mail_zone(words)) return mail_time(std::move(words), now, *east);
  auto at = day_and_clock(std::move(words), now, zone);
  if (at && last_night) at->from = night_of(at->from, zone);
  return at;
}

}  // namespace

std::optional<SpokenTime> parse_spoken_time(std::string_view text, Time now, const Zone& zone) {
  if (text.empty() || text.size() > kTimeTextMax) return std::nullopt;
  const auto lowered = ascii_lower(text);
  if (const auto at = parse_epoch(lowered)) return SpokenTime{*at, Duration(0)};
  if (const auto at = parse_stamp(lowered, zone)) return SpokenTime{*at, Duration(0)};
  const auto tidy = with_clock_signs(tidy_time_words(text), now, zone);
  auto words = split(tidy);
  if (words.empty() || words[0] == "manana") return std::nullopt;  // tomorrow
  const SpokenTimeReader read = [&](const Words& one) {
    return one.empty() ? std::nullopt : single_time(one, now, zone);
  };
  if (const auto interval = parse_spoken_interval(words, now, read)) return interval;
  if (const auto at = single_time(words, now, zone)) return at;
  if (const auto near = parse_near_time(words, read)) return near;
  const auto utc = Zone::find("UTC");
  if (!utc || words.size() < 2) return std::nullopt;
  const bool names_utc = words.back() == "utc" || words.back() == "gmt" || words.back() == "z";
  if (!names_utc) return std::nullopt;
  words.pop_back();
  return single_time(words, now, *utc);
}

std::string_view spoken_time_help() {
  return "allowed: RFC 3339 (2026-11-24T14:30:00Z), seconds since 1970, or words: \"14:30\", "
         "\"yesterday 14:30\", \"half past two\", \"24 nov 14:30\", \"2h ago\", \"ayer a las "
         "14:30\", "
         "\"hace 2 horas\"";
}

bool is_to_come(std::string_view text) {
  if (text.size() > kTimeTextMax) return false;
  const auto tidy = tidy_time_words(text);
  return std::ranges::any_of(split(tidy), [](std::string_view word) {
    return is_one_of(word, {"tomorrow", "manana", "next", "proximo", "proxima"});
  });
}

std::optional<Duration> parse_spoken_duration(std::string_view text) {
  if (text.empty() || text.size() > kTimeTextMax) return std::nullopt;
  const auto tidy = tidy_time_words(text);
  return duration_of(split(tidy));
}

}  // namespace rastro
