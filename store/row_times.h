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
  std::vector<Other> others() const;  // by row
  // What is known of a row: its thousand's, its own to the second, or, if nothing is, everything.
  // Slow once others are sorted.
  Range of(std::uint32_t row) const;
  // To be called when no row will be added for a while: of many others a question then reads those
  // of the seconds that it wants.
  void sort_others();
  // As table `row_times` of a finished hour has them, and back; legs' ids to the second.
  std::string packed() const;
  static std::optional<RowTimes> unpacked(std::string_view bytes);
  // Of which rows more must be known.
  struct Wanted {
    std::int64_t from = INT64_MIN;   // active then or later, in microseconds since 1970
    std::int64_t until = INT64_MAX;  // and opened then or before
    std::uint64_t leg_id_from = 0;
    std::uint64_t leg_id_until = UINT64_MAX;
    bool may_be(const Range& rows) const {
      return rows.opened_min <= until && rows.active_max >= from &&
             rows.leg_id_max >= leg_id_from && rows.leg_id_min <= leg_id_until;
    }
  };
  // Passes rows over, from the highest down. Borrows the RowTimes.
  class Downwards {
   public:
    explicit Downwards(const RowTimes& times) : times_(times) {}
    // `row` when it may be wanted, else a lower one, with none in between that may be; 0: there is
    // none. Neither `row` nor what is wanted must grow from call to call.
    std::uint32_t next(std::uint32_t row, const Wanted& wanted);
    // A row that next() returned was read, and was not wanted.
    void note_miss();

   private:
    // To gather so many of the others takes as long as to read a row.
    static constexpr std::size_t kGatheredPerMiss = 2'048;
    bool gather(const Wanted& wanted);
    std::uint32_t highest_other(std::uint32_t above, std::uint32_t row) const;
    const RowTimes& times_;
    std::size_t gathered_max_ = kGatheredPerMiss;
    unsigned misses_ = 0;
    std::vector<std::uint64_t> others_;  // a bit for each row; empty: not gathered
  };

 private:
  void add_at(std::uint32_t number, const Row& row);

  std::vector<Range> ranges_;
  std::vector<Other> others_;  // the first `sorted_` by second
  std::size_t sorted_ = 0;
  std::int64_t opened_last_ = INT64_MIN;
  std::uint32_t known_ = 0;
};

// What a finished hour says of itself; nullopt: nothing, or it is damaged.
std::optional<RowTimes> read_row_times(Database& database);
// In the caller's transaction.
void write_row_times(Database& database, const RowTimes& times);

}  // namespace rastro
