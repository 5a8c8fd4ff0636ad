#include "daemon/times/spoken_clock.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>

#include "daemon/times/spoken_words.h"

namespace rastro {
namespace {

using Words = std::vector<std::string_view>;

enum class DayPart { unsaid, morning, night_end, afternoon, night };

// "in the afternoon", "de la tarde", "por la noche", "pm": takes it off.
DayPart take_part_of_day(const Words& words, std::size_t& at) {
  const auto word = [&](std::size_t i) { return i < words.size() ? words[i] : std::string_view(); };
  std::size_t name = at;
  if ((is_one_of(word(at), {"in", "por", "de"}) && is_one_of(word(at + 1), {"the", "la"})) ||
      (word(at) == "at" && word(at + 1) == "night"))
    name = at + (word(at) == "at" ? 1 : 2);
  const auto said = word(name);
  auto part = DayPart::unsaid;
  if (is_one_of(said, {"morning",
                       "ma\xc3\xb1"
                       "ana",
                       "manana"})) {
    part = DayPart::morning;
  } else if (is_one_of(said, {"am", "a.m.", "madrugada"})) {
    part = DayPart::night_end;
  } else if (is_one_of(said, {"afternoon", "evening", "tarde", "pm", "p.m."})) {
    part = DayPart::afternoon;
  } else if (is_one_of(said, {"night", "noche"})) {
    part = DayPart::night;
  }
  if (part != DayPart::unsaid) at = name + 1;
  return part;
}

// Hours since midnight of "two", given the part of the day.
int hour_of_day(int hour, DayPart part) {
  constexpr int kAfternoonUntil = 7;  // people say "at seven" of the morning and of the evening
  if (hour > 12) return hour;
  switch (part) {
    case DayPart::unsaid:
      return hour > 0 && hour < kAfternoonUntil ? hour + 12 : hour;
    case DayPart::morning:
      return hour;  // "las doce de la mañana" is noon
    case DayPart::night_end:
      return hour % 12;
    case DayPart::afternoon:
      return hour % 12 + 12;
    case DayPart::night:
      return hour == 12 || hour < 6 ? hour % 12 : hour + 12;
  }
  return hour;
}

// Reads along the words; each step says whether it found its part.
class ClockReader {
 public:
  explicit ClockReader(const Words& words) : words_(words) {}

  std::size_t read(Duration& since_midnight) {
    take({"at"});
    take({"a"});
    named_as_clock_ = at_ > 0;
    named_as_clock_ = take({"las", "la"}) || named_as_clock_;
    if (!english_minutes() && !half_hour() && !hour_and_minutes()) return 0;
    named_as_clock_ = take({"o'clock", "oclock"}) || named_as_clock_;
    if (named_as_clock_) take({"h", "hrs", "horas"});
    if (word() == "en" && at_ + 1 < words_.size() && words_[at_ + 1] == "punto") {
      at_ += 2;
      named_as_clock_ = true;
    }
    const auto part = take_part_of_day(words_, at_);
    if (!named_as_clock_ && part == DayPart::unsaid) return 0;
    since_midnight = std::chrono::hours(hour_of_day(hour_, part)) + std::chrono::minutes(minute_);
    // "las doce menos veinte de la noche"
    if (since_midnight < Duration(0)) since_midnight += std::chrono::hours(24);
    return hour_ < 24 ? at_ : 0;
  }

 private:
  std::string_view word() const { return at_ < words_.size() ? words_[at_] : std::string_view(); }
  bool take(std::initializer_list<std::string_view> names) {
    if (word().empty() || !is_one_of(word(), names)) return false;
    ++at_;
    return true;
  }

  // "half past two", "ten to three", "un cuarto para las tres"
  bool english_minutes() {
    if (at_ + 2 >= words_.size()) return false;
    std::size_t skipped = is_one_of(words_[at_], {"a", "un"}) ? 1 : 0;
    if (at_ + 2 + skipped >= words_.size()) return false;
    const auto minute = spoken_number(words_[at_ + skipped]);
    const auto between = words_[at_ + 1 + skipped];
    if (between == "para" && is_one_of(words_[at_ + 2 + skipped], {"las", "la"})) ++skipped;
    if (at_ + 2 + skipped >= words_.size()) return false;
    const auto hour = spoken_number(words_[at_ + 2 + skipped]);
    if (!minute || !hour || !is_one_of(between, {"past", "to", "before", "after", "para"}))
      return false;
    minute_ = is_one_of(between, {"past", "after"}) ? *minute : -*minute;
    hour_ = *hour;
    at_ += 3 + skipped;
    named_as_clock_ = true;
    return true;
  }

  // "half two" is half past two.
  bool half_hour() {
    if (word() != "half" || at_ + 1 >= words_.size()) return false;
    const auto hour = spoken_number(words_[at_ + 1]);
    if (!hour || *hour < 1 || *hour > 12) return false;
    hour_ = *hour;
    minute_ = spoken_number("half").value_or(0);
    at_ += 2;
    named_as_clock_ = true;
    return true;
  }

  // "dos y media", "3 menos cuarto", "2:30", "two"
  bool hour_and_minutes() {
    const auto colon = word().find(':');
    const auto hour = word().empty() ? std::nullopt : spoken_number(word().substr(0, colon));
    if (!hour) return false;
    hour_ = *hour;
    if (colon != std::string_view::npos) {  // has a meaning of its own without a part of the day
      const auto minute = word().substr(colon + 1);
      const auto value = minute.size() == 2 ? spoken_number(minute) : std::nullopt;
      if (!value) return false;
      minute_ = *value;
      named_as_clock_ = false;
    }
    const bool in_digits = word().find_first_of("0123456789") != std::string_view::npos;
    ++at_;
    if (at_ + 1 < words_.size() && is_one_of(word(), {"y", "menos"})) {
      const bool before = word() == "menos";
      ++at_;
      if (!minutes_in_words(before)) return false;
    } else if (colon == std::string_view::npos && (!in_digits || named_as_clock_)) {
      const auto minute = word().empty() ? std::nullopt : spoken_number(word());
      if (minute && *minute > 9 && !is_one_of(word(), {"half", "quarter", "cuarto", "media"}))
        return minutes_in_words(false);
    }
    return true;
  }

  // "treinta", "treinta y cinco", "thirty five"
  bool minutes_in_words(bool before) {
    auto minute = word().empty() ? std::nullopt : spoken_number(word());
    if (!minute) return false;
    ++at_;
    const bool tens = *minute >= 20 && *minute % 10 == 0 && words_[at_ - 1] != "media" &&
                      words_[at_ - 1] != "half";
    const std::size_t joined = word() == "y" ? 1 : 0;
    const auto ones =
        tens && at_ + joined < words_.size() ? spoken_number(words_[at_ + joined]) : std::nullopt;
    if (ones && *ones < 10) {
      *minute += *ones;
      at_ += joined + 1;
    }
    minute_ = before ? -*minute : *minute;
    named_as_clock_ = true;
    return *minute < 60;
  }

  const Words& words_;
  std::size_t at_ = 0;
  int hour_ = 0;
  int minute_ = 0;
  bool named_as_clock_ = false;  // something says that the number is a time of day
};

}  // namespace

std::optional<int> spoken_number(std::string_view word) {
  struct Named {
    std::string_view name;
    int value;
  };
  static constexpr std::array<Named, 57> kNames = {
      {{"one", 1},        {"two", 2},         {"three", 3},       {"four", 4},
       {"five", 5},       {"six", 6},         {"seven", 7},       {"eight", 8},
       {"nine", 9},       {"ten", 10},        {"eleven", 11},     {"twelve", 12},
       {"thirteen", 13},  {"fourteen", 14},   {"fifteen", 15},    {"sixteen", 16},
       {"seventeen", 17}, {"eighteen", 18},   {"nineteen", 19},   {"twenty", 20},
       {"thirty", 30},    {"forty", 40},      {"fifty", 50},      {"una", 1},
       {"dos", 2},        {"tres", 3},        {"cuatro", 4},      {"cinco", 5},
       {"seis", 6},       {"siete", 7},       {"ocho", 8},        {"nueve", 9},
       {"diez", 10},      {"once", 11},       {"doce", 12},       {"trece", 13},
       {"catorce", 14},   {"quince", 15},     {"dieciseis", 16},  {"diecisiete", 17},
       {"dieciocho", 18}, {"diecinueve", 19}, {"veinte", 20},     {"veintiuna", 21},
       {"veintiun", 21},  {"veintidos", 22},  {"veintitres", 23}, {"veinticinco", 25},
       {"treinta", 30},   {"cuarenta", 40},   {"cincuenta", 50},  {"veintiuno", 21},
       {"half", 30},      {"quarter", 15},    {"cuarto", 15},     {"media", 30},
       {"uno", 1}}};
  const auto named = std::ranges::find(kNames, word, &Named::name);
  if (named != kNames.end()) return named->value;
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool whole = error == std::errc() && end == word.data() + word.size();
  if (!whole || word.size() > 2 || word.front() == '-' || value > 59) return std::nullopt;
  return value;
}

void drop_vague_words(Words& words) {
  for (std::size_t i = 0; i < words.size();) {
    const bool with_of = is_one_of(words[i], {"alrededor", "eso", "cerca"});
    const bool vague = is_one_of(
        words[i],
        {"about", "around", "approximately",   "approx", "approx.", "roughly", "sobre", "hacia",
         "aprox", "aprox.", "aproximadamente", "como",   "circa",   "ca",      "ca.",   "tipo",
         "maybe", "quizas", "roundabout",      "since",  "desde",   "until",   "hasta"});
    if (!with_of && !vague) {
      ++i;
      continue;
    }
    const std::size_t size = with_of && i + 1 < words.size() && words[i + 1] == "de" ? 2 : 1;
    const auto from = words.begin() + static_cast<std::ptrdiff_t>(i);
    words.erase(from, from + static_cast<std::ptrdiff_t>(size));
  }
  // "at around 2ish"
  const auto twice = std::ranges::unique(words, [](auto one, auto next) {
    return one == next && is_one_of(one, {"at", "a"});
  });
  words.erase(twice.begin(), twice.end());
}

std::size_t take_spoken_clock(const Words& words, Duration& since_midnight) {
  return ClockReader(words).read(since_midnight);
}

}  // namespace rastro
