#pragma once

#include <boost/json/fwd.hpp>

#include "store/query.h"

namespace rastro {

// How far the logs were read, and what is missing within `range`.
boost::json::object coverage_json(StoreReader& store, const TimeRange& range);

}  // namespace rastro
