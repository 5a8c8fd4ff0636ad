#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "store/row_times.h"
#include "store/snapshot.h"
#include "store/sqlite.h"

namespace rastro {

// Passes over the rows of a file that by what is known of their times, or their legs' ids, cannot
// be meant. Finds that out when enough rows were read for nothing. Borrows both.
class OtherTimes {
 public:
  OtherTimes(const FileView& view, Database& database) : view_(view), database_(database) {
    use(view.notes->row_times());
  }
  // As RowTimes::Downwards::next().
  std::uint32_t pass_over(std::uint32_t row, const RowTimes::Wanted& wanted) {
    return downwards_ ? downwards_->next(row, wanted) : row;
  }
  // A row that was read was none of those meant.
  void note_miss() {
    // To read a row's time by its number takes as long as to read those of five rows that follow
    // each other; what a finished hour says of itself takes as long as some sixty rows.
    constexpr std::size_t kReadOnFactor = 5;
    constexpr std::size_t kWorthIt = 64;
    ++misses_;
    if (downwards_) downwards_->note_miss();
    const auto known = times_ ? times_->known() : 0;
    if (known >= view_.row_max || misses_ % kWorthIt != 0) return;
    const bool told = view_.state.sealed && !times_ && take_from_file();
    if (!told && misses_ * kReadOnFactor >= view_.row_max - known) read_on();
  }

 private:
  void use(std::shared_ptr<const RowTimes> times) {
    if (!times) return;
    times_ = std::move(times);
    downwards_.emplace(*times_);
  }
  bool take_from_file() {
    auto in_file = read_row_times(database_);
    if (!in_file || in_file->known() != view_.row_max) return false;
    in_file->sort_others();
    note(std::make_shared<const RowTimes>(std::move(*in_file)));
    return true;
  }
  void read_on() {
    auto more = std::make_shared<RowTimes>(times_ ? *times_ : RowTimes{});
    if (!more->read_on(database_, view_.row_max)) return;
    more->sort_others();
    note(std::move(more));
  }
  void note(std::shared_ptr<const RowTimes> times) {
    view_.notes->note(times);
    use(std::move(times));
  }

  const FileView& view_;
  Database& database_;
  std::shared_ptr<const RowTimes> times_;
  std::optional<RowTimes::Downwards> downwards_;
  std::size_t misses_ = 0;
};

}  // namespace rastro
