#include "daemon/answer/rank.h"

#include <algorithm>
#include <cmath>

#include "core/address.h"

namespace rastro {
namespace {

using Fit = AddressPattern::Fit;

constexpr double kTimeShare = 0.6;  // the rest is spelling

// The moment of the journey that is nearest to `at`: its arrival or one of its attempts.
struct Nearest {
  Duration away;
  bool is_arrival;
  bool is_before;  // it lies before `at`
};

Nearest nearest_moment(const Journey& journey, Time at) {
  Nearest best{Duration::max(), true, false};
  const auto look = [&](Time moment, bool is_arrival) {
    const auto away = std::chrono::abs(moment - at);
    // An arrival counts for what people remember: an attempt must be clearly nearer.
    if (best.away == Duration::max() || (is_arrival ? away <= best.away : away * 2 < best.away))
      best = {away, is_arrival, moment < at};
  };
  look(journey.legs.front().opened_at, true);
  for (const auto& recipient : journey.recipients) {
    if (recipient.state.first_attempt_at) look(*recipient.state.first_attempt_at, false);
    if (recipient.state.last_attempt_at) look(*recipient.state.last_attempt_at, false);
  }
  return best;
}

double worth(Fit fit) {
  switch (fit) {
    case Fit::none:  // not asked
    case Fit::exact:
      return 1;
    case Fit::tagged:
      return 0.9;
    case Fit::pattern:
      return 0.8;
    case Fit::misspelt:
      return 0.5;
  }
  return 0;
}

void explain_fit(const std::string& role, Fit fit, const std::string& address,
                 const std::optional<AddressPattern>& asked, std::vector<std::string>& why) {
  const auto typed = asked ? asked->text() : std::string();
  switch (fit) {
    case Fit::none:
      return;
    case Fit::exact:
      why.push_back(role + " " + address +
                    (equal_ignoring_case(address, typed) || typed.empty()
                         ? " is the one asked for"
                         : " is another form of " + typed));
      return;
    case Fit::tagged:
      why.push_back(role + " " + address + " is " + typed + " with a +tag");
      return;
    case Fit::pattern:
      why.push_back(role + " " + address + " fits the pattern");
      return;
    case Fit::misspelt:
      why.push_back(role + " " + address + " is spelt almost like " + typed);
      return;
  }
}

}  // namespace

std::string spoken_duration(Duration duration) {
  const auto total = std::chrono::floor<std::chrono::seconds>(duration).count();
  const auto part = [](std::int64_t count, const char* unit) {
    return count == 0 ? std::string() : std::to_string(count) + " " + unit;
  };
  const auto join = [](const std::string& a, const std::string& b) {
    return a.empty() ? b : b.empty() ? a : a + " " + b;
  };
  if (total < 1) return "less than a second";
  if (total < 3600) return join(part(total / 60, "min"), part(total % 60, "s"));
  if (total < 86'400) return join(part(total / 3600, "h"), part(total / 60 % 60, "min"));
  return join(part(total / 86'400, "d"), part(total / 3600 % 24, "h"));
}

double best_score_at(Duration away, const FindRequest& request) {
  const double within = std::chrono::duration<double>(request.within).count();
  // Halves at a third of the interval, so that minutes count more than the edge does.
  const double time =
      std::exp2(-3 * std::chrono::duration<double>(away).count() / std::max(within, 1.0));
  return kTimeShare * time + 1 - kTimeShare;
}

Ranking rank(const Journey& journey, const Matched& matched, const FindRequest& request) {
  Ranking ranking;
  const auto& asked_recipient = request.recipient ? request.recipient : request.any;
  const auto& asked_sender = request.sender ? request.sender : request.any;
  explain_fit("recipient", matched.recipient, matched.recipient_address, asked_recipient,
              ranking.why);
  explain_fit("sender", matched.sender, matched.sender_address, asked_sender, ranking.why);
  if (!request.at) return ranking;
  const auto nearest = nearest_moment(journey, *request.at);
  const double spelling = worth(matched.recipient) * worth(matched.sender);
  const double score = best_score_at(nearest.away, request) - (1 - kTimeShare) * (1 - spelling);
  ranking.score = std::round(score * 1000) / 1000;
  const std::string what = nearest.is_arrival ? "arrived " : "was tried ";
  ranking.why.push_back(nearest.away < std::chrono::seconds(1)
                            ? what + "at that time"
                            : what + spoken_duration(nearest.away) +
                                  (nearest.is_before ? " before" : " after") + " that time");
  return ranking;
}

}  // namespace rastro
