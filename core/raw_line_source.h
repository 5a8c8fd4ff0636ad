#pragma once

#include <string>

#include "core/event.h"
#include "core/result.h"

namespace rastro {

// Reads log lines again, wherever rotation put them. Query threads; implemented by daemon/source.
class RawLineSource {
 public:
  virtual ~RawLineSource() = default;
  // The line's bytes without its end. not_found: the log is gone.
  virtual Result<std::string> read(const LineRef& line) = 0;
  // The path under which the line's source was configured.
  virtual std::string source_path(std::uint32_t source) const = 0;
  // The file in which the line that was read last stands now, if it is of that source; "": under
  // that path still, or not known.
  virtual std::string moved_to(std::uint32_t /*source*/) const { return ""; }
};

}  // namespace rastro
