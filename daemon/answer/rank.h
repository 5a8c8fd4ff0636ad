#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "daemon/answer/match.h"

namespace rastro {

// One fact for which a journey is in the answer. The codes are API.
struct RankingFact {
  std::string_view code;  // "recipient_misspelt", "arrived_before"; a literal
  std::string address;    // of a recipient or sender
  std::string typed;      // what was asked for, where that is another spelling
  Duration away{};        // from the time asked
};
std::string text_of(const RankingFact& fact, Language language);

// Why a journey is in the answer, and how near it is to what was asked.
struct Ranking {
  std::optional<double> score;  // 0 to 1; only when the question has a time
  std::vector<RankingFact> why;
};

Ranking rank(const Journey& journey, const Matched& matched, const FindRequest& request);

// The most that a journey can score which arrived that far from the time asked.
double best_score_at(Duration away, const FindRequest& request);

// "4 min 10 s".
std::string spoken_duration(Duration duration);

}  // namespace rastro
