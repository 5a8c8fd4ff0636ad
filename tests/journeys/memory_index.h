#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/leg_store.h"
#include "store/query.h"

namespace rastro {

// What the store would hold, in memory: the newest version of each leg, lines and timeline of all
// versions, and the correlator's transient state. Finds what assemble() asks for.
class MemoryIndex final : public LegSink, public LegStore, public StoreReader {
 public:
  void on_leg(const LegRecord& version) override;
  void on_encounter(Encounter&& encounter) override { encounters.push_back(std::move(encounter)); }
  void on_pending(std::string_view key, std::string_view value) override;

  std::optional<LegRecord> find_open_leg(std::string_view host, Mta mta, std::string_view instance,
                                         std::string_view queue_id) override;
  std::optional<LegRecord> find_leg(std::uint64_t id) override;

  Result<CutBy> for_each_leg(const std::vector<LegKey>& keys, const TimeRange& range,
                             const QueryLimits& limits,
                             const std::function<Visit(const LegRecord&)>& visit) override;
  Result<CutBy> for_each_untold(const TimeRange& opened, const QueryLimits& limits,
                                const std::function<Visit(const LegRecord&)>& visit) override;
  // Of these assemble() asks for nothing.
  Result<ChangeMark> for_each_change(
      const std::optional<ChangeMark>& /*since*/, const QueryLimits& /*limits*/,
      const std::function<Visit(const LegRecord&)>& /*visit*/) override {
    return ChangeMark();
  }
  std::uint64_t rows_seen() const override { return 0; }
  Result<std::uint64_t> count_rows(const std::vector<LegKey>& keys,
                                   const TimeRange& range) override;
  Result<AddressesSeen> for_each_address(const TimeRange& /*range*/, const QueryLimits& /*limits*/,
                                         const AddressVisit& /*visit*/) override {
    return AddressesSeen{.all = false};
  }
  Result<CutBy> for_each_host(const TimeRange& /*range*/, const QueryLimits& /*limits*/,
                              const HostVisit& /*visit*/) override {
    return CutBy::nothing;
  }
  bool holds_any_leg() override { return !legs.empty(); }
  Time visible_since() override { return Time::min(); }
  Result<std::optional<LegRecord>> load_leg(std::uint64_t leg_id) override;
  Result<CutBy> for_each_encounter(const TimeRange& range, const QueryLimits& limits,
                                   const std::function<Visit(const Encounter&)>& visit,
                                   const LoginWish& wish) override;
  Result<Count> count_encounters(Encounter::Kind kind, const TimeRange& range,
                                 const QueryLimits& limits, bool of_nobody) override;
  Result<std::vector<SourceCoverage>> coverage() override { return sources; }
  Result<std::vector<CoverageHole>> holes(const TimeRange& /*range*/) override {
    return std::vector<CoverageHole>();
  }
  Result<std::vector<SourcePosition>> positions() override { return std::vector<SourcePosition>(); }
  std::vector<FileTrouble> troubles() override { return {}; }
  Result<std::optional<std::string>> raw_line(const LineRef& /*line*/) override {
    return std::optional<std::string>();
  }
  void close_expired() override {}

  std::map<std::uint64_t, LegRecord> legs;
  std::vector<SourceCoverage> sources;  // to be set
  std::vector<Encounter> encounters;
  std::map<std::string, std::string> pending;
};

}  // namespace rastro
