#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/journey.h"
#include "store/leg_rows.h"
#include "store/sqlite.h"

namespace rastro {

// Reads leg versions as they were stored up to version 3 of the format: a column for each field, a
// row for each recipient, timeline entry, link and fact.
class OldLegRowReader {
 public:
  OldLegRowReader(Database& database, DictionaryReader& dictionary);
  bool load(std::uint32_t row, LegRowDepth depth, LegRecord& leg);

 private:
  void load_recipients(std::int64_t first, std::int64_t count, LegRecord& leg);
  void load_timeline(std::int64_t first, std::int64_t count, LegRecord& leg);
  void load_links(std::int64_t first, std::int64_t count, LegRecord& leg);
  void load_facts(std::int64_t first, std::int64_t count, LegRecord& leg);
  std::string reply_text(const Statement& statement, int column, std::string_view recipient);

  DictionaryReader& dictionary_;
  Statement leg_, delivery_, timeline_, link_, fact_;
  std::vector<std::pair<std::int64_t, TimelineEntry>> attempts_;  // told by delivery rows
};

// How the references of such a leg's row are packed, by its `flags`.
LinePacking old_line_packing(std::int64_t flags);

}  // namespace rastro
