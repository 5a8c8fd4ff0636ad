#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
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

// Asks rastrod over its Unix socket, one connection for each call.
// Error::unavailable says why nobody answers there and what to look at.
class Client {
 public:
  static constexpr std::chrono::seconds kTimeout{60};  // for each wait, not for the whole answer
  explicit Client(std::string socket_path, std::chrono::milliseconds timeout = kTimeout)
      : socket_path_(std::move(socket_path)), timeout_(timeout) {}

  Result<Response> get(const std::string& target) const;
  Result<Response> post(const std::string& target, std::string_view content_type,
                        std::string body) const;
  // Hands on the body of a 200 as it comes, for as long as it comes, without a time limit; a
  // response of another status is returned whole. `on_bytes` answers false to end.
  Result<Response> stream(const std::string& target,
                          const std::function<bool(std::string_view)>& on_bytes) const;

 private:
  static constexpr std::size_t kBodyBytesMax = 256 << 20;
  std::string socket_path_;
  std::chrono::milliseconds timeout_;  // zero: none
};

// Asks, and asks again without `lang` or `tz` when a rastrod that is older than they are refuses
// those: this program puts them in, not who typed the question.
Result<Response> ask_without_what_is_refused(
    std::string target, const std::function<Result<Response>(const std::string&)>& ask);

// The operator's words for a problem+json answer: "at: \"x\" is not a time; allowed: ...".
std::string describe_problem(const Response& response);

}  // namespace rastro::cli
