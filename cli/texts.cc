#include "cli/texts.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace rastro::cli {
namespace {

struct Entry {
  std::string_view key;
  std::array<std::string_view, kLanguageCount> words;
};

constexpr std::array<Entry, kTextCount> kEntries{{
#define RASTRO_TEXT(key, english, spanish) {#key, {english, spanish}},
#include "cli/texts.def"
#undef RASTRO_TEXT
}};

}  // namespace

std::string_view language_name(Language language) { return language == Language::es ? "es" : "en"; }

std::optional<Language> parse_language(std::string_view name) {
  if (name == "en") return Language::en;
  if (name == "es") return Language::es;
  return std::nullopt;
}

Language language_of_locale() {
  for (const auto* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale(value);
    const auto language = locale.substr(0, locale.find_first_of("_.@"));
    return language == "es" ? Language::es : Language::en;
  }
  return Language::en;
}

std::string_view text_key(Text id) { return kEntries[static_cast<std::size_t>(id)].key; }

std::string_view template_of(Language language, Text id) {
  return kEntries[static_cast<std::size_t>(id)].words[static_cast<std::size_t>(language)];
}

std::string say(Language language, Text id, std::initializer_list<std::string_view> arguments) {
  const auto words = template_of(language, id);
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool place = words[i] == '{' && i + 2 < words.size() && words[i + 2] == '}';
    if (!place) {
      out.push_back(words[i]);
      continue;
    }
    const auto index = static_cast<std::size_t>(words[i + 1] - '0');
    if (index < arguments.size()) out += *(arguments.begin() + index);
    i += 2;
  }
  return out;
}

std::optional<Text> find_text(std::string_view prefix, std::string_view name) {
  for (std::size_t i = 0; i < kEntries.size(); ++i) {
    const auto key = kEntries[i].key;
    if (key.size() == prefix.size() + name.size() && key.starts_with(prefix) &&
        key.ends_with(name)) {
      return static_cast<Text>(i);
    }
  }
  return std::nullopt;
}

}  // namespace rastro::cli
