#include "daemon/offline/line_check.h"

#include <string>

#include "daemon/log_origin.h"

namespace rastro {
namespace {

std::string leg_name(const LegRecord& leg) {
  return leg.queue_id.empty() ? format_leg_id(leg.id) : leg.queue_id;
}

}  // namespace

LineCheck::LineCheck() : lines_(clock_, Symlinks::followed), pipeline_(counters_, 1) {}

void LineCheck::check(const LegRecord& leg, Faults& faults) {
  for (const auto& ref : leg.lines) check_line(leg, ref, faults);
}

void LineCheck::check_line(const LegRecord& leg, const LineRef& ref, Faults& faults) {
  const auto text = lines_.read(ref);
  if (!text) {
    ++gone_;
    return;
  }
  ++checked_;
  auto& origin = origins_[ref.source];
  if (origin == nullptr) {
    Generation generation;
    generation.source = ref.source;
    generation.path = lines_.source_path(ref.source);
    generation.modified_at = leg.last_activity_at;
    origin = make_line_origin(generation, SourceSettings{}, std::nullopt);
  }
  const RawLine raw{*text, ref.offset, ref.length, false};
  const auto headed = LinePipeline::read_header(*origin, raw);
  const auto understood = pipeline_.understand(headed);
  const auto where = leg_name(leg) + ": line at " + std::to_string(ref.offset) + " of " +
                     lines_.source_path(ref.source);
  const bool understands =
      understood.kind() != LineKind::foreign && understood.kind() != LineKind::unrecognised;
  const bool names_it = !leg.queue_id.empty() && understood.queue_id() == leg.queue_id;
  if (!understands && !names_it) {
    faults.add(where + " is not understood (any more)");
    return;
  }
  const bool names_another = !understood.queue_id().empty() && !leg.queue_id.empty() &&
                             understood.queue_id() != leg.queue_id &&
                             text->find(leg.queue_id) == std::string::npos;
  if (names_another) faults.add(where + " names " + std::string(understood.queue_id()));
}

}  // namespace rastro
