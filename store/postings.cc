#include "store/postings.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "core/varint.h"

namespace rastro {
namespace {

constexpr std::size_t kRunsPerLevel = 8;
// A merge holds its numbers twice: 16 MB at most, but for more than an hour's.
constexpr std::size_t kMergedMax = std::size_t{1} << 20;
// What fits a table leaf of a 4096-byte page without an overflow page, row header and two 10-byte
// varints taken off.
// A look-up reads half of one on average, in every file: four to a page are as dense as one and are
// read four times as fast.
constexpr std::size_t kSegmentBytesMax = 960;

// Ascending. A batch's postings: keys are hashes and rows a narrow range, so a third of the digits
// is the same in all and passed over; what is left costs less than comparing does.
void sort_numbers(std::vector<std::uint64_t>& values) {
  constexpr std::size_t kWorthIt = 2'000;
  constexpr unsigned kDigitBits = 11;
  constexpr unsigned kDigits = 6;  // 66 bits
  constexpr std::size_t kBuckets = std::size_t{1} << kDigitBits;
  if (values.size() < kWorthIt) {
    std::sort(values.begin(), values.end());
    return;
  }
  const auto digit = [](std::uint64_t value, unsigned which) {
    return static_cast<std::size_t>((value >> (which * kDigitBits)) & (kBuckets - 1));
  };
  std::vector<std::size_t> counts(kDigits * kBuckets);
  for (const auto value : values) {
    for (unsigned which = 0; which < kDigits; ++which) {
      ++counts[which * kBuckets + digit(value, which)];
    }
  }
  std::vector<std::uint64_t> sorted(values.size());
  for (unsigned which = 0; which < kDigits; ++which) {
    auto* place = &counts[which * kBuckets];
    if (place[digit(values.front(), which)] == values.size()) continue;
    std::exclusive_scan(place, place + kBuckets, place, std::size_t{0});
    for (const auto value : values) sorted[place[digit(value, which)]++] = value;
    values.swap(sorted);
  }
}

using Numbers = std::vector<std::uint64_t>;

Numbers merge(const Numbers& a, const Numbers& b) {
  Numbers out;
  out.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

// Each of `runs` is given up once it is merged.
Numbers merge(std::vector<SortedRuns::Run> runs) {
  std::vector<Numbers> parts;
  for (std::size_t i = 0; i < runs.size(); i += 2) {
    const auto one = std::move(runs[i]);
    const auto other = i + 1 == runs.size() ? nullptr : std::move(runs[i + 1]);
    parts.push_back(other == nullptr ? *one : merge(*one, *other));
  }
  while (parts.size() > 1) {
    std::vector<Numbers> next;
    for (std::size_t i = 0; i < parts.size(); i += 2) {
      const auto one = std::move(parts[i]);
      if (i + 1 == parts.size()) {
        next.push_back(one);
      } else {
        const auto other = std::move(parts[i + 1]);
        next.push_back(merge(one, other));
      }
    }
    parts = std::move(next);
  }
  return std::move(parts.front());
}

// A segment starts with this when a posting of the key before takes one number. It is a 0 in two
// bytes, which the numbers of earlier builds, two for each posting, never were.
constexpr std::string_view kJoinedMark("\x80\x00", 2);

// Takes the packed postings of one segment one after the other.
class SegmentSteps {
 public:
  SegmentSteps(Posting first, std::string_view bytes)
      : joined_(bytes.starts_with(kJoinedMark)),
        rest_(joined_ ? bytes.substr(kJoinedMark.size()) : bytes),
        key_(key_of(first)),
        row_(row_of(first)) {}

  bool at_end() const { return rest_.empty(); }
  std::uint64_t key() const { return key_; }
  std::uint64_t row() const { return row_; }

  // To the next posting. False: damaged, or there is none.
  bool take() {
    if (rest_.size() >= 16) return take_fast();
    const auto step = take_varint(rest_);
    if (!step) return false;
    if (is_of_same_key(*step)) return add_to_row(*step >> 1);
    const auto row = take_varint(rest_);
    return row && move_to(*step, *row);
  }

 private:
  bool is_of_same_key(std::uint64_t step) const { return joined_ && (step & 1) != 0; }

  bool take_fast() {
    const auto step = look_at_varint(rest_.data());
    if (step.length == 0) return false;
    const auto value = step.value();
    if (is_of_same_key(value)) {
      rest_.remove_prefix(step.length);
      return add_to_row(value >> 1);
    }
    const auto row = look_at_varint(rest_.data() + step.length);
    if (row.length == 0) return false;
    rest_.remove_prefix(step.length + row.length);
    return move_to(value, row.value());
  }

  bool move_to(std::uint64_t step, std::uint64_t row) {
    if (joined_) step >>= 1;
    if (step == 0) return add_to_row(row);
    if (step > UINT32_MAX - key_ || row > kRowMax) return false;
    key_ += step;
    row_ = row;
    return true;
  }

  bool add_to_row(std::uint64_t by) {
    if (by > kRowMax - row_) return false;
    row_ += by;
    return true;
  }

  bool joined_;
  std::string_view rest_;
  std::uint64_t key_;
  std::uint64_t row_;
};

// The rows of `key` up to `row_last`, at most kRowMax, in one packed segment that starts with
// `first`.
void collect_from_segment(Posting first, std::string_view bytes, std::uint32_t key,
                          std::uint32_t row_last, std::vector<std::uint32_t>& out) {
  SegmentSteps steps(first, bytes);
  while (steps.key() < key) {
    if (steps.at_end() || !steps.take()) return;  // damaged: quick_check's business
  }
  while (steps.key() == key && steps.row() <= row_last) {
    out.push_back(static_cast<std::uint32_t>(steps.row()));
    if (steps.at_end() || !steps.take()) return;
  }
}

}  // namespace

bool unpack_segment(Posting first, std::string_view bytes, std::vector<Posting>& out) {
  SegmentSteps steps(first, bytes);
  out.push_back(first);
  while (!steps.at_end()) {
    if (!steps.take()) return false;
    out.push_back(make_posting(static_cast<std::uint32_t>(steps.key()),
                               static_cast<std::uint32_t>(steps.row())));
  }
  return true;
}

bool append_keys(Posting first, std::string_view bytes, std::vector<std::uint32_t>& keys) {
  SegmentSteps steps(first, bytes);
  if (keys.empty() || keys.back() != steps.key()) keys.push_back(key_of(first));
  while (!steps.at_end()) {
    const auto before = steps.key();
    if (!steps.take()) return false;
    if (steps.key() != before) keys.push_back(static_cast<std::uint32_t>(steps.key()));
  }
  return true;
}

void SortedRuns::add(std::vector<std::uint64_t> values) {
  if (values.empty()) return;
  sort_numbers(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  runs_.push_back({0, std::make_shared<const std::vector<std::uint64_t>>(std::move(values))});
  merge_full_levels();
}

void SortedRuns::merge_full_levels() {
  while (runs_.size() >= kRunsPerLevel &&
         runs_[runs_.size() - kRunsPerLevel].level == runs_.back().level) {
    std::vector<Run> full;
    std::size_t numbers = 0;
    const auto level = runs_.back().level;
    for (auto i = runs_.size() - kRunsPerLevel; i < runs_.size(); ++i)
      numbers += runs_[i].run->size();
    if (numbers > std::max(kMergedMax, size() / kRunsPerLevel)) return;
    for (auto i = runs_.size() - kRunsPerLevel; i < runs_.size(); ++i) {
      full.push_back(std::move(runs_[i].run));
    }
    runs_.resize(runs_.size() - kRunsPerLevel);
    runs_.push_back({level + 1, std::make_shared<const Numbers>(merge(std::move(full)))});
  }
}

bool SortedRuns::contains(std::uint64_t value) const {
  return std::any_of(runs_.begin(), runs_.end(), [value](const Level& level) {
    return std::binary_search(level.run->begin(), level.run->end(), value);
  });
}

void SortedRuns::collect(std::uint64_t from, std::uint64_t until,
                         std::vector<std::uint64_t>& out) const {
  for (const auto& level : runs_) {
    const auto part = part_of(*level.run, from, until);
    out.insert(out.end(), part.begin(), part.end());
  }
}

SortedRuns::Part SortedRuns::part_of(const std::vector<std::uint64_t>& run, std::uint64_t from,
                                     std::uint64_t until) {
  const auto first = std::lower_bound(run.begin(), run.end(), from);
  // Mostly none or a few: the end is looked for from the beginning.
  std::ptrdiff_t step = 1;
  while (step < run.end() - first && first[step - 1] <= until) step *= 2;
  const auto last =
      std::upper_bound(first + step / 2, first + std::min(step, run.end() - first), until);
  return {first, last};
}

std::size_t SortedRuns::size() const {
  std::size_t total = 0;
  for (const auto& level : runs_) total += level.run->size();
  return total;
}

std::vector<SortedRuns::Run> SortedRuns::runs() const {
  std::vector<Run> all;
  all.reserve(runs_.size());
  for (const auto& level : runs_) all.push_back(level.run);
  return all;
}

void collect_rows(const PostingRuns& runs, std::uint32_t key, std::vector<std::uint32_t>& out) {
  std::vector<Posting> postings;
  runs.collect(make_posting(key, 0), make_posting(key, kRowMax), postings);
  for (const auto posting : postings) out.push_back(row_of(posting));
}

std::uint64_t count_rows(const PostingRuns& runs, std::uint32_t key) {
  std::uint64_t count = 0;
  for (const auto& run : runs.runs()) {
    count += SortedRuns::part_of(*run, make_posting(key, 0), make_posting(key, kRowMax)).size();
  }
  return count;
}

namespace {
struct LaterHead {
  template <typename Cursor>
  bool operator()(const Cursor& a, const Cursor& b) const {
    return a.head() > b.head();
  }
};
}  // namespace

SegmentPacker::SegmentPacker(const PostingRuns& runs) {
  for (auto& run : runs.runs()) cursors_.push_back({std::move(run), 0});
  std::make_heap(cursors_.begin(), cursors_.end(), LaterHead{});
}

bool SegmentPacker::take_next(Posting& next) {
  while (!cursors_.empty()) {
    std::pop_heap(cursors_.begin(), cursors_.end(), LaterHead{});
    auto& cursor = cursors_.back();
    next = cursor.head();
    if (++cursor.at == cursor.run->size()) {
      cursors_.pop_back();
    } else {
      std::push_heap(cursors_.begin(), cursors_.end(), LaterHead{});
    }
    if (!any_taken_ || next != previous_) {
      any_taken_ = true;
      previous_ = next;
      return true;
    }
  }
  return false;
}

bool SegmentPacker::write_some(Database& database, std::size_t segments_max) {
  auto insert = database.prepare("INSERT INTO segment(first_posting, postings) VALUES(?1, ?2)");
  std::string bytes;
  bytes.reserve(kSegmentBytesMax + 32);
  for (std::size_t written = 0; written < segments_max; ++written) {
    Posting first = 0;
    if (!take_next(first)) return true;
    bytes = kJoinedMark;
    Posting before = first;
    Posting next = 0;
    while (bytes.size() < kSegmentBytesMax && take_next(next)) {
      const auto step = key_of(next) - key_of(before);
      if (step == 0) {
        append_varint(bytes, (std::uint64_t{row_of(next) - row_of(before)} << 1) | 1);
      } else {
        append_varint(bytes, std::uint64_t{step} << 1);
        append_varint(bytes, row_of(next));
      }
      before = next;
    }
    insert.bind(1, static_cast<std::int64_t>(first)).bind_blob(2, bytes).run();
  }
  return cursors_.empty();
}

SegmentReader::SegmentReader(Database& database)
    : from_behind_(database.prepare("SELECT first_posting, postings FROM segment "
                                    "WHERE first_posting <= ?1 ORDER BY first_posting DESC")) {}

void SegmentReader::collect_rows(std::uint32_t key, std::vector<std::uint32_t>& out) {
  from_behind_.bind(1, static_cast<std::int64_t>(make_posting(key, kRowMax)));
  while (from_behind_.step()) {
    const auto first = static_cast<Posting>(from_behind_.column_int(0));
    collect_from_segment(first, from_behind_.column_bytes(1), key, kRowMax, out);
    if (first < make_posting(key, 0)) break;  // what stands before it is of lower keys
  }
  from_behind_.reset();
}

std::optional<std::uint32_t> SegmentReader::collect_rows(std::uint32_t key, std::uint32_t row,
                                                         std::vector<std::uint32_t>& out) {
  std::optional<std::uint32_t> from;
  from_behind_.bind(1, static_cast<std::int64_t>(make_posting(key, row)));
  if (from_behind_.step()) {
    const auto first = static_cast<Posting>(from_behind_.column_int(0));
    collect_from_segment(first, from_behind_.column_bytes(1), key, row, out);
    if (first >= make_posting(key, 0)) from = row_of(first);
  }
  from_behind_.reset();
  return from;
}

std::uint64_t SegmentReader::count_rows(std::uint32_t key) {
  std::uint64_t count = 0;
  std::uint64_t in_one = 0;
  bool own_behind = false;  // the segment behind begins with this key too: all of this one is its
  std::vector<std::uint32_t> rows;
  from_behind_.bind(1, static_cast<std::int64_t>(make_posting(key, kRowMax)));
  while (from_behind_.step()) {
    const auto first = static_cast<Posting>(from_behind_.column_int(0));
    const bool own = first >= make_posting(key, 0);
    if (!own || !own_behind || in_one == 0) {
      rows.clear();
      collect_from_segment(first, from_behind_.column_bytes(1), key, kRowMax, rows);
      if (own && own_behind) in_one = rows.size();
      count += rows.size();
    } else {
      count += in_one;
    }
    if (!own) break;
    own_behind = true;
  }
  from_behind_.reset();
  return count;
}

}  // namespace rastro
