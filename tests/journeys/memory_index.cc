#include "tests/journeys/memory_index.h"

#include <algorithm>

#include "store/keys.h"

namespace rastro {
namespace {

LegRecord summary(LegRecord leg) {
  leg.lines.clear();
  leg.timeline.clear();
  return leg;
}

bool has_key(const LegRecord& leg, const LegKey& key) {
  switch (key.kind) {
    case KeyKind::queue_id:
      return leg.queue_id == key.value;
    case KeyKind::linked_queue_id:
      return std::ranges::any_of(leg.links,
                                 [&](const auto& link) { return link.queue_id == key.value; });
    case KeyKind::message_id:
      return leg.message_id == key.value;
    default:
      return rastro::has_key(leg, key.kind, posted_value(key));
  }
}

}  // namespace

void MemoryIndex::on_leg(const LegRecord& version) {
  auto& leg = legs[version.id];
  auto lines = std::move(leg.lines);
  auto timeline = std::move(leg.timeline);
  lines.insert(lines.end(), version.lines.begin(), version.lines.end());
  timeline.insert(timeline.end(), version.timeline.begin(), version.timeline.end());
  leg = version;
  leg.lines = std::move(lines);
  leg.timeline = std::move(timeline);
}

void MemoryIndex::on_pending(std::string_view key, std::string_view value) {
  if (value.empty()) {
    pending.erase(std::string(key));
  } else {
    pending[std::string(key)] = value;
  }
}

std::optional<LegRecord> MemoryIndex::find_open_leg(std::string_view host, Mta mta,
                                                    std::string_view instance,
                                                    std::string_view queue_id) {
  for (const auto& [id, leg] : legs) {
    if (leg.queue_id == queue_id && leg.host == host && leg.mta == mta &&
        leg.instance == instance && is_open(leg)) {
      return summary(leg);
    }
  }
  return std::nullopt;
}

std::optional<LegRecord> MemoryIndex::find_leg(std::uint64_t id) {
  const auto found = legs.find(id);
  return found == legs.end() ? std::nullopt : std::optional(summary(found->second));
}

Result<CutBy> MemoryIndex::for_each_leg(const std::vector<LegKey>& keys, const TimeRange& range,
                                        const QueryLimits& /*limits*/,
                                        const std::function<Visit(const LegRecord&)>& visit) {
  for (const auto& [id, leg] : legs) {
    if (leg.last_activity_at < range.from || leg.opened_at > range.until) continue;
    const bool asked = keys.empty() || std::ranges::any_of(keys, [&leg](const LegKey& key) {
                         return has_key(leg, key);
                       });
    if (asked && visit(summary(leg)) == Visit::stop) return CutBy::caller;
  }
  return CutBy::nothing;
}

Result<CutBy> MemoryIndex::for_each_untold(const TimeRange& opened, const QueryLimits& /*limits*/,
                                           const std::function<Visit(const LegRecord&)>& visit) {
  for (const auto& [id, leg] : legs) {
    if (leg.opened_at < opened.from || leg.opened_at > opened.until) continue;
    if (!is_open(leg) || names_all_recipients(leg)) continue;
    if (visit(summary(leg)) == Visit::stop) return CutBy::caller;
  }
  return CutBy::nothing;
}

Result<std::optional<LegRecord>> MemoryIndex::load_leg(std::uint64_t leg_id) {
  const auto found = legs.find(leg_id);
  return found == legs.end() ? std::optional<LegRecord>() : std::optional(found->second);
}

Result<std::uint64_t> MemoryIndex::count_rows(const std::vector<LegKey>& keys,
                                              const TimeRange& range) {
  std::uint64_t rows = 0;
  const auto done = for_each_leg(keys, range, {}, [&rows](const LegRecord& /*leg*/) {
    ++rows;
    return Visit::go_on;
  });
  if (!done) return done.error();
  return rows;
}

Result<CutBy> MemoryIndex::for_each_encounter(const TimeRange& /*range*/,
                                              const QueryLimits& /*limits*/,
                                              const std::function<Visit(const Encounter&)>& visit,
                                              const LoginWish& wish) {
  for (const auto& encounter : encounters) {
    if (wish && !wish(encounter.login)) continue;
    if (visit(encounter) == Visit::stop) return CutBy::caller;
  }
  return CutBy::nothing;
}

Result<StoreReader::Count> MemoryIndex::count_encounters(Encounter::Kind kind,
                                                         const TimeRange& /*range*/,
                                                         const QueryLimits& /*limits*/,
                                                         bool of_nobody) {
  const auto number = std::ranges::count_if(encounters, [&](const Encounter& seen) {
    return seen.kind == kind && (seen.login.empty() || !of_nobody);
  });
  return Count{static_cast<std::uint64_t>(number), CutBy::nothing};
}

}  // namespace rastro
