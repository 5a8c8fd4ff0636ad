#include "cli/phrases.h"

#include <array>
#include <optional>

#include "cli/terminal.h"

namespace rastro::cli {
namespace {

constexpr std::size_t kPlacesMax = 4;
using Filled = std::array<std::string, kPlacesMax>;

// What stands in the places of `pattern` ("{0} fits {1}"), if the whole sentence fits it. The text
// between two places is looked for from the left.
std::optional<Filled> maybe_match(std::string_view pattern, std::string_view sentence) {
  Filled out;
  while (true) {
    const auto place = pattern.find('{');
    const auto literal = pattern.substr(0, place);
    if (!sentence.starts_with(literal)) return std::nullopt;
    sentence.remove_prefix(literal.size());
    if (place == std::string_view::npos)
      return sentence.empty() ? std::optional(out) : std::nullopt;
    const auto index = static_cast<std::size_t>(pattern[place + 1] - '0');
    pattern.remove_prefix(place + 3);
    const auto next = pattern.substr(0, pattern.find('{'));
    // The last literal must be the sentence's end, whatever a stranger's address repeats of it.
    const bool last = next.size() == pattern.size();
    const auto end = next.empty() ? sentence.size()
                     : last       ? sentence.rfind(next)
                                  : sentence.find(next);
    if (end == std::string_view::npos || end == 0 || index >= kPlacesMax) return std::nullopt;
    out[index] = sentence.substr(0, end);
    sentence.remove_prefix(end);
  }
}

}  // namespace

std::string translate(Language language, std::string_view sentence) {
  for (std::size_t i = 0; i < kTextCount; ++i) {
    const auto id = static_cast<Text>(i);
    if (!text_key(id).starts_with("said_")) continue;
    const auto filled = maybe_match(template_of(Language::en, id), sentence);
    if (!filled) continue;
    return say(
        language, id,
        {escape((*filled)[0]), escape((*filled)[1]), escape((*filled)[2]), escape((*filled)[3])});
  }
  return escape(sentence);
}

}  // namespace rastro::cli
