#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/journey.h"
#include "core/position.h"
#include "core/result.h"
#include "store/hash_key.h"
#include "store/snapshot.h"

namespace rastro {

// What was found wrong with one file; the first few in words, all of them counted.
class Faults {
 public:
  static constexpr std::size_t kToldMax = 20;
  void add(std::string what) {
    if (told_.size() < kToldMax) told_.push_back(std::move(what));
    ++count_;
  }
  std::uint64_t count() const { return count_; }
  const std::vector<std::string>& told() const { return told_; }

 private:
  std::vector<std::string> told_;
  std::uint64_t count_ = 0;
};

struct ShardReport {
  FileState state;
  std::uint64_t versions = 0;    // rows of `leg`
  std::uint64_t recipients = 0;  // rows of `delivery`
  std::uint64_t postings = 0;    // packed, or what a start would make of an open file's rows
  std::uint64_t line_refs = 0;
  Faults faults;
};

struct ShardCheck {
  // Without it postings are only checked for their own order.
  std::optional<KeyHasher> hasher;
  // Each leg version with its own lines, and where the file says that the sources stand; for
  // checks that need what the store does not know (the logs). May be empty.
  std::function<void(const LegRecord&, Faults&)> visit_leg;
  std::function<void(const std::vector<SourcePosition>&, Faults&)> visit_positions;
};

// Checks one file of a state directory against docs/store.md: SQLite's own structure, the ranges by
// which tables name each other's rows, dictionaries, versions, postings against rows, line
// references against positions. Reads only; the daemon may be running.
// Error: the file cannot be checked at all (not ours, newer, no database, no permission).
Result<ShardReport> verify_shard(const std::filesystem::path& path, const ShardCheck& check);

}  // namespace rastro
