#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "cli/terminal.h"

namespace rastro::cli {

// Answers of the API as a person reads them. Each ends in a newline; all strangers' text in it is
// escaped, and it fits terminal.width. `now_us` decides what is said as a time of today.

std::string render_list(const boost::json::object& answer, const Terminal& terminal,
                        std::int64_t now_us);
std::string render_journey(const boost::json::object& journey, const Terminal& terminal,
                           std::int64_t now_us);
std::string render_status(const boost::json::object& status, const Terminal& terminal, bool lines,
                          std::int64_t now_us);

// "complete for that time", or each hole with its cause; indented, one line each.
std::string render_coverage(const boost::json::object& coverage, const Terminal& terminal,
                            std::int64_t now_us);

}  // namespace rastro::cli
