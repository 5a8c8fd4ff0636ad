#pragma once

#include <map>
#include <string>

namespace rastro {

// What stood behind '?' in a question, decoded; each name once.
using Parameters = std::map<std::string, std::string, std::less<>>;

struct ParameterError {
  std::string parameter;
  std::string detail;  // what is wrong, and what is allowed
};

}  // namespace rastro
