#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "cli/json_fields.h"
#include "cli/page.h"
#include "cli/render.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

// "failed: no such address (5.1.1, 550)"
std::string result_text(const json::object& recipient, const View& view) {
  auto text = view.named("bounce_action_", text_of(recipient, "action"));
  const auto reason = text_of(recipient, "reason");
  if (!reason.empty()) text += ": " + view.named("reason_", reason);
  std::string codes;
  if (has_number(recipient, "reply_code"))
    codes = std::to_string(number_of(recipient, "reply_code"));
  const auto status = text_of(recipient, "enhanced_status");
  if (!status.empty()) codes += (codes.empty() ? "" : " ") + escape(status);
  return codes.empty() ? text : text + " (" + codes + ")";
}

void add_recipient(const json::object& recipient, Page& page) {
  const auto& view = page.view();
  const auto name = text_of(recipient, "recipient");
  page.line(
      view.paint(Colour::bold, name.empty() ? view.say(Text::bounce_not_named) : escape(name)));
  const auto original = text_of(recipient, "original_recipient");
  if (!original.empty()) page.line(view.say(Text::bounce_written_to, {escape(original)}), 4);
  page.line(result_text(recipient, view), 4);
  const auto end = text_of(recipient, "ended_as");
  if (!end.empty()) page.line(view.say(Text::bounce_ended_as, {view.named("outcome_", end)}), 4);
  const auto words = text_of(recipient, "diagnostic");
  const auto server = text_of(recipient, "remote_mta");
  if (!words.empty()) {
    // Without a code they are of who wrote the notice, about a server that may have said nothing.
    const bool said = !server.empty() && has_number(recipient, "reply_code");
    page.line(said ? view.say(Text::bounce_words_of, {escape(server), escape(words)})
                   : view.say(Text::bounce_words, {escape(words)}),
              4);
  }
}

// Whether our log has the end of each recipient that the report tells of.
bool has_ended_since(const json::object& answer) {
  const auto& recipients = array_of(answer, "recipients");
  return !recipients.empty() && std::ranges::all_of(recipients, [](const json::value& one) {
    return one.is_object() && has_text(one.get_object(), "ended_as");
  });
}

void add_message(const json::object& answer, Page& page) {
  const auto& view = page.view();
  page.field(view.say(Text::bounce_reported_by), escape(text_of(answer, "reporting_mta")));
  page.field(view.say(Text::bounce_about), escape(text_of(answer, "envelope_sender")));
  page.field(view.say(Text::show_subject), escape(text_of(answer, "subject")));
  page.field(view.say(Text::show_message_id), escape(text_of(answer, "message_id")));
  const auto sent = text_of(answer, "arrived_at");
  page.field(view.say(Text::bounce_sent),
             view.clock(sent.empty() ? text_of(answer, "sent_at") : sent));
  page.field(view.say(Text::bounce_bounced), view.clock(text_of(answer, "bounced_at")));
  std::string ids;
  for (const auto& value : array_of(answer, "queue_ids")) {
    if (!value.is_object()) continue;
    const auto& id = value.get_object();
    if (!ids.empty()) ids += ", ";
    const auto host = text_of(id, "host");
    ids += (host.empty() ? "" : escape(host) + "/") + escape(text_of(id, "queue_id"));
  }
  page.field(view.say(Text::bounce_queue_ids), ids);
}

std::string facts_text(const json::object& match, const View& view) {
  std::string text;
  for (const auto& value : array_of(match, "because")) {
    if (!value.is_object()) continue;
    if (!text.empty()) text += ", ";
    text += view.named("bounce_fact_", text_of(value.get_object(), "fact"));
  }
  return text;
}

// Of whom the report tells.
AskedFor told_by_report(const json::object& answer, const json::object& journey) {
  std::set<std::string> told;
  for (const auto& value : array_of(answer, "recipients")) {
    if (!value.is_object()) continue;
    for (const auto* name : {"recipient", "original_recipient"})
      told.insert(CLI::detail::to_lower(text_of(value.get_object(), name)));
  }
  told.erase("");
  AskedFor out;
  const auto& recipients = array_of(journey, "recipients");
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    if (!recipients[i].is_object()) continue;
    for (const auto* name : {"original_recipient", "recipient"}) {
      const auto address = text_of(recipients[i].get_object(), name);
      if (!told.contains(CLI::detail::to_lower(address))) continue;
      if (out.positions.empty()) out.name = address;
      out.positions.insert(i);
      break;
    }
  }
  return out;
}

void add_journeys(const json::object& answer, Page& page) {
  const auto& view = page.view();
  const auto& matches = array_of(answer, "journeys");
  page.heading(view.say(Text::bounce_in_our_logs));
  if (matches.empty()) {
    const auto missing = text_of(answer, "journeys_missing");
    page.line(view.named("bounce_missing_", missing));
    // Where nothing was looked for, no hole hides anything.
    if (missing != "nothing_to_look_for")
      page.raw(render_coverage(object_of(answer, "coverage"), view));
    return;
  }
  for (const auto& value : matches) {
    if (!value.is_object()) continue;
    const auto& match = value.get_object();
    const auto& journey = object_of(match, "journey");
    page.line(escape(text_of(journey, "id")) + "  " + view.clock(text_of(journey, "arrived_at")));
    const auto asked = told_by_report(answer, journey);
    page.line(sender_text(journey) + " " + std::string(view.arrow()) + " " +
                  recipients_text(journey, asked) + "  " + outcome_text(journey, view, asked),
              4);
    page.line(view.say(Text::bounce_sure, {view.named("bounce_", text_of(match, "certainty")),
                                           facts_text(match, view)}),
              4);
  }
  page.line(view.say(Text::list_details, {view.show_command()}));
}

void add_logins(const json::object& answer, Page& page) {
  const auto& encounters = array_of(answer, "encounters");
  if (!encounters.empty()) page.heading(page.view().say(Text::bounce_logins));
  for (const auto& seen : encounters) {
    if (seen.is_object()) page.line(encounter_text(seen.get_object(), page.view()));
  }
}

// Not a notice, but what a server noted for itself.
bool is_of_a_log(const json::object& answer) {
  const auto& recipients = array_of(answer, "recipients");
  if (recipients.empty() || !recipients[0].is_object()) return false;
  const auto* sources = recipients[0].get_object().if_contains("sources");
  if (sources == nullptr || !sources->is_object()) return false;
  const auto from = text_of(sources->get_object(), "action");
  return from == "a line of a log" || from == "a refusal in a log";
}

std::string bounce_kind_text(const json::object& answer, const View& view) {
  const auto kind = text_of(answer, "kind");
  if (kind == "not_a_bounce") return view.named("not_a_bounce_", text_of(answer, "not_a_bounce"));
  if (kind == "failed" && is_true(answer, "by_mail_program"))
    return view.say(Text::bounce_by_program);
  const bool is_over = kind == "delayed" && has_ended_since(answer);
  if (is_over) return view.say(Text::bounce_delay_is_over);
  return view.named(is_of_a_log(answer) && kind != "expanded" ? "bounce_log_" : "bounce_kind_",
                    kind);
}

}  // namespace

std::string render_bounce_reply(const json::object& answer, const View& view) {
  const auto replies = reply_paragraphs(answer, view);
  return replies.empty() ? wrap(bounce_kind_text(answer, view), view.terminal.width, 0) : replies;
}

std::string render_bounce(const json::object& answer, const View& view) {
  Page page(view);
  page.line(bounce_kind_text(answer, view), 0);
  add_message(answer, page);
  const auto& recipients = array_of(answer, "recipients");
  if (!recipients.empty()) page.heading(view.say(Text::bounce_recipients));
  for (const auto& recipient : recipients) {
    if (recipient.is_object()) add_recipient(recipient.get_object(), page);
  }
  const auto meaning = render_explanations(answer, view, true);
  if (!meaning.empty()) {
    page.heading(view.say(Text::show_meaning));
    page.raw(meaning);
  }
  if (!object_of(answer, "cut").empty()) page.line(view.say(Text::bounce_cut));
  add_logins(answer, page);
  add_journeys(answer, page);
  return page.take();
}

}  // namespace rastro::cli
