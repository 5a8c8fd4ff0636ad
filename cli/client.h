#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"

namespace rastro::cli {

struct Response {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// "/v1/journeys" and the parameters as one percent-encoded target. Empty values are left out.
std::string make_target(std::string_view path, const QueryParameters& parameters);
// One path segment, percent-encoded.
std::string encode_segment(std::string_view text);

// Asks rastrod over its Unix socket, one request for each call.
// Error::unavailable says why nobody answers there and what to look at.
class Client {
 public:
  explicit Client(std::string socket_path) : socket_path_(std::move(socket_path)) {}
  Result<Response> get(const std::string& target) const;

 private:
  static constexpr std::chrono::seconds kTimeout{60};
  static constexpr std::size_t kBodyBytesMax = 256 << 20;
  std::string socket_path_;
};

// The operator's words for a problem+json answer: "at: \"x\" is not a time; allowed: ...".
std::string describe_problem(const Response& response);

}  // namespace rastro::cli
