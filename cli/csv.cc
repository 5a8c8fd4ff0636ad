#include "cli/csv.h"

#include <array>
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

std::string number_text(const json::object& object, std::string_view name) {
  return has_number(object, name) ? std::to_string(number_of(object, name)) : "";
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
  std::string out = row({"id",
                         "arrived_at",
                         "envelope_sender",
                         "recipient",
                         "original_recipient",
                         "outcome",
                         "delivered_to",
                         "reason",
                         "reply_text",
                         "attempts",
                         "last_attempt_at",
                         "message_id",
                         "direction",
                         "submission",
                         "login",
                         "client_host",
                         "client_ip",
                         "script",
                         "size_bytes",
                         "subject",
                         "relay_host",
                         "relay_ip",
                         "reply_code",
                         "enhanced_status"});
  for (const auto& item : array_of(answer, "items")) {
    if (!item.is_object()) continue;
    const auto& journey = object_of(item.get_object(), "journey");
    const auto& submission = object_of(journey, "submission");
    const auto script = text_of(submission, "script");
    const auto add = [&](const json::object& recipient) {
      const auto& relay = object_of(recipient, "relay");
      out += row({text_of(journey, "id"),
                  text_of(journey, "arrived_at"),
                  text_of(journey, "envelope_sender"),
                  text_of(recipient, "recipient"),
                  text_of(recipient, "original_recipient"),
                  text_of(recipient, "outcome"),
                  text_of(recipient, "delivered_to"),
                  text_of(recipient, "reason"),
                  text_of(recipient, "reply_text"),
                  number_text(recipient, "attempts"),
                  text_of(recipient, "last_attempt_at"),
                  text_of(journey, "message_id"),
                  text_of(journey, "direction"),
                  text_of(submission, "method"),
                  text_of(submission, "login"),
                  text_of(submission, "client_host"),
                  text_of(submission, "client_ip"),
                  script.empty() ? text_of(submission, "script_dir") : script,
                  number_text(journey, "size_bytes"),
                  text_of(journey, "subject"),
                  text_of(relay, "host"),
                  text_of(relay, "ip"),
                  number_text(recipient, "reply_code"),
                  text_of(recipient, "enhanced_status")});
    };
    const auto& recipients = array_of(journey, "recipients");
    if (recipients.empty()) add(object_of(journey, "unnamed_recipients"));
    for (const auto& recipient : recipients) {
      if (recipient.is_object()) add(recipient.get_object());
    }
  }
  return out;
}

std::string csv_of_summary(const json::object& answer) {
  constexpr std::array<const char*, 11> kOutcomes = {
      "queued", "deferred",  "delivered", "bounced",     "expired", "rejected",
      "held",   "discarded", "deleted",   "quarantined", "unknown"};
  const auto by = text_of(answer, "by");
  std::vector<std::string> head{by.empty() ? "key" : by, "messages", "bytes", "recipients"};
  head.insert(head.end(), kOutcomes.begin(), kOutcomes.end());
  auto out = row(head);
  for (const auto& value : array_of(answer, "rows")) {
    if (!value.is_object()) continue;
    const auto& object = value.get_object();
    const auto& ends = object_of(object, "recipients");
    std::int64_t all = 0;
    for (const auto& [name, number] : ends) all += number_of(ends, name);
    std::vector<std::string> fields{text_of(object, "key"), number_text(object, "messages"),
                                    number_text(object, "bytes"), std::to_string(all)};
    for (const auto* name : kOutcomes)
      fields.push_back(has_number(ends, name) ? number_text(ends, name) : "0");
    out += row(fields);
  }
  return out;
}

std::string csv_of_values(const json::object& answer) {
  auto out = row({"name", "value"});
  add_values(out, "", answer);
  return out;
}

std::string csv_of_rows(const json::array& rows, const std::vector<std::string>& without_rows) {
  if (rows.empty() && !without_rows.empty()) return row(without_rows);
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
