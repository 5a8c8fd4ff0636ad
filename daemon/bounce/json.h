#pragma once

#include <boost/json/fwd.hpp>

#include "daemon/bounce/bounce.h"

namespace rastro {

// The part of POST /v1/bounce's answer that the bounce alone gives (docs/api.md).
boost::json::object to_json(const BounceReport& report);

}  // namespace rastro
