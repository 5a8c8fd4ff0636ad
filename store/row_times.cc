#include "store/row_times.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "core/varint.h"
#include "store/leg_rows.h"
#include "store/schema.h"

namespace rastro {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::uint32_t kBits = 64;
constexpr unsigned kSecondShift = 32;  // of a leg's id: the upper half is its opening second

bool is_empty(const RowTimes::Range& range) { return range.leg_id_min > range.leg_id_max; }

// Of others that may be wanted, when it is not 0.
struct Seconds {
  std::uint32_t from;
  std::uint32_t until;
  explicit Seconds(const RowTimes::Wanted& wanted)
      : from(static_cast<std::uint32_t>(wanted.leg_id_from >> kSecondShift)) {
    const auto by_time = static_cast<std::uint64_t>(std::max<std::int64_t>(wanted.until, 0)) /
                         static_cast<std::uint64_t>(kSecond);
    until = static_cast<std::uint32_t>(std::min(by_time, wanted.leg_id_until >> kSecondShift));
  }
  bool hold(std::uint32_t second) const {
    return second == 0 || (second >= from && second <= until);
  }
};

bool by_second(const RowTimes::Other& a, const RowTimes::Other& b) {
  return std::pair(a.opened_second, a.row) < std::pair(b.opened_second, b.row);
}

}  // namespace

std::vector<RowTimes::Other> RowTimes::others() const {
  auto all = others_;
  std::ranges::sort(all, {}, &Other::row);
  return all;
}

RowTimes::Range RowTimes::of(std::uint32_t row) const {
  const Range everything{INT64_MIN, INT64_MAX, 0, UINT64_MAX};
  if (row == 0 || row > known_) return everything;
  const auto middle = others_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  auto other = std::ranges::lower_bound(middle, others_.end(), row, {}, &Other::row);
  if (other == others_.end() || other->row != row) {
    other = std::ranges::find(others_.begin(), middle, row, &Other::row);
    if (other == middle) return ranges_[(row - 1) / kRows];
  }
  if (other->opened_second == 0) return everything;
  const auto leg_id = std::uint64_t{other->opened_second} << kSecondShift;
  return {other->opened_second * kSecond, INT64_MAX, leg_id, leg_id | UINT32_MAX};
}

void RowTimes::sort_others() {
  const auto middle = others_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  std::sort(middle, others_.end(), by_second);
  std::inplace_merge(others_.begin(), middle, others_.end(), by_second);
  sorted_ = others_.size();
}

// False: they are more than is worth it so far.
bool RowTimes::Downwards::gather(const Wanted& wanted) {
  if (!others_.empty()) return true;
  const Seconds seconds(wanted);
  const auto begin = times_.others_.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(times_.sorted_);
  const auto known = std::ranges::upper_bound(begin, end, 0U, {}, &Other::opened_second);
  const auto first = std::ranges::lower_bound(known, end, seconds.from, {}, &Other::opened_second);
  const auto last = std::ranges::upper_bound(first, end, seconds.until, {}, &Other::opened_second);
  const auto count = (known - begin) + (last - first) + (times_.others_.end() - end);
  if (static_cast<std::size_t>(count) > gathered_max_) return false;
  others_.assign(times_.known_ / kBits + 1, 0);
  const auto take = [&](auto from, auto until) {
    for (; from != until; ++from) {
      if (seconds.hold(from->opened_second))
        others_[from->row / kBits] |= std::uint64_t{1} << (from->row % kBits);
    }
  };
  take(begin, known);
  take(first, last);
  take(end, times_.others_.end());
  return true;
}

void RowTimes::Downwards::note_miss() {
  constexpr unsigned kGatherAgainAfter = 16;  // less may be wanted by now
  gathered_max_ += kGatheredPerMiss;
  if (++misses_ % kGatherAgainAfter == 0) others_.clear();
}

// Of those in (above, row]; 0: there is none.
std::uint32_t RowTimes::Downwards::highest_other(std::uint32_t above, std::uint32_t row) const {
  const auto last = row / kBits;
  for (auto word = last + 1; word-- > above / kBits;) {
    auto bits = others_[word];
    if (word == last && row % kBits != kBits - 1)
      bits &= (std::uint64_t{1} << (row % kBits + 1)) - 1;
    if (bits == 0) continue;
    const auto found = word * kBits + static_cast<std::uint32_t>(std::bit_width(bits)) - 1;
    return found > above ? found : 0;
  }
  return 0;
}

std::uint32_t RowTimes::Downwards::next(std::uint32_t row, const Wanted& wanted) {
  if (row > times_.known_) return row;
  while (row > 0) {
    const auto thousand = (row - 1) / kRows;
    // One of the others may be among them: to read it costs less than to know.
    if (wanted.may_be(times_.ranges_[thousand]) || !gather(wanted)) return row;
    const auto below = thousand * kRows;
    if (const auto other = highest_other(below, row)) return other;
    row = below;
  }
  return 0;
}

void RowTimes::add_at(std::uint32_t number, const Row& row) {
  known_ = number;
  ranges_.resize(std::max<std::size_t>(ranges_.size(), (number - 1) / kRows + 1));
  constexpr std::int64_t kLate = 60 * kSecond;
  const bool late = opened_last_ >= INT64_MIN + kLate && row.opened_at < opened_last_ - kLate;
  opened_last_ = std::max(opened_last_, row.opened_at);
  if (late && others_.size() < number / 4 + kOthersMore) {
    const auto second = static_cast<std::uint32_t>(row.leg_id >> kSecondShift);
    others_.push_back(
        {number, row.opened_at >= 0 && row.opened_at / kSecond == second ? second : 0});
    return;
  }
  auto& range = ranges_[(number - 1) / kRows];
  range.opened_min = std::min(range.opened_min, row.opened_at);
  range.active_max = std::max({range.active_max, row.opened_at, row.active_at});
  range.leg_id_min = std::min(range.leg_id_min, row.leg_id);
  range.leg_id_max = std::max(range.leg_id_max, row.leg_id);
}

bool RowTimes::read_on(Database& database, std::uint32_t row_max) {
  if (row_max <= known_) return true;
  auto leg = database.prepare(
      "SELECT row, leg_id, opened_at, active_after FROM leg WHERE row > ?1 AND row <= ?2"
      " ORDER BY row");
  leg.bind(1, std::int64_t{known_}).bind(2, std::int64_t{row_max});
  while (leg.step()) {
    const auto opened_at = leg.column_int(2);
    add_at(static_cast<std::uint32_t>(leg.column_int(0)),
           {opened_at, micros(time_after(opened_at, leg.column_int(3))),
            static_cast<std::uint64_t>(leg.column_int(1))});
  }
  if (!database.ok()) return false;
  ranges_.resize(std::max<std::size_t>(ranges_.size(), (row_max - 1) / kRows + 1));
  known_ = row_max;
  return true;
}

std::string RowTimes::packed() const {
  std::string out;
  append_varint(out, known_);
  std::uint64_t opened_before = 0;
  std::uint64_t second_before = 0;
  for (const auto& range : ranges_) {
    append_varint(out, is_empty(range) ? 0 : 1);
    if (is_empty(range)) continue;
    const auto opened = static_cast<std::uint64_t>(range.opened_min);
    const auto second = range.leg_id_min >> kSecondShift;
    append_varint(out, zigzag(opened - opened_before));
    append_varint(out, static_cast<std::uint64_t>(range.active_max) - opened);
    append_varint(out, zigzag(second - second_before));
    append_varint(out, (range.leg_id_max >> kSecondShift) - second);
    opened_before = opened;
    second_before = second;
  }
  Other before;
  for (const auto& other : others()) {
    append_varint(out, other.row - before.row);
    append_varint(out, zigzag(std::uint64_t{other.opened_second} - before.opened_second));
    before = other;
  }
  return out;
}

std::optional<RowTimes> RowTimes::unpacked(std::string_view bytes) {
  RowTimes out;
  const auto known = take_varint(bytes);
  // A range takes a byte at least.
  if (!known || *known > UINT32_MAX || *known / kRows > bytes.size()) return std::nullopt;
  out.known_ = static_cast<std::uint32_t>(*known);
  out.ranges_.resize((out.known_ + std::uint64_t{kRows} - 1) / kRows);
  std::uint64_t opened = 0;
  std::uint64_t second = 0;
  for (auto& range : out.ranges_) {
    const auto any = take_varint(bytes);
    if (!any || *any > 1) return std::nullopt;
    if (*any == 0) continue;
    const auto opened_step = take_varint(bytes);
    const auto active = take_varint(bytes);
    const auto second_step = take_varint(bytes);
    const auto seconds = take_varint(bytes);
    if (!opened_step || !active || !second_step || !seconds) return std::nullopt;
    opened += unzigzag(*opened_step);
    second += unzigzag(*second_step);
    range.opened_min = static_cast<std::int64_t>(opened);
    range.active_max = static_cast<std::int64_t>(opened + *active);
    range.leg_id_min = second << kSecondShift;
    range.leg_id_max = ((second + *seconds) << kSecondShift) | UINT32_MAX;
    out.opened_last_ = std::max(out.opened_last_, range.active_max);
  }
  for (Other other; !bytes.empty();) {
    const auto step = take_varint(bytes);
    const auto seconds = take_varint(bytes);
    if (!step || !seconds || *step == 0 || *step > out.known_ - other.row) return std::nullopt;
    other.row += static_cast<std::uint32_t>(*step);
    other.opened_second += static_cast<std::uint32_t>(unzigzag(*seconds));
    out.others_.push_back(other);
  }
  return out;
}

std::optional<RowTimes> read_row_times(Database& database) {
  if (!has_table(database, "row_times")) return std::nullopt;
  auto row = database.prepare("SELECT times FROM row_times");
  if (!row.step()) return std::nullopt;
  return RowTimes::unpacked(row.column_bytes(0));
}

void write_row_times(Database& database, const RowTimes& times) {
  // A file begun by an earlier build has no such table.
  database.run("CREATE TABLE IF NOT EXISTS row_times(times BLOB NOT NULL)");
  database.run("DELETE FROM row_times");  // of a sealing that was cut short
  const auto packed = times.packed();
  auto row = database.prepare("INSERT INTO row_times(times) VALUES(?1)");
  row.bind_blob(1, packed);
  row.step();
}

}  // namespace rastro
