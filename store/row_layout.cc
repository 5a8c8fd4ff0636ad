#include "store/row_layout.h"

namespace rastro {

RowLayout row_layout(Database& database) {
  // Not every file was brought up: a check reads them as they are.
  if (database.query_int("PRAGMA user_version").value_or(0) < 4) return RowLayout::plain;
  switch (database.query_int("SELECT row_layout FROM file_state").value_or(0)) {
    case 3:
      return RowLayout::plain;
    case 4:
      return RowLayout::packed;
    case 5:
      return RowLayout::shared;
    case 6:
      return RowLayout::brief;
    default:
      return RowLayout::dense;
  }
}

LinePacking line_packing(RowLayout layout) {
  return layout >= RowLayout::brief ? LinePacking::near_length : LinePacking::marked_source;
}

}  // namespace rastro
