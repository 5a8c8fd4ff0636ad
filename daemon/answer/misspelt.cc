#include "daemon/answer/misspelt.h"

#include <algorithm>
#include <bit>
#include <map>

#include "core/address.h"
#include "core/edit_distance.h"

namespace rastro {
namespace {

constexpr std::size_t kCandidatesMax = 10'000;

// Which bytes a text has, as 64 bits: two steps change at most four of them.
std::uint64_t byte_set(std::string_view text) {
  std::uint64_t set = 0;
  for (const char c : text) set |= 1ULL << (static_cast<unsigned char>(c) & 63U);
  return set;
}

// Addresses near one that was asked for. Local part and domain may each be two steps away, but not
// both: "jaun@exmaple.org" is a slip, two half-known words are another address.
class Nearest {
 public:
  explicit Nearest(const AddressPattern& asked) : asked_(asked.text()), set_(byte_set(asked_)) {
    const auto parts = split_address(asked_);
    local_part_ = parts.local_part;
    domain_ = parts.domain;
    word_ = asked.form() == AddressPattern::Form::local_part;
  }

  void offer(std::string_view address) {
    if (candidates_.size() >= kCandidatesMax) return;
    const auto parts = split_address(address);
    if (word_) {
      offer_to_word(address, parts.local_part, parts.domain);
      return;
    }
    if (!domain_.empty() && !parts.domain.empty() && parts.local_part == local_part_ &&
        parts.domain != domain_) {
      keep(address, edit_distance(parts.domain, domain_, kStepsMax));
      return;
    }
    const auto apart = static_cast<std::size_t>(std::max(address.size(), asked_.size()) -
                                                std::min(address.size(), asked_.size()));
    if (apart > kStepsMax ||
        std::popcount(set_ ^ byte_set(address)) > 2 * static_cast<int>(kStepsMax))
      return;
    const auto steps = edit_distance(address, asked_, kStepsMax);
    if (steps > 0 && steps <= kStepsMax) keep(address, steps);
  }
  const std::map<std::string, std::size_t, std::less<>>& candidates() const { return candidates_; }

 private:
  void offer_to_word(std::string_view address, std::string_view local_part,
                     std::string_view domain) {
    constexpr std::size_t kShort = 4;  // two steps in a short word leave nothing of it
    const std::size_t most = asked_.size() <= kShort ? 1 : kStepsMax;
    const auto steps = edit_distance(local_part, asked_, most);
    if (steps > 0 && steps <= most) keep(address, steps);
    const auto at = ("." + std::string(domain) + ".").find("." + asked_ + ".");
    if (!asked_.empty() && at != std::string::npos) keep("@" + std::string(domain), 1);
  }

  void keep(std::string_view address, std::size_t steps) {
    candidates_.emplace(std::string(address), steps);
  }

  std::string asked_;
  std::uint64_t set_;
  std::string local_part_;
  std::string domain_;
  bool word_ = false;                                           // a local part was asked
  std::map<std::string, std::size_t, std::less<>> candidates_;  // to steps
};

}  // namespace

Result<NearAddresses> near_addresses(StoreReader& store, const AddressPattern& asked,
                                     const TimeRange& range, const QueryLimits& limits) {
  Nearest nearest(asked);
  const auto done = store.for_each_address(
      range, limits, [&](std::string_view address) { nearest.offer(address); });
  if (!done) return done.error();
  NearAddresses out;
  out.cut = *done;
  for (const auto& [address, steps] : nearest.candidates())
    out.addresses.push_back({address, steps});
  std::ranges::stable_sort(out.addresses, {}, &NearAddress::steps);
  return out;
}

}  // namespace rastro
