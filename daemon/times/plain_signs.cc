#include "daemon/times/plain_signs.h"

#include <optional>

namespace rastro {
namespace {

// U+FF01 to U+FF5E are the ASCII signs from '!' to '~'.
std::optional<char> plain_of_wide(unsigned char second, unsigned char third) {
  constexpr unsigned kFirst = 0x21;
  if (second == 0xbc && third >= 0x81 && third <= 0xbf)
    return static_cast<char>(third - 0x81U + kFirst);
  if (second == 0xbd && third >= 0x80 && third <= 0x9e)
    return static_cast<char>(third - 0x80U + kFirst + 0x3fU);
  return std::nullopt;
}

// What stands for a sign of three bytes; nullptr: it stays.
const char* plain_of_general(unsigned char second, unsigned char third) {
  if (second == 0x80) {
    if (third <= 0x8a || third == 0xa8 || third == 0xa9 || third == 0xaf) return " ";
    if ((third >= 0x8b && third <= 0x8f) || (third >= 0xaa && third <= 0xae)) return "";
    if (third >= 0x90 && third <= 0x95) return "-";
  }
  if (second == 0x81 && third >= 0xa0 && third <= 0xaf) return "";
  if (second == 0x88 && third == 0x92) return "-";
  return nullptr;
}

struct Plain {
  std::size_t size = 0;  // bytes of the sign; 0: it is none of these
  std::string text{};
};

Plain plain_at(std::string_view text) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  if (text.starts_with("\xc2\xa0")) return {2, " "};      // no break
  if (text.starts_with("\xc2\xad")) return {2};           // soft hyphen
  if (text.starts_with("\xe3\x80\x80")) return {3, " "};  // as wide as a Chinese sign
  if (text.starts_with("\xef\xbb\xbf")) return {3};       // byte order mark
  if (at(0) == 0xef) {
    const auto wide = plain_of_wide(at(1), at(2));
    return wide ? Plain{3, std::string(1, *wide)} : Plain{};
  }
  const char* plain = at(0) == 0xe2 ? plain_of_general(at(1), at(2)) : nullptr;
  return plain == nullptr ? Plain{} : Plain{3, plain};
}

}  // namespace

std::string with_plain_signs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto plain = plain_at(text);
    if (plain.size == 0) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += plain.text;
      text.remove_prefix(plain.size);
    }
  }
  return out;
}

}  // namespace rastro
