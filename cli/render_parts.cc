#include <algorithm>
#include <boost/json.hpp>

#include "cli/json_fields.h"
#include "cli/render.h"

namespace rastro::cli {

namespace json = boost::json;

std::string outcome_counts_text(const json::object& counts, const View& view) {
  std::string text;
  for (const auto& [name, value] : counts) {
    const auto n = number_of(counts, name);
    if (n == 0) continue;
    if (!text.empty()) text += ", ";
    const auto many = find_text("outcomes_", name);
    if (n == 1 || !many) {
      text += view.number(n) + " " + view.named("outcome_", name);
    } else {
      text += view.say(*many, {view.number(n)});
    }
  }
  return text;
}

Colour colour_of_outcome(std::string_view outcome) {
  if (outcome == "delivered") return Colour::green;
  if (outcome == "bounced" || outcome == "expired" || outcome == "rejected") return Colour::red;
  return Colour::yellow;
}

std::string host_text(std::string_view host, std::string_view ip) {
  std::string text = escape(host);
  if (!ip.empty()) text += (text.empty() ? "[" : " [") + escape(ip) + "]";
  return text;
}

std::string sender_text(const json::object& journey) {
  if (!has_text(journey, "envelope_sender")) return "?";
  const auto sender = text_of(journey, "envelope_sender");
  return sender.empty() ? "<>" : escape(sender);
}

// Refused as a whole, in a line that names no recipient.
bool was_refused(const json::object& journey) {
  if (!object_of(journey, "accepted").empty()) return false;
  return std::ranges::any_of(array_of(journey, "timeline"), [](const json::value& entry) {
    return entry.is_object() && text_of(entry.get_object(), "kind") == "rejected";
  });
}

std::string outcome_text(const json::object& journey, const View& view) {
  const auto& recipients = array_of(journey, "recipients");
  if (recipients.empty()) {
    const auto unnamed = view.say(Text::list_no_recipients);
    if (!was_refused(journey)) return unnamed;
    return view.named("outcome_", "rejected") + " (" + unnamed + ")";
  }
  if (recipients.size() > 1) return outcome_counts_text(object_of(journey, "counts"), view);
  if (!recipients[0].is_object()) return "";
  const auto& recipient = recipients[0].get_object();
  auto text = view.named("outcome_", text_of(recipient, "outcome"));
  const auto reason = text_of(recipient, "reason");
  const auto folder = text_of(recipient, "folder");
  if (!reason.empty()) {
    text += ": " + view.named("reason_", reason);
  } else if (!folder.empty()) {
    text += ", " + view.say(Text::list_folder, {escape(folder)});
  }
  const auto attempts = number_of(recipient, "attempts");
  if (attempts > 1) text += " (" + view.say(Text::list_attempts, {view.number(attempts)}) + ")";
  return text;
}

std::string recipients_text(const json::object& journey) {
  const auto& recipients = array_of(journey, "recipients");
  if (recipients.empty() || !recipients[0].is_object()) return "?";
  const auto& first = recipients[0].get_object();
  auto name = text_of(first, "original_recipient");
  if (name.empty()) name = text_of(first, "recipient");
  name = escape(name);
  if (recipients.size() > 1) name += " +" + std::to_string(recipients.size() - 1);
  return name;
}

}  // namespace rastro::cli
