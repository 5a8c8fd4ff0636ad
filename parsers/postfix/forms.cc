#include "parsers/postfix/forms.h"

namespace rastro {

std::optional<Captured> match_form(std::string_view text, std::string_view form) {
  Captured out;
  std::size_t count = 0;
  for (;;) {
    const auto hole = form.find("{}");
    const auto literal = form.substr(0, hole);
    if (!text.starts_with(literal)) return std::nullopt;
    text.remove_prefix(literal.size());
    if (hole == std::string_view::npos) return text.empty() ? std::optional(out) : std::nullopt;
    form.remove_prefix(hole + 2);
    const auto behind = form.substr(0, form.find("{}"));
    const auto end = behind.empty() ? text.size() : text.find(behind, 1);
    if (end == std::string_view::npos || end == 0 || text.empty()) return std::nullopt;
    if (count < Captured::kMax) out.at[count++] = text.substr(0, end);
    text.remove_prefix(end);
  }
}

}  // namespace rastro
