#include <boost/json.hpp>

#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/times.h"

namespace rastro::cli {

std::string render_coverage(const boost::json::object& coverage, const View& view) {
  if (coverage.empty()) return {};
  const bool complete = is_true(coverage, "complete");
  const auto read_up_to = text_of(coverage, "read_up_to");
  std::string head;
  if (read_up_to.empty()) {
    head = view.say(complete ? Text::coverage_complete : Text::coverage_incomplete);
  } else {
    head = view.say(complete ? Text::coverage_complete_until : Text::coverage_incomplete_until,
                    {view.clock(read_up_to)});
  }
  auto out = wrap(head, view.terminal.width, 0);
  for (const auto& value : array_of(coverage, "holes")) {
    if (!value.is_object()) continue;
    const auto& hole = value.get_object();
    out += wrap(view.say(Text::coverage_hole,
                         {escape(text_of(hole, "source")), view.clock(text_of(hole, "from")),
                          view.clock(text_of(hole, "until")), escape(text_of(hole, "cause"))}),
                view.terminal.width, 2);
  }
  return out;
}

}  // namespace rastro::cli
