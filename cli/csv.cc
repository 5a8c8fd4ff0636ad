#include "cli/csv.h"

#include "cli/json_fields.h"

namespace rastro::cli {
namespace {

std::string row(std::initializer_list<std::string_view> fields) {
  std::string out;
  for (const auto field : fields) {
    if (!out.empty()) out.push_back(',');
    out += csv_field(field);
  }
  return out + "\r\n";
}

}  // namespace

std::string csv_field(std::string_view text) {
  std::string value;
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
    value.push_back('\'');
  }
  value += text;
  // Always quoted, so that an empty first field is not mistaken for an empty line.
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out + "\"";
}

std::string csv_of_list(const boost::json::object& answer) {
  std::string out =
      row({"id", "arrived_at", "envelope_sender", "recipient", "original_recipient", "outcome",
           "delivered_to", "reason", "reply_text", "attempts", "last_attempt_at", "message_id"});
  for (const auto& item : array_of(answer, "items")) {
    if (!item.is_object()) continue;
    const auto& journey = object_of(item.get_object(), "journey");
    const auto add = [&](const boost::json::object& recipient) {
      const auto attempts =
          has_number(recipient, "attempts") ? std::to_string(number_of(recipient, "attempts")) : "";
      out += row({text_of(journey, "id"), text_of(journey, "arrived_at"),
                  text_of(journey, "envelope_sender"), text_of(recipient, "recipient"),
                  text_of(recipient, "original_recipient"), text_of(recipient, "outcome"),
                  text_of(recipient, "delivered_to"), text_of(recipient, "reason"),
                  text_of(recipient, "reply_text"), attempts, text_of(recipient, "last_attempt_at"),
                  text_of(journey, "message_id")});
    };
    const auto& recipients = array_of(journey, "recipients");
    if (recipients.empty()) add({});
    for (const auto& recipient : recipients) {
      if (recipient.is_object()) add(recipient.get_object());
    }
  }
  return out;
}

}  // namespace rastro::cli
