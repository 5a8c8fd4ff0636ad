#include "daemon/answer/rank.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/address.h"

namespace rastro {
namespace {

using Fit = AddressPattern::Fit;

constexpr double kTimeShare = 0.6;  // the rest is spelling

// The moment of the journey that is nearest to `at`: its arrival or one of its attempts.
struct NearestMoment {
  Duration away;
  bool is_arrival;
  bool is_before;  // it lies before `at`
};

NearestMoment nearest_moment(const Journey& journey, const FindRequest& request) {
  const Time at = request.at.value_or(Time{});
  NearestMoment best{Duration::max(), true, false};
  const auto look = [&](Time moment, bool is_arrival) {
    // Nothing in the interval that was asked for is away from it.
    const auto away =
        std::max(Duration::zero(), std::chrono::abs(moment - at) - request.at_half_span);
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

// What the code says in each language; {address}, {typed} and {away} are put in.
struct FactText {
  std::string_view code;
  std::string_view en;
  std::string_view es;
};
constexpr FactText kFactTexts[] = {
    {"recipient_exact", "recipient {address} is the one asked for",
     "el destinatario {address} es el buscado"},
    {"recipient_other_form", "recipient {address} is another form of {typed}",
     "el destinatario {address} es otra forma de {typed}"},
    {"recipient_tagged", "recipient {address} is {typed} with a +tag",
     "el destinatario {address} es {typed} con una +etiqueta"},
    {"recipient_pattern", "recipient {address} fits the pattern",
     "el destinatario {address} encaja con el patrón"},
    {"recipient_misspelt", "recipient {address} is spelt almost like {typed}",
     "el destinatario {address} se escribe casi como {typed}"},
    {"sender_exact", "sender {address} is the one asked for",
     "el remitente {address} es el buscado"},
    {"sender_other_form", "sender {address} is another form of {typed}",
     "el remitente {address} es otra forma de {typed}"},
    {"sender_tagged", "sender {address} is {typed} with a +tag",
     "el remitente {address} es {typed} con una +etiqueta"},
    {"sender_pattern", "sender {address} fits the pattern",
     "el remitente {address} encaja con el patrón"},
    {"sender_misspelt", "sender {address} is spelt almost like {typed}",
     "el remitente {address} se escribe casi como {typed}"},
    {"arrived_then", "arrived at that time", "llegó a esa hora"},
    {"arrived_before", "arrived {away} before that time", "llegó {away} antes de esa hora"},
    {"arrived_after", "arrived {away} after that time", "llegó {away} después de esa hora"},
    {"tried_then", "was tried at that time", "se intentó a esa hora"},
    {"tried_before", "was tried {away} before that time", "se intentó {away} antes de esa hora"},
    {"tried_after", "was tried {away} after that time", "se intentó {away} después de esa hora"},
};

// The codes of one role, by how its address fits.
struct RoleCodes {
  std::string_view exact, other_form, tagged, pattern, misspelt;
};
constexpr RoleCodes kRecipientCodes{"recipient_exact", "recipient_other_form", "recipient_tagged",
                                    "recipient_pattern", "recipient_misspelt"};
constexpr RoleCodes kSenderCodes{"sender_exact", "sender_other_form", "sender_tagged",
                                 "sender_pattern", "sender_misspelt"};

void add_fit(const RoleCodes& codes, Fit fit, const std::string& address,
             const std::optional<AddressPattern>& asked, std::vector<RankingFact>& why) {
  const auto typed = asked ? asked->text() : std::string();
  const bool as_typed = typed.empty() ||
                        (asked && asked->form() != AddressPattern::Form::address) ||
                        equal_ignoring_case(address, typed);
  switch (fit) {
    case Fit::none:
      return;
    case Fit::exact:
      why.push_back({as_typed ? codes.exact : codes.other_form, address, typed});
      return;
    case Fit::tagged:
      why.push_back({codes.tagged, address, typed});
      return;
    case Fit::pattern:
      why.push_back({codes.pattern, address, typed});
      return;
    case Fit::misspelt:
      why.push_back({codes.misspelt, address, typed});
      return;
  }
}

RankingFact fact_of(const NearestMoment& nearest) {
  if (nearest.away < std::chrono::seconds(1))
    return {nearest.is_arrival ? "arrived_then" : "tried_then", {}, {}, nearest.away};
  if (nearest.is_arrival)
    return {nearest.is_before ? "arrived_before" : "arrived_after", {}, {}, nearest.away};
  return {nearest.is_before ? "tried_before" : "tried_after", {}, {}, nearest.away};
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

std::string text_of(const RankingFact& fact, Language language) {
  const auto* text = std::ranges::find(kFactTexts, fact.code, &FactText::code);
  if (text == std::end(kFactTexts)) return std::string(fact.code);
  std::string_view form = language == Language::es ? text->es : text->en;
  std::string out;
  while (true) {
    const auto place = form.find('{');
    out += form.substr(0, place);
    if (place == std::string_view::npos) return out;
    const auto end = form.find('}', place);
    const auto name = form.substr(place + 1, end - place - 1);
    out += name == "address" ? (fact.address.empty() ? "<>" : fact.address)
           : name == "typed" ? fact.typed
                             : spoken_duration(fact.away);
    form.remove_prefix(end + 1);
  }
}

Ranking rank(const Journey& journey, const Matched& matched, const FindRequest& request) {
  Ranking ranking;
  const auto& asked_recipient = request.recipient ? request.recipient : request.any;
  const auto& asked_sender = request.sender ? request.sender : request.any;
  add_fit(kRecipientCodes, matched.recipient, matched.recipient_address, asked_recipient,
          ranking.why);
  add_fit(kSenderCodes, matched.sender, matched.sender_address, asked_sender, ranking.why);
  if (!request.at) return ranking;
  const auto nearest = nearest_moment(journey, request);
  const double spelling = worth(matched.recipient) * worth(matched.sender);
  const double score = best_score_at(nearest.away, request) - (1 - kTimeShare) * (1 - spelling);
  ranking.score = std::round(score * 1000) / 1000;
  ranking.why.push_back(fact_of(nearest));
  return ranking;
}

}  // namespace rastro
