#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "parsers/reply_mask.h"

namespace rastro {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_octal(char c) { return c >= '0' && c <= '7'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// U+00C0 to U+00FF without accents; '*' where there is no such letter.
constexpr std::string_view kPlainLetters =
    "aaaaaaaceeeeiiii*nooooo*ouuuuy*saaaaaaaceeeeiiii*nooooo*ouuuuy*y";
static_assert(kPlainLetters.size() == 64);

// Backslash escapes undone: Exim's octal bytes, and the line ends that it writes as \n and \r.
std::string without_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      const int value = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      out.push_back(static_cast<char>(value & 0xff));
      i += 3;
    } else if (c == '\\' && i + 1 < text.size() &&
               (text[i + 1] == 'n' || text[i + 1] == 'r' || text[i + 1] == 't')) {
      out.push_back(' ');
      ++i;
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// Lower case and unaccented, blanks and control bytes as single blanks.
std::string plain(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = byte(i);
    char plain = lower(text[i]);
    if (c <= ' ' || c == 0x7f) {
      plain = ' ';
    } else if (c == 0xc3 && byte(i + 1) >= 0x80 && byte(i + 1) <= 0xbf) {
      plain = kPlainLetters[byte(++i) - 0x80];
    } else if (c == 0xe2 && byte(i + 1) == 0x80 && (byte(i + 2) & 0xfeU) == 0x98) {
      plain = '\'';  // typographic apostrophes
      i += 2;
    } else if (c == 0xc2 && byte(i + 1) == 0xa0) {
      plain = ' ';
      ++i;
    } else if (c >= 0xc0 && (byte(i + 1) & 0xc0U) != 0x80) {
      plain = kPlainLetters[c - 0xc0];  // Latin-1
    }
    if (plain == ' ' && (out.empty() || out.back() == ' ')) continue;
    out.push_back(plain);
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// "550-" or "550 " at `at`, the first in its line or in the text.
bool is_code_at(std::string_view text, std::size_t at) {
  return at + 3 < text.size() && (text[at] == '4' || text[at] == '5') && is_digit(text[at + 1]) &&
         is_digit(text[at + 2]) && (text[at + 3] == '-' || text[at + 3] == ' ') &&
         (at == 0 || text[at - 1] == ' ');
}

std::size_t status_end(std::string_view text, std::size_t at) {
  auto i = at;
  int dots = 0;
  while (i < text.size() && (is_digit(text[i]) || text[i] == '.')) dots += text[i++] == '.' ? 1 : 0;
  return dots == 2 ? i : at;
}

// A multi-line reply repeats its codes before each line: once is enough, so that sentences hang
// together.
std::string without_repeated_codes(std::string_view text) {
  std::size_t first = 0;
  while (first < text.size() && !is_code_at(text, first)) ++first;
  if (first >= text.size()) return std::string(text);
  const auto code = text.substr(first, 3);
  std::string out(text.substr(0, first + 4));
  for (auto i = first + 4; i < text.size(); ++i) {
    if (!is_code_at(text, i) || text.substr(i, 3) != code) {
      out.push_back(text[i]);
      continue;
    }
    auto next = status_end(text, i + 4);
    if (next < text.size() && text[next] == ' ') ++next;
    i = next - 1;
  }
  return out;
}

// "<anything>" as "<@>"; links stay.
std::string without_bracketed_names(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    out.push_back(text[i]);
    if (text[i] != '<' || text.substr(i + 1).starts_with("http")) continue;
    const auto end = text.find_first_of("<> ", i + 1);
    if (end == std::string_view::npos || text[end] != '>') continue;
    out += "@>";
    i = end;
  }
  return out;
}

// Words of Postfix (src/smtp/smtp_addr.c, smtp_trouble.c), Exim (src/transports/smtp.c,
// src/retry.c) and Sendmail behind which a host or domain is named.
constexpr std::array<std::string_view, 8> kBeforeNames = {
    "host ", "name=", "for '", "mail for ", "look up host ", "domain ", "server for ", "host '"};

// The name behind those words as "@", if it has a dot within.
std::string without_host_names(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::size_t taken = 0;
    for (const auto words : kBeforeNames) {
      if (i > 0 && text[i - 1] != ' ' && text[i - 1] != ':') break;
      if (!text.substr(i).starts_with(words)) continue;
      const auto begin = i + words.size();
      const auto end = std::min(text.find_first_of(" '\"[]()<>,:;", begin), text.size());
      const auto dot = text.find('.', begin);
      if (dot == std::string_view::npos || dot + 1 >= end || dot == begin) continue;
      out.append(words).push_back('@');
      taken = end - i;
      break;
    }
    if (taken == 0) out.push_back(text[i++]);
    i += taken;
  }
  return out;
}

}  // namespace

std::string rule_text(std::string_view masked) {
  const auto lines = plain(without_escapes(masked));
  return without_host_names(without_bracketed_names(without_repeated_codes(lines)));
}

}  // namespace rastro
