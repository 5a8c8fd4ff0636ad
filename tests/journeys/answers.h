#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace rastro {

// What is answered about one recipient.
struct Answer {
  std::string recipient;
  std::string outcome;
  std::string reason;
  std::string folder;
  std::string text;
  std::string move;
  std::string what_to_do;
  std::string reply;
};

// Of the journeys of a log of these lines, by arrival, with the rules and texts that are shipped.
std::vector<Answer> answers_of(const std::vector<std::string>& lines,
                               Language language = Language::en);
// The same as "recipient outcome reason".
std::vector<std::string> ends_of(const std::vector<std::string>& lines);

}  // namespace rastro
