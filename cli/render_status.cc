#include <algorithm>
#include <boost/json.hpp>

#include "cli/json_fields.h"
#include "cli/page.h"
#include "cli/render.h"
#include "cli/times.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

// "share": of the lines read, what was understood, what says nothing about any message, and the
// rest, which is what an operator should look at.
struct Shares {
  std::int64_t understood = 0, ignored = 0, foreign = 0, unrecognised = 0;
  std::int64_t total() const { return understood + ignored + foreign + unrecognised; }
};

Shares shares_of(const json::object& kinds) {
  Shares shares;
  for (const auto& [kind, value] : kinds) {
    const auto n = number_of(kinds, kind);
    if (kind == "known.ignored") {
      shares.ignored += n;
    } else if (kind == "foreign") {
      shares.foreign += n;
    } else if (kind == "unrecognised") {
      shares.unrecognised += n;
    } else {
      shares.understood += n;
    }
  }
  return shares;
}

std::string shares_text(const Shares& shares, const View& view) {
  return view.say(Text::status_shares,
                  {view.number(shares.understood), view.number(shares.ignored),
                   view.number(shares.foreign), view.number(shares.unrecognised)});
}

void show_counters(Page& page, const json::object& status, std::string_view name) {
  const auto& view = page.view();
  std::string text;
  for (const auto& [key, value] : object_of(status, name)) {
    if (!value.is_number()) continue;
    if (!text.empty()) text += ", ";
    text +=
        view.named("counter_", key) + " " + view.number(number_of(object_of(status, name), key));
  }
  page.field(view.named("counters_", name), text);
}

// Logs that repeat another one: their absence in the counts is no fault.
void show_not_indexed(Page& page, const json::object& status) {
  const auto& view = page.view();
  for (const auto& value : array_of(object_of(status, "sources"), "not_indexed")) {
    if (!value.is_object()) continue;
    const auto& log = value.get_object();
    page.field(view.say(Text::status_not_indexed),
               view.say(Text::status_same_lines,
                        {escape(text_of(log, "source")), escape(text_of(log, "same_as"))}));
  }
}

void show_lines(Page& page, const json::object& status) {
  const auto& view = page.view();
  page.heading(view.say(Text::status_programs));
  for (const auto& value : array_of(status, "programs")) {
    if (!value.is_object()) continue;
    const auto& program = value.get_object();
    const auto& kinds = object_of(program, "kinds");
    const auto name = escape(text_of(program, "program"));
    page.line(name.empty() ? "-" : name);
    page.line(shares_text(shares_of(kinds), view), 4);
    for (const auto& [kind, count] : kinds) {
      page.line(escape(std::string_view(kind)) + "  " + view.number(number_of(kinds, kind)), 6);
    }
    for (const auto& sample : array_of(program, "unrecognised_samples")) {
      if (sample.is_string())
        page.line(view.say(Text::status_sample, {escape(std::string_view(sample.get_string()))}),
                  6);
    }
  }
}

}  // namespace

std::string render_status(const json::object& status, const View& view, bool lines) {
  Page page(view);
  const auto read_up_to = text_of(status, "read_up_to");
  const auto at = parse_api_time(read_up_to);
  const auto& unreadable = array_of(object_of(status, "sources"), "unreadable");
  const bool writable = is_true(status, "index_writable");
  if (!writable) {
    page.line(view.say(Text::status_not_written), 0);
    if (const auto trouble = text_of(status, "index_trouble"); !trouble.empty())
      page.line(escape(trouble));
  }
  if (!unreadable.empty()) {
    page.raw(view.paint(Colour::yellow, view.say(Text::status_unreadable)) + "\n");
    for (const auto& value : unreadable) {
      if (!value.is_object()) continue;
      const auto& one = value.get_object();
      page.line(escape(text_of(one, "source")) + ": " + view.said(text_of(one, "why")));
    }
  } else if (writable && is_true(status, "caught_up")) {
    page.raw(view.paint(Colour::green, view.say(Text::status_caught_up)) + "\n");
  } else if (writable) {
    page.raw(view.paint(Colour::yellow, view.say(Text::status_catching_up)) + "\n");
  }
  if (at && *at > 0) page.field(view.say(Text::status_newest), view.clock_ago(read_up_to));
  show_not_indexed(page, status);
  const auto all = shares_of(object_of(object_of(status, "lines"), "by_kind"));
  if (all.total() > 0) page.field(view.say(Text::status_lines), shares_text(all, view));
  for (const auto& [name, value] : status) {
    if (value.is_object()) show_counters(page, status, name);
  }
  if (lines) {
    show_lines(page, status);
  } else if (all.unrecognised > 0) {
    page.line(view.say(Text::status_see_lines), 0);
  }
  return page.take();
}

}  // namespace rastro::cli
