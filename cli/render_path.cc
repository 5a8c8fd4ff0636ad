#include <boost/json.hpp>
#include <set>

#include "cli/json_fields.h"
#include "cli/page.h"
#include "cli/render_show.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

std::set<std::string> own_queue_ids(const json::object& journey) {
  std::set<std::string> ids;
  for (const auto& leg : array_of(journey, "legs")) {
    if (leg.is_object()) ids.insert(text_of(leg.get_object(), "queue_id"));
  }
  return ids;
}

std::string leg_text(const json::object& leg, const View& view) {
  auto text = escape(text_of(leg, "host"));
  const auto mta = text_of(leg, "mta");
  const auto instance = text_of(leg, "instance");
  const auto& program = instance.empty() ? mta : instance;
  if (!program.empty()) text += (text.empty() ? "" : " ") + escape(program);
  const auto id = text_of(leg, "queue_id");
  if (id.empty()) {
    return text + ", " + view.clock(text_of(leg, "opened_at")) + ": " + view.say(Text::leg_refused);
  }
  text += " " + escape(id) + ", ";
  const auto opened = view.clock(text_of(leg, "opened_at"));
  const auto closed = text_of(leg, "closed_at");
  return text + (closed.empty() ? view.say(Text::leg_open, {opened})
                                : view.say(Text::leg_between, {opened, view.clock(closed)}));
}

// How one leg led to the next: the journey's links between two of its own legs.
std::string link_text(const json::object& link, const View& view) {
  const auto key = text_of(link, "direction") + "_" + text_of(link, "kind");
  auto id = escape(text_of(link, "queue_id"));
  if (id.empty()) id = "?";
  const auto found = find_text("link_", key);
  auto text = found ? view.say(*found, {id}) : escape(key) + ": " + id;
  if (is_true(link, "inferred")) text += " (" + view.say(Text::link_inferred) + ")";
  return text;
}

}  // namespace

void show_path(Page& page, const json::object& journey) {
  const auto& legs = array_of(journey, "legs");
  if (legs.empty()) return;
  const auto& view = page.view();
  const auto own = own_queue_ids(journey);
  page.heading(view.say(Text::show_path));
  std::int64_t number = 0;
  for (const auto& leg : legs) {
    if (!leg.is_object()) continue;
    ++number;
    page.line((legs.size() > 1 ? view.number(number) + ". " : "") +
              leg_text(leg.get_object(), view));
  }
  for (const auto& value : array_of(journey, "links")) {
    if (!value.is_object()) continue;
    const auto& link = value.get_object();
    const bool within = own.contains(text_of(link, "queue_id"));
    // Told once, from the side that it came from.
    if (within && text_of(link, "direction") == "child") page.line(link_text(link, view), 5);
  }
}

void show_related(Page& page, const json::object& journey) {
  const auto& view = page.view();
  const auto own = own_queue_ids(journey);
  bool any = false;
  for (const auto& value : array_of(journey, "links")) {
    if (!value.is_object()) continue;
    const auto& link = value.get_object();
    if (own.contains(text_of(link, "queue_id"))) continue;
    if (!any) page.heading(view.say(Text::show_related));
    any = true;
    auto text = link_text(link, view);
    const auto outcome = text_of(link, "outcome");
    const auto& outcomes = object_of(link, "outcomes");
    if (outcomes.size() > 1) {
      text += ": " + outcome_counts_text(outcomes, view);
    } else if (!outcome.empty()) {
      text += ", " + view.named("outcome_", outcome);
    }
    const auto other = text_of(link, "journey");
    if (!other.empty()) text += "  (" + view.show_command(escape(other)) + ")";
    page.line(text);
  }
}

}  // namespace rastro::cli
