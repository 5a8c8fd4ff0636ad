#include "daemon/answer/letters.h"

#include <algorithm>
#include <array>

#include "core/address.h"
#include "core/ascii.h"

namespace rastro {
namespace {

// The Unicode database's simple mappings; not the dotted and dotless i, whose case is Turkish.
unsigned lower_of(unsigned code) {
  const auto in = [code](unsigned first, unsigned last) { return code >= first && code <= last; };
  if (in(0xc0, 0xde) && code != 0xd7) return code + 0x20;
  const bool even_is_upper = in(0x100, 0x12f) || in(0x132, 0x137) || in(0x14a, 0x177);
  const bool odd_is_upper = in(0x139, 0x148) || in(0x179, 0x17e);
  if ((even_is_upper && code % 2 == 0) || (odd_is_upper && code % 2 == 1)) return code + 1;
  if (code == 0x178) return 0xff;
  if (code == 0x386) return 0x3ac;
  if (in(0x388, 0x38a)) return code + 0x25;
  if (code == 0x38c) return 0x3cc;
  if (in(0x38e, 0x38f)) return code + 0x3f;
  if (in(0x391, 0x3ab) && code != 0x3a2) return code + 0x20;
  if (in(0x400, 0x40f)) return code + 0x50;
  if (in(0x410, 0x42f)) return code + 0x20;
  return code;
}

unsigned upper_of(unsigned code) {
  if (code == 0xff) return 0x178;
  constexpr std::array kSteps = {0x20U, 0x1U, 0x50U, 0x26U, 0x25U, 0x40U, 0x3fU};
  for (const auto step : kSteps) {
    if (code > step && lower_of(code - step) == code) return code - step;
  }
  return code;
}

unsigned code_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const auto second = static_cast<unsigned char>(text[at + 1]);
  if (first < 0xc3 || first > 0xd1 || (second & 0xc0U) != 0x80U) return 0;
  return (first & 0x1fU) << 6U | (second & 0x3fU);
}

void put_code(std::string& text, std::size_t at, unsigned code) {
  text[at] = static_cast<char>(0xc0U | code >> 6U);
  text[at + 1] = static_cast<char>(0x80U | (code & 0x3fU));
}

}  // namespace

std::string lower_letters(std::string_view text) {
  auto out = ascii_lower(text);
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const auto code = code_at(out, i);
    if (code != 0) put_code(out, i++, lower_of(code));
  }
  return out;
}

std::vector<std::string> forms_by_case(std::string_view name) {
  constexpr std::size_t kEachMax = 4;
  const auto lower = lower_letters(name);
  struct Letter {
    std::size_t at;
    bool begins_word;
  };
  std::vector<Letter> letters;
  bool within_word = false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const auto code = i + 1 < lower.size() ? code_at(lower, i) : 0;
    if (code != 0 && upper_of(code) != code) letters.push_back({i, !within_word});
    within_word = code != 0 || is_alnum(lower[i]);
    if (code != 0) ++i;
  }
  const auto form = [&](auto is_upper) {
    auto out = lower;
    for (std::size_t i = 0; i < letters.size(); ++i) {
      if (is_upper(i)) put_code(out, letters[i].at, upper_of(code_at(out, letters[i].at)));
    }
    return out;
  };
  std::vector<std::string> forms;
  if (letters.size() <= kEachMax) {
    for (std::size_t chosen = 0; chosen < (std::size_t{1} << letters.size()); ++chosen)
      forms.push_back(form([&](std::size_t i) { return (chosen >> i & 1U) != 0; }));
    return forms;
  }
  forms.push_back(lower);
  forms.push_back(form([](std::size_t) { return true; }));
  forms.push_back(form([&](std::size_t i) { return letters[i].begins_word; }));
  return forms;
}

}  // namespace rastro
