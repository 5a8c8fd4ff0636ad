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

std::string end_text(const json::object& recipient, const View& view) {
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

std::string outcome_text(const json::object& journey, const View& view) {
  const auto& recipients = array_of(journey, "recipients");
  if (recipients.empty()) {
    const auto& unnamed = object_of(journey, "unnamed_recipients");
    const auto nobody = view.say(Text::list_no_recipients);
    if (!unnamed.empty()) return end_text(unnamed, view) + " (" + nobody + ")";
    if (text_of(journey, "arrival") != "broken_off") return nobody;
    return view.say(Text::list_broken_off) + " (" + nobody + ")";
  }
  if (recipients.size() > 1) return outcome_counts_text(object_of(journey, "counts"), view);
  return recipients[0].is_object() ? end_text(recipients[0].get_object(), view) : "";
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
