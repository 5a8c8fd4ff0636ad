#include <boost/json.hpp>

#include "daemon/answer/journey_json.h"
#include "daemon/answer/search.h"
#include "daemon/http/coverage_json.h"
#include "daemon/http/routes.h"

namespace rastro {
namespace {

namespace json = boost::json;

ApiAnswer cannot_answer(const Error& error) {
  return problem(503, "the index cannot answer", error.message);
}

ApiAnswer list_journeys(const ApiContext& context, const ApiRequest& request, QueryTools& tools) {
  const auto wanted = parse_find(request.parameters, context.clock->wall(), context.rows_max);
  if (!wanted) return bad_parameter(wanted.error());
  auto found = find_journeys(*tools.store, *wanted, {request.time_left});
  if (!found) return cannot_answer(found.error());
  json::array items;
  for (const auto& journey : found->journeys) {
    items.push_back(json::object{{"journey", to_json(journey, {false, tools.lines.get()})},
                                 {"score", nullptr},
                                 {"why", json::array()}});
  }
  const auto rows = items.size();
  return ok({{"items", std::move(items)},
             {"more", found->more},
             {"cursor", nullptr},
             {"cut_by", found->cut == CutBy::time ? json::value("time")
                        : found->more             ? json::value("rows")
                                                  : json::value(nullptr)},
             {"coverage", coverage_json(*tools.store, wanted->range)},
             {"encounters", json::array()},
             {"suggestions", json::array()}},
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
  const auto& journey = *found;
  if (!journey)
    return problem(404, "no such message", "nothing in the index is called " + request.id);
  return ok(to_json(*journey, {with_lines, tools.lines.get()}), 1);
}

}  // namespace

void add_journey_routes(Router& router, const ApiContext& context) {
  router.add(
      {.path = "/v1/journeys",
       .parameters = {"recipient",  "sender",  "any",    "at",         "within",    "since",
                      "until",      "outcome", "reason", "submission", "direction", "queue_id",
                      "message_id", "client",  "login",  "relay",      "domain",    "subject",
                      "text",       "sort",    "tz",     "lang",       "limit",     "cursor"},
       .handle = [context](const ApiRequest& request, QueryTools& tools) {
         return list_journeys(context, request, tools);
       }});
  router.add({.path = "/v1/journeys/{id}",
              .parameters = {"raw", "lang"},
              .handle = [](const ApiRequest& request, QueryTools& tools) {
                return show_journey(request, tools);
              }});
  router.add({.path = "/v1/coverage",
              .access = Access::counts,
              .handle = [](const ApiRequest& /*request*/, QueryTools& tools) {
                return ok(coverage_json(*tools.store, {}));
              }});
}

}  // namespace rastro
