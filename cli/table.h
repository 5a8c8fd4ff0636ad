#pragma once

#include <string>
#include <vector>

#include "cli/view.h"

namespace rastro::cli {

// A plain table whose cells are escaped already. When it is wider than the terminal, the first
// column gets a line of its own and the rest stands below it; nothing is cut.
class Table {
 public:
  struct Column {
    std::string head;
    bool right = false;  // numbers
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // `note` stands below the row, over the whole width.
  void add(std::vector<std::string> cells, std::string note = "") {
    rows_.push_back(std::move(cells));
    notes_.push_back(std::move(note));
  }
  bool empty() const { return rows_.empty(); }
  std::string render(const View& view) const;

 private:
  std::vector<std::size_t> widths() const;
  std::string render_in_words(const View& view) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> notes_;  // of each row
};

}  // namespace rastro::cli
