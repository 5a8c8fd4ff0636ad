#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/answer/parameters.h"

namespace rastro {

struct Follower;

struct ApiAnswer {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // further ones
  std::size_t rows = 0;                                      // for the audit log
  // Set: not `body`, but a stream of events until one side ends it.
  std::shared_ptr<const Follower> follower;
};

ApiAnswer ok(const boost::json::object& body, std::size_t rows = 0);
// application/problem+json (RFC 9457). `detail` says what to do about it.
ApiAnswer problem(unsigned status, std::string_view title, std::string_view detail);
// 400, naming the parameter and what is allowed.
ApiAnswer bad_parameter(const ParameterError& error);

}  // namespace rastro
