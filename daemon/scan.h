#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace rastro {

// `rastrod --scan`: what `rastro scan` runs as its child (DESIGN 8).
struct ScanRequest {
  std::vector<std::string> logs;  // paths, or "-" for standard input; everything given is indexed
  std::string export_to;    // NDJSON of journeys: a file, "-" for standard output; empty: none
  bool lines = false;       // NDJSON of lines on standard output
  bool serve = false;       // answers on a socket in its private directory until it is ended
  std::optional<int> year;  // of the first stamp without one; default: by the file's time
  std::string timezone;     // of stamps without one; empty: TZ
  Language language = Language::en;  // of the explanations in what is exported
  int control_fd = -1;  // progress, problems and the socket's path, one JSON object a line
};

// Returns the exit code: 0, 2 (usage), 3 (something could not be read or written).
int run_scan(const ScanRequest& request);

}  // namespace rastro
