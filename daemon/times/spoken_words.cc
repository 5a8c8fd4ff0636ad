#include "daemon/times/spoken_words.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/ascii.h"
#include "daemon/times/plain_signs.h"
#include "daemon/times/spoken_clock.h"

namespace rastro {

std::string without_accents(std::string_view text) {
  static constexpr std::string_view kAccented = "\xa1\xa9\xad\xb3\xba\xbc\xb1";  // behind \xc3
  static constexpr std::string_view kPlain = "aeiouun";
  constexpr unsigned char kToSmall = 0x20;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\xc3' && i + 1 < text.size()) {
      const auto small = static_cast<char>(static_cast<unsigned char>(text[i + 1]) | kToSmall);
      if (const auto at = kAccented.find(small); at != std::string_view::npos) {
        out += kPlain[at];
        ++i;
        continue;
      }
    }
    out += text[i];
  }
  return ascii_lower(out);
}

namespace {

using Replaced = std::pair<std::string_view, std::string_view>;

// Of whole words: each stands between blanks.
constexpr std::array kPhrases =
    std::to_array<Replaced>({{" p. m. ", " pm "},
                             {" a. m. ", " am "},
                             {" p.m. ", " pm "},
                             {" a.m. ", " am "},
                             {" p.m ", " pm "},
                             {" a.m ", " am "},
                             {" p m ", " pm "},
                             {" a m ", " am "},
                             {" pasado el mediodia ", " despues de a mediodia "},
                             {" antes del mediodia ", " antes de a mediodia "},
                             {" despues del mediodia ", " despues de a mediodia "},
                             {" al mediodia ", " a mediodia "},
                             {" del mediodia ", " pm "},
                             {" de mediodia ", " pm "},
                             {" the day before yesterday ", " day before yesterday "},
                             {" mas o menos ", " "},
                             {" or so ", " "},
                             {" o asi ", " "},
                             {" o por ahi ", " "},
                             {" por ahi de ", " "},
                             {" hara ", " hace "},
                             {" cosa de ", " "},
                             {" hace casi ", " hace "},
                             {" hace mas de ", " hace "},
                             {" hace una media hora ", " hace media hora "},
                             {" almost ", " "},
                             {" nearly ", " "},
                             {" over an ", " an "},
                             {" more than ", " "},
                             {" hace ya ", " hace "},
                             {" hace ratito ", " hace un ratito "},
                             {" faltando ", " "},
                             {" a partir de ", " desde "},
                             {" ayer de noche ", " ayer por la noche "},
                             {" de buena manana ", " por la manana "},
                             {" temprano en la manana ", " por la manana "},
                             {" temprano por la manana ", " por la manana "},
                             {" hoy temprano ", " hoy por la manana "},
                             {" ayer temprano ", " ayer por la manana "},
                             {" de madrugada ", " madrugada "},
                             {" a media manana ", " por la manana "},
                             {" a media tarde ", " por la tarde "},
                             {" media manana ", " por la manana "},
                             {" media tarde ", " por la tarde "},
                             {" mid-morning ", " morning "},
                             {" mid morning ", " morning "},
                             {" mid-afternoon ", " afternoon "},
                             {" mid afternoon ", " afternoon "},
                             {" first thing in the ", " in the "},
                             {" first thing this ", " this "},
                             {" first thing ", " morning "},
                             {" lunch time ", " lunchtime "},
                             {" at lunchtime ", " lunchtime "},
                             {" after lunch ", " after-lunch "},
                             {" before lunch ", " before-lunch "},
                             {" despues de comer ", " after-lunch "},
                             {" antes de comer ", " before-lunch "},
                             {" a la hora de comer ", " hora-de-comer "},
                             {" a la hora de la comida ", " hora-de-comer "},
                             {" sometime after-lunch ", " after-lunch "},
                             {" a primera hora de la ", " por la "},
                             {" a ultima hora de la ", " por la "},
                             {" a primera hora del dia ", " por la manana "},
                             {" a ultima hora del dia ", " por la tarde "},
                             {" a primera hora ", " por la manana "},
                             {" a ultima hora ", " por la tarde "},
                             {" manana por la manana ", " manana "},
                             {" tarde por la tarde ", " tarde "},
                             {" manana por la tarde ", " manana "},
                             {" tarde por la manana ", " tarde "},
                             {" noche por la tarde ", " noche "},
                             {" at at ", " at "},
                             {" temprano ", " "},
                             {" early ", " "},
                             {" earlier today ", " today "},
                             {" late ", " "},
                             {" hs ", " h "},
                             {" hs. ", " h "},
                             {" h. ", " h "},
                             {" hrs. ", " h "},
                             {" en la tarde ", " por la tarde "},
                             {" en la noche ", " por la noche "},
                             {" en la manana ", " por la manana "},
                             {" this past ", " last "},
                             {" el pasado ", " el "}});

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// "2:30p.m." is "2:30 p.m.", "14:30hs" is "14:30 h", "2ish" is "at 2", "~14:30" is "14:30".
void add_word(std::string word, std::string& out) {
  while (word.size() > 1 && (word.front() == '~' || word.front() == '\'')) word.erase(0, 1);
  while (word.size() > 1 && (word.back() == ',' || word.back() == '\'')) word.pop_back();
  const auto split_off = [&](std::string_view ending, std::string_view as) {
    if (word.size() <= ending.size() || !word.ends_with(ending) ||
        !is_digit(word[word.size() - ending.size() - 1]))
      return false;
    word.resize(word.size() - ending.size());
    word += as;
    return true;
  };
  for (const auto& [ending, as] :
       {Replaced{"p.m.", " pm"}, Replaced{"a.m.", " am"}, Replaced{"p.m", " pm"},
        Replaced{"a.m", " am"}, Replaced{"hs", " h"}, Replaced{"hrs", " h"}, Replaced{"hs.", " h"},
        Replaced{"hrs.", " h"}, Replaced{"h.", " h"}}) {
    if (split_off(ending, as)) break;
  }
  for (const std::string_view ordinal : {"st", "nd", "rd", "th"}) {
    if (split_off(ordinal, "")) break;  // "27th"
  }
  if (split_off("ish", "")) word.insert(0, "at ");
  if (word.ends_with("ish")) {  // "noonish", "nineish"
    const auto plain = std::string_view(word).substr(0, word.size() - 3);
    if (plain == "noon" || spoken_number(plain)) word = "at " + std::string(plain);
  }
  // "28-nov", "28/nov/2026", "nov-28"
  const auto letters = std::ranges::find_if(word, is_letter);
  if (letters != word.end() && word.find_first_of("-/") != std::string::npos) {
    const auto end = std::find_if_not(letters, word.end(), is_letter);
    if (month_number(std::string_view(letters, end)) > 0)
      std::ranges::replace_if(
          word, [](char c) { return c == '-' || c == '/'; }, ' ');
  }
  out += word;
  out += ' ';
}

}  // namespace

int month_number(std::string_view word) {
  static constexpr std::array<std::array<std::string_view, 4>, 12> kMonths = {
      {{"january", "enero", "jan", "ene"},
       {"february", "febrero", "feb", "feb"},
       {"march", "marzo", "mar", "mzo"},
       {"april", "abril", "apr", "abr"},
       {"may", "mayo", "may", "may"},
       {"june", "junio", "jun", "jun"},
       {"july", "julio", "jul", "jul"},
       {"august", "agosto", "aug", "ago"},
       {"september", "septiembre", "sep", "sept"},
       {"october", "octubre", "oct", "oct"},
       {"november", "noviembre", "nov", "nov"},
       {"december", "diciembre", "dec", "dic"}}};
  if (word.ends_with('.')) word.remove_suffix(1);
  if (word == "setiembre" || word == "set") return 9;
  int number = 0;
  for (const auto& names : kMonths) {
    ++number;
    if (std::ranges::find(names, word) != names.end()) return number;
  }
  return 0;
}

std::string tidy_time_words(std::string_view text) {
  auto plain = without_accents(with_plain_signs(text));
  for (const std::string_view quote : {"\xc2\xab", "\xc2\xbb", "\xc2\xbf", "\xe2\x80\x98",
                                       "\xe2\x80\x99", "\xe2\x80\x9c", "\xe2\x80\x9d"}) {
    for (auto at = plain.find(quote); at != std::string::npos; at = plain.find(quote, at))
      plain.replace(at, quote.size(), " ");
  }
  std::ranges::replace_if(
      plain,
      [](char c) { return std::string_view("\"`?!;\t\r\n").find(c) != std::string_view::npos; },
      ' ');
  std::string out = " ";
  for (std::size_t at = 0; at < plain.size();) {
    const auto end = std::min(plain.find(' ', at), plain.size());
    if (end > at) add_word(plain.substr(at, end - at), out);
    at = end + 1;
  }
  for (const auto& [from, to] : kPhrases) {
    for (auto at = out.find(from); at != std::string::npos; at = out.find(from, at))
      out.replace(at, from.size(), to);
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '.')) out.pop_back();
  out.erase(0, out.find_first_not_of(' '));
  return out;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, word) != names.end();
}

}  // namespace rastro
