#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "core/result.h"
#include "daemon/correlate/leg_updates.h"

namespace rastro {

// The reason classifier as the correlator calls it, from the shipped rules and the operator's own
// file in front of them. The function owns the classifier; one thread may call it.
Result<ClassifyReply> make_reply_classifier(const ReasonSettings& settings);

}  // namespace rastro
