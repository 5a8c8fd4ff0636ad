#include "daemon/http/follow.h"

#include <boost/json.hpp>
#include <set>

#include "daemon/answer/journey_json.h"
#include "daemon/answer/match.h"
#include "daemon/http/answer_json.h"

namespace rastro {
namespace {

namespace json = boost::json;

constexpr Duration kTurnMax = std::chrono::seconds(1);

std::string event(std::string_view name, const json::object& data) {
  return "event: " + std::string(name) + "\ndata: " + json::serialize(data) + "\n\n";
}

}  // namespace

FollowEvents FollowReader::read(QueryTools& tools,
                                const std::vector<std::shared_ptr<const Follower>>& followers) {
  FollowEvents events(followers.size());
  std::vector<std::uint64_t> changed;
  std::set<std::uint64_t> known;
  std::size_t skipped = 0;
  const auto mark = tools.store->for_each_change(mark_, {kTurnMax}, [&](const LegRecord& leg) {
    if (leg.probe || !known.insert(leg.id).second) return Visit::go_on;
    if (changed.size() < kChangesMax) {
      changed.push_back(leg.id);
    } else {
      ++skipped;
    }
    return Visit::go_on;
  });
  if (!mark) return events;
  mark_ = *mark;
  std::set<std::uint64_t> told;
  for (const auto leg : changed) {
    if (told.contains(leg)) continue;
    const auto found = assemble(*tools.store, leg);
    if (!found) continue;
    const auto& journey = *found;
    if (!journey) continue;
    for (const auto& other : journey->legs) told.insert(other.id);
    for (std::size_t i = 0; i < followers.size(); ++i) {
      const auto& follower = *followers[i];
      const auto matched = match(*journey, follower.filter);
      if (!matched) continue;
      auto data = journey_json(*journey, tools, false, follower.role, follower.telling);
      data["recipients_asked_for"] = asked_for_json(matched->recipients);
      events[i] += event("journey", data);
    }
  }
  if (skipped == 0) return events;
  for (auto& text : events) text += event("skipped", {{"messages", skipped}});
  return events;
}

}  // namespace rastro
