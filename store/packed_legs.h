#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "core/journey.h"

namespace rastro {

// Versions of legs on their way from the ingest thread to the writer, one behind the other in one
// piece of memory. A LegRecord is 2 KB and some twenty texts, most of them empty; packed it takes a
// quarter of that, and each thread goes once, and straight, through what the other one wrote.
//
// The layout is this process's own: it is never stored.
// Threads: one at a time.
class PackedLegs {
 public:
  void push_back(const LegRecord& leg);
  // Each in the order in which they came; the record is valid during the call only.
  void for_each(const std::function<void(const LegRecord&)>& visit) const;

  std::size_t size() const { return starts_.size(); }
  bool empty() const { return starts_.empty(); }
  // Keeps the memory unless it is more than `bytes_max`.
  void clear(std::size_t bytes_max);

 private:
  std::vector<char> bytes_;
  std::vector<std::size_t> starts_;  // in bytes_
  std::vector<char> one_;            // room in which one is packed; what it holds means nothing
};

}  // namespace rastro
