#include "cli/typed_names.h"

#include <algorithm>

#include "cli/texts.h"
#include "core/edit_distance.h"

namespace rastro::cli {
namespace {

// Lower case, without the accents of Spanish, '_' and '-' as blanks.
std::string folded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\xc3' && i + 1 < text.size()) {
      static constexpr std::string_view kSecond = "\xa1\xa9\xad\xb3\xba\xbc\xb1";
      const auto at = kSecond.find(text[i + 1]);
      if (at != std::string_view::npos) {
        out += "aeiouun"[at];
        ++i;
        continue;
      }
    }
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c == '_' || c == '-' ? ' ' : c;
  }
  return out;
}

// "devueltas" and "devuelto" are the same word here.
std::string stem(std::string_view text) {
  auto out = folded(text);
  if (out.size() > 4 && out.back() == 's') out.pop_back();
  if (out.size() > 4 && (out.back() == 'o' || out.back() == 'a')) out.pop_back();
  return out;
}

// A reason may have a label for each side that gives it.
std::string_view without_prefix(std::string_view key, std::string_view prefix) {
  if (key.starts_with(prefix)) return key.substr(prefix.size());
  if (prefix != "reason_") return {};
  for (const std::string_view side : {"by_us_", "by_them_"}) {
    if (key.starts_with(side)) return key.substr(side.size());
  }
  return {};
}

// What people call them beside the words that answers use.
struct OtherName {
  std::string_view prefix;
  std::string_view typed;  // as stem() leaves it
  std::string_view name;
};
constexpr OtherName kOtherNames[] = {
    {"outcome_", "rebotad", "bounced"},
    {"outcome_", "rebote", "bounced"},
    {"outcome_", "enviad", "delivered"},
    {"outcome_", "sent", "delivered"},
    {"outcome_", "pendiente", "queued,deferred"},
    {"outcome_", "pending", "queued,deferred"},
    {"reason_", "spam", "spam_content"},
    {"reason_", "viru", "virus_or_attachment"},  // "virus", and stem() takes the s
    {"reason_", "greylisting", "greylisted"},
    {"reason_", "greylist", "greylisted"},
    {"reason_", "blacklist", "reputation"},
    {"reason_", "blacklisted", "reputation"},
    {"reason_", "lista negr", "reputation"},
    {"reason_", "quota", "mailbox_full"},
    {"reason_", "buzon llen", "mailbox_full"},
};

std::string api_name(std::string_view prefix, std::string_view typed) {
  const auto wanted = stem(typed);
  for (const auto& other : kOtherNames) {
    if (other.prefix == prefix && other.typed == wanted) return std::string(other.name);
  }
  for (std::size_t i = 0; i < kTextCount; ++i) {
    const auto id = static_cast<Text>(i);
    const auto name = without_prefix(text_key(id), prefix);
    if (name.empty()) continue;
    if (wanted == stem(name)) return std::string(name);
    for (const auto language : {Language::en, Language::es}) {
      if (wanted == stem(template_of(language, id))) return std::string(name);
    }
  }
  return std::string(typed);
}

}  // namespace

std::string api_names(std::string_view prefix, std::string_view typed) {
  std::string out;
  while (!typed.empty()) {
    const auto comma = std::min(typed.find(','), typed.size());
    auto word = typed.substr(0, comma);
    while (word.starts_with(' ')) word.remove_prefix(1);
    out += api_name(prefix, word);
    if (comma < typed.size()) out += ',';
    typed.remove_prefix(std::min(comma + 1, typed.size()));
  }
  return out;
}

std::string near_word(std::string_view typed, std::string_view names) {
  constexpr std::size_t kLengthMax = 30;
  std::string_view nearest;
  std::size_t least = 3;
  if (typed.size() > kLengthMax) return {};
  while (!names.empty()) {
    const auto end = std::min(names.find(' '), names.size());
    const auto name = names.substr(0, end);
    const auto steps = edit_distance(folded(typed), name, least);
    if (steps < least && steps < name.size()) {
      least = steps;
      nearest = name;
    }
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return std::string(nearest);
}

bool is_like_a_queue_id(std::string_view word) {
  constexpr std::size_t kShortest = 6;
  const auto is_letter = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
  return word.size() >= kShortest && std::ranges::all_of(word, is_letter) &&
         std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_like_a_journey_id(std::string_view id) {
  constexpr std::size_t kLength = 13;
  return id.size() == kLength && std::ranges::all_of(id, [](unsigned char c) {
           return std::isdigit(c) != 0 || (c >= 'a' && c <= 'z');
         });
}

bool is_like_an_id(std::string_view word) {
  const auto slash = word.find('/');
  if (slash != std::string_view::npos)
    return slash > 0 && is_like_a_queue_id(word.substr(slash + 1));
  const bool in_brackets = word.starts_with('<') && word.ends_with('>');
  return is_like_a_queue_id(word) || (in_brackets && word.find('@') != std::string_view::npos);
}

}  // namespace rastro::cli
