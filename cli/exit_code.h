#pragma once

namespace rastro::cli {

// What the shell sees (DESIGN 9).
enum ExitCode : int {
  kFound = 0,
  kNothingFound = 1,
  kUsage = 2,
  kUnreachableOrIncomplete = 3,
};

}  // namespace rastro::cli
