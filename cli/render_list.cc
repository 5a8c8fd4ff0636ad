#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <vector>

#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/times.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kGap = 2;

struct Row {
  std::string id;
  std::string when;
  std::string from;
  std::string to;
  std::string outcome;
  Colour colour = Colour::none;
  std::string why;
};

AskedFor asked_by_item(const json::object& item) {
  AskedFor out;
  for (const auto& value : array_of(item, "recipients_asked_for")) {
    if (!value.is_object()) continue;
    const auto position = number_of(value.get_object(), "position");
    if (position < 0) continue;
    if (out.positions.empty()) out.name = text_of(value.get_object(), "address");
    out.positions.insert(static_cast<std::size_t>(position));
  }
  return out;
}

// "recipient juan@example.org is the one asked for": the row shows it.
bool says_only_what_is_shown(const json::object& item) {
  constexpr std::array<std::string_view, 4> kPlain = {"recipient_exact", "sender_exact",
                                                      "recipient_pattern", "sender_pattern"};
  const auto& codes = array_of(item, "why_codes");
  return !codes.empty() && std::ranges::all_of(codes, [&](const json::value& code) {
    return code.is_string() &&
           std::ranges::find(kPlain, std::string_view(code.get_string())) != kPlain.end();
  });
}

Row row_of(const json::object& item, const View& view) {
  const auto& journey = object_of(item, "journey");
  Row row;
  row.id = escape(text_of(journey, "id"));
  // Where the log begins later, the id may tell when it came.
  const auto accepted = text_of(object_of(journey, "accepted"), "at");
  const auto first_seen = text_of(journey, "arrived_at");
  const bool came_before =
      !is_true(journey, "complete") && !accepted.empty() && accepted < first_seen;
  row.when = view.brief(came_before ? accepted : first_seen);
  row.from = sender_text(journey);
  const auto asked = asked_by_item(item);
  row.to = recipients_text(journey, asked);
  row.outcome = outcome_text(journey, view, asked);
  row.colour = colour_of_journey(journey, asked);
  if (says_only_what_is_shown(item)) return row;
  for (const auto& why : array_of(item, "why")) {
    if (!why.is_string()) continue;
    if (!row.why.empty()) row.why += "; ";
    row.why += view.said(std::string_view(why.get_string()));
  }
  return row;
}

struct Widths {
  std::size_t id = 0, when = 0, from = 0, to = 0, outcome = 0;
  std::size_t total() const { return id + when + from + to + outcome + 4 * kGap; }
};

Row head_row(const View& view) {
  return {view.say(Text::list_id),
          view.say(Text::list_when),
          view.say(Text::list_from),
          view.say(Text::list_to),
          view.say(Text::list_outcome),
          Colour::none,
          {}};
}

Widths widths_for(const Row& head, const std::vector<Row>& rows) {
  Widths widths;
  const auto widen = [&](const Row& row) {
    widths.id = std::max(widths.id, columns_of(row.id));
    widths.when = std::max(widths.when, columns_of(row.when));
    widths.from = std::max(widths.from, columns_of(row.from));
    widths.to = std::max(widths.to, columns_of(row.to));
    widths.outcome = std::max(widths.outcome, columns_of(row.outcome));
  };
  widen(head);
  for (const auto& row : rows) widen(row);
  return widths;
}

class MessageTable {
 public:
  MessageTable(const std::vector<Row>& rows, const View& view)
      : view_(view),
        head_(head_row(view)),
        widths_(widths_for(head_, rows)),
        one_line_(widths_.total() <= view.terminal.width) {}

  // An address that was cut is no use to anybody: what does not fit in one line gets two.
  std::string line(const Row& row) const {
    const std::string gap(kGap, ' ');
    const auto start = fit(row.id, widths_.id, true) + gap;
    std::string out;
    if (one_line_) {
      out = start + fit(row.when, widths_.when, true) + gap + fit(row.from, widths_.from, true) +
            gap + fit(row.to, widths_.to, true) + gap + view_.paint(row.colour, row.outcome) + "\n";
    } else {
      out = start + row.when + gap + row.from + " " + std::string(view_.arrow()) + " " + row.to;
      if (columns_of(out) > view_.terminal.width) {
        out = start + row.when + gap + row.from + "\n" + std::string(columns_of(start), ' ') +
              std::string(view_.arrow()) + " " + row.to;
      }
      const bool has_room =
          out.find('\n') == std::string::npos &&
          columns_of(out) + kGap + columns_of(row.outcome) <= view_.terminal.width;
      out = has_room ? out + gap + view_.paint(row.colour, row.outcome) + "\n"
                     : fit_lines(out) + indented(row.outcome, row.colour);
    }
    if (!row.why.empty()) out += indented(view_.say(Text::list_why, {row.why}), Colour::dim);
    return out;
  }

  std::string head() const {
    if (one_line_) {
      auto text = line(head_);
      text.pop_back();
      return view_.paint(Colour::bold, text) + "\n";
    }
    const auto text = fit(head_.id, widths_.id, true) + std::string(kGap, ' ') + head_.when + "  " +
                      head_.from + " " + std::string(view_.arrow()) + " " + head_.to + ", " +
                      head_.outcome;
    return view_.paint(Colour::bold, text) + "\n";
  }

 private:
  std::string indented(const std::string& text, Colour colour) const {
    // Painted line by line: a pager forgets colours at the end of a line.
    std::string out;
    auto block = wrap(text, view_.terminal.width, widths_.id + kGap);
    for (std::size_t end = 0; (end = block.find('\n')) != std::string::npos;
         block.erase(0, end + 1)) {
      out += view_.paint(colour, block.substr(0, end)) + "\n";
    }
    return out;
  }
  std::string fit_lines(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      const auto end = text.find('\n');
      const auto line = text.substr(0, end);
      // Only an address longer than the terminal comes to this.
      if (columns_of(line) <= view_.terminal.width) {
        out.append(line).push_back('\n');
      } else {
        out += wrap(line, view_.terminal.width, 0);
      }
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return out;
  }

  const View& view_;
  Row head_;
  Widths widths_;
  bool one_line_;
};

// How many there are, how to get at the others, and what the answer does not say.
std::string tail(const json::object& answer, std::int64_t shown, const View& view) {
  const auto width = view.terminal.width;
  std::string out;
  const auto& total = object_of(answer, "total");
  const auto count = number_of(total, "count");
  const bool exact = is_true(total, "exact");
  if (is_true(answer, "more")) {
    if (count > shown) {
      out += wrap(view.say(exact ? Text::list_of : Text::list_of_about,
                           {view.number(shown), view.number(count)}),
                  width, 0);
    }
    const auto cursor = text_of(answer, "cursor");
    out += wrap(cursor.empty() ? view.say(Text::list_more)
                               : view.say(Text::list_more_cursor, {escape(cursor)}),
                width, 0);
  }
  if (text_of(answer, "cut_by") == "time") out += wrap(view.say(Text::list_cut_by_time), width, 0);
  const auto& coverage = object_of(answer, "coverage");
  if (!is_true(coverage, "complete")) out += render_coverage_briefly(coverage, view);
  return out;
}

std::string list_text(const json::object& answer, const View& view) {
  std::vector<Row> rows;
  for (const auto& item : array_of(answer, "items")) {
    if (item.is_object()) rows.push_back(row_of(item.get_object(), view));
  }
  if (rows.empty()) return render_nothing(answer, view);
  const MessageTable table(rows, view);
  // Only messages to or from addresses that are spelt almost like the one asked for.
  const bool misspelt = !array_of(answer, "suggestions").empty();
  auto out = render_readings(answer, view);
  if (misspelt) out += view.say(Text::nothing_fits_exactly) + "\n";
  out += table.head();
  for (const auto& row : rows) out += table.line(row);
  out += render_waiting(answer, view);
  if (misspelt) out += render_suggestions(answer, view);
  out += render_seen(answer, view);
  out += tail(answer, static_cast<std::int64_t>(rows.size()), view);
  return out;
}

}  // namespace

std::string render_waiting(const json::object& answer, const View& view) {
  const auto& waiting = object_of(answer, "waiting_then");
  std::vector<Row> rows;
  for (const auto& item : array_of(waiting, "items")) {
    if (!item.is_object()) continue;
    rows.push_back(row_of(item.get_object(), view));
    rows.back().why.clear();  // none of it says that it fits the time
  }
  if (rows.empty()) return {};
  const auto width = view.terminal.width;
  auto out = wrap(view.say(Text::waiting_then), width, 0);
  const MessageTable table(rows, view);
  for (const auto& row : rows) out += table.line(row);
  const auto count = number_of(waiting, "count");
  const auto shown = static_cast<std::int64_t>(rows.size());
  if (count > shown)
    out +=
        wrap(view.say(Text::waiting_then_more, {view.number(shown), view.number(count)}), width, 0);
  return out;
}

std::string render_list(const json::object& answer, const View& view) {
  return list_text(answer, view);
}

std::string render_problems(const json::object& answer, const View& view) {
  if (!array_of(answer, "items").empty()) {
    return view.paint(Colour::bold, view.say(Text::list_problems)) + "\n" +
           list_text(answer, view) +
           wrap(view.say(Text::list_details, {view.show_command()}), view.terminal.width, 0);
  }
  const auto& coverage = object_of(answer, "coverage");
  auto out = wrap(view.say(Text::list_no_problems), view.terminal.width, 0);
  return is_true(coverage, "complete") ? out : out + render_coverage(coverage, view);
}

std::string render_followed(const json::object& journey, const View& view) {
  const auto row = row_of(
      {{"journey", journey}, {"recipients_asked_for", array_of(journey, "recipients_asked_for")}},
      view);
  const auto when = view.brief(text_of(journey, "last_activity_at"));
  const auto line = when + "  " + row.id + "  " + row.from + " " + std::string(view.arrow()) + " " +
                    row.to + "  ";
  if (columns_of(line) + columns_of(row.outcome) <= view.terminal.width)
    return line + view.paint(row.colour, row.outcome) + "\n";
  return wrap(line, view.terminal.width, 0) +
         wrap(row.outcome, view.terminal.width, columns_of(when) + 2);
}

}  // namespace rastro::cli
