#include "cli/table.h"

#include <algorithm>
#include <numeric>

namespace rastro::cli {
namespace {

constexpr std::size_t kColumnGap = 2;

std::string padded(const std::string& cell, std::size_t width, bool right) {
  const auto used = columns_of(cell);
  const std::string blanks(width > used ? width - used : 0, ' ');
  return right ? blanks + cell : cell + blanks;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto width = columns_of(columns_[i].head);
    for (const auto& row : rows_) {
      if (i < row.size()) width = std::max(width, columns_of(row[i]));
    }
    out.push_back(width);
  }
  return out;
}

// With more columns than the terminal is wide: each row as "head cell, head cell".
std::string Table::render_in_words(const View& view) const {
  std::string out;
  for (std::size_t n = 0; n < rows_.size(); ++n) {
    const auto& row = rows_[n];
    std::string words;
    for (std::size_t i = 1; i < row.size(); ++i) {
      if (!row[i].empty()) words += (words.empty() ? "" : ", ") + columns_[i].head + " " + row[i];
    }
    out += wrap(row.empty() ? "" : row[0], view.terminal.width, 0);
    out += wrap(words, view.terminal.width, kColumnGap);
    out += wrap(notes_[n], view.terminal.width, 2 * kColumnGap);
  }
  return out;
}

std::string Table::render(const View& view) const {
  const auto widths = this->widths();
  const auto total = std::accumulate(widths.begin(), widths.end(), std::size_t{0}) +
                     kColumnGap * (widths.empty() ? 0 : widths.size() - 1);
  const bool stacked = total > view.terminal.width && widths.size() > 1;
  const auto line = [&](const auto& cell_of) {
    std::string out;
    std::string first;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (stacked && i == 0) {
        first = wrap(cell_of(i), view.terminal.width, 0);
        out = std::string(kColumnGap, ' ');
        continue;
      }
      out += padded(cell_of(i), widths[i], columns_[i].right) + std::string(kColumnGap, ' ');
    }
    return first + trimmed(std::move(out));
  };
  const auto behind_first = total - (stacked ? widths[0] : 0);
  if (stacked && behind_first > view.terminal.width) return render_in_words(view);
  std::string heads = line([&](std::size_t i) { return columns_[i].head; });
  heads.pop_back();
  auto out = view.paint(Colour::bold, heads) + "\n";
  for (std::size_t n = 0; n < rows_.size(); ++n) {
    const auto& row = rows_[n];
    out += line([&](std::size_t i) { return i < row.size() ? row[i] : std::string(); });
    out += wrap(notes_[n], view.terminal.width, 2 * kColumnGap);
  }
  return out;
}

}  // namespace rastro::cli
