#pragma once

#include <cstdint>

#include "store/line_refs.h"
#include "store/sqlite.h"

namespace rastro {

// How the rows of a file are laid out. A file keeps the layout that it was made with: it takes no
// rows of another one.
enum class RowLayout : std::uint8_t {
  plain = 3,   // versions 1 to 3: a column for each field
  packed = 4,  // a row for each version; what is rare is packed into its column `more`
  shared = 5,  // as packed; an address that came before is a row of `name`
  brief = 6,   // as shared; what an earlier row of the leg or of `name` says is not said again
  dense = 7,   // as brief; ids and IPv4 addresses are packed
};
inline constexpr RowLayout kRowLayoutNow = RowLayout::dense;

RowLayout row_layout(Database& database);
LinePacking line_packing(RowLayout layout);  // of RowLayout::packed and later

}  // namespace rastro
