#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "core/leg_store.h"
#include "store/read_file.h"
#include "store/snapshot.h"

namespace rastro {

// Brings back legs that left the correlator's memory. Sees what was committed before the newest
// snapshot; what still waits in the writer's queue must be found by the caller.
//
// Threads: one (ingest), with read-only connections of its own; never blocks the writer.
class OpenLegReader final : public LegStore {
 public:
  explicit OpenLegReader(std::function<std::shared_ptr<const StoreSnapshot>()> snapshots);
  std::optional<LegRecord> find_open_leg(std::string_view host, Mta mta, std::string_view instance,
                                         std::string_view queue_id) override;
  std::optional<LegRecord> find_leg(std::uint64_t id) override;
  // As StoreReader::close_expired().
  void close_expired();

 private:
  std::function<std::shared_ptr<const StoreSnapshot>()> snapshots_;
  ReadFiles files_;
};

}  // namespace rastro
