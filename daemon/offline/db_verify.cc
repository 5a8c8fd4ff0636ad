#include <cstdio>
#include <filesystem>

#include "daemon/offline/line_check.h"
#include "daemon/offline/offline.h"
#include "daemon/offline/state_files.h"
#include "store/sqlite.h"
#include "store/state_rows.h"
#include "store/verify.h"

namespace rastro {
namespace {

using Ull = unsigned long long;

std::vector<SourcePosition> positions_in(const std::filesystem::path& file) {
  auto database = Database::open(file, Database::Mode::read_only);
  if (!database) return {};
  auto positions = read_positions(*database);
  static_cast<void>(database->take_error());
  return positions;
}

// A position that claims more than its stamps allow.
void check_coverage(const std::vector<SourcePosition>& positions, Faults& faults) {
  for (const auto& position : positions) {
    const auto where = "source " + std::to_string(position.source) + " (" + position.path + ")";
    if (position.first_line_at.has_value() != position.last_line_at.has_value()) {
      faults.add(where + ": covers a time with only one end");
    }
    if (position.offset == 0 && position.first_line_at) {
      faults.add(where + ": covers a time, and nothing of it was read");
    }
  }
}

int verify_one(const std::filesystem::path& file, bool logs) {
  ShardCheck check;
  if (auto hasher = KeyHasher::read(file.parent_path().empty() ? "." : file.parent_path())) {
    check.hasher = *hasher;
  }
  LineCheck lines;
  if (logs) {
    lines.know(positions_in(file));
    check.visit_leg = [&](const LegRecord& leg, Faults& faults) { lines.check(leg, faults); };
  }
  check.visit_positions = check_coverage;
  const auto report = verify_shard(file, check);
  if (!report) {
    std::printf("%s: cannot be checked: %s\n", file.c_str(), report.error().message.c_str());
    return kOfflineFailed;
  }
  std::printf("%s: %s, %llu leg versions, %llu recipients, %llu postings%s, %llu line references",
              file.c_str(), report->state.sealed ? "sealed" : "open",
              static_cast<Ull>(report->versions), static_cast<Ull>(report->recipients),
              static_cast<Ull>(report->postings),
              check.hasher ? "" : " (not compared: no hash_key beside it)",
              static_cast<Ull>(report->line_refs));
  if (logs) {
    std::printf(" (%llu lines read again, %llu gone with their log)",
                static_cast<Ull>(lines.checked()), static_cast<Ull>(lines.gone()));
  }
  std::printf(": %s\n", report->faults.count() == 0 ? "good" : "FAULTY");
  for (const auto& fault : report->faults.told()) std::printf("  %s\n", fault.c_str());
  if (report->faults.count() > report->faults.told().size()) {
    std::printf("  and %llu more\n",
                static_cast<Ull>(report->faults.count() - report->faults.told().size()));
  }
  return report->faults.count() == 0 ? kOfflineGood : kOfflineFound;
}

}  // namespace

int run_db_verify(const std::vector<std::string>& paths, bool logs) {
  int worst = kOfflineGood;
  std::size_t files = 0;
  for (const auto& path : paths) {
    for (const auto& file : index_files(path)) {
      ++files;
      worst = std::max(worst, verify_one(file, logs));
    }
  }
  if (files == 0) {
    std::fprintf(stderr, "rastrod: no index file there\n");
    return kOfflineFailed;
  }
  return worst;
}

}  // namespace rastro
