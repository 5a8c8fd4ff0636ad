#include <chrono>
#include <cstdio>
#include <filesystem>

#include "core/clock.h"
#include "daemon/answer/journey_json.h"
#include "daemon/offline/offline.h"
#include "daemon/offline/state_files.h"
#include "store/leg_rows.h"
#include "store/quarantine.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace rastro {
namespace {

// How long an ended message's file may outlive its retention (DESIGN 3.3).
constexpr Duration kGrace = std::chrono::minutes(70);

struct OldRows {
  std::int64_t count = 0;
  std::int64_t oldest = 0;
};

// Legs that ended before `limit` in a file none of whose rows is younger: the file should be gone.
Result<OldRows> old_rows(Database& database, Time limit) {
  OldRows old;
  auto row = database.prepare(
      "SELECT count(*), min(opened_at + max(active_after, coalesce(closed_after, 0))) FROM leg"
      " WHERE closed_after IS NOT NULL AND (SELECT activity_max FROM file_state) < ?1");
  row.bind(1, micros(limit));
  if (row.step()) old = {row.column_int(0), row.column_int(1)};
  row.reset();
  if (auto done = database.take_error(); !done) return done.error();
  return old;
}

}  // namespace

int run_privacy_verify(const Config& config) {
  const auto limit = SystemClock().wall() - config.store.retention - kGrace;
  std::printf("nothing that ended before %s may be here\n", api_time(limit).c_str());
  int verdict = kOfflineGood;
  const auto files = index_files(config.store.state_directory);
  for (const auto& file : files) {
    const auto kind = identify(file);
    auto database = kind && *kind == FileKind::ours
                        ? Database::open(file, Database::Mode::read_only)
                        : Result<Database>(make_error(Error::Code::invalid, "not an index file"));
    const auto old = database ? old_rows(*database, limit) : Result<OldRows>(database.error());
    if (!old) {
      std::printf("%s: cannot be read: %s\n", file.c_str(), old.error().message.c_str());
      verdict = kOfflineFailed;
    } else if (old->count > 0) {
      std::printf("%s: %lld messages are too old, the oldest of %s\n", file.c_str(),
                  static_cast<long long>(old->count), api_time(time_at(old->oldest)).c_str());
      verdict = std::max<int>(verdict, kOfflineFound);
    }
  }
  for (const auto& trouble : list_quarantined(config.store.state_directory)) {
    if (trouble.until >= limit) continue;
    std::printf("%s: a damaged file that is too old\n", trouble.file.c_str());
    verdict = std::max<int>(verdict, kOfflineFound);
  }
  std::printf("%zu files looked at: %s\n", files.size(),
              verdict == kOfflineGood ? "nothing too old" : "see above");
  return verdict;
}

}  // namespace rastro
