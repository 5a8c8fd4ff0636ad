#include "store/packed_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace rastro {
namespace {

// Numbered as docs/store.md has them; a new one goes to the end, with a new version.
enum class TextForm : std::uint8_t {
  upper,          // 0-9 A-F
  lower,          // 0-9 a-f
  figures,        // 0-9 and six marks
  angle_upper,    // "<" and upper, as most Message-IDs begin
  angle_lower,    // "<" and lower
  uuid_lower,     // "<" and 8-4-4-4-12 of lower
  uuid_upper,     // likewise
  stamped_upper,  // "<", 14 of upper, ".", and upper: Postfix's own Message-IDs
};
constexpr unsigned kForms = 8;

constexpr std::string_view kUpper = "0123456789ABCDEF";
constexpr std::string_view kLower = "0123456789abcdef";
constexpr std::string_view kFigures = "0123456789 .-_<:";

constexpr std::size_t kTextBytesMin = 4;  // shorter ones gain nothing
constexpr std::size_t kUuidBytes = 36;
constexpr std::size_t kUuidDigits = 32;
constexpr std::size_t kStampBytes = 14;

constexpr std::string_view alphabet_of(TextForm form) {
  switch (form) {
    case TextForm::figures:
      return kFigures;
    case TextForm::lower:
    case TextForm::angle_lower:
    case TextForm::uuid_lower:
      return kLower;
    default:
      return kUpper;
  }
}

constexpr bool has_angle(TextForm form) { return form >= TextForm::angle_upper; }

constexpr std::uint8_t kIsUpper = 1;
constexpr std::uint8_t kIsLower = 2;
constexpr std::uint8_t kIsFigure = 4;

// Which alphabets a byte is in, and its number in each: `number` serves the first two.
struct ByteInfo {
  std::uint8_t in = 0;
  std::uint8_t number = 0;
  std::uint8_t figure = 0;
};
constexpr std::array<ByteInfo, 256> kBytes = [] {
  std::array<ByteInfo, 256> all{};
  for (std::uint8_t i = 0; i < 16; ++i) {
    const auto at = [&](std::string_view alphabet) -> ByteInfo& {
      return all[static_cast<unsigned char>(alphabet[i])];
    };
    at(kUpper).in |= kIsUpper;
    at(kUpper).number = i;
    at(kLower).in |= kIsLower;
    at(kLower).number = i;
    at(kFigures).in |= kIsFigure;
    at(kFigures).figure = i;
  }
  return all;
}();

const ByteInfo& info(char byte) { return kBytes[static_cast<unsigned char>(byte)]; }

std::uint8_t common(std::string_view text) {
  std::uint8_t in = kIsUpper | kIsLower | kIsFigure;
  for (const char byte : text) {
    in &= info(byte).in;
    if (in == 0) break;
  }
  return in;
}

constexpr std::size_t kUuidDashes[] = {8, 13, 18, 23};
bool is_uuid_dash(std::size_t at) {
  return std::find(std::begin(kUuidDashes), std::end(kUuidDashes), at) != std::end(kUuidDashes);
}

// Behind the "<". Its digits go to `digits`.
std::optional<TextForm> form_of_uuid(std::string_view text, std::array<char, kUuidDigits>& digits) {
  std::size_t count = 0;
  std::uint8_t in = kIsUpper | kIsLower;
  for (std::size_t i = 0; i < kUuidBytes; ++i) {
    if (is_uuid_dash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    in &= info(text[i]).in;
    digits[count++] = text[i];
  }
  if ((in & kIsLower) != 0) return TextForm::uuid_lower;
  if ((in & kIsUpper) != 0) return TextForm::uuid_upper;
  return std::nullopt;
}

// The first half byte is twice the form, plus 1 when a 0 behind it makes the number of them even.
void pack_as(TextForm form, std::string_view digits, std::string& out) {
  const bool figures = form == TextForm::figures;
  const auto number = [figures](char byte) -> unsigned {
    return figures ? info(byte).figure : info(byte).number;
  };
  const bool filled = digits.size() % 2 == 0;
  out.resize(digits.size() / 2 + 1);
  char* to = out.data();
  const char* at = digits.data();
  const char* const end = at + digits.size();
  const unsigned first = (static_cast<unsigned>(form) << 1) | (filled ? 1U : 0U);
  *to++ = static_cast<char>((first << 4) | (filled ? 0 : number(*at++)));
  for (; at != end; at += 2) *to++ = static_cast<char>((number(at[0]) << 4) | number(at[1]));
}

}  // namespace

bool pack_text(std::string_view text, std::string& out) {
  if (text.size() < kTextBytesMin) return false;
  if (const auto in = common(text); in != 0) {
    const auto form = (in & kIsUpper) != 0   ? TextForm::upper
                      : (in & kIsLower) != 0 ? TextForm::lower
                                             : TextForm::figures;
    pack_as(form, text, out);
    return true;
  }
  if (text.front() != '<') return false;
  const auto rest = text.substr(1);
  if (const auto in = common(rest); in != 0) {
    pack_as((in & kIsUpper) != 0 ? TextForm::angle_upper : TextForm::angle_lower, rest, out);
    return true;
  }
  if (rest.size() == kUuidBytes) {
    std::array<char, kUuidDigits> digits{};
    if (const auto form = form_of_uuid(rest, digits)) {
      pack_as(*form, {digits.data(), digits.size()}, out);
      return true;
    }
  }
  if (rest.size() <= kStampBytes || rest[kStampBytes] != '.') return false;
  const auto stamp = rest.substr(0, kStampBytes);
  const auto behind = rest.substr(kStampBytes + 1);
  if ((common(stamp) & common(behind) & kIsUpper) == 0) return false;
  std::string digits(stamp);
  digits += behind;
  pack_as(TextForm::stamped_upper, digits, out);
  return true;
}

std::optional<std::string> unpack_text(std::string_view packed) {
  if (packed.empty()) return std::nullopt;
  const auto first = static_cast<unsigned char>(packed.front());
  const auto form = static_cast<TextForm>(first >> 5);
  const bool filled = (first & 0x10) != 0;
  if (filled && (first & 15) != 0) return std::nullopt;
  const auto digits = packed.size() * 2 - (filled ? 2 : 1);
  const bool uuid = form == TextForm::uuid_lower || form == TextForm::uuid_upper;
  if (uuid && digits != kUuidDigits) return std::nullopt;
  if (form == TextForm::stamped_upper && digits < kStampBytes) return std::nullopt;
  const char* const alphabet = alphabet_of(form).data();
  const std::size_t start = has_angle(form) ? 1 : 0;
  std::string text(start + digits, '<');
  char* to = text.data() + start;
  if (!filled) *to++ = alphabet[first & 15];
  for (const char byte : packed.substr(1)) {
    const auto two = static_cast<unsigned char>(byte);
    *to++ = alphabet[two >> 4];
    *to++ = alphabet[two & 15];
  }
  if (uuid) {
    for (const std::size_t dash : kUuidDashes) text.insert(start + dash, 1, '-');
  }
  if (form == TextForm::stamped_upper) text.insert(start + kStampBytes, 1, '.');
  return text;
}

std::string packed_text_sql(const std::string& column) {
  std::string figures = "digits";
  for (std::size_t i = 10; i < 16; ++i) {
    figures.insert(0, "replace(").append(", '").append(1, kUpper[i]);
    figures.append("', '").append(1, kFigures[i]).append("')");
  }
  const auto text_of = [&](TextForm form) -> std::string {
    const std::string shown = alphabet_of(form) == kLower ? "lower(digits)" : "digits";
    const auto part = [&](int from, int count) {
      return "substr(" + shown + ", " + std::to_string(from) + ", " + std::to_string(count) + ")";
    };
    switch (form) {
      case TextForm::figures:
        return figures;
      case TextForm::uuid_lower:
      case TextForm::uuid_upper:
        return "'<' || " + part(1, 8) + " || '-' || " + part(9, 4) + " || '-' || " + part(13, 4) +
               " || '-' || " + part(17, 4) + " || '-' || " + part(21, 12);
      case TextForm::stamped_upper:
        return "'<' || " + part(1, kStampBytes) + " || '.' || substr(" + shown + ", " +
               std::to_string(kStampBytes + 1) + ")";
      default:
        return (has_angle(form) ? "'<' || " : "") + shown;
    }
  };
  std::string sql = "CASE typeof(" + column + ") WHEN 'blob' THEN (SELECT CASE form >> 1";
  for (unsigned form = 0; form < kForms; ++form) {
    sql += " WHEN " + std::to_string(form) + " THEN " + text_of(static_cast<TextForm>(form));
  }
  // An odd form: the first digit is only there to fill a byte.
  return sql +
         " END FROM (SELECT form, substr(packed, 2 + (form & 1)) AS digits FROM (SELECT packed,"
         " instr('0123456789ABCDEF', substr(packed, 1, 1)) - 1 AS form FROM (SELECT hex(" +
         column + ") AS packed)))) ELSE " + column + " END";
}

}  // namespace rastro
