#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/times.h"

namespace rastro::cli {

std::string render_status(const boost::json::object& status, const Terminal& terminal, bool lines,
                          std::int64_t now) {
  static_cast<void>(now);
  static_cast<void>(lines);
  return wrap(escape(boost::json::serialize(status)), terminal.width, 0);
}

}  // namespace rastro::cli
