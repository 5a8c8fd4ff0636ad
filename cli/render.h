#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <set>
#include <string>

#include "cli/view.h"

namespace rastro::cli {

// Answers of the API as a person reads them, in their language. Each ends in a newline; all
// strangers' text in it is escaped, and it fits view.terminal.width.

std::string render_list(const boost::json::object& answer, const View& view);

// What is said instead when nothing was found: what was seen near it, and what that proves.
std::string render_nothing(const boost::json::object& answer, const View& view);
// A login or a client without a message, in one line.
std::string encounter_text(const boost::json::object& seen, const View& view);
// What words of the question were taken to mean, where that is not plain.
std::string render_readings(const boost::json::object& answer, const View& view);
std::string render_suggestions(const boost::json::object& answer, const View& view);
// Logins and clients that were refused, those of one cause together, and what else was seen of
// them.
std::string render_seen(const boost::json::object& answer, const View& view);
// What fits but only waited at the time asked.
std::string render_waiting(const boost::json::object& answer, const View& view);
// The same for `rastro` alone: the problems of the last hour.
std::string render_problems(const boost::json::object& answer, const View& view);
// One message that has just come or changed, in a line or two.
std::string render_followed(const boost::json::object& journey, const View& view);

// Rows of /v1/summary and /v1/deferrals.
std::string render_summary(const boost::json::object& answer, const View& view);

struct ShowParts {
  bool full = false;  // no part of a long timeline left out, each of many recipients
};
std::string render_journey(const boost::json::object& journey, const View& view, ShowParts parts);
// What the reasons mean and who has to act: the last part of a journey, and all of `explain`.
// `apart`: for each recipient, however many there are.
std::string render_explanations(const boost::json::object& journey, const View& view, bool apart);
std::string render_explained(const boost::json::object& journey, const View& view);
// The paragraphs for the customer, one for each that differs; "": there are none.
std::string reply_paragraphs(const boost::json::object& journey, const View& view);
// The same, or why there are none.
std::string render_replies(const boost::json::object& journey, const View& view);

std::string render_bounce(const boost::json::object& answer, const View& view);
std::string render_bounce_reply(const boost::json::object& answer, const View& view);

std::string render_status(const boost::json::object& status, const View& view, bool lines);

// "complete for that time", or each hole with its cause.
std::string render_coverage(const boost::json::object& coverage, const View& view);
// The same in a line, where it is not what the answer is about.
std::string render_coverage_briefly(const boost::json::object& coverage, const View& view);
// The same with what was read of each log: `rastro coverage`.
std::string render_coverage_page(const boost::json::object& coverage, const View& view);

// Parts that several of them need.
std::string outcome_counts_text(const boost::json::object& counts, const View& view);
Colour colour_of_outcome(std::string_view outcome);
// "mx.example.net [192.0.2.7]"; escaped.
std::string host_text(std::string_view host, std::string_view ip);
// The sender for people: "<>" for the null reverse-path, "?" when it was not logged; escaped.
std::string sender_text(const boost::json::object& journey);
// Why one recipient's mail ended or waits so, said of the side that gives the reason; "" for none.
std::string reason_text(const boost::json::object& recipient, const View& view);
// Of which of a message's recipients a question asks.
struct AskedFor {
  std::set<std::size_t> positions;  // in the journey's recipients; empty: of none in particular
  std::string name;                 // of the first, as the question has it; "": as usual
};
// "deferred: greylisted", "delivered: Junk", "2 delivered, 1 deferred"; of some of them that were
// asked for first.
std::string outcome_text(const boost::json::object& journey, const View& view,
                         const AskedFor& asked = {});
Colour colour_of_journey(const boost::json::object& journey, const AskedFor& asked = {});
// The first recipient, or the first that was asked for, by the name that the customer knows, and
// how many more.
std::string recipients_text(const boost::json::object& journey, const AskedFor& asked = {});

}  // namespace rastro::cli
