#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/journey.h"
#include "core/result.h"
#include "store/query.h"

namespace rastro {

// What was read to put journeys together: those of one answer look for the same legs and links, and
// each twice when it is asked for by another leg than its first. For one state of the store.
class AssemblyMemory {
 public:
  Result<std::optional<LegRecord>> load(StoreReader& store, std::uint64_t leg_id);
  // The legs, but probes, that have the key in a file written since then; at most 50.
  Result<std::vector<std::uint64_t>> find(StoreReader& store, KeyKind kind,
                                          const std::string& value,
                                          Time written_since = Time::min());

 private:
  static constexpr std::size_t kRememberedMax = 512;
  std::map<std::uint64_t, std::optional<LegRecord>> legs_;
  std::map<std::tuple<KeyKind, std::string, Time>, std::vector<std::uint64_t>> found_;
};

}  // namespace rastro
