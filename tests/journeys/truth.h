#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace rastro {

// What truth.json of a captured scenario says was really sent, held against the journeys that were
// made of its log (tests/system/mta/scenario.py says what is in it).

// Each difference, as "<message>: <field>: want ... got ...". `log` is the text of the log: a
// Message-ID that stands nowhere in it cannot be expected.
std::vector<std::string> differences(const boost::json::value& truth,
                                     const std::vector<boost::json::object>& journeys,
                                     const std::string& log);

}  // namespace rastro
