#include "cli/page.h"

#include <algorithm>

namespace rastro::cli {
namespace {

constexpr std::size_t kLabelColumns = 12;

}  // namespace

void Page::heading(std::string_view text) { out_ += "\n" + view_.paint(Colour::bold, text) + "\n"; }

void Page::line(std::string_view text, std::size_t indent) {
  out_ += wrap(text, view_.terminal.width, indent);
}

void Page::field(std::string_view label, std::string_view text, std::size_t indent) {
  if (text.empty()) return;
  const auto label_columns = std::max(kLabelColumns, columns_of(label) + 1);
  const auto start = indent + label_columns;
  auto block = wrap(text, view_.terminal.width, start);
  // Labels are shorter than their column, in every language that the catalogue has.
  block.replace(
      indent, label_columns,
      view_.paint(Colour::dim, label) + std::string(label_columns - columns_of(label), ' '));
  out_ += block;
}

}  // namespace rastro::cli
