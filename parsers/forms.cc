#include "parsers/forms.h"

#include "parsers/scan.h"

namespace rastro {
namespace {

struct Hole {
  std::size_t at = std::string_view::npos;
  std::size_t size = 0;
  bool may_be_empty = false;
};

Hole next_hole(std::string_view form) {
  for (auto at = form.find('{'); at != std::string_view::npos; at = form.find('{', at + 1)) {
    const auto from_here = form.substr(at);
    if (from_here.starts_with("{}")) return {at, 2, false};
    if (from_here.starts_with("{?}")) return {at, 3, true};
  }
  return {};
}

// How much of `text` the hole takes: up to `behind`, the literal that follows it.
std::size_t hole_size(std::string_view text, std::string_view behind, const Hole& hole,
                      bool bracketed) {
  if (bracketed && behind.starts_with('>')) {
    std::size_t size = 0;
    for (bool quoted = false; size < text.size(); ++size) {
      if (quoted && text[size] == '\\') {
        ++size;
      } else if (text[size] == '"') {
        quoted = !quoted;
      } else if (!quoted && text[size] == '>') {
        break;
      }
    }
    if (size < text.size() && text.substr(size).starts_with(behind)) return size;
  }
  return text.find(behind, hole.may_be_empty ? 0 : 1);
}

// Nothing but the form's last words can stand behind the last hole, whatever stands in it.
std::size_t last_hole_size(std::string_view text, std::string_view last_words) {
  return text.ends_with(last_words) ? text.size() - last_words.size() : std::string_view::npos;
}

}  // namespace

std::optional<Captured> match_whole_form(std::string_view text, std::string_view form) {
  Captured out;
  for (;;) {
    const auto hole = next_hole(form);
    const auto literal = form.substr(0, hole.at);
    if (!maybe_take(text, literal)) return std::nullopt;
    if (hole.at == std::string_view::npos) return text.empty() ? std::optional(out) : std::nullopt;
    form.remove_prefix(hole.at + hole.size);
    const auto next = next_hole(form);
    const auto behind = form.substr(0, next.at);
    const auto size = next.at == std::string_view::npos
                          ? last_hole_size(text, behind)
                          : hole_size(text, behind, hole, literal.ends_with('<'));
    if (size == std::string_view::npos || (size == 0 && !hole.may_be_empty)) return std::nullopt;
    if (out.count < Captured::kMax) out.at[out.count++] = text.substr(0, size);
    text.remove_prefix(size);
  }
}

}  // namespace rastro
