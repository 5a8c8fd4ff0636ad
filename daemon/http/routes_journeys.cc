#include <algorithm>
#include <boost/json.hpp>
#include <ranges>

#include "daemon/answer/find_request.h"
#include "daemon/answer/id_case.h"
#include "daemon/answer/journey_json.h"
#include "daemon/answer/match.h"
#include "daemon/answer/nearby.h"
#include "daemon/answer/search.h"
#include "daemon/http/answer_json.h"
#include "daemon/http/follow.h"
#include "daemon/http/routes.h"

namespace rastro {
namespace {

namespace json = boost::json;

json::object item_json(const FoundJourney& found, const ApiRequest& request, QueryTools& tools,
                       const json::storage_ptr& memory) {
  const auto telling = telling_of(request.parameters);
  const auto language = language_of(request.parameters, tools);
  json::array why(memory);
  json::array why_codes(memory);
  for (const auto& fact : found.ranking.why) {
    why.push_back(json::value(valid_utf8(text_of(fact, language))));
    why_codes.push_back(json::value(fact.code));
  }
  const auto& score = found.ranking.score;
  return {
      {{"journey", journey_json(found.journey, tools, false, request.peer.role, telling, memory)},
       {"score", score ? json::value(*score) : json::value(nullptr)},
       {"why", std::move(why)},
       {"why_codes", std::move(why_codes)},
       {"recipients_asked_for", asked_for_json(found.recipients, memory)}},
      memory};
}

Duration left_of(const ApiRequest& request, Duration started_at, const Clock& clock) {
  if (request.time_left <= Duration::zero()) return Duration::zero();
  return std::max(Duration(1), request.time_left - (clock.steady() - started_at));
}

// An estimate counts what the index has under the key, whoever may see it.
json::object total_json(const FindAnswer& found, bool limited) {
  const bool hidden = limited && !found.total_is_exact;
  return {{"count", hidden ? found.items.size() : found.total}, {"exact", found.total_is_exact}};
}

// Of what the asker may see: logins are masked as in the list of encounters.
json::value turned_away_json(std::vector<Encounter> encounters, const ApiRequest& request,
                             const QueryTools& tools) {
  if (tools.explainer == nullptr) return nullptr;
  if (request.peer.role < Role::operates) {
    for (auto& one : encounters) one.login = masked_login(one.login);
  }
  const auto language = language_of(request.parameters, tools);
  const auto told = tools.explainer->explain_turned_away(
      encounters, {.language = language,
                   .timezone = telling_of(request.parameters).timezone,
                   .now = tools.clock == nullptr ? Time{} : tools.clock->wall()});
  return told ? json::value(told_json(*told, language, {})) : json::value(nullptr);
}

json::array items_json(const std::vector<FoundJourney>& found, const ApiRequest& request,
                       QueryTools& tools, const json::storage_ptr& memory) {
  json::array items(memory);
  for (const auto& one : found) items.push_back(item_json(one, request, tools, memory));
  return items;
}

// What is told beside the messages found, or for want of them.
struct Beside {
  Nearby nearby;
  Absence absence;
};

// A client that was refused may be the very cause of the call although other mail of it was taken;
// that takes none of the answer's time.
Result<Beside> beside_what_was_found(const FindRequest& wanted, QueryTools& tools) {
  constexpr Duration kLookMax = std::chrono::milliseconds(300);
  Beside out{{}, {.code = "found"}};
  auto seen = seen_without_mail(*tools.store, wanted, QueryLimits{kLookMax}, true);
  if (!seen) return seen.error();
  out.nearby.seen = std::move(*seen);
  return out;
}

Result<Beside> beside(const FindRequest& wanted, const FindAnswer& found, const Coverage& coverage,
                      Duration time_left, const ApiRequest& request, const ApiContext& context,
                      QueryTools& tools) {
  const bool limited = !request.peer.domains.empty();
  const bool as_asked =
      std::ranges::any_of(found.items, [](const FoundJourney& one) { return !one.misspelt; });
  // What else was seen, and how much, is not for this peer's eyes.
  if (limited) return Beside{{}, {.code = found.items.empty() ? "only_some_domains" : "found"}};
  if (!wanted.is_first_page())
    return Beside{{}, {.code = found.items.empty() ? "next_page" : "found"}};
  if (as_asked && !wanted.thorough) return Beside{{}, {.code = "found"}};
  if (as_asked) return beside_what_was_found(wanted, tools);
  auto looked = look_nearby(*tools.store, wanted, time_left, *context.clock);
  if (!looked) return looked.error();
  Beside out{std::move(*looked), {}};
  out.absence =
      prove_absence(wanted, coverage, out.nearby, found.cut == CutBy::time, found.waiting_total);
  return out;
}

// Beside messages that were found, one line each is enough.
std::vector<Encounter> refusals_to_tell(const FindAnswer& found, const Nearby& nearby) {
  return found.items.empty() && nearby.seen.refused ? told_once(nearby.seen.encounters)
                                                    : std::vector<Encounter>();
}

json::array first_encounters(const SeenWithoutMail& seen, Role role) {
  constexpr std::size_t kShownMax = 50;
  auto shown = seen.encounters;
  if (shown.size() > kShownMax) shown.resize(kShownMax);
  return encounters_json(shown, role);
}

ApiAnswer list_journeys(const ApiContext& context, const ApiRequest& request, QueryTools& tools) {
  const auto& clock = *context.clock;
  const auto started_at = clock.steady();
  auto wanted = parse_find(request.parameters, {context.rows_max, clock.wall()});
  if (!wanted) return bad_parameter(wanted.error());
  wanted->visible_domains = request.peer.domains;
  auto found = find_journeys(*tools.store, *wanted, request.time_left, clock);
  if (found && found->items.empty() && wanted->is_first_page() && found->cut == CutBy::nothing) {
    const auto changed =
        correct_id_case(*tools.store, *wanted, left_of(request, started_at, clock));
    if (!changed) return cannot_answer(changed.error());
    if (*changed)
      found = find_journeys(*tools.store, *wanted, left_of(request, started_at, clock), clock);
  }
  if (!found) return cannot_answer(found.error());
  const auto coverage =
      coverage_of(*tools.store, wanted->range, clock.wall(), context.read_state());
  if (!coverage) return cannot_answer(coverage.error());
  const auto told = beside(*wanted, *found, *coverage, left_of(request, started_at, clock), request,
                           context, tools);
  if (!told) return cannot_answer(told.error());
  const auto& [nearby, absence] = *told;
  // A list is thousands of small texts: they are made in one place, which is dropped as a whole.
  json::monotonic_resource place;
  const json::storage_ptr memory(&place);
  auto items = items_json(found->items, request, tools, memory);
  const auto language = language_of(request.parameters, tools);
  const auto role = request.peer.role;
  const auto rows = items.size();
  const bool late = found->cut == CutBy::time || nearby.cut == CutBy::time;
  return ok({{{"items", std::move(items)},
              {"more", found->more},
              {"cursor", found->cursor.empty() ? json::value(nullptr) : json::value(found->cursor)},
              {"total", total_json(*found, !request.peer.domains.empty())},
              {"cut_by", late          ? json::value("time")
                         : found->more ? json::value("rows")
                                       : json::value(nullptr)},
              {"coverage", coverage_json(*coverage, language)},
              {"proven_absent", absence.proven},
              {"proven_absent_why", absence.why(language)},
              {"proven_absent_code", absence.code},
              {"proven_absent_but_for",
               absence.code == "mail_unnamed" ? unnamed_json(nearby.unnamed) : json::array()},
              {"read_as", readings_json(wanted->readings)},
              {"waiting_then",
               json::object({{"count", found->waiting_total},
                             {"items", items_json(found->waiting_then, request, tools, memory)}},
                            memory)},
              {"encounters", first_encounters(nearby.seen, role)},
              {"refused", refused_json(group_refused(nearby.seen.encounters), role)},
              {"refused_more", nearby.seen.more},
              {"turned_away", turned_away_json(refusals_to_tell(*found, nearby), request, tools)},
              {"suggestions", suggestions_json(nearby.suggestions, request.parameters, role)}},
             memory},
            rows);
}

ApiAnswer show_journey(const ApiRequest& request, QueryTools& tools) {
  const auto raw = request.parameters.find("raw");
  const bool with_lines = raw != request.parameters.end() && raw->second == "1";
  if (raw != request.parameters.end() && raw->second != "0" && raw->second != "1")
    return bad_parameter({"raw", "allowed: 0, 1"});
  if (with_lines && request.peer.role < Role::operates)
    return problem(403, "not allowed", "raw log lines are for operators");
  auto found = find_by_id(*tools.store, request.id);
  if (!found) return cannot_answer(found.error());
  // The newest that the asker may see, whosever the newest of all is.
  std::vector<const Journey*> visible;
  const auto add = [&](const Journey& journey) {
    if (is_visible(journey, request.peer.domains)) visible.push_back(&journey);
  };
  if (const auto& newest = found->journey) add(*newest);
  for (const auto& other : found->others) add(other);
  if (visible.empty())
    return problem(404, "no such message", "nothing in the index is called " + request.id);
  auto out = journey_json(*visible.front(), tools, with_lines, request.peer.role,
                          telling_of(request.parameters));
  json::array same_id;
  for (const auto* const other : visible | std::views::drop(1))
    same_id.push_back(json::object{{"id", format_leg_id(other->id())},
                                   {"arrived_at", api_time(other->legs.front().opened_at)}});
  out["same_id"] = std::move(same_id);
  return ok(out, 1);
}

ApiAnswer tell_coverage(const ApiContext& context, const ApiRequest& request, QueryTools& tools) {
  const auto now = context.clock->wall();
  const auto range = parse_range(request.parameters, now);
  if (!range) return bad_parameter(range.error());
  const auto coverage = coverage_of(*tools.store, *range, now, context.read_state());
  if (!coverage) return cannot_answer(coverage.error());
  return ok(coverage_json(*coverage, language_of(request.parameters, tools)));
}

ApiAnswer follow(const ApiContext& context, const ApiRequest& request) {
  auto filter = parse_find(request.parameters, {context.rows_max, context.clock->wall()});
  if (!filter) return bad_parameter(filter.error());
  filter->visible_domains = request.peer.domains;
  ApiAnswer answer;
  answer.follower = std::make_shared<const Follower>(
      Follower{std::move(*filter), request.peer.role, telling_of(request.parameters)});
  return answer;
}

}  // namespace

void add_journey_routes(Router& router, const ApiContext& context) {
  router.add({.path = "/v1/journeys",
              .parameters = find_parameters(),
              .heeds_domains = true,
              .handle = [context](const ApiRequest& request, QueryTools& tools) {
                return list_journeys(context, request, tools);
              }});
  router.add({.path = "/v1/journeys/{id}",
              .parameters = {"raw", "lang", "tz"},
              .heeds_domains = true,
              .handle = [](const ApiRequest& request, QueryTools& tools) {
                return show_journey(request, tools);
              }});
  // What limits, orders or pages an answer means nothing to a stream.
  router.add({.path = "/v1/follow",
              .parameters = {"recipient", "sender", "any", "outcome", "reason", "submission",
                             "direction", "queue_id", "message_id", "client", "login", "relay",
                             "domain", "subject", "text", "lang"},
              .heeds_domains = true,
              .handle = [context](const ApiRequest& request, QueryTools& /*tools*/) {
                return follow(context, request);
              }});
  router.add({.path = "/v1/coverage",
              .parameters = {"since", "until", "tz", "lang"},
              .access = Access::counts,
              .heeds_domains = true,
              .handle = [context](const ApiRequest& request, QueryTools& tools) {
                return tell_coverage(context, request, tools);
              }});
}

}  // namespace rastro
