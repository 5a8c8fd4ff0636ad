#pragma once

#include <string>
#include <vector>

namespace rastro {

// A journey as a person would jot it down.
struct Jotted {
  // Queue ids of its legs ("-": a refused dialogue) and its recipients, in order of arrival:
  // "A1 B2 | a@example.org delivered Junk, b@example.org bounced".
  std::string text;
  std::string submission;          // "script /home/ana/www", "mx"
  std::vector<std::string> facts;  // "amavis score 3.2", sorted
  std::string id;
  std::vector<std::string> linked;  // ids of journeys
  std::vector<std::string> links;   // "retry child B2", "inferred" behind it if it is
};

// Journeys of a log of these lines, by arrival. A restart behind every line must give the same
// ones: a failure of the test otherwise.
std::vector<Jotted> jot(const std::vector<std::string>& lines);
// Their texts alone.
std::vector<std::string> jot_texts(const std::vector<std::string>& lines);

}  // namespace rastro
