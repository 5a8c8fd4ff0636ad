#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "daemon/answer/query_tools.h"
#include "daemon/http/router.h"
#include "daemon/http/session.h"

namespace rastro {

struct ApiOptions {
  std::string socket;
  std::uint32_t socket_mode = 0660;
  std::string socket_group;                            // empty: the process's own
  Duration request_timeout = std::chrono::seconds(5);  // 0: none
  Duration report_timeout = std::chrono::minutes(1);   // of routes with `report`; 0: none
  std::size_t connections_max = 256;
  std::size_t connections_per_user_max = 16;
  double requests_per_second_max = 1000;  // of one user; 0: no limit
  std::size_t waiting_max = 64;           // questions without a thread yet
  std::size_t bodies_bytes_max = 128 << 20;
  std::size_t threads = 2;
  RoleRules roles;
  HttpLimits session;
};

// One question that concerned personal data, for the audit log.
struct AuditRecord {
  Time at{};
  const ApiRequest& request;
  std::string_view route;  // its path, with {id}
  unsigned status = 0;
  std::size_t rows = 0;
};

// What was asked and what was turned away since the start.
struct ApiCounters {
  struct ByRoute {
    std::string path;  // as the router has it; "": no route
    unsigned status = 0;
    std::uint64_t requests = 0;
  };
  std::vector<ByRoute> requests;
  std::uint64_t connections_refused = 0;
  std::uint64_t connections = 0;  // open now
};

// HTTP/1.1 and JSON on a Unix socket (docs/api.md). The api thread has all connections and waits
// for none of them; questions go to the query threads through a bounded queue.
// Threads: start() makes them, stop() joins them; both from one thread.
class ApiServer {
 public:
  // `make_tools` is called on each query thread, `audit` (may be empty) on any of them.
  ApiServer(ApiOptions options, Router router, std::function<QueryTools()> make_tools,
            std::function<void(const AuditRecord&)> audit, const Clock& clock);
  ~ApiServer();
  Result<void> start();
  void stop();

  // On the api thread only: from a route with `immediate`.
  ApiCounters counters() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rastro
