#pragma once

#include <string>
#include <vector>

namespace rastro {

// One case of a tests/parsers/**/*.cases file:
//   # Name_of_the_case
//   < postfix/smtp: text of the log line behind its header
//   > what event_text() says of it
struct LineCase {
  std::string name;
  std::string tag;
  std::string text;
  std::string expected;
};

// Throws std::runtime_error with file and line on a malformed file.
std::vector<LineCase> read_line_cases(const std::string& path);

// What the parser of the case's program makes of it; "foreign" when nobody reads that program.
std::string run_line_case(const LineCase& one);

// RASTRO_GOLDEN=write: the file again, with what the parsers say now.
void rewrite_line_cases(const std::string& path);

}  // namespace rastro
