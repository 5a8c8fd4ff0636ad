#include "daemon/times/spoken_interval.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string>

#include "daemon/times/spoken_clock.h"
#include "daemon/times/spoken_near.h"
#include "daemon/times/spoken_words.h"

namespace rastro {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Words = std::vector<std::string_view>;

std::string joined(const Words& words) {
  std::string out;
  for (const auto word : words) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

Words part(const Words& words, std::size_t from, std::size_t until) {
  return {words.begin() + static_cast<std::ptrdiff_t>(from),
          words.begin() + static_cast<std::ptrdiff_t>(until)};
}
Words operator+(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

SpokenTime until_now(Time now, Duration back) { return {now - back, back}; }

// "hace rato", "just now": nobody means it to the minute.
std::optional<Duration> vague_past(const std::string& text) {
  for (const auto* name : {"just now", "right now", "ahora mismo", "a moment ago", "moments ago",
                           "hace un momento", "hace un momentito", "hace nada", "recien"}) {
    if (text == name) return minutes(15);
  }
  for (const auto* name : {"recently", "hace poco", "hace un ratito", "hace poquito"}) {
    if (text == name) return hours(1);
  }
  for (const auto* name : {"a while ago", "some time ago", "earlier", "hace rato", "hace un rato",
                           "hace un buen rato", "mas temprano", "hace tiempo", "hace un tiempo"}) {
    if (text == name) return hours(6);
  }
  constexpr Duration kWeek = hours(24 * 7);
  if (text == "this week" || text == "esta semana") return kWeek;
  if (text == "last week" || text == "la semana pasada") return 2 * kWeek;
  return std::nullopt;
}

std::optional<Duration> unit_of(std::string_view word) {
  return parse_spoken_duration("1 " + std::string(word));
}

// "una o dos" horas, "two or three" hours.
std::optional<SpokenTime> one_or_two(const Words& counts, Duration unit, Time now) {
  if (counts.size() != 3 || !is_one_of(counts[1], {"or", "o"})) return std::nullopt;
  const auto least = spoken_number(is_one_of(counts[0], {"a", "an", "un"}) ? "1" : counts[0]);
  const auto most = spoken_number(counts[2]);
  if (!least || !most || *least >= *most) return std::nullopt;
  // Neither is meant to the minute.
  const auto from = now - *most * unit - unit / 2;
  return SpokenTime{from, now - *least * unit + unit / 2 - from};
}

// "a couple of hours", "unos minutos", "varias horas": how long ago that may be at least and most.
std::optional<SpokenTime> rough_span(Words words, Time now) {
  if (words.size() < 2) return std::nullopt;
  if (words.back() == "ago" || words.back() == "atras") {
    words.pop_back();
  } else if (words.front() == "hace") {
    words.erase(words.begin());
  } else {
    return std::nullopt;
  }
  // "an hour or two"
  if (words.size() == 4 && words[2] == "or")
    std::rotate(words.begin() + 1, words.begin() + 2, words.end());
  const auto unit = words.empty() ? std::nullopt : unit_of(words.back());
  if (!unit) return std::nullopt;
  words.pop_back();
  if (const auto either = one_or_two(words, *unit, now)) return either;
  const auto count = joined(words);
  for (const auto* name :
       {"a couple of", "a couple", "couple of", "couple", "un par de", "par de"}) {
    if (count == name) return SpokenTime{now - 3 * *unit, 2 * *unit};
  }
  for (const auto* name :
       {"a few", "few", "some", "several", "unos", "unas", "unos cuantos", "unas cuantas",
        "algunos", "algunas", "varios", "varias", "pocos", "pocas"}) {
    if (count == name) return until_now(now, *unit == minutes(1) ? minutes(30) : 8 * *unit);
  }
  return std::nullopt;
}

// "in the last two hours", "las ultimas 2 horas", "la ultima media hora".
std::optional<SpokenTime> last_span(const Words& words, Time now) {
  std::size_t at = 0;
  const auto word = [&] { return at < words.size() ? words[at] : std::string_view(); };
  if (is_one_of(word(), {"in", "within", "during", "en", "durante"})) ++at;
  if (is_one_of(word(), {"the", "la", "las", "el", "los"})) ++at;
  if (!is_one_of(word(), {"last", "past", "ultima", "ultimas", "ultimo", "ultimos"}))
    return std::nullopt;
  ++at;
  auto rest = part(words, at, words.size());
  if (rest.size() == 1) rest.insert(rest.begin(), "1");
  const auto back = rest.size() < 2 ? std::nullopt : parse_spoken_duration(joined(rest));
  if (!back || *back > hours(24 * 31)) return std::nullopt;
  return until_now(now, *back);
}

bool ends_with_part_of_day(const Words& words) {
  return !words.empty() &&
         is_one_of(words.back(), {"am", "pm", "morning", "afternoon", "evening", "night", "manana",
                                  "tarde", "noche", "madrugada"});
}

// The two ends, with the words that both share before or behind them.
std::optional<SpokenTime> between(const Words& day, const Words& first, Words second,
                                  const SpokenTimeReader& read) {
  auto shared = day;
  if (second.size() > 1 &&
      is_one_of(second.back(), {"ayer", "yesterday", "hoy", "today", "anteayer", "antier"})) {
    shared = {second.back()};
    second.pop_back();
    if (second.size() > 1 && is_one_of(second.back(), {"de", "of"})) second.pop_back();
  }
  std::optional<SpokenTime> from;
  if (ends_with_part_of_day(second) && !ends_with_part_of_day(first)) {
    for (std::size_t size = std::min<std::size_t>(3, second.size() - 1); size > 0 && !from; --size)
      from = read_clock(first + part(second, second.size() - size, second.size()), read);
    if (from && !shared.empty()) from.reset();
    for (std::size_t size = std::min<std::size_t>(3, second.size() - 1);
         size > 0 && !from && !shared.empty(); --size)
      from =
          read(shared + Words{"las"} + first + part(second, second.size() - size, second.size()));
  }
  const auto side = [&](const Words& words) {
    if (shared.empty()) return read_clock(words, read);
    const bool bare = words.size() == 1 && words[0].size() <= 2;
    return read(shared + (bare ? Words{"las"} + words : words));
  };
  if (!from) from = side(first);
  const auto until = side(second);
  if (!from || !until) return std::nullopt;
  // "desde ayer a las 9" names one time.
  if ((from->span == Duration(0)) != (until->span == Duration(0))) return std::nullopt;
  auto end = until->from + until->span;
  // "between 10 and 1", "entre las 11 de la noche y la 1": the second one comes after the first.
  if (end <= from->from) end += hours(24);
  // "between 11 pm and 1": the first one o'clock behind it.
  const bool from_night = is_one_of(first.back(), {"pm", "evening", "night", "noche"});
  if (from_night && !ends_with_part_of_day(second) && end - from->from > hours(12))
    end -= hours(12);
  if (end <= from->from) return std::nullopt;
  return SpokenTime{from->from, end - from->from};
}

std::optional<SpokenTime> two_ends(const Words& words, const SpokenTimeReader& read) {
  for (std::size_t at = 0; at + 3 < words.size(); ++at) {
    const bool with_and = is_one_of(words[at], {"between", "entre"});
    const bool with_to = is_one_of(words[at], {"from", "de", "desde", "del"});
    if (!with_and && !with_to) continue;
    for (auto middle = at + 2; middle + 1 < words.size(); ++middle) {
      const bool joins = with_and
                             ? is_one_of(words[middle], {"and", "y", "e", "-"})
                             : is_one_of(words[middle], {"to", "till", "until", "a", "hasta", "-"});
      if (!joins) continue;
      const auto found = between(part(words, 0, at), part(words, at + 1, middle),
                                 part(words, middle + 1, words.size()), read);
      if (found) return found;
    }
  }
  return std::nullopt;
}

// "desde las dos", "since yesterday 9:00": until now.
std::optional<SpokenTime> since_then(const Words& words, Time now, const SpokenTimeReader& read) {
  if (words.size() < 2 || !is_one_of(words[0], {"desde", "since"})) return std::nullopt;
  const auto began = read(part(words, 1, words.size()));
  if (!began || began->from >= now) return std::nullopt;
  return SpokenTime{began->from, now - began->from};
}

// "14:00-15:30", "14:00 - 15:30", "2-3pm".
std::optional<SpokenTime> dashed(const Words& words, const SpokenTimeReader& read) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto dash = words[i].find('-');
    if (dash == std::string_view::npos) continue;
    const auto left = words[i].substr(0, dash);
    const auto right = words[i].substr(dash + 1);
    const bool clock = left.empty() || right.find(':') != std::string_view::npos ||
                       right.ends_with("pm") || right.ends_with("am") || right.ends_with('h');
    if (!clock || right.find('-') != std::string_view::npos) continue;
    auto first = part(words, 0, i);
    auto second = part(words, i + 1, words.size());
    if (!left.empty()) first.push_back(left);
    if (!right.empty()) second.insert(second.begin(), right);
    if (first.empty() || second.empty()) continue;
    // A day before the first one is of both.
    for (auto size = first.size(); size-- > 0;) {
      if (const auto found =
              between(part(first, 0, size), part(first, size, first.size()), second, read))
        return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<SpokenTime> parse_spoken_interval(const Words& words, Time now,
                                                const SpokenTimeReader& read) {
  if (const auto back = vague_past(joined(words))) return until_now(now, *back);
  if (const auto rough = rough_span(words, now)) return rough;
  if (const auto last = last_span(words, now)) return last;
  auto ends = two_ends(words, read);
  if (!ends) {
    if (const auto since = since_then(words, now, read)) return since;
    ends = dashed(words, read);
  }
  if (ends) ends->two_ends = true;
  return ends;
}

}  // namespace rastro
