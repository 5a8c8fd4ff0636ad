#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "core/address.h"
#include "daemon/answer/journey_json.h"
#include "daemon/answer/match.h"
#include "daemon/answer/nearby.h"
#include "daemon/answer/refused.h"
#include "daemon/bounce/bounce.h"
#include "daemon/bounce/journeys.h"
#include "daemon/bounce/json.h"
#include "daemon/bounce/log.h"
#include "daemon/bounce/reasons.h"
#include "daemon/explain/explain.h"
#include "daemon/http/answer_json.h"
#include "daemon/http/routes.h"
#include "daemon/times/times.h"

namespace rastro {
namespace {

namespace json = boost::json;

// The bounce's words as a recipient of a journey would have them: the same texts explain both.
LegRecipient as_recipient(const BounceReport& report, const BounceRecipient& told) {
  LegRecipient out;
  out.recipient = told.recipient.value;
  out.outcome = told.action.value == "failed"    ? Outcome::bounced
                : told.action.value == "delayed" ? Outcome::deferred
                                                 : Outcome::delivered;
  if (told.action.from == kFromRefusal || report.by_program ||
      report.not_a_bounce == NotABounce::login_refused)
    out.outcome = Outcome::rejected;
  out.delivered_to = told.action.value == "delivered" ? DeliveredTo::mailbox : DeliveredTo::remote;
  out.reason = told.reason;
  std::from_chars(told.reply_code.value.data(),
                  told.reply_code.value.data() + told.reply_code.value.size(), out.reply_code);
  out.enhanced_status = parse_enhanced_status(told.enhanced_status.value);
  out.reply_text = told.diagnostic.value;
  out.relay.host = told.remote_mta.value;
  out.last_attempt_at = report.bounced_at ? report.bounced_at : report.arrived_at;
  return out;
}

// Explains the bounce itself: its message may be unknown here, or older than the index.
void add_explanations(const BounceReport& report, const QueryTools& tools, const Telling& telling,
                      Time now, json::object& out) {
  if (tools.explainer == nullptr) return;
  const auto language = telling.language.value_or(tools.language);
  auto& recipients = out["recipients"].as_array();
  for (std::size_t i = 0; i < report.recipients.size() && i < recipients.size(); ++i) {
    ExplanationRequest asked;
    // Whoever has such a line has it from the server that refused.
    asked.by_our_log = report.recipients[i].action.from == kFromRefusal;
    asked.from_outside = asked.by_our_log;
    asked.report_known = report.is_report;
    asked.language = language;
    asked.timezone = telling.timezone;
    asked.now = now;
    const auto told = tools.explainer->explain(as_recipient(report, report.recipients[i]), asked);
    recipients[i].as_object()["explanation"] = told_json(told, language);
  }
}

bool is_of(const json::object& in_log, const json::object& told) {
  const auto text = [](const json::object& object, std::string_view name) -> std::string_view {
    const auto* field = object.if_contains(name);
    if (field == nullptr || !field->is_string()) return {};
    return field->get_string();
  };
  for (const auto* name : {"recipient", "original_recipient"}) {
    const auto address = text(in_log, name);
    if (!address.empty() && (equal_ignoring_case(address, text(told, "recipient")) ||
                             equal_ignoring_case(address, text(told, "original_recipient"))))
      return true;
  }
  return false;
}

// A notice of delay tells of its own hour: where our log has the end since, that is what it means
// now.
void tell_end_since(const json::object& journey, json::object& out) {
  for (auto& value : out["recipients"].as_array()) {
    auto& told = value.as_object();
    if (told.at("action") != "delayed" || !told.at("ended_as").is_null()) continue;
    for (const auto& other : journey.at("recipients").as_array()) {
      const auto& in_log = other.as_object();
      const auto outcome = parse_outcome(std::string_view(in_log.at("outcome").as_string()));
      if (!outcome || !is_final(*outcome) || *outcome == Outcome::unknown || !is_of(in_log, told))
        continue;
      told["ended_as"] = in_log.at("outcome");
      if (in_log.at("explanation").is_object()) told["explanation"] = in_log.at("explanation");
      break;
    }
  }
}

json::array because_json(const std::vector<BounceFact>& facts) {
  json::array out;
  for (const auto& fact : facts) {
    out.push_back(
        json::object{{"fact", fact.fact},
                     {"value", fact.value.empty() ? json::value(nullptr)
                                                  : json::value(valid_utf8(fact.value))}});
  }
  return out;
}

// Around the time that the bounce tells; everything when it tells none.
TimeRange asked_range(const BounceReport& report) {
  using std::chrono::hours;
  const auto sent = report.arrived_at ? report.arrived_at : report.sent_at;
  if (!sent && !report.bounced_at) return {};
  const auto from = sent ? *sent - hours(1) : *report.bounced_at - hours(1);
  return {from, report.bounced_at ? std::max(*report.bounced_at, from) + hours(1) : Time::max()};
}

// Why no journey is shown: the bounce names nothing to look for, its message is older than the
// index, or nothing in the index fits.
json::value missing_because(const BounceReport& report, StoreReader& store) {
  const bool named =
      std::ranges::any_of(report.recipients, [](const auto& r) { return bool(r.recipient); });
  const bool nothing =
      !named && !report.message_id && report.queue_ids.empty() && report.received.empty();
  if (nothing) return "nothing_to_look_for";
  const auto sent = report.arrived_at ? report.arrived_at : report.sent_at;
  const auto sources = store.coverage();
  if (!sent || !sources) return "not_in_the_logs";
  std::optional<Time> first;
  for (const auto& source : *sources) {
    if (source.from && (!first || *source.from < *first)) first = source.from;
  }
  return first && *sent < *first ? "older_than_the_logs" : "not_in_the_logs";
}

bool is_same_refusal(const BounceReport& report, const BounceMatch& match) {
  const auto has = [&](std::string_view fact) {
    return std::ranges::any_of(match.because, [&](const BounceFact& f) { return f.fact == fact; });
  };
  return has("outcome") && (report.by_program || has("reply"));
}

// The best match is a message that we refused, with those words or to that mail program: how it
// came and who sent it tells more than the words alone.
void adopt_explanations(const BounceReport& report, const BounceMatches& found,
                        const json::array& journeys, json::object& out) {
  if (journeys.empty() || !is_same_refusal(report, found.matches.front())) return;
  const auto& journey = journeys.front().as_object().at("journey").as_object();
  for (auto& told : out["recipients"].as_array()) {
    auto& entry = told.as_object();
    for (const auto& value : journey.at("recipients").as_array()) {
      const auto& ours = value.as_object();
      if (!ours.contains("explanation") || ours.at("outcome") != "rejected") continue;
      if (ours.at("recipient") == entry["recipient"]) entry["explanation"] = ours.at("explanation");
    }
  }
}

// Logins of the account that were refused here lately.
Result<json::array> refused_logins(const BounceReport& report, const ApiRequest& request,
                                   QueryTools& tools, Duration time_left) {
  if (!report.account || !request.peer.domains.empty()) return json::array();
  FindRequest asked;
  asked.login = report.account.value;
  constexpr std::size_t kShownMax = 20;
  auto seen = seen_without_mail(*tools.store, asked, QueryLimits{time_left}, true);
  if (!seen) return seen.error();
  auto& refused = seen->encounters;  // those of logins spelt almost like it among them
  std::erase_if(refused,
                [&](const Encounter& one) { return !login_matches(asked.login, one.login); });
  if (refused.size() > kShownMax) refused.resize(kShownMax);
  return encounters_json(refused, request.peer.role);
}

ApiAnswer explain_bounce(const ApiContext& context, const ApiRequest& request, QueryTools& tools) {
  const auto started = context.clock->steady();
  const auto left = [&] { return request.time_left - (context.clock->steady() - started); };
  const bool timed = request.time_left > Duration(0);
  const auto telling = telling_of(request.parameters);
  const auto zone = Zone::find(telling.timezone);
  BounceLimits bounds;
  if (zone) bounds.zone = &*zone;
  auto report = read_bounce(request.body, bounds, [&] { return timed && left() <= Duration(0); });
  add_reasons(context.classify, report);
  QueryLimits limits;
  limits.deadline = timed ? std::max(left(), Duration(std::chrono::milliseconds(50))) : Duration(0);
  const auto found = find_bounced_journeys(*tools.store, report, limits);
  if (!found) return problem(503, "the index cannot answer", found.error().message);
  auto out = to_json(report);
  add_explanations(report, tools, telling, context.clock->wall(), out);
  json::array journeys;
  for (const auto& match : found->matches) {
    if (!is_visible(match.journey, request.peer.domains)) continue;
    journeys.push_back(json::object{
        {"journey", journey_json(match.journey, tools, false, request.peer.role, telling)},
        {"certainty", certainty_name(match.certainty)},
        {"because", because_json(match.because)}});
    if (match.certainty == Certainty::certain)
      tell_end_since(journeys.back().at("journey").as_object(), out);
  }
  const auto rows = journeys.size();
  out["journeys_missing"] =
      rows == 0 ? missing_because(report, *tools.store) : json::value(nullptr);
  if (!found->matches.empty() && rows == found->matches.size())
    adopt_explanations(report, *found, journeys, out);
  out["journeys"] = std::move(journeys);
  auto logins = refused_logins(report, request, tools, limits.deadline);
  if (!logins) return cannot_answer(logins.error());
  out["encounters"] = std::move(*logins);
  out["more"] = found->more;
  out["cut_by"] = found->cut == CutBy::time ? json::value("time") : json::value(nullptr);
  const auto coverage =
      coverage_of(*tools.store, asked_range(report), context.clock->wall(), context.read_state());
  if (!coverage) return cannot_answer(coverage.error());
  out["coverage"] = coverage_json(*coverage, language_of(request.parameters, tools));
  return ok(out, rows);
}

}  // namespace

void add_bounce_routes(Router& router, const ApiContext& context) {
  router.add({.method = "POST",
              .path = "/v1/bounce",
              .parameters = {"lang", "tz"},
              .heeds_domains = true,
              .body_bytes_max = BounceLimits().input_bytes_max,
              .handle = [context](const ApiRequest& request, QueryTools& tools) {
                return explain_bounce(context, request, tools);
              }});
}

}  // namespace rastro
