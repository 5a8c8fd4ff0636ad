#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "cli/view.h"

namespace rastro::cli {

// Answers of the API as a person reads them, in their language. Each ends in a newline; all
// strangers' text in it is escaped, and it fits view.terminal.width.

std::string render_list(const boost::json::object& answer, const View& view);

struct ShowParts {
  bool full = false;  // no part of a long timeline left out
};
std::string render_journey(const boost::json::object& journey, const View& view, ShowParts parts);
// What the reasons mean and who has to act: the last part of a journey, and all of `explain`.
std::string render_explanations(const boost::json::object& journey, const View& view);

std::string render_bounce(const boost::json::object& answer, const View& view);

std::string render_status(const boost::json::object& status, const View& view, bool lines);

// "complete for that time", or each hole with its cause.
std::string render_coverage(const boost::json::object& coverage, const View& view);

// Parts that several of them need.
std::string outcome_counts_text(const boost::json::object& counts, const View& view);
Colour colour_of_outcome(std::string_view outcome);
// "mx.example.net [192.0.2.7]"; escaped.
std::string host_text(std::string_view host, std::string_view ip);
// The sender for people: "<>" for the null reverse-path, "?" when it was not logged; escaped.
std::string sender_text(const boost::json::object& journey);
// "deferred: greylisted", "delivered: Junk", "2 delivered, 1 deferred".
std::string outcome_text(const boost::json::object& journey, const View& view);
// The first recipient by the name that the customer knows, and how many more.
std::string recipients_text(const boost::json::object& journey);

}  // namespace rastro::cli
