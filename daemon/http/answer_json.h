#pragma once

#include <boost/json/fwd.hpp>
#include <boost/json/storage_ptr.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/answer/coverage.h"
#include "daemon/answer/find_request.h"
#include "daemon/answer/journey.h"
#include "daemon/answer/match.h"
#include "daemon/answer/nearby.h"
#include "daemon/answer/query_tools.h"
#include "daemon/http/answer.h"
#include "daemon/http/peer.h"

namespace rastro {

// The parts of answers (docs/api.md), as far as the asker's role may see them.
boost::json::object coverage_json(const Coverage& coverage, Language language);
boost::json::array encounters_json(const std::vector<Encounter>& encounters, Role role);
boost::json::array refused_json(const std::vector<RefusedGroup>& groups, Role role);
// Messages whose recipients no line names.
boost::json::array unnamed_json(const std::vector<UnnamedMail>& messages);
// `asked`: the question, of which each is another form.
boost::json::array suggestions_json(const std::vector<Suggestion>& suggestions,
                                    const Parameters& asked, Role role);
boost::json::array readings_json(const std::vector<Reading>& readings);
// The language and zone that explanations are told in; what the question leaves open is the
// daemon's.
struct Telling {
  std::optional<Language> language;
  std::string timezone;
};
Telling telling_of(const Parameters& parameters);
Language language_of(const Parameters& parameters, const QueryTools& tools);
boost::json::object journey_json(const Journey& journey, const QueryTools& tools, bool raw,
                                 Role role, const Telling& telling = {},
                                 const boost::json::storage_ptr& memory = {});

// Who of the journey's recipients the question is about.
boost::json::array asked_for_json(const std::vector<MatchedRecipient>& recipients,
                                  const boost::json::storage_ptr& memory = {});

// "j***@example.org": a login as the support role sees it.
std::string masked_login(std::string_view login);
// What the index says when it cannot be read.
ApiAnswer cannot_answer(const Error& error);

}  // namespace rastro
