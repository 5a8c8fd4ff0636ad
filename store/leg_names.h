#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/maybe_text.h"
#include "store/dictionary.h"
#include "store/row_layout.h"
#include "store/sqlite.h"

namespace rastro {

// Reads the queue id and the Message-ID of rows of `leg`. A later version of a leg leaves them to
// the row that had them first (docs/store.md, "leg").
class LegNamesReader {
 public:
  // `dictionary` is borrowed.
  LegNamesReader(Database& database, RowLayout layout, DictionaryReader& dictionary);

  // For a statement's list of columns: kColumnCount of them.
  std::string_view columns() const;
  static constexpr int kColumnCount = 5;
  // From a row of such a statement; `first` is the first of these columns. False: damage.
  bool read(const Statement& row, int first, std::uint64_t leg_id, std::string& queue_id,
            MaybeText& message_id);

 private:
  bool take(const Statement& row, int first, std::string& queue_id, MaybeText& message_id);

  RowLayout layout_;
  DictionaryReader& dictionary_;
  Statement elsewhere_;
};

}  // namespace rastro
