#include <boost/json.hpp>

#include "daemon/http/routes.h"

namespace rastro {
namespace {

namespace json = boost::json;

std::string_view access_name(Access access) {
  switch (access) {
    case Access::anyone:
      return "anyone";
    case Access::counts:
      return "monitoring";
    case Access::personal_data:
      return "support";
    case Access::everything:
      return "operator";
  }
  return "";
}

json::array routes_json(const std::vector<Route>& routes) {
  json::array list;
  for (const auto& route : routes) {
    json::array parameters;
    for (const auto& name : route.parameters) parameters.emplace_back(name);
    list.push_back(json::object{{"method", route.method},
                                {"path", route.path},
                                {"parameters", std::move(parameters)},
                                {"role", access_name(route.access)}});
  }
  return list;
}

ApiAnswer as_json(std::string body) {
  ApiAnswer answer;
  answer.body = std::move(body);
  return answer;
}

}  // namespace

void add_service_routes(Router& router, const ApiContext& context) {
  router.add({.path = "/healthz",
              .access = Access::anyone,
              .immediate = true,
              .handle_at_once = [health = context.health](const ApiRequest& /*request*/) {
                return as_json(health());
              }});
  if (context.metrics) {
    router.add({.path = "/metrics",
                .access = Access::counts,
                .immediate = true,
                .handle_at_once = [metrics = context.metrics](const ApiRequest& /*request*/) {
                  ApiAnswer answer;
                  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
                  answer.body = metrics();
                  return answer;
                }});
  }
  router.add({.path = "/v1/status",
              .parameters = {"lines"},
              .access = Access::counts,
              .immediate = true,
              .handle_at_once = [status = context.status](const ApiRequest& request) {
                const auto lines = request.parameters.find("lines");
                if (lines == request.parameters.end()) return as_json(status(false));
                if (lines->second != "0" && lines->second != "1")
                  return bad_parameter({"lines", "allowed: 0, 1"});
                return as_json(status(lines->second == "1"));
              }});
}

void add_routes(Router& router, const ApiContext& context) {
  add_service_routes(router, context);
  add_journey_routes(router, context);
  add_bounce_routes(router, context);
  add_summary_routes(router, context);
  add_reason_routes(router);
}

ApiAnswer describe_routes(const Router& router) {
  return ok({{"routes", routes_json(router.routes())}});
}

}  // namespace rastro
