#include "daemon/answer/letters.h"

#include <algorithm>
#include <array>

#include "core/address.h"

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

template <typename Convert>
std::string with_letters(std::string_view text, Convert convert) {
  auto out = ascii_lower(text);
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const auto first = static_cast<unsigned char>(out[i]);
    const auto second = static_cast<unsigned char>(out[i + 1]);
    if (first < 0xc3 || first > 0xd1 || (second & 0xc0U) != 0x80U) continue;
    const unsigned code = convert((first & 0x1fU) << 6U | (second & 0x3fU));
    out[i] = static_cast<char>(0xc0U | code >> 6U);
    out[i + 1] = static_cast<char>(0x80U | (code & 0x3fU));
    ++i;
  }
  return out;
}

}  // namespace

std::string lower_letters(std::string_view text) { return with_letters(text, lower_of); }
std::string upper_foreign_letters(std::string_view text) { return with_letters(text, upper_of); }

}  // namespace rastro
