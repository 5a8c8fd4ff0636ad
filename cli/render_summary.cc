#include <algorithm>
#include <boost/json.hpp>

#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/table.h"
#include "cli/times.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

// Too long for a column: they stand below their row.
constexpr std::string_view kNoteHead = "reason";
constexpr std::string_view kNote = "reply_text";

// A column of the answer: a field of a row, or a field of an object within it ("outcomes.bounced").
struct Field {
  std::string group;
  std::string name;
  bool number = false;
};

const json::value* value_of(const json::object& row, const Field& field) {
  if (field.group.empty()) return row.if_contains(field.name);
  return object_of(row, field.group).if_contains(field.name);
}

// In the order in which they are first met: rows may leave out what they have none of, and the
// total has what only rows beyond the limit have.
std::vector<Field> fields_of(const json::array& rows, const json::object& total) {
  std::vector<Field> fields;
  const auto add = [&](std::string_view group, std::string_view name, const json::value& value) {
    if (value.is_object() || value.is_array() || name == kNote || name == kNoteHead) return;
    const auto known = std::ranges::find_if(
        fields, [&](const Field& field) { return field.group == group && field.name == name; });
    if (known != fields.end()) {
      known->number |= value.is_number();
      return;
    }
    fields.push_back({std::string(group), std::string(name), value.is_number()});
  };
  if (!rows.empty()) fields.push_back({"", "key", false});
  const auto add_row = [&](const json::object& row) {
    for (const auto& [name, value] : row) {
      if (!value.is_object()) {
        add("", name, value);
        continue;
      }
      for (const auto& [inner, below] : value.get_object()) add(name, inner, below);
    }
  };
  for (const auto& row : rows) {
    if (row.is_object()) add_row(row.get_object());
  }
  if (rows.size() > 1) add_row(total);
  return fields;
}

std::string head_of(const Field& field, std::string_view by, const View& view) {
  if (field.name == "key") return view.named("column_", by);
  if (find_text("outcome_", field.name)) return view.named("outcome_", field.name);
  return view.named("column_", field.name);
}

std::string cell_of(const json::object& row, const Field& field, std::string_view by,
                    const View& view) {
  const auto* value = value_of(row, field);
  if (value == nullptr || value->is_null()) return field.number ? "" : view.say(Text::summary_none);
  if (field.name == "bytes") return view.size(number_of(row, "bytes"));
  if (value->is_number()) {
    return view.number(
        number_of(field.group.empty() ? row : object_of(row, field.group), field.name));
  }
  if (!value->is_string()) return escape(json::serialize(*value));
  const auto text = std::string(value->get_string());
  if (parse_api_time(text)) return view.brief(text);
  if (by == "outcome") return view.named("outcome_", text);
  // The name too: it is what --reason takes.
  if (by == "reason" && field.name == "key" && find_text("reason_", text))
    return text + ": " + view.named("reason_", text);
  return text.empty() ? "<>" : escape(text);
}

std::string note_of(const json::object& row, std::string_view by, const View& view) {
  auto note = escape(text_of(row, kNote));
  const auto reason = text_of(row, kNoteHead);
  if (by == kNoteHead || reason.empty()) return note;
  return view.named("reason_", reason) + (note.empty() ? "" : ": " + note);
}

Table rows_table(const json::object& answer, std::string_view by, const View& view) {
  const auto& rows = array_of(answer, "rows");
  const auto& total = object_of(answer, "total");
  const auto fields = fields_of(rows, total);
  std::vector<Table::Column> columns;
  columns.reserve(fields.size());
  for (const auto& field : fields) columns.push_back({head_of(field, by, view), field.number});
  Table table(std::move(columns));
  const auto add = [&](const json::object& row, const std::string& key) {
    std::vector<std::string> cells;
    cells.reserve(fields.size());
    for (const auto& field : fields) {
      cells.push_back(field.name == "key" && !key.empty() ? key : cell_of(row, field, by, view));
    }
    table.add(std::move(cells), note_of(row, by, view));
  };
  for (const auto& row : rows) {
    if (row.is_object()) add(row.get_object(), "");
  }
  if (!total.empty() && rows.size() > 1) add(total, view.say(Text::summary_total));
  return table;
}

}  // namespace

std::string render_summary(const json::object& answer, const View& view) {
  const auto& rows = array_of(answer, "rows");
  const auto by = text_of(answer, "by");
  const auto width = view.terminal.width;
  std::string out;
  if (has_text(answer, "since") && has_text(answer, "until")) {
    out += wrap(view.say(Text::summary_interval, {view.minute(text_of(answer, "since")),
                                                  view.minute(text_of(answer, "until"))}),
                width, 0);
  }
  if (rows.empty()) {
    out += view.say(Text::nothing_found) + "\n";
  } else {
    out += rows_table(answer, by, view).render(view);
  }
  if (is_true(answer, "more")) out += wrap(view.say(Text::list_more), width, 0);
  if (text_of(answer, "cut_by") == "time") out += wrap(view.say(Text::list_cut_by_time), width, 0);
  const auto& coverage = object_of(answer, "coverage");
  if (rows.empty() || !is_true(coverage, "complete")) out += render_coverage(coverage, view);
  return out;
}

}  // namespace rastro::cli
