#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite.h"

namespace rastro {

// Of each thousand rows of a file, when they were active and which legs they are of. Rows come
// nearly in the order of time, so most of an hour's can be left unread when half of it is asked
// for; a straggler only makes its thousand's range wide.
class RowTimes {
 public:
  static constexpr std::uint32_t kRows = 1024;
  struct Range {
    std::int64_t opened_min = INT64_MAX;
    std::int64_t active_max = INT64_MIN;
    std::uint64_t leg_id_min = UINT64_MAX;
    std::uint64_t leg_id_max = 0;
  };

  struct Row {
    std::int64_t opened_at = 0;  // microseconds since 1970
    std::int64_t active_at = 0;  // its last activity
    std::uint64_t leg_id = 0;
  };

  // The rows that are known: 1 to this one.
  std::uint32_t known() const { return known_; }
  // The one behind those that are known.
  void add(const Row& row) { add_at(known_ + 1, row); }
  // Reads on up to `row_max`; false: not all could be read, what was is kept.
  bool read_on(Database& database, std::uint32_t row_max);
  // Of the thousand that a known row is one of.
  const Range& range_at(std::uint32_t row) const { return ranges_[(row - 1) / kRows]; }
  // In no thousand's range: legs that began long before their row, retried mail mostly, of which
  // every thousand has some. At most a quarter of the rows, and kOthersMore: an hour begins with
  // what it takes over from the one before.
  static constexpr std::uint32_t kOthersMore = 64 * 1024;
  struct Other {
    std::uint32_t row = 0;
    std::uint32_t opened_second = 0;  // the leg id's too; 0: the two differ, or it has no room
    friend bool operator==(const Other&, const Other&) = default;
  };
  const std::vector<Other>& others() const { return others_; }
  // As table `row_times` of a finished hour has them, and back; legs' ids to the second.
  std::string packed() const;
  static std::optional<RowTimes> unpacked(std::string_view bytes);
  // What is known of a row: its thousand's, its own to the second, or, if nothing is, everything.
  Range of(std::uint32_t row) const { return Downwards(*this).of(row); }
  // The same of rows that come from the highest down. Borrows the RowTimes.
  class Downwards {
   public:
    explicit Downwards(const RowTimes& times) : times_(times), above_(times.others_.size()) {}
    Range of(std::uint32_t row);

   private:
    const RowTimes& times_;
    std::size_t above_;  // of the others: those of higher rows begin here
  };

 private:
  void add_at(std::uint32_t number, const Row& row);

  std::vector<Range> ranges_;
  std::vector<Other> others_;
  std::int64_t opened_last_ = INT64_MIN;
  std::uint32_t known_ = 0;
};

// What a finished hour says of itself; nullopt: nothing, or it is damaged.
std::optional<RowTimes> read_row_times(Database& database);
// In the caller's transaction.
void write_row_times(Database& database, const RowTimes& times);

}  // namespace rastro
