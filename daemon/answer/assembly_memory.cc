#include "daemon/answer/assembly_memory.h"

#include <algorithm>
#include <tuple>

namespace rastro {

Result<std::optional<LegRecord>> AssemblyMemory::load(StoreReader& store, std::uint64_t leg_id) {
  if (const auto known = legs_.find(leg_id); known != legs_.end()) return known->second;
  auto loaded = store.load_leg(leg_id);
  if (!loaded) return loaded;
  auto& leg = *loaded;
  if (leg && leg->probe) leg.reset();
  if (legs_.size() >= kRememberedMax) legs_.clear();
  return legs_.emplace(leg_id, std::move(leg)).first->second;
}

Result<std::vector<std::uint64_t>> AssemblyMemory::find(StoreReader& store, KeyKind kind,
                                                        const std::string& value,
                                                        Time written_since) {
  constexpr std::size_t kFoundMax = 50;
  auto key = std::tuple(kind, value, written_since);
  if (const auto known = found_.find(key); known != found_.end()) return known->second;
  std::vector<std::uint64_t> ids;
  QueryLimits limits;
  limits.written_since = written_since;
  limits.marks_only = true;  // each is loaded, and compared with the leg that it is to be linked to
  const auto done = store.for_each_leg({{kind, value}}, {}, limits, [&](const LegRecord& leg) {
    if (!leg.probe) ids.push_back(leg.id);
    return ids.size() < kFoundMax ? Visit::go_on : Visit::stop;
  });
  if (!done) return done.error();
  std::ranges::sort(ids);
  if (found_.size() >= kRememberedMax) found_.clear();
  return found_.emplace(std::move(key), std::move(ids)).first->second;
}

}  // namespace rastro
