#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/clock.h"
#include "daemon/answer/find_request.h"
#include "store/query.h"

namespace rastro {

// Messages of the interval that fit everything that is asked except who sent them (sender, login,
// client, any, domain), which no line tells: each may be the one that is asked for. Counted up to
// `enough`; none when the question names no sending side. `limits` tells what time is left,
// nullopt: none.
Result<StoreReader::Count> count_of_unknown_sender(
    StoreReader& store, const FindRequest& request, std::uint64_t enough,
    const std::function<std::optional<QueryLimits>()>& limits);

}  // namespace rastro
