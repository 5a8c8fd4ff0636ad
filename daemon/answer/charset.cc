#include "daemon/answer/charset.h"

#include <glib.h>

#include <algorithm>

#include "core/address.h"

namespace rastro {
namespace {

// Chinese in GB 2312 without its name: letters of two bytes each, in runs of even length. In Latin
// text such bytes stand alone, in Cyrillic every other word is odd.
bool looks_like_gb(std::string_view bytes) {
  constexpr std::size_t kPairsMin = 4;
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < bytes.size();) {
    if (static_cast<unsigned char>(bytes[i]) < 0x80) {
      ++i;
      continue;
    }
    if (i + 1 >= bytes.size()) return false;
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const auto trail = static_cast<unsigned char>(bytes[i + 1]);
    if (lead < 0xa1 || lead > 0xf7 || trail < 0xa1 || trail > 0xfe) return false;
    ++pairs;
    i += 2;
  }
  return pairs >= kPairsMin;
}

// Cyrillic without its name is whole words of high bytes; which of the two sets puts small letters
// where most of them are. "": no such text.
const char* cyrillic_name(std::string_view bytes) {
  constexpr std::size_t kLettersMin = 12, kWordMin = 3;
  std::size_t letters = 0, words = 0, upper_half = 0;
  bool inside = false;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = byte >= 0xc0;
    if (byte >= 0x80 && !letter && byte != 0xb8 && byte != 0xa8 && byte != 0xb9) return "";
    words += letter && !inside ? 1 : 0;
    letters += letter ? 1 : 0;
    upper_half += byte >= 0xe0 ? 1 : 0;
    inside = letter;
  }
  if (letters < kLettersMin || letters < kWordMin * words) return "";
  return upper_half * 2 > letters ? "windows-1251" : "koi8-r";
}

}  // namespace

std::string clean_utf8(const char* text, std::size_t size) {
  std::string out(text, size);
  std::erase(out, '\0');
  if (g_utf8_validate(out.data(), static_cast<gssize>(out.size()), nullptr) != 0) return out;
  gchar* made = g_utf8_make_valid(out.data(), static_cast<gssize>(out.size()));
  out = made;
  g_free(made);
  return out;
}

std::string to_utf8(std::string_view bytes, const std::string& charset) {
  const bool ascii =
      std::ranges::all_of(bytes, [](char c) { return static_cast<signed char>(c) > 0; });
  const auto name = ascii_lower(charset);
  // UTF-7 and ISO-2022 write other letters in ASCII bytes.
  const bool stateful = name.find("2022") != std::string::npos ||
                        name.find("utf-7") != std::string::npos || name.starts_with("hz-") ||
                        bytes.find("\x1b$") != std::string_view::npos;
  if (ascii && !stateful && !name.starts_with("utf-16")) return std::string(bytes);
  const bool valid = g_utf8_validate(bytes.data(), static_cast<gssize>(bytes.size()), nullptr) != 0;
  if (valid && !stateful) return std::string(bytes);
  if (name.empty() && looks_like_gb(bytes)) {
    gsize written = 0;
    gchar* made = g_convert(bytes.data(), static_cast<gssize>(bytes.size()), "UTF-8", "gb18030",
                            nullptr, &written, nullptr);
    if (made != nullptr) {
      auto out = clean_utf8(made, written);
      g_free(made);
      return out;
    }
  }
  for (const std::string& tried :
       {stateful && name.empty() ? std::string("iso-2022-jp") : charset,
        std::string(name.empty() ? cyrillic_name(bytes) : ""), std::string("windows-1252")}) {
    if (tried.empty() || name == "us-ascii") continue;
    gsize written = 0;
    gchar* made = g_convert_with_fallback(bytes.data(), static_cast<gssize>(bytes.size()), "UTF-8",
                                          tried.c_str(), "?", nullptr, &written, nullptr);
    if (made == nullptr) continue;
    auto out = clean_utf8(made, written);
    g_free(made);
    return out;
  }
  gchar* made = g_convert_with_fallback(bytes.data(), static_cast<gssize>(bytes.size()), "UTF-8",
                                        "iso-8859-1", "?", nullptr, nullptr, nullptr);
  if (made == nullptr) return clean_utf8(bytes.data(), bytes.size());
  std::string out = made;
  g_free(made);
  return out;
}

}  // namespace rastro
