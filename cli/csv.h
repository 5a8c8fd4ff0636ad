#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rastro::cli {

// One field as RFC 4180 has it, safe to open in a spreadsheet: a text that would start a formula
// (= + - @, tab, CR) gets a leading apostrophe; what a terminal would obey is escaped.
std::string csv_field(std::string_view text);

// One row for each recipient of each journey in a list answer, with a header row.
std::string csv_of_list(const boost::json::object& answer);

// One row for each of a summary's, with a column for each outcome.
std::string csv_of_summary(const boost::json::object& answer);

// Any answer, as rows of name and value: nested names are joined by dots.
std::string csv_of_values(const boost::json::object& answer);

// An array of flat objects, as one row each; the columns are those of the first,
// or `without_rows` when there is none.
std::string csv_of_rows(const boost::json::array& rows,
                        const std::vector<std::string>& without_rows = {});

}  // namespace rastro::cli
