#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "daemon/answer/find_request.h"
#include "daemon/answer/journey.h"
#include "daemon/answer/rank.h"

namespace rastro {

struct FoundJourney {
  Journey journey;
  Ranking ranking;
  bool misspelt = false;  // found under an address that is only near the one asked for
};

struct FindAnswer {
  std::vector<FoundJourney> items;
  bool more = false;
  CutBy cut = CutBy::nothing;   // time: the deadline came first
  std::string cursor;           // of the next page; "": there is none
  std::uint64_t total = 0;      // of the whole question, this page and others
  bool total_is_exact = false;  // else estimated from the part that was read
};

// `time_left` zero: no deadline. In order of arrival (newest or oldest first), or by score.
// What is put in while somebody pages through comes in front of the first page or not at all;
// sources that are behind each other by more than five minutes may be a little out of order.
Result<FindAnswer> find_journeys(StoreReader& store, const FindRequest& request, Duration time_left,
                                 const Clock& clock);

// By a journey or leg id, a queue id, host/queue-id, or a Message-ID; the newest that fits.
Result<std::optional<Journey>> find_by_id(StoreReader& store, const std::string& typed);

}  // namespace rastro
