#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/journey.h"
#include "store/query.h"
#include "store/writer.h"

namespace rastro::samples {

// A directory of its own, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// 2026-03-01 10:00:00 UTC.
Time start_time();

// A delivered message with one recipient: ana@example.org to `recipient`.
LegRecord simple_leg(std::uint64_t number, Time opened_at, std::string recipient);
// The same, still without an end: deferred once.
LegRecord deferred_leg(std::uint64_t number, Time opened_at, std::string recipient);
// Every field at random, strings of any bytes (NUL, 0x01, broken UTF-8, empty, absent).
LegRecord random_leg(std::mt19937_64& random, std::uint64_t id, Time opened_at);

Batch batch_of(const std::vector<LegRecord>& legs, Time line_time);

// Every field, spelled out: equal legs give equal texts, and a difference is readable.
std::string describe(const LegRecord& leg);
// Without what only load_leg() gives.
std::string describe_summary(LegRecord leg);

StoreOptions options_for(const std::filesystem::path& directory);
std::unique_ptr<Writer> open_or_die(const StoreOptions& options, const Clock& clock);
std::unique_ptr<StoreReader> reader_of(const Writer& writer);
void commit_or_die(Writer& writer, const Batch& batch);
// Until there is nothing more to do; gives up after a million slices.
void work_until_done(Writer& writer);

std::vector<LegRecord> find(StoreReader& reader, const std::vector<LegKey>& keys,
                            const TimeRange& range = {});
std::vector<std::filesystem::path> shard_files(const std::filesystem::path& directory);

}  // namespace rastro::samples
