#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "daemon/answer/journey.h"
#include "daemon/answer/parameters.h"

namespace rastro {

struct FindRequest {
  std::string recipient, sender, any, queue_id, message_id, client, login, relay, domain, subject,
      text;
  std::optional<Outcome> outcome;
  std::optional<Reason> reason;
  std::optional<SubmissionMethod> submission;
  std::string direction;
  std::optional<Time> at;
  Duration within = std::chrono::minutes(30);
  TimeRange range;
  std::size_t limit = 50;
};

// `rows_max` bounds limit.
Result<FindRequest, ParameterError> parse_find(const Parameters& parameters, Time now,
                                               std::size_t rows_max);

struct FindAnswer {
  std::vector<Journey> journeys;
  bool more = false;
  CutBy cut = CutBy::nothing;
};
Result<FindAnswer> find_journeys(StoreReader& store, const FindRequest& request,
                                 const QueryLimits& limits);

// By a journey or leg id, a queue id, host/queue-id, or a Message-ID; the newest that fits.
Result<std::optional<Journey>> find_by_id(StoreReader& store, const std::string& id);

// Case-insensitive; '*' any run, '?' one byte.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace rastro
