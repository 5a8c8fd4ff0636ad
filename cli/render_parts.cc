#include <boost/json.hpp>
#include <map>
#include <vector>

#include "cli/json_fields.h"
#include "cli/render.h"
#include "core/unfinished_check.h"

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

namespace {

bool is_own_place(std::string_view place) {
  return place.starts_with("127.") || place == "::1" || place.starts_with('/') ||
         place.starts_with("private/");
}

// "by_us_" or "by_them_", as far as the answer shows who gave this reason; else "reason_".
std::string_view said_by(const json::object& recipient, std::string_view reason) {
  if (reason != "local_policy" && reason != "remote_error") return "reason_";
  if (text_of(recipient, "outcome") == "rejected") return "by_us_";
  const auto& relay = object_of(recipient, "relay");
  const auto ip = text_of(relay, "ip");
  const auto host = text_of(relay, "host");
  if (is_own_place(ip) || is_own_place(host)) return "by_us_";
  if (!ip.empty()) return "by_them_";
  // No other server was asked: a router of Exim's, a table of Postfix'.
  const auto agent = text_of(recipient, "agent");
  const bool nobody_else = host.empty() && !has_number(recipient, "reply_code") &&
                           (agent.empty() || agent == "error" || agent == "retry");
  return reason == "local_policy" && nobody_else ? "by_us_" : "reason_";
}

// What our own MTA's words say more exactly than the reason's name does.
std::optional<Text> words_for(const json::object& recipient, std::string_view reason) {
  const auto reply = text_of(recipient, "reply_text");
  const auto has = [&](std::string_view words) { return reply.find(words) != reply.npos; };
  if (reason == "remote_error") {
    const bool here = text_of(recipient, "outcome") == "rejected";
    if (here && is_check_unfinished(reply)) return Text::label_check_unfinished;
  }
  if (reason == "syntax" && (reply.starts_with("SMTPUTF8 is required, but was not offered by ") ||
                             has("support required but not offered"))) {
    return Text::label_beyond_ascii;
  }
  if (has_number(recipient, "reply_code")) return std::nullopt;
  if (reason == "local_policy" && reply.starts_with("cancelled by ")) return Text::label_cancelled;
  if (reason != "local_config") return std::nullopt;
  if (has("unable to lock for exclusive access") || reply.starts_with("failed to lock mailbox "))
    return Text::label_mailbox_locked;
  if (reply.starts_with("Command time limit exceeded") || reply.starts_with("Command died with ")) {
    return Text::label_program_failed;
  }
  return std::nullopt;
}

}  // namespace

std::string reason_text(const json::object& recipient, const View& view) {
  const auto reason = text_of(recipient, "reason");
  // What kept it waiting until somebody took it away is no reason for that.
  if (reason.empty() || text_of(recipient, "outcome") == "deleted") return {};
  const auto known = words_for(recipient, reason);
  return known ? view.say(*known) : view.named(said_by(recipient, reason), reason);
}

std::string end_text(const json::object& recipient, const View& view) {
  auto text = view.named("outcome_", text_of(recipient, "outcome"));
  const auto reason = reason_text(recipient, view);
  const auto folder = text_of(recipient, "folder");
  if (!reason.empty()) {
    text += ": " + reason;
  } else if (!folder.empty()) {
    text += ", " + view.say(Text::list_folder, {escape(folder)});
  }
  const auto attempts = number_of(recipient, "attempts");
  if (attempts > 1) {
    const auto count = view.say(Text::list_attempts, {view.number(attempts)});
    const bool more = is_true(recipient, "attempts_before_log");
    text += " (" + (more ? view.say(Text::at_least, {count}) : count) + ")";
  }
  return text;
}

namespace {

json::object counts_of(const std::vector<const json::object*>& recipients) {
  std::map<std::string, std::int64_t> by_outcome;
  for (const auto* recipient : recipients) ++by_outcome[text_of(*recipient, "outcome")];
  json::object counts;
  for (const auto& [outcome, count] : by_outcome) counts[outcome] = count;
  return counts;
}

struct AskedAndRest {
  std::vector<const json::object*> asked;
  std::vector<const json::object*> rest;
};

// Who was asked for, and the others.
AskedAndRest told_apart(const json::object& journey, const AskedFor& asked) {
  AskedAndRest out;
  const auto& recipients = array_of(journey, "recipients");
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    if (!recipients[i].is_object()) continue;
    auto& part = asked.positions.contains(i) ? out.asked : out.rest;
    part.push_back(&recipients[i].get_object());
  }
  return out;
}

std::string ends_text(const std::vector<const json::object*>& recipients, const View& view) {
  return recipients.size() == 1 ? end_text(*recipients[0], view)
                                : outcome_counts_text(counts_of(recipients), view);
}

}  // namespace

std::string outcome_text(const json::object& journey, const View& view, const AskedFor& asked) {
  const auto& recipients = array_of(journey, "recipients");
  if (recipients.empty()) {
    const auto& unnamed = object_of(journey, "unnamed_recipients");
    auto nobody = view.say(Text::list_no_recipients);
    if (!unnamed.empty()) return end_text(unnamed, view) + " (" + nobody + ")";
    if (text_of(journey, "arrival") != "broken_off") return nobody;
    return view.say(Text::list_broken_off) + " (" + nobody + ")";
  }
  const auto parts = told_apart(journey, asked);
  if (!parts.asked.empty() && !parts.rest.empty()) {
    return view.say(Text::list_and_the_rest, {ends_text(parts.asked, view),
                                              outcome_counts_text(counts_of(parts.rest), view)});
  }
  if (recipients.size() > 1) return outcome_counts_text(object_of(journey, "counts"), view);
  return recipients[0].is_object() ? end_text(recipients[0].get_object(), view) : "";
}

Colour colour_of_journey(const json::object& journey, const AskedFor& asked) {
  const auto& unnamed = object_of(journey, "unnamed_recipients");
  if (!unnamed.empty()) return colour_of_outcome(text_of(unnamed, "outcome"));
  const auto parts = told_apart(journey, asked);
  const auto counts = parts.asked.empty() ? object_of(journey, "counts") : counts_of(parts.asked);
  Colour colour = counts.empty() ? Colour::none : Colour::green;
  for (const auto& [outcome, count] : counts) {
    const auto one = colour_of_outcome(outcome);
    if (one == Colour::red) return one;
    if (one != Colour::green) colour = one;
  }
  return colour;
}

std::string recipients_text(const json::object& journey, const AskedFor& asked) {
  const auto& recipients = array_of(journey, "recipients");
  const auto position = asked.positions.empty() ? 0 : *asked.positions.begin();
  if (position >= recipients.size() || !recipients[position].is_object()) return "?";
  const auto& first = recipients[position].get_object();
  auto name = asked.name;
  if (name.empty()) name = text_of(first, "original_recipient");
  if (name.empty()) name = text_of(first, "recipient");
  name = escape(name);
  if (recipients.size() > 1) name += " +" + std::to_string(recipients.size() - 1);
  return name;
}

}  // namespace rastro::cli
