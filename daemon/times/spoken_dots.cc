#include "daemon/times/spoken_dots.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/ascii.h"
#include "daemon/times/spoken_words.h"

namespace rastro {
namespace {

using std::chrono::days;

// What two numbers with a mark between them can be.
struct TwoNumbers {
  int first = 0;
  int second = 0;
  char mark = 0;
  bool is_two_digits = false;  // the second one
};

// "9.12", "09,30", "9-10", also with "h" behind it.
std::optional<TwoNumbers> two_numbers(std::string_view word) {
  if (word.ends_with('h')) word.remove_suffix(1);
  const auto mark = word.find_first_of(".,-");
  if (mark == std::string_view::npos || mark == 0 || mark > 2) return std::nullopt;
  const auto behind = word.substr(mark + 1);
  if (behind.empty() || behind.size() > 2) return std::nullopt;
  TwoNumbers out{0, 0, word[mark], behind.size() == 2};
  const auto add = [](std::string_view digits, int& value) {
    constexpr int kTen = 10;
    for (const char c : digits) {
      if (!is_digit(c)) return false;
      value = value * kTen + (c - '0');
    }
    return true;
  };
  if (!add(word.substr(0, mark), out.first) || !add(behind, out.second)) return std::nullopt;
  return out;
}

bool can_be_clock(const TwoNumbers& numbers) {
  constexpr int kHours = 24;
  constexpr int kMinutes = 60;
  return numbers.mark != '-' && numbers.is_two_digits && numbers.first < kHours &&
         numbers.second < kMinutes;
}

bool can_be_hours(const TwoNumbers& numbers) {
  constexpr int kLastHour = 24;
  return numbers.mark == '-' && numbers.first < numbers.second && numbers.second <= kLastHour;
}

// The last day of that number in that month.
std::optional<std::chrono::local_days> day_of(const TwoNumbers& numbers,
                                              std::chrono::local_days today) {
  constexpr int kLastMonth = 12;
  if (numbers.second < 1 || numbers.second > kLastMonth || numbers.mark == ',') return std::nullopt;
  const auto year = std::chrono::year_month_day(today).year();
  for (const auto in : {year, year - std::chrono::years(1)}) {
    const auto date = in / std::chrono::month(static_cast<unsigned>(numbers.second)) /
                      std::chrono::day(static_cast<unsigned>(numbers.first));
    if (date.ok() && std::chrono::local_days(date) <= today) return std::chrono::local_days(date);
  }
  return std::nullopt;
}

bool is_before_a_clock(std::string_view word) { return is_one_of(word, {"las", "la", "at", "a"}); }
bool is_before_a_day(std::string_view word) {
  return is_one_of(word, {"el", "del", "dia", "on", "the"});
}
bool is_of_a_clock(std::string_view word) {
  return is_one_of(word, {"am", "pm", "h", "de", "por", "in"});
}
bool names_a_day(std::string_view word) {
  return is_one_of(word, {"today", "yesterday", "hoy", "ayer", "anteayer", "antier", "anoche"});
}

class DotReader {
 public:
  DotReader(std::string_view tidy, std::chrono::local_days today) : today_(today) {
    while (!tidy.empty()) {
      const auto end = std::min(tidy.find(' '), tidy.size());
      if (end > 0) words_.push_back(tidy.substr(0, end));
      tidy.remove_prefix(std::min(end + 1, tidy.size()));
    }
  }

  std::string read() const {
    std::string out;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (i > 0) out += ' ';
      out += plain(i);
    }
    return out;
  }

 private:
  std::string_view word(std::size_t i) const {
    return i < words_.size() ? words_[i] : std::string_view();
  }

  // Of two words that may be either, the last is the time of day: "1.12 9.12".
  bool has_another_clock(std::size_t at) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (i == at) continue;
      const bool colon = words_[i].find(':') != std::string_view::npos;
      if (colon || is_before_a_clock(words_[i])) return true;
      const auto numbers = two_numbers(words_[i]);
      if (numbers && can_be_clock(*numbers) && (i > at || !day_of(*numbers, today_))) return true;
    }
    return false;
  }

  bool is_clock(std::size_t at, const TwoNumbers& numbers) const {
    constexpr days kLately{7};
    const auto day = day_of(numbers, today_);
    if (!day || words_[at].ends_with('h')) return true;
    if (std::ranges::any_of(words_, names_a_day)) return true;
    const auto before = at > 0 ? words_[at - 1] : std::string_view();
    if (is_before_a_day(before)) return false;
    if (is_end(at)) return has_certain_clock() || today_ - *day > kLately;
    if (is_before_a_clock(before) || is_of_a_clock(word(at + 1))) return true;
    return !has_another_clock(at) && today_ - *day > kLately;
  }

  // Of an interval: "entre 9.10 y 9.20", "de 9.10 a 9.20", "9.10 - 9.20". Both are of one kind.
  bool is_end(std::size_t at) const {
    const bool is_first =
        is_one_of(word(at + 1), {"y", "and", "-", "a", "to", "hasta"}) && two_numbers(word(at + 2));
    const bool is_second = at > 1 &&
                           is_one_of(word(at - 1), {"y", "and", "-", "a", "to", "hasta"}) &&
                           two_numbers(word(at - 2));
    return is_first || is_second;
  }
  bool has_certain_clock() const {
    return std::ranges::any_of(words_, [&](std::string_view other) {
      const auto numbers = two_numbers(other);
      return numbers && can_be_clock(*numbers) && !day_of(*numbers, today_);
    });
  }

  static std::string with_colon(std::string_view word) {
    std::string out(word);
    out[out.find_first_of(".,")] = ':';
    return out;
  }

  std::string plain(std::size_t at) const {
    const auto whole = words_[at];
    const auto numbers = two_numbers(whole);
    if (numbers && can_be_clock(*numbers) && is_clock(at, *numbers)) return with_colon(whole);
    if (numbers && can_be_hours(*numbers) && is_clock(at, *numbers))
      return "de " + std::to_string(numbers->first) + " a " + std::to_string(numbers->second);
    // "9.10-9.20"
    const auto dash = whole.find('-');
    if (numbers || dash == std::string_view::npos) return std::string(whole);
    const auto first = two_numbers(whole.substr(0, dash));
    const auto second = two_numbers(whole.substr(dash + 1));
    const bool both = first && second && can_be_clock(*first) && can_be_clock(*second);
    if (!both || (!is_clock(at, *first) && !is_clock(at, *second))) return std::string(whole);
    return with_colon(whole.substr(0, dash)) + "-" + with_colon(whole.substr(dash + 1));
  }

  std::vector<std::string_view> words_;
  std::chrono::local_days today_;
};

}  // namespace

std::string with_clock_signs(std::string_view tidy, Time now, const Zone& zone) {
  return DotReader(tidy, std::chrono::floor<days>(zone.to_local(now))).read();
}

}  // namespace rastro
