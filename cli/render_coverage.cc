#include <algorithm>
#include <boost/json.hpp>

#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/times.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

// A hole without a beginning or an end reaches as far as the question does.
std::string hole_text(const json::object& hole, const View& view) {
  const auto source = has_text(hole, "source") ? escape(text_of(hole, "source"))
                                               : view.say(Text::coverage_all_sources);
  const auto cause = view.said(text_of(hole, "cause"));
  const auto from = view.clock(text_of(hole, "from"));
  const auto until = view.clock(text_of(hole, "until"));
  if (from.empty() && until.empty()) return view.say(Text::coverage_hole_whole, {source, cause});
  if (from.empty()) return view.say(Text::coverage_hole_until, {source, until, cause});
  if (until.empty()) return view.say(Text::coverage_hole_from, {source, from, cause});
  return view.say(Text::coverage_hole, {source, from, until, cause});
}

}  // namespace

std::string render_coverage(const json::object& coverage, const View& view) {
  if (coverage.empty()) return {};
  const auto width = view.terminal.width;
  const bool complete = is_true(coverage, "complete");
  const auto read_up_to = view.clock(text_of(coverage, "read_up_to"));
  std::string head;
  if (read_up_to.empty()) {
    head = view.say(complete ? Text::coverage_complete : Text::coverage_incomplete);
  } else {
    head = view.say(complete ? Text::coverage_complete_until : Text::coverage_incomplete_until,
                    {read_up_to});
  }
  auto out = wrap(head, width, 0);
  for (const auto& hole : array_of(coverage, "holes")) {
    if (hole.is_object()) out += wrap(hole_text(hole.get_object(), view), width, 2);
  }
  constexpr std::int64_t kWorthSaying = 2;
  const auto behind = number_of(coverage, "behind_seconds");
  if (behind >= kWorthSaying)
    out += wrap(view.say(Text::coverage_behind, {view.duration(behind * 1'000'000)}), width, 0);
  return out;
}

std::string render_coverage_briefly(const json::object& coverage, const View& view) {
  if (!view.scanned.empty()) return render_coverage(coverage, view);  // no command tells more
  const auto width = view.terminal.width;
  std::string first;
  std::string last;
  const auto& holes = array_of(coverage, "holes");
  bool bounded = !holes.empty();
  for (const auto& value : holes) {
    if (!value.is_object()) continue;
    const auto from = text_of(value.get_object(), "from");
    const auto until = text_of(value.get_object(), "until");
    bounded = bounded && !from.empty() && !until.empty();
    if (first.empty() || from < first) first = from;
    last = std::max(last, until);
  }
  constexpr std::string_view kCommand = "rastro coverage";
  auto out = wrap(
      !bounded ? view.say(Text::coverage_brief, {kCommand})
               : view.say(holes.size() == 1 ? Text::coverage_brief_one : Text::coverage_brief_many,
                          {view.clock(first), view.clock(last), kCommand}),
      width, 0);
  constexpr std::int64_t kWorthSaying = 2;
  const auto behind = number_of(coverage, "behind_seconds");
  if (behind >= kWorthSaying)
    out += wrap(view.say(Text::coverage_behind, {view.duration(behind * 1'000'000)}), width, 0);
  return out;
}

std::string render_coverage_page(const json::object& coverage, const View& view) {
  auto out = render_coverage(coverage, view);
  for (const auto& value : array_of(coverage, "sources")) {
    if (!value.is_object()) continue;
    const auto& source = value.get_object();
    out += wrap(view.say(Text::coverage_source,
                         {escape(text_of(source, "source")), view.clock(text_of(source, "from")),
                          view.clock(text_of(source, "until"))}),
                view.terminal.width, 2);
  }
  return out;
}

}  // namespace rastro::cli
