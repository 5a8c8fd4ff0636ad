#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

namespace rastro::cli {

// One field as RFC 4180 has it, safe to open in a spreadsheet: a text that would start a formula
// (= + - @, tab, CR) gets a leading apostrophe.
std::string csv_field(std::string_view text);

// One row for each recipient of each journey in a list answer, with a header row.
std::string csv_of_list(const boost::json::object& answer);

}  // namespace rastro::cli
