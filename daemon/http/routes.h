#pragma once

#include <functional>
#include <string>

#include "core/clock.h"
#include "daemon/answer/coverage.h"
#include "daemon/bounce/reasons.h"
#include "daemon/http/router.h"

namespace rastro {

// What the routes need of the daemon. Called on the api thread: no waiting.
struct ApiContext {
  std::size_t rows_max = 1000;
  const Clock* clock = nullptr;
  ClassifyText classify;                          // empty: reasons stay unknown
  std::function<std::string(bool lines)> status;  // JSON
  std::function<std::string()> health;            // JSON
  std::function<ReadState()> read_state;          // on any thread
  std::function<std::string()> metrics;           // Prometheus text; empty: no such route
};

// Adds every route of this folder.
void add_routes(Router& router, const ApiContext& context);

void add_journey_routes(Router& router, const ApiContext& context);
void add_bounce_routes(Router& router, const ApiContext& context);
void add_summary_routes(Router& router, const ApiContext& context);
void add_reason_routes(Router& router);
void add_service_routes(Router& router, const ApiContext& context);

// GET /v1: what is served, for people and for the test that compares it with the documents.
ApiAnswer describe_routes(const Router& router);

}  // namespace rastro
