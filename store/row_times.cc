#include "store/row_times.h"

#include <algorithm>

#include "store/leg_rows.h"

namespace rastro {

namespace {
constexpr std::int64_t kLate = 60'000'000;  // a minute
}

bool RowTimes::read_on(Database& database, std::uint32_t row_max) {
  if (row_max <= known_) return true;
  auto leg = database.prepare(
      "SELECT row, leg_id, opened_at, active_after FROM leg WHERE row > ?1 AND row <= ?2"
      " ORDER BY row");
  leg.bind(1, std::int64_t{known_}).bind(2, std::int64_t{row_max});
  while (leg.step()) {
    const auto row = static_cast<std::uint32_t>(leg.column_int(0));
    const auto leg_id = static_cast<std::uint64_t>(leg.column_int(1));
    const auto opened_at = leg.column_int(2);
    const auto active_at = micros(time_after(opened_at, leg.column_int(3)));
    known_ = row;
    ranges_.resize(std::max<std::size_t>(ranges_.size(), (row - 1) / kRows + 1));
    const bool late = opened_last_ >= INT64_MIN + kLate && opened_at < opened_last_ - kLate;
    opened_last_ = std::max(opened_last_, opened_at);
    if (late && others_.size() < row / 8) {
      others_.push_back(row);
      continue;
    }
    auto& range = ranges_[(row - 1) / kRows];
    range.opened_min = std::min(range.opened_min, opened_at);
    range.active_max = std::max({range.active_max, opened_at, active_at});
    range.leg_id_min = std::min(range.leg_id_min, leg_id);
    range.leg_id_max = std::max(range.leg_id_max, leg_id);
  }
  if (!database.ok()) return false;
  ranges_.resize(std::max<std::size_t>(ranges_.size(), (row_max - 1) / kRows + 1));
  known_ = row_max;
  return true;
}

}  // namespace rastro
