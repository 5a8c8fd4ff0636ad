#pragma once

#include <string>
#include <vector>

#include "daemon/answer/match.h"

namespace rastro {

// Why a journey is in the answer, and how near it is to what was asked.
struct Ranking {
  std::optional<double> score;   // 0 to 1; only when the question has a time
  std::vector<std::string> why;  // for people
};

Ranking rank(const Journey& journey, const Matched& matched, const FindRequest& request);

// The most that a journey can score which arrived that far from the time asked.
double best_score_at(Duration away, const FindRequest& request);

// "4 min 10 s".
std::string spoken_duration(Duration duration);

}  // namespace rastro
