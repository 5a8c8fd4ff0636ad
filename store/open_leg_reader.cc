#include "store/open_leg_reader.h"

#include <algorithm>
#include <utility>

#include "store/keys.h"

namespace rastro {

OpenLegReader::OpenLegReader(std::function<std::shared_ptr<const StoreSnapshot>()> snapshots)
    : snapshots_(std::move(snapshots)) {}

void OpenLegReader::close_expired() { files_.keep_only(*snapshots_()); }

std::optional<LegRecord> OpenLegReader::find_open_leg(std::string_view host, Mta mta,
                                                      std::string_view instance,
                                                      std::string_view queue_id) {
  const Question snapshot(snapshots_(), files_);
  const auto key = hash_of(snapshot->hasher, {KeyKind::queue_id, std::string(queue_id)});
  LegRecord leg;
  for (auto i = snapshot->files.size(); i-- > 0;) {
    const auto& view = *snapshot->files[i];
    auto file = files_.open(view);
    if (!file || *file == nullptr) continue;
    std::vector<std::uint32_t> rows;
    (*file)->collect_rows(view, key, rows);
    (*file)->collect_unposted(view, snapshot->hasher, key, rows);
    std::sort(rows.begin(), rows.end(), std::greater<>());
    std::vector<std::uint64_t> seen;  // generations of one id within an hour: few
    for (const auto row : rows) {
      if (!(*file)->rows().load(row, LegRowReader::Depth::summary, leg)) continue;
      if (leg.queue_id != queue_id || leg.host != host || leg.mta != mta ||
          leg.instance != instance) {
        continue;
      }
      // Its first row from behind is its newest one here.
      if (std::find(seen.begin(), seen.end(), leg.id) != seen.end()) continue;
      seen.push_back(leg.id);
      if (is_open(leg) && !has_newer_file(*snapshot, i, leg.id)) {
        if (!(*file)->database().ok()) break;
        return leg;
      }
    }
    static_cast<void>(files_.check(view, **file));
  }
  return std::nullopt;
}

std::optional<LegRecord> OpenLegReader::find_leg(std::uint64_t id) {
  const Question snapshot(snapshots_(), files_);
  const auto key = hash_of_leg_id(snapshot->hasher, id);
  LegRecord leg;
  for (const auto i : files_of_leg(*snapshot, id)) {
    const auto& view = *snapshot->files[i];
    auto file = files_.open(view);
    if (!file || *file == nullptr) continue;
    const auto row = (*file)->newest_row_of_leg(view, key, id);
    const bool found = row && (*file)->rows().load(*row, LegRowReader::Depth::summary, leg);
    const bool whole = (*file)->database().ok();
    static_cast<void>(files_.check(view, **file));
    if (found && whole) return leg;
  }
  return std::nullopt;
}

}  // namespace rastro
