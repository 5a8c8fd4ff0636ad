#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "daemon/answer/parameters.h"
#include "daemon/answer/query_tools.h"
#include "daemon/http/answer.h"
#include "daemon/http/peer.h"

// How a question finds who answers it. To serve something new: one file routes_NAME.cc with
//
//   void add_name_routes(Router& router, const NameContext& context) {
//     router.add({.method = "POST",
//                 .path = "/v1/name/{id}",          // "{id}" may stand as the last segment
//                 .parameters = {"lang", "tz"},     // any other is refused, naming these
//                 .access = Access::personal_data,
//                 .body_bytes_max = 1 << 20,        // 0: a body is refused
//                 .handle = [context](const ApiRequest& request, QueryTools& tools) { ... }});
//   }
//
// and its call where daemon/app.cc makes the router. What is captured must outlive the server and
// be safe on every query thread. docs/api.md and docs/openapi.yaml list every route; a test
// compares them with GET /v1.
namespace rastro {

struct ApiRequest {
  std::string method;  // HEAD arrives as GET
  std::string path;    // decoded
  std::string id;      // what stands for {id}, decoded
  Parameters parameters;
  std::string body;
  std::string content_type;  // of the body; "" when not said
  SocketPeer peer;
  Duration time_left{0};                        // until the question's time limit; 0: none
  const std::atomic<bool>* stopping = nullptr;  // the server's: it waits for this answer; or null
};

// Who may ask (DESIGN 10); each includes those below it.
enum class Access : std::uint8_t {
  anyone,         // whoever may open the socket
  counts,         // monitoring: figures without addresses
  personal_data,  // support: messages; written to the audit log
  everything,     // operator: raw lines and logins too
};

bool may_ask(Role role, Access access);

struct Route {
  std::string method = "GET";
  std::string path{};
  std::vector<std::string> parameters{};
  Access access = Access::personal_data;
  // Heeds SocketPeer::domains. Who is limited to domains may ask no other route that tells of mail.
  bool heeds_domains = false;
  // Reads every message of its interval: has a time limit of its own, leaves a query thread to
  // others, and must end early when ApiRequest::stopping says so.
  bool report = false;
  bool audited = false;  // besides everything with personal_data or more
  std::size_t body_bytes_max = 0;
  // Answered on the api thread itself: must neither wait nor touch the index; gets no tools.
  bool immediate = false;
  std::function<ApiAnswer(const ApiRequest&, QueryTools&)> handle{};
  // Instead of `handle` for routes with `immediate`.
  std::function<ApiAnswer(const ApiRequest&)> handle_at_once{};
};

class Router {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  // null: see `allowed`
    std::string id;
    std::string allowed;  // methods that this path has, "GET, HEAD"; empty: no such path
  };
  // `method` as sent; HEAD finds GET's route.
  Match find(std::string_view method, std::string_view path) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

// The path and parameters of a request target (origin form, or absolute form with http:).
// '+' is a blank, but in addresses and ids it is itself: nobody who types juan+x@ into curl knows
// better, and neither holds blanks.
struct Target {
  std::string path;
  Parameters parameters;
};
Result<Target, ParameterError> parse_target(std::string_view target);

// "en" or "es": the one that an Accept-Language header (RFC 9110) likes best; "": neither.
std::string_view preferred_language(std::string_view accepted);

// The parameter that the route does not have, and what it has.
std::optional<ParameterError> find_unknown_parameter(const Route& route,
                                                     const Parameters& parameters);

}  // namespace rastro
