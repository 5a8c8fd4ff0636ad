#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/journey.h"
#include "daemon/answer/address_pattern.h"
#include "daemon/answer/parameters.h"
#include "daemon/times/times.h"

namespace rastro {

enum class SortBy : std::uint8_t { newest, oldest, score };

// What words of the question were taken to mean, where they could be taken otherwise: who asks has
// to be told.
struct Reading {
  std::string parameter;
  std::string typed;
  std::string value;              // an address, an id; empty: a time
  std::optional<TimeRange> time;  // from and until are the same: an instant
};

// A question for messages (DESIGN 8), checked. What is not set does not restrict.
// Those of one recipient (recipient, domain, outcome, reason, relay, text) must hold for one and
// the same: "deferred mail to juan" is not a message that juan has and somebody else waits for.
struct FindRequest {
  std::optional<AddressPattern> recipient, sender, any;
  std::string domain;      // of sender or recipient; ".example.org": those below it too
  std::string queue_host;  // of "host/queue-id"; empty: any
  std::string queue_id, message_id, client, login, relay, subject, text;
  std::vector<Outcome> outcomes;  // any of them
  std::vector<Reason> reasons;
  std::vector<SubmissionMethod> submissions;
  std::string direction;
  std::vector<std::string> visible_domains;  // of who asks (is_visible()); empty: all
  std::optional<Time> at;
  Duration within = std::chrono::minutes(30);
  Duration at_half_span{0};  // "between 2 and 3": half of that, around `at`
  TimeRange range;
  SortBy sort = SortBy::newest;
  std::size_t limit = 50;
  // A person asks, who can wait for a moment: the total is counted on for a while, and logins and
  // clients that were refused are told beside messages that were found. Both take as long as there
  // are many, however quick the messages are found.
  bool thorough = false;
  std::vector<Reading> readings;
  std::optional<std::uint64_t> before;  // cursor: journeys whose id is smaller (oldest: greater)
  std::size_t offset = 0;  // cursor of a ranked answer: so many of the best were shown before
  bool is_first_page() const { return !before && offset == 0; }
  bool asks_for_address() const { return recipient || sender || any || !login.empty(); }
};

struct FindLimits {
  std::size_t rows_max = 1000;
  Time now{};
};

Result<FindRequest, ParameterError> parse_find(const Parameters& parameters,
                                               const FindLimits& limits);
// Empty: it is one.
std::string_view why_no_direction(std::string_view name);
// Names of the parameters that parse_find() knows.
const std::vector<std::string>& find_parameters();

// Where an interval begins, or ends; of "between 2 and 3" given as its beginning, both.
struct TimeBound {
  Time at{};
  std::optional<Time> until;
  void set(bool is_end, TimeRange& range) const;
};
// "2h", or a time in words.
Result<TimeBound, ParameterError> parse_bound(const std::string& name, const std::string& value,
                                              Time now, const Zone& zone, bool is_end);
// The zone that parameter `tz` names, or the system's.
Result<Zone, ParameterError> parse_zone(const Parameters& parameters);

// The interval of `since` and `until`; all that is kept when neither is given.
Result<TimeRange, ParameterError> parse_range(const Parameters& parameters, Time now);
Result<std::size_t, ParameterError> parse_row_limit(const Parameters& parameters,
                                                    std::size_t otherwise, std::size_t most);

std::string make_cursor(SortBy sort, std::uint64_t id);
// Of an answer by score: where it goes on. Further down than kOffsetMax nobody looks for a best
// fit.
inline constexpr std::size_t kOffsetMax = 5'000;
std::string make_score_cursor(std::size_t offset);

}  // namespace rastro
