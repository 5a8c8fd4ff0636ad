#pragma once

#include "core/clock.h"
#include "daemon/answer/query_tools.h"
#include "store/writer.h"

namespace rastro {

// What a query thread needs to answer from `writer`'s index: its own reader, and the way back to
// the log lines. `writer` and `clock` are borrowed.
QueryTools make_query_tools(const Writer& writer, const Clock& clock,
                            std::shared_ptr<const ReasonRules> rules);

}  // namespace rastro
