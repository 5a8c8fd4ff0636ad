#include "store/posted_rows.h"

#include <algorithm>

namespace rastro {
namespace {

// The end of those in the ascending [begin, end) that are not above `value`, looked for from the
// end: it is mostly near there.
template <typename Iterator, typename Value>
Iterator end_at(Iterator begin, Iterator end, Value value) {
  std::ptrdiff_t step = 1;
  while ((end - begin) > step && *(end - step) > value) step *= 2;
  return std::upper_bound(end - std::min(step, end - begin), end, value);
}

}  // namespace

void PostedRows::add(std::uint32_t key) {
  if (view_.state.sealed) {
    keys_.push_back({key, {}, kRowMax, true});
    return;
  }
  for (const auto& run : view_.runs.runs()) {
    const auto part = SortedRuns::part_of(*run, make_posting(key, 0), make_posting(key, kRowMax));
    if (part.empty()) continue;
    runs_.push_back({part.data(), part.data() + part.size()});
    held_.push_back(run);
  }
}

std::optional<std::uint32_t> PostedRows::at_most(std::uint32_t row) {
  std::optional<std::uint32_t> found;
  for (auto& run : runs_) found = std::max(found, highest(run, row));
  for (auto& segment : keys_) found = std::max(found, highest(segment, row));
  return found;
}

std::optional<std::uint32_t> PostedRows::highest(Run& run, std::uint32_t row) {
  if (run.begin == run.end) return std::nullopt;
  run.end = end_at(run.begin, run.end, make_posting(key_of(*run.begin), row));
  if (run.begin == run.end) return std::nullopt;
  return row_of(*(run.end - 1));
}

std::optional<std::uint32_t> PostedRows::highest(Segment& segment, std::uint32_t row) {
  auto& rows = segment.rows;
  for (;;) {
    rows.erase(end_at(rows.begin(), rows.end(), row), rows.end());
    if (!rows.empty()) return rows.back();
    if (!segment.more) return std::nullopt;
    const auto from = std::min(row, segment.unread);
    const auto first = segments_.collect_rows(segment.key, from, rows);
    segment.more = first && *first > 0;
    if (segment.more) segment.unread = *first - 1;
  }
}

}  // namespace rastro
