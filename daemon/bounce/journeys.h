#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/answer/journey.h"
#include "daemon/bounce/bounce.h"
#include "store/query.h"

namespace rastro {

enum class Certainty : std::uint8_t { certain, likely, possible };
std::string_view certainty_name(Certainty certainty);

// Why a journey is taken for the one that a bounce is about.
struct BounceFact {
  // queue_id, host, message_id, recipient, envelope_sender, time, outcome, reply, bounce_link; and
  // other_outcome, which speaks against it: what the log tells of the recipient.
  std::string_view fact;
  std::string value;
};

struct BounceMatch {
  Journey journey;
  Certainty certainty = Certainty::possible;
  std::vector<BounceFact> because;
};

struct BounceMatches {
  static constexpr std::size_t kMatchesMax = 10;
  std::vector<BounceMatch> matches;  // surest first, then newest
  bool more = false;
  CutBy cut = CutBy::nothing;
};

// The journeys that `report` may be about. A queue id or a Message-ID alone proves little (both are
// used again and may be forged); certain is what two independent facts agree on.
Result<BounceMatches> find_bounced_journeys(StoreReader& store, const BounceReport& report,
                                            const QueryLimits& limits);

}  // namespace rastro
