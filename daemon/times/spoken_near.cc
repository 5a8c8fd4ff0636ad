#include "daemon/times/spoken_near.h"

#include "daemon/times/spoken_words.h"

namespace rastro {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using NearWords = std::vector<std::string_view>;

// How far "just before" and "just after" reach, "nine and a bit", and a bare "before ten". As a
// time alone, none is narrower than half an hour around it, nor ends where the clock strikes.
constexpr Duration kSlack = minutes(15);
constexpr Duration kNear = minutes(45);
constexpr Duration kAndABit = minutes(60);
constexpr Duration kWide = hours(2);

NearWords without(const NearWords& words, std::size_t from, std::size_t until) {
  auto out = words;
  out.erase(out.begin() + static_cast<std::ptrdiff_t>(from),
            out.begin() + static_cast<std::ptrdiff_t>(until));
  return out;
}

// A moment; a whole day or a part of one is near everything.
std::optional<Time> moment(const NearWords& words, const SpokenTimeReader& read) {
  const auto found = words.empty() ? std::nullopt : read_clock(words, read);
  return found && found->span == Duration(0) ? std::optional(found->from) : std::nullopt;
}

// "las nueve y pico", "las nueve pasadas", "pasadas las nueve".
std::optional<SpokenTime> and_a_bit(const NearWords& words, const SpokenTimeReader& read) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t size = 0;
    if (words[i] == "y" && i > 0 && i + 1 < words.size() &&
        is_one_of(words[i + 1], {"pico", "algo", "tantos", "piquito", "veintitantos"})) {
      size = 2;
    } else if (is_one_of(words[i], {"pasadas", "pasada", "pasaditas"})) {
      size = 1;
    }
    if (size == 0) continue;
    const auto at = moment(without(words, i, i + size), read);
    if (at) return SpokenTime{*at - kSlack, kSlack + kAndABit};
  }
  return std::nullopt;
}

// "just before noon", "antes de las 10", "a bit past nine".
std::optional<SpokenTime> before_or_after(const NearWords& words, const SpokenTimeReader& read) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool before = is_one_of(words[i], {"before", "antes"});
    if (!before && !is_one_of(words[i], {"after", "past", "despues"})) continue;
    auto from = i;
    bool near = false;
    while (from > 0 &&
           is_one_of(words[from - 1], {"just", "shortly", "soon", "right", "little", "bit", "poco",
                                       "poquito", "justo", "a", "un", "sometime"})) {
      --from;
      near = near || words[from] != "sometime";
    }
    const bool with_of = i + 1 < words.size() && words[i + 1] == "de";
    const auto at = moment(without(words, from, i + (with_of ? 2 : 1)), read);
    if (!at) continue;
    const auto width = near ? kNear : kWide;
    return SpokenTime{*at - (before ? width : kSlack), width + kSlack};
  }
  return std::nullopt;
}

}  // namespace

std::optional<SpokenTime> read_clock(const std::vector<std::string_view>& words,
                                     const SpokenTimeReader& read) {
  const bool bare = words.size() == 1 && words[0].size() <= 2 &&
                    words[0].find_first_not_of("0123456789") == std::string_view::npos;
  if (!bare) {
    if (const auto plain = read(words)) return plain;
    if (words.empty() || is_one_of(words[0], {"las", "la", "at", "a"})) return std::nullopt;
  }
  NearWords named{"las"};
  named.insert(named.end(), words.begin(), words.end());
  return read(named);
}

std::optional<SpokenTime> parse_near_time(const std::vector<std::string_view>& words,
                                          const SpokenTimeReader& read) {
  if (const auto a_bit = and_a_bit(words, read)) return a_bit;
  return before_or_after(words, read);
}

}  // namespace rastro
