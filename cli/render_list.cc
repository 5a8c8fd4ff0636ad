#include <algorithm>

#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/times.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kIdColumns = 13;
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

std::string counts_text(const json::object& counts) {
  std::string text;
  for (const auto& [outcome, count] : counts) {
    if (!text.empty()) text += ", ";
    text += std::to_string(count.is_int64() ? count.get_int64() : 0) + " " + std::string(outcome);
  }
  return text;
}

Colour colour_of(const json::object& counts) {
  Colour colour = Colour::green;
  for (const auto& [outcome, count] : counts) {
    const std::string_view name = outcome;
    if (name == "bounced" || name == "expired" || name == "rejected") return Colour::red;
    if (name != "delivered") colour = Colour::yellow;
  }
  return colour;
}

std::string outcome_text(const json::object& journey) {
  const auto& recipients = array_of(journey, "recipients");
  if (recipients.empty()) return "recipients not logged";
  if (recipients.size() > 1) return counts_text(object_of(journey, "counts"));
  if (!recipients[0].is_object()) return "";
  const auto& recipient = recipients[0].get_object();
  auto text = text_of(recipient, "outcome");
  const auto reason = text_of(recipient, "reason");
  const auto folder = text_of(recipient, "folder");
  const auto where = text_of(recipient, "delivered_to");
  if (!reason.empty()) {
    text += ": " + reason;
  } else if (!folder.empty()) {
    text += ": " + folder;
  } else if (!where.empty()) {
    text += ": " + where;
  }
  return text;
}

std::string to_text(const json::object& journey) {
  const auto& recipients = array_of(journey, "recipients");
  if (recipients.empty() || !recipients[0].is_object()) return "?";
  const auto& first = recipients[0].get_object();
  auto name = text_of(first, "original_recipient");
  if (name.empty()) name = text_of(first, "recipient");
  if (recipients.size() > 1) name += " +" + std::to_string(recipients.size() - 1);
  return name;
}

std::string from_text(const json::object& journey) {
  if (!has_text(journey, "envelope_sender")) return "?";
  const auto sender = text_of(journey, "envelope_sender");
  return sender.empty() ? "<>" : sender;
}

Row row_of(const json::object& item, std::int64_t now) {
  const auto& journey = object_of(item, "journey");
  Row row;
  row.id = escape(text_of(journey, "id"));
  row.when = local_time(text_of(journey, "arrived_at"), now);
  row.from = escape(from_text(journey));
  row.to = escape(to_text(journey));
  row.outcome = escape(outcome_text(journey));
  row.colour = colour_of(object_of(journey, "counts"));
  for (const auto& why : array_of(item, "why")) {
    if (!why.is_string()) continue;
    if (!row.why.empty()) row.why += "; ";
    row.why += escape(std::string_view(why.get_string()));
  }
  return row;
}

// How many columns each of from, to and outcome gets: what they need, cut evenly when too much.
struct Widths {
  std::size_t when = 8;
  std::size_t from = 4;
  std::size_t to = 2;
  std::size_t outcome = 7;
};

Widths widths_for(const std::vector<Row>& rows, std::size_t width) {
  Widths widths;
  for (const auto& row : rows) {
    widths.when = std::max(widths.when, columns_of(row.when));
    widths.from = std::max(widths.from, columns_of(row.from));
    widths.to = std::max(widths.to, columns_of(row.to));
    widths.outcome = std::max(widths.outcome, columns_of(row.outcome));
  }
  const auto fixed = kIdColumns + widths.when + 4 * kGap;
  const auto room = width > fixed + 24 ? width - fixed : 24;
  while (widths.from + widths.to + widths.outcome > room) {
    auto* widest = &widths.from;
    if (widths.to > *widest) widest = &widths.to;
    if (widths.outcome > *widest) widest = &widths.outcome;
    --*widest;
  }
  return widths;
}

void add_row(std::string& out, const Row& row, const Widths& widths, const Terminal& terminal) {
  const std::string gap(kGap, ' ');
  out += fit(row.id, kIdColumns, true) + gap + fit(row.when, widths.when, true) + gap +
         fit(row.from, widths.from, true) + gap + fit(row.to, widths.to, true) + gap +
         paint(terminal, row.colour, fit(row.outcome, widths.outcome)) + "\n";
  if (!row.why.empty()) {
    out += paint(terminal, Colour::dim, wrap("why: " + row.why, terminal.width, kIdColumns + kGap));
  }
}

void add_suggestions(std::string& out, const json::object& answer, const Terminal& terminal,
                     std::int64_t now) {
  for (const auto& value : array_of(answer, "suggestions")) {
    if (!value.is_object()) continue;
    const auto& suggestion = value.get_object();
    out += wrap("Did you mean " + escape(text_of(suggestion, "address")) + "? " +
                    std::to_string(number_of(suggestion, "messages")) + " message(s)",
                terminal.width, 2);
  }
  for (const auto& value : array_of(answer, "encounters")) {
    if (!value.is_object()) continue;
    const auto& seen = value.get_object();
    out += wrap(local_time(text_of(seen, "at"), now) + " " + escape(text_of(seen, "kind")) +
                    " from " + escape(text_of(seen, "client_ip")) + " " +
                    escape(text_of(seen, "login")) + ": " + escape(text_of(seen, "text")),
                terminal.width, 2);
  }
}

}  // namespace

std::string render_coverage(const json::object& coverage, const Terminal& terminal,
                            std::int64_t now) {
  if (coverage.empty()) return {};
  std::string out;
  const auto read_up_to = text_of(coverage, "read_up_to");
  if (is_true(coverage, "complete")) {
    out += wrap("The logs for that time were read completely" +
                    (read_up_to.empty() ? "." : ", up to " + local_time(read_up_to, now) + "."),
                terminal.width, 0);
  } else {
    out +=
        wrap("The logs for that time are NOT complete" +
                 (read_up_to.empty() ? ":" : "; read up to " + local_time(read_up_to, now) + ":"),
             terminal.width, 0);
  }
  for (const auto& value : array_of(coverage, "holes")) {
    if (!value.is_object()) continue;
    const auto& hole = value.get_object();
    out += wrap(escape(text_of(hole, "source")) + ": " + local_time(text_of(hole, "from"), now) +
                    " to " + local_time(text_of(hole, "until"), now) + ": " +
                    escape(text_of(hole, "cause")),
                terminal.width, 2);
  }
  return out;
}

std::string render_list(const json::object& answer, const Terminal& terminal, std::int64_t now) {
  std::vector<Row> rows;
  for (const auto& item : array_of(answer, "items")) {
    if (item.is_object()) rows.push_back(row_of(item.get_object(), now));
  }
  std::string out;
  if (rows.empty()) {
    out += "Nothing found.\n";
    add_suggestions(out, answer, terminal, now);
    return out + render_coverage(object_of(answer, "coverage"), terminal, now);
  }
  const auto widths = widths_for(rows, terminal.width);
  Row head{"ID", "WHEN", "FROM", "TO", "OUTCOME", Colour::bold, {}};
  add_row(out, head, widths, terminal);
  for (const auto& row : rows) add_row(out, row, widths, terminal);
  if (is_true(answer, "more")) {
    out += "There is more: --limit N, or a narrower question.\n";
  }
  if (text_of(answer, "cut_by") == "time") out += "The search was cut by its time limit.\n";
  const auto& coverage = object_of(answer, "coverage");
  if (!is_true(coverage, "complete")) out += render_coverage(coverage, terminal, now);
  return out;
}

}  // namespace rastro::cli
