#include "cli/help_texts.h"

#include <algorithm>
#include <array>

namespace rastro::cli {
namespace {

struct HelpEntry {
  std::string_view english;
  std::string_view spanish;
};

constexpr HelpEntry kHelpEntries[] = {
#define RASTRO_HELP(english, spanish) {english, spanish},
#include "cli/help_texts.def"
#undef RASTRO_HELP
};

const HelpEntry* find_entry(std::string_view english) {
  const auto* found = std::ranges::find(kHelpEntries, english, &HelpEntry::english);
  return found == std::end(kHelpEntries) ? nullptr : found;
}

}  // namespace

std::string_view help_text(Language language, std::string_view english) {
  const auto* entry = language == Language::es ? find_entry(english) : nullptr;
  return entry == nullptr ? english : entry->spanish;
}

std::vector<std::string_view> all_help_texts() {
  std::vector<std::string_view> out;
  for (const auto& entry : kHelpEntries) out.push_back(entry.english);
  return out;
}

bool has_help_text(std::string_view english) { return find_entry(english) != nullptr; }

}  // namespace rastro::cli
