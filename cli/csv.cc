#include "cli/csv.h"

#include <boost/json.hpp>
#include <vector>

#include "cli/json_fields.h"
#include "cli/terminal.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

std::string row(const std::vector<std::string>& fields) {
  std::string out;
  for (const auto& field : fields) {
    if (!out.empty()) out.push_back(',');
    out += csv_field(field);
  }
  return out + "\r\n";
}

std::string plain_text(const json::value& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return std::string(value.get_string());
  return json::serialize(value);
}

void add_values(std::string& out, const std::string& name, const json::value& value) {
  const auto below = [&](std::string_view key) {
    return name.empty() ? std::string(key) : name + "." + std::string(key);
  };
  if (value.is_object()) {
    for (const auto& [key, inner] : value.get_object()) add_values(out, below(key), inner);
  } else if (value.is_array()) {
    std::size_t index = 0;
    for (const auto& inner : value.get_array())
      add_values(out, below(std::to_string(index++)), inner);
  } else {
    out += row({name, plain_text(value)});
  }
}

std::string attempts_text(const json::object& recipient) {
  return has_number(recipient, "attempts") ? std::to_string(number_of(recipient, "attempts")) : "";
}

}  // namespace

std::string csv_field(std::string_view text) {
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
  // Always quoted, so that an empty first field is not mistaken for an empty line.
  std::string out = formula ? "\"'" : "\"";
  for (const char c : escape(text)) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out + "\"";
}

std::string csv_of_list(const json::object& answer) {
  std::string out =
      row({"id", "arrived_at", "envelope_sender", "recipient", "original_recipient", "outcome",
           "delivered_to", "reason", "reply_text", "attempts", "last_attempt_at", "message_id"});
  for (const auto& item : array_of(answer, "items")) {
    if (!item.is_object()) continue;
    const auto& journey = object_of(item.get_object(), "journey");
    const auto add = [&](const json::object& recipient) {
      out += row({text_of(journey, "id"), text_of(journey, "arrived_at"),
                  text_of(journey, "envelope_sender"), text_of(recipient, "recipient"),
                  text_of(recipient, "original_recipient"), text_of(recipient, "outcome"),
                  text_of(recipient, "delivered_to"), text_of(recipient, "reason"),
                  text_of(recipient, "reply_text"), attempts_text(recipient),
                  text_of(recipient, "last_attempt_at"), text_of(journey, "message_id")});
    };
    const auto& recipients = array_of(journey, "recipients");
    if (recipients.empty()) add(object_of(journey, "unnamed_recipients"));
    for (const auto& recipient : recipients) {
      if (recipient.is_object()) add(recipient.get_object());
    }
  }
  return out;
}

std::string csv_of_values(const json::object& answer) {
  auto out = row({"name", "value"});
  add_values(out, "", answer);
  return out;
}

std::string csv_of_rows(const json::array& rows) {
  std::string out;
  std::vector<std::string> columns;
  for (const auto& value : rows) {
    if (!value.is_object()) continue;
    const auto& object = value.get_object();
    if (columns.empty()) {
      for (const auto& [name, inner] : object) columns.emplace_back(name);
      out += row(columns);
    }
    std::vector<std::string> fields;
    for (const auto& name : columns) {
      const auto* inner = object.if_contains(name);
      fields.push_back(inner == nullptr ? "" : plain_text(*inner));
    }
    out += row(fields);
  }
  return out;
}

}  // namespace rastro::cli
