#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/event.h"
#include "core/journey.h"
#include "core/result.h"

namespace rastro {

// Which leg each line belongs to, for `scan --lines`: collected while legs go to the store, asked
// in the order of the lines afterwards. On disk, in sorted runs, because a log may have more lines
// than memory has room; merged while reading.
// Threads: one.
class LineJourneys {
 public:
  static constexpr std::size_t kRunEntries = 1 << 20;  // 24 bytes each in memory

  // `path` is a file to create; it is removed at once and lives as long as the object.
  static Result<std::unique_ptr<LineJourneys>> create(const std::string& path);
  ~LineJourneys();
  LineJourneys(const LineJourneys&) = delete;
  LineJourneys& operator=(const LineJourneys&) = delete;

  void add(const LegRecord& version);
  // No more add(). Error: the disk.
  Result<void> finish();

  // The leg that the line belongs to: that of the queue id which the line itself names, else the
  // earliest. Lines must be asked in ascending order of source and offset.
  std::optional<std::uint64_t> leg_of(std::uint32_t source, std::uint64_t offset,
                                      std::string_view queue_id);

 private:
  struct Entry {
    std::uint64_t offset = 0;
    std::uint64_t leg_id = 0;
    std::uint32_t source = 0;
    std::uint32_t name = 0;  // short_name() of the leg's queue id
    friend auto operator<=>(const Entry& a, const Entry& b) {
      return std::tie(a.source, a.offset, a.leg_id) <=> std::tie(b.source, b.offset, b.leg_id);
    }
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  struct Run {
    std::uint64_t next = 0;  // entry numbers in the file
    std::uint64_t end = 0;
    std::vector<Entry> block;
    std::size_t at = 0;
  };

  static std::uint32_t short_name(std::string_view queue_id);
  explicit LineJourneys(std::FILE* file) : file_(file) {}
  void write_run();
  bool refill(Run& run);
  static bool later(const Run& a, const Run& b) { return a.block[a.at] > b.block[b.at]; }

  std::FILE* file_;
  bool failed_ = false;
  std::vector<Entry> entries_;
  std::uint64_t written_ = 0;
  std::vector<Run> runs_;  // a heap by their next entry, once finished
};

}  // namespace rastro
