#include "daemon/answer/pattern_keys.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/address.h"
#include "core/ascii.h"
#include "daemon/answer/match.h"

namespace rastro {
namespace {

constexpr std::size_t kFittingMax = 500;

struct Part {
  std::vector<KeyKind> kinds;  // empty: the question has no such part
  std::function<bool(std::string_view address)> fits;
  std::string beginning;  // which an address that fits has, in folded form; may be empty
};

Part part_of(const AddressPattern& pattern, std::vector<KeyKind> kinds) {
  std::string beginning;
  if (pattern.form() == AddressPattern::Form::local_part) beginning = pattern.text();
  // The case of further letters is as it was logged.
  const auto foreign = std::ranges::find_if(beginning, [](char c) { return (c & 0x80) != 0; });
  beginning.erase(foreign, beginning.end());
  return {std::move(kinds),
          [&pattern](std::string_view address) { return pattern.matches(address); },
          std::move(beginning)};
}

// The first that is asked; whatever else is asked is compared with what it finds.
Part part_of(const FindRequest& request) {
  using Kinds = std::vector<KeyKind>;
  if (request.recipient) return part_of(*request.recipient, Kinds{KeyKind::recipient});
  if (request.sender) return part_of(*request.sender, Kinds{KeyKind::sender});
  if (request.any) return part_of(*request.any, Kinds{KeyKind::recipient, KeyKind::sender});
  if (!request.login.empty()) {
    const bool part_only = request.login.find_first_of("*?") == std::string::npos;
    return {Kinds{KeyKind::sender},
            [&](std::string_view address) { return login_matches(request.login, address); },
            part_only ? ascii_lower(request.login) : std::string()};
  }
  if (!request.domain.empty()) {
    return {Kinds{KeyKind::recipient, KeyKind::sender},
            [&](std::string_view address) { return domain_matches(request.domain, address); },
            {}};
  }
  return {};
}

using MaybeKeys = std::optional<std::vector<LegKey>>;

// The names of that role which are the one typed or below it.
Result<MaybeKeys> host_keys(StoreReader& store, const std::string& typed, KeyKind kind,
                            const TimeRange& range, const QueryLimits& limits) {
  std::set<std::string, std::less<>> hosts;
  const auto seen = store.for_each_host(range, limits, [&](std::string_view host) {
    if (hosts.size() <= kFittingMax && host_matches(typed, host)) hosts.emplace(host);
  });
  if (!seen) return seen.error();
  if (*seen != CutBy::nothing || hosts.size() > kFittingMax) return MaybeKeys();
  std::vector<LegKey> keys;
  keys.reserve(hosts.size());
  for (const auto& host : hosts) keys.push_back({kind, host});
  return MaybeKeys(std::move(keys));
}

// Also those of the domain whose mail a relay takes.
Result<MaybeKeys> relay_keys(StoreReader& store, const std::string& typed, const TimeRange& range,
                             const QueryLimits& limits) {
  auto found = host_keys(store, typed, KeyKind::relay, range, limits);
  if (!found) return found;
  auto& keys = *found;
  if (!keys) return found;
  for (auto& key : AddressPattern("@" + typed).keys(KeyKind::recipient, KeyKind::recipient_domain))
    keys->push_back(std::move(key));
  return found;
}

}  // namespace

Result<std::optional<std::vector<LegKey>>> pattern_keys(StoreReader& store,
                                                        const FindRequest& request,
                                                        const QueryLimits& limits) {
  using Keys = std::vector<LegKey>;
  const auto part = part_of(request);
  if (part.kinds.empty()) {
    if (is_host_name(request.client))
      return host_keys(store, request.client, KeyKind::client, request.range, limits);
    if (is_host_name(request.relay)) return relay_keys(store, request.relay, request.range, limits);
    return std::optional<Keys>();
  }
  std::set<std::string, std::less<>> addresses;
  const auto look = [&](std::string_view address, std::size_t /*same*/) {
    if (addresses.size() > kFittingMax) return std::size_t{0};
    const auto shared =
        std::mismatch(part.beginning.begin(), part.beginning.end(), address.begin(), address.end());
    if (shared.first != part.beginning.end()) {
      if (shared.second == address.end()) return kSeeAll;
      return static_cast<std::size_t>(shared.second - address.begin()) + 1;
    }
    if (part.fits(address)) addresses.emplace(address);
    return kSeeAll;
  };
  const auto seen = store.for_each_address(request.range, limits, look);
  if (!seen) return seen.error();
  if (!seen->all || addresses.size() > kFittingMax) return std::optional<Keys>();
  Keys keys;
  for (const auto& address : addresses) {
    for (const auto kind : part.kinds) keys.push_back({kind, address});
  }
  return std::optional<Keys>(std::move(keys));
}

}  // namespace rastro
