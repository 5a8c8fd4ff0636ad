#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "store/leg_rows.h"
#include "store/snapshot.h"

namespace rastro {

// Where the newest version of a leg without an end stands.
struct OpenLegPlace {
  std::uint64_t serial = 0;
  std::uint32_t row = 0;
  bool untold = false;  // it does not name every recipient
  HeaderPlace header;   // of the versions in that file
};

// The writer's legs without an end. Threads: one; the lists that it hands out are immutable.
class OpenLegPlaces {
 public:
  // Of more than these no list is made.
  static constexpr std::size_t kUntoldMax = 65'536;

  std::optional<OpenLegPlace> find(std::uint64_t leg_id) const;
  void put(std::uint64_t leg_id, const OpenLegPlace& place);
  void erase(std::uint64_t leg_id);
  void erase_of_file(std::uint64_t serial);
  void clear();
  bool empty() const { return places_.empty(); }
  std::size_t size() const { return places_.size(); }
  auto begin() const { return places_.begin(); }
  auto end() const { return places_.end(); }

  // Those that do not name every recipient, newest first; null: they are too many.
  std::shared_ptr<const std::vector<UntoldLeg>> untold();

 private:
  // Keys are our own leg ids, spread by their hash; the flat tables mix them again.
  boost::unordered_flat_map<std::uint64_t, OpenLegPlace> places_;
  boost::unordered_flat_set<std::uint64_t> untold_;
  std::shared_ptr<const std::vector<UntoldLeg>> list_;  // null: changed since it was made
};

}  // namespace rastro
