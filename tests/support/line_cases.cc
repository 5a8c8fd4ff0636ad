#include "tests/support/line_cases.h"

#include <fstream>
#include <stdexcept>

#include "parsers/registry.h"
#include "tests/support/event_text.h"

namespace rastro {

std::vector<LineCase> read_line_cases(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  std::vector<LineCase> cases;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const auto malformed = [&] {
      return std::runtime_error(path + ":" + std::to_string(number) + ": malformed case");
    };
    if (line.empty() || line.starts_with("##")) continue;
    if (line.starts_with("# ")) {
      cases.push_back({line.substr(2), {}, {}, {}});
    } else if (line.starts_with("< ")) {
      const auto colon = line.find(": ");
      if (cases.empty() || colon == std::string::npos) throw malformed();
      cases.back().tag = line.substr(2, colon - 2);
      cases.back().text = line.substr(colon + 2);
    } else if (line.starts_with("> ")) {
      if (cases.empty()) throw malformed();
      cases.back().expected = line.substr(2);
    } else {
      throw malformed();
    }
  }
  return cases;
}

std::string run_line_case(const LineCase& one) {
  LineHeader header;
  header.program = one.tag;
  header.pid = 1;
  const auto program = find_program(one.tag);
  return program.parse == nullptr ? "foreign" : event_text(program.parse(header, one.text));
}

void rewrite_line_cases(const std::string& path) {
  std::ifstream in(path);
  std::string out;
  std::string line;
  LineCase current;
  while (std::getline(in, line)) {
    if (line.starts_with("> ")) continue;
    out += line + "\n";
    if (!line.starts_with("< ")) continue;
    const auto colon = line.find(": ");
    current.tag = line.substr(2, colon - 2);
    current.text = line.substr(colon + 2);
    out += "> " + run_line_case(current) + "\n";
  }
  std::ofstream(path) << out;
}

}  // namespace rastro
