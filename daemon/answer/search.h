#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "daemon/answer/find_request.h"
#include "daemon/answer/journey.h"
#include "daemon/answer/match.h"
#include "daemon/answer/rank.h"

namespace rastro {

struct FoundJourney {
  Journey journey;
  Ranking ranking;
  bool misspelt = false;  // found under an address that is only near the one asked for
  std::vector<MatchedRecipient> recipients = {};  // of whom the question asks
  std::uint64_t leg = 0;  // the one that stands for it: its place in the order of arrival
};

struct FindAnswer {
  std::vector<FoundJourney> items;
  bool more = false;
  CutBy cut = CutBy::nothing;   // time: the deadline came first
  std::string cursor;           // of the next page; "": there is none
  std::uint64_t total = 0;      // of the whole question, this page and others
  bool total_is_exact = false;  // else estimated from the part that was read
  // With `at`: what fits, but has no line within that time: it waited in the queue. The first of
  // them; none is an item.
  static constexpr std::size_t kWaitingMax = 5;
  std::vector<FoundJourney> waiting_then;
  std::uint64_t waiting_total = 0;
};

// `time_left` zero: no deadline. In order of arrival (newest or oldest first), or by score.
// What is put in while somebody pages through comes in front of the first page or not at all;
// sources that are behind each other by more than five minutes may be a little out of order.
Result<FindAnswer> find_journeys(StoreReader& store, const FindRequest& request, Duration time_left,
                                 const Clock& clock);

struct FoundById {
  std::optional<Journey> journey;
  // The other messages that were called the same: a queue id is used again, also by another host,
  // and a Message-ID is a stranger's. Newest first, the newest kSameIdMax of them.
  static constexpr std::size_t kSameIdMax = 20;
  std::vector<Journey> others;
};

// By a journey or leg id, a queue id, host/queue-id, or a Message-ID; the newest that fits.
Result<FoundById> find_by_id(StoreReader& store, const std::string& typed);

}  // namespace rastro
