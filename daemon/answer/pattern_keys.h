#pragma once

#include <optional>
#include <vector>

#include "daemon/answer/find_request.h"
#include "store/query.h"

namespace rastro {

// The keys of a question that names addresses, a login or a domain only in part ("juan", "*ana*",
// "@.example.org"): the addresses that fit and that occurred in the interval's hours, which know
// them all. No keys: none fits, so nothing can be found. nullopt: the question has no such part,
// too many fit (their messages are then frequent enough to be met by reading on from the newest),
// or not every hour could tell.
Result<std::optional<std::vector<LegKey>>> pattern_keys(StoreReader& store,
                                                        const FindRequest& request,
                                                        const QueryLimits& limits);

}  // namespace rastro
