#include "daemon/answer/unknown_sender.h"

#include <algorithm>
#include <set>

#include "daemon/answer/journey.h"
#include "daemon/answer/match.h"

namespace rastro {
namespace {

struct AskedSide {
  bool sender = false;
  bool client = false;
};

// A bounce's own sender is no news of who sent what it is about.
bool tells_sender(const LegRecord& leg) {
  return leg.envelope_sender && (!leg.internal || !leg.envelope_sender->empty());
}
bool tells_client(const LegRecord& leg) {
  const auto& client = leg.submission.client;
  return (leg.arrival_seen && !leg.internal) || !client.host.empty() || !client.ip.empty();
}

bool may_be_theirs(const Journey& journey, const AskedSide& asked) {
  const auto& legs = journey.legs;
  const bool made_here =
      std::ranges::all_of(legs, [](const LegRecord& leg) { return leg.internal; });
  if (made_here && std::ranges::any_of(
                       legs, [](const LegRecord& leg) { return leg.envelope_sender.has_value(); }))
    return false;
  return (asked.sender && std::ranges::none_of(legs, tells_sender)) ||
         (asked.client && std::ranges::none_of(legs, tells_client));
}

FindRequest without_sending_side(const FindRequest& request) {
  auto rest = request;
  rest.sender.reset();
  rest.any.reset();
  rest.domain.clear();
  rest.login.clear();
  rest.client.clear();
  return rest;
}

// Legs that may be part of such a message, by what few have: no known sender, or what else is
// asked.
Result<CutBy> collect(StoreReader& store, const FindRequest& rest, const AskedSide& asked,
                      const TimeRange& range, const QueryLimits& limits,
                      std::set<std::uint64_t>& legs) {
  std::vector<LegKey> keys;
  if (asked.sender) keys.push_back({KeyKind::sender_unknown, {}});
  if (asked.client) keys.push_back({KeyKind::client_unknown, {}});
  auto fewest = store.count_rows(keys, range);
  if (!fewest) return fewest.error();
  for (auto& driver : drivers(rest)) {
    if (driver.keys.empty() || *fewest == 0) continue;
    const auto rows = store.count_rows(driver.keys, range);
    if (!rows) return rows.error();
    if (*rows >= *fewest) continue;
    *fewest = *rows;
    keys = std::move(driver.keys);
  }
  return store.for_each_leg(keys, range, limits, [&](const LegRecord& leg) {
    if ((asked.sender && !tells_sender(leg)) || (asked.client && !tells_client(leg)))
      legs.insert(leg.id);
    return Visit::go_on;
  });
}

}  // namespace

Result<StoreReader::Count> count_of_unknown_sender(
    StoreReader& store, const FindRequest& request, std::uint64_t enough,
    const std::function<std::optional<QueryLimits>()>& limits) {
  StoreReader::Count found;
  const AskedSide asked{request.sender || request.any || !request.domain.empty(),
                        !request.login.empty() || !request.client.empty()};
  const auto left = limits();
  if ((!asked.sender && !asked.client) || !left) return found;
  const auto rest = without_sending_side(request);
  std::set<std::uint64_t> legs;
  const auto done = collect(store, rest, asked, request.range, *left, legs);
  if (!done) return done.error();
  found.cut = *done;
  AssemblyMemory memory;
  std::set<std::uint64_t> known;
  for (const auto leg : legs) {
    if (known.contains(leg)) continue;
    if (!limits()) break;
    const auto assembled = assemble(store, leg, memory);
    if (!assembled) return assembled.error();
    const auto& journey = *assembled;
    if (!journey) continue;
    for (const auto& other : journey->legs) known.insert(other.id);
    if (may_be_theirs(*journey, asked) && match(*journey, rest)) ++found.number;
    if (found.number >= enough) break;
  }
  return found;
}

}  // namespace rastro
