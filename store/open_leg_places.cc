#include "store/open_leg_places.h"

#include <algorithm>

namespace rastro {

std::optional<OpenLegPlace> OpenLegPlaces::find(std::uint64_t leg_id) const {
  const auto found = places_.find(leg_id);
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

void OpenLegPlaces::put(std::uint64_t leg_id, const OpenLegPlace& place) {
  auto& kept = places_[leg_id];
  if (place.untold || kept.untold) list_ = nullptr;
  if (place.untold) {
    untold_.insert(leg_id);
  } else if (kept.untold) {
    untold_.erase(leg_id);
  }
  kept = place;
}

void OpenLegPlaces::erase(std::uint64_t leg_id) {
  places_.erase(leg_id);
  if (untold_.erase(leg_id) != 0) list_ = nullptr;
}

void OpenLegPlaces::erase_of_file(std::uint64_t serial) {
  boost::unordered::erase_if(places_, [&](const auto& leg) {
    if (leg.second.serial != serial) return false;
    untold_.erase(leg.first);
    return true;
  });
  list_ = nullptr;
}

void OpenLegPlaces::clear() {
  places_.clear();
  untold_.clear();
  list_ = nullptr;
}

std::shared_ptr<const std::vector<UntoldLeg>> OpenLegPlaces::untold() {
  if (list_ != nullptr || untold_.size() > kUntoldMax) return list_;
  auto list = std::make_shared<std::vector<UntoldLeg>>();
  list->reserve(untold_.size());
  for (const auto leg_id : untold_) {
    const auto& place = places_.at(leg_id);
    list->push_back({leg_id, place.serial, place.row});
  }
  std::ranges::sort(*list, std::greater<>(), &UntoldLeg::leg_id);
  list_ = std::move(list);
  return list_;
}

}  // namespace rastro
