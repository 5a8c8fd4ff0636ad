#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/journey.h"

namespace rastro {

// What the correlator needs of the store: a leg that left memory comes back when its next line
// comes. daemon/app injects the implementation; tests use a map.
class LegStore {
 public:
  virtual ~LegStore() = default;
  // The newest version of the leg that has no end, by what names it in a line. Header and
  // recipients only; `timeline` and `lines` are empty. Called on the ingest thread; one lookup.
  virtual std::optional<LegRecord> find_open_leg(std::string_view host, Mta mta,
                                                 std::string_view instance,
                                                 std::string_view queue_id) = 0;
  // The newest version of any leg, ended or not, by its id; header and recipients only.
  virtual std::optional<LegRecord> find_leg(std::uint64_t id) = 0;
};

// Where the correlator puts what it knows. A leg is handed over each time it changed, by flush().
class LegSink {
 public:
  virtual ~LegSink() = default;
  // Valid during the call only.
  virtual void on_leg(const LegRecord& version) = 0;
  virtual void on_encounter(Encounter&& encounter) = 0;
  // A piece of transient state that changed (store's table `pending`); an empty value: it is gone.
  virtual void on_pending(std::string_view key, std::string_view value) = 0;
};

}  // namespace rastro
