#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/answer/find_request.h"
#include "daemon/answer/query_tools.h"
#include "daemon/http/answer_json.h"
#include "daemon/http/peer.h"

namespace rastro {

// What one listener of /v1/follow wants. Immutable.
struct Follower {
  FindRequest filter;
  Role role = Role::none;
  Telling telling{};
};

// Events for each of the followers, in their order: "event: journey\ndata: {...}\n\n".
using FollowEvents = std::vector<std::string>;

// Finds the journeys that changed since the last call and lets every follower have those that it
// asked for. Threads: one call at a time, on whichever query thread.
class FollowReader {
 public:
  static constexpr std::size_t kChangesMax = 2'000;  // in one turn; more are counted as skipped

  FollowEvents read(QueryTools& tools,
                    const std::vector<std::shared_ptr<const Follower>>& followers);

 private:
  std::optional<ChangeMark> mark_;
};

}  // namespace rastro
