#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace rastro::cli {

enum class Language : std::uint8_t { en, es };
inline constexpr std::size_t kLanguageCount = 2;

// "en" or "es"; also what the API's `lang` takes.
std::string_view language_name(Language language);
std::optional<Language> parse_language(std::string_view name);
// From the locale as POSIX orders it: LC_ALL, LC_MESSAGES, LANG, the first that is set and not
// empty. "es_MX.UTF-8" is Spanish; what is neither Spanish nor English is English.
Language language_of_locale();

// Every text that a person reads in an answer; the words are in texts.def, nowhere else.
enum class Text : std::uint16_t {
#define RASTRO_TEXT(key, english, spanish) key,
#include "cli/texts.def"
#undef RASTRO_TEXT
};
inline constexpr std::size_t kTextCount = [] {
  std::size_t count = 0;
#define RASTRO_TEXT(key, english, spanish) ++count;
#include "cli/texts.def"
#undef RASTRO_TEXT
  return count;
}();

std::string_view text_key(Text id);
// As it stands in the catalogue, with its places {0} to {9}.
std::string_view template_of(Language language, Text id);
// With the places filled. Arguments are printed as they are: escape what strangers wrote first.
std::string say(Language language, Text id, std::initializer_list<std::string_view> arguments = {});

// The text whose key is `prefix` + `name` ("outcome_" + "deferred"); nullopt: this catalogue does
// not know that name (a newer daemon), so show the name itself.
std::optional<Text> find_text(std::string_view prefix, std::string_view name);

}  // namespace rastro::cli
