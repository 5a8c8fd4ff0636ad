#pragma once

#include <string_view>
#include <vector>

namespace rastro {

// What a captured scenario's truth says and its log does not: each with its reason. A test fails
// when an entry is no longer needed.
struct Unknowable {
  std::string_view scenario;
  std::string_view difference;  // a part of its text; covers all that have it
  std::string_view because;
};
extern const std::vector<Unknowable> kUnknowable;

std::vector<Unknowable> unknowable_in(std::string_view scenario);

}  // namespace rastro
