#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/journey.h"
#include "core/result.h"
#include "daemon/answer/assembly_memory.h"
#include "store/query.h"

namespace rastro {

// One recipient of a journey: the last leg's truth, under the name that the customer knows.
struct JourneyRecipient {
  LegRecipient state;
  std::size_t leg = 0;  // index into Journey::legs
};

struct JourneyLink {
  LegLink link;
  std::optional<std::uint64_t> journey;  // of the other side, if we know it
  std::optional<Outcome> outcome;  // of the other side's recipients; unknown: of several kinds
  bool inferred = false;
  std::vector<std::string> taken = {};   // of a retry: whom the other side did not refuse
  std::map<Outcome, int> outcomes = {};  // how many of the other side's recipients ended so
};

// One message as this site saw it: the connected component of legs (DESIGN 5).
struct Journey {
  static constexpr std::size_t kLegsMax = 64;
  std::vector<LegRecord> legs;  // earliest first
  std::vector<JourneyRecipient> recipients;
  // What became of it, when no line names a recipient (unnamed.h); its address is empty.
  std::optional<JourneyRecipient> unnamed;
  std::vector<JourneyLink> links;
  bool cut = false;  // more than kLegsMax legs

  std::uint64_t id() const { return legs.front().id; }
};

// The leg that speaks for the arrival: the earliest that was queued; refused dialogues of the same
// message come before it.
inline const LegRecord& arrival_leg(const Journey& journey) {
  for (const auto& leg : journey.legs) {
    if (!leg.queue_id.empty()) return leg;
  }
  return journey.legs.front();
}

// The journey that the leg belongs to; nullopt: there is no such leg.
Result<std::optional<Journey>> assemble(StoreReader& store, std::uint64_t leg_id,
                                        AssemblyMemory& memory);
Result<std::optional<Journey>> assemble(StoreReader& store, std::uint64_t leg_id);

// Addresses to which a mailbox server said that it sent the message on: "forwarded to <address>",
// Cyrus' alone.
std::vector<std::string> sent_on_to(const LegRecord& leg);

}  // namespace rastro
