#pragma once

#include <boost/json/fwd.hpp>

#include "daemon/answer/coverage.h"
#include "daemon/answer/journey.h"
#include "daemon/answer/nearby.h"
#include "daemon/answer/query_tools.h"
#include "daemon/http/answer.h"
#include "daemon/http/peer.h"

namespace rastro {

// The parts of answers (docs/api.md), as far as the asker's role may see them.
boost::json::object coverage_json(const Coverage& coverage);
boost::json::array encounters_json(const std::vector<Encounter>& encounters, Role role);
boost::json::array suggestions_json(const std::vector<Suggestion>& suggestions);
boost::json::object journey_json(const Journey& journey, const QueryTools& tools, bool raw,
                                 Role role);

// "j***@example.org": a login as the support role sees it.
std::string masked_login(std::string_view login);
// What the index says when it cannot be read.
ApiAnswer cannot_answer(const Error& error);

}  // namespace rastro
