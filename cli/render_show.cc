#include "cli/render_show.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>

#include "cli/json_fields.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

void append(std::string& text, const std::string& more) {
  if (more.empty()) return;
  if (!text.empty()) text += ", ";
  text += more;
}

std::string submission_text(const json::object& submission, const View& view) {
  const auto method = text_of(submission, "method");
  std::string text = method.empty() ? "" : view.named("method_", method);
  const auto add = [&](Text words, std::string_view name) {
    const auto value = text_of(submission, name);
    if (!value.empty()) append(text, view.say(words, {escape(value)}));
  };
  add(Text::show_login, "login");
  add(Text::show_user, "user");
  if (has_number(submission, "uid"))
    append(text, view.say(Text::show_uid, {std::to_string(number_of(submission, "uid"))}));
  add(Text::show_script, "script");
  add(Text::show_in_directory, "script_dir");
  const auto client =
      host_text(text_of(submission, "client_host"), text_of(submission, "client_ip"));
  if (!client.empty()) append(text, view.say(Text::show_client, {client}));
  if (text_of(submission, "helo") != text_of(submission, "client_host"))
    add(Text::show_helo, "helo");
  return text;
}

std::string accepted_text(const json::object& journey, const View& view) {
  const auto& accepted = object_of(journey, "accepted");
  if (accepted.empty()) {
    const auto arrival = text_of(journey, "arrival");
    const auto when = view.clock_ago(text_of(journey, "arrived_at"));
    if (arrival == "refused") return view.say(Text::show_accepted_refused, {when});
    if (arrival == "broken_off") return view.say(Text::show_accepted_broken_off, {when});
    if (arrival == "under_way") return view.say(Text::show_accepted_under_way, {when});
    return view.say(Text::show_accepted_not_logged);
  }
  const auto at = view.clock_ago(text_of(accepted, "at"));
  const auto by = escape(text_of(accepted, "by"));
  auto text = by.empty() ? view.say(Text::show_accepted_yes_when, {at})
                         : view.say(Text::show_accepted_yes, {at, by});
  append(text, escape(text_of(accepted, "tls")));
  return text;
}

// Pigeonhole's vacation, by the Message-ID that it makes.
bool is_automatic_answer(const json::object& journey) {
  return text_of(journey, "message_id").find("dovecot-sieve-") <= 1;
}

void show_head(Page& page, const json::object& journey) {
  const auto& view = page.view();
  const auto field = [&](Text label, const std::string& text) {
    page.field(view.say(label), text);
  };
  const bool known = has_text(journey, "envelope_sender");
  const auto sender = text_of(journey, "envelope_sender");
  field(Text::show_from, !known ? view.say(Text::show_sender_not_logged)
                         : sender.empty()
                             ? view.say(is_automatic_answer(journey) ? Text::show_automatic_answer
                                                                     : Text::show_null_sender)
                             : escape(sender));
  field(Text::show_accepted, accepted_text(journey, view));
  field(Text::show_client_was_told, escape(text_of(object_of(journey, "accepted"), "reply_text")));
  field(Text::show_submitted, submission_text(object_of(journey, "submission"), view));
  field(Text::show_subject, escape(text_of(journey, "subject")));
  if (has_number(journey, "size_bytes"))
    field(Text::show_size, view.size(number_of(journey, "size_bytes")));
  field(Text::show_message_id, escape(text_of(journey, "message_id")));
  if (!is_true(journey, "complete")) field(Text::show_note, view.say(Text::show_incomplete));
}

// An id alone may have named another message than the one that is shown.
void show_same_id(Page& page, const json::object& journey) {
  const auto& view = page.view();
  std::string others;
  std::int64_t count = 0;
  for (const auto& value : array_of(journey, "same_id")) {
    if (!value.is_object()) continue;
    const auto& other = value.get_object();
    ++count;
    append(others,
           escape(text_of(other, "id")) + " (" + view.clock(text_of(other, "arrived_at")) + ")");
  }
  if (count == 0) return;
  page.field(view.say(Text::show_same_id),
             view.count(Text::show_same_id_one, Text::show_same_id_many, count) + others);
}

// "vacation sent: ..." in the reader's words, where there are some.
std::string fact_value(const json::object& fact, const View& view) {
  auto value = text_of(fact, "value");
  const auto name = text_of(fact, "name");
  // "forwarded to <eva@example.org>", "rejected message from ...": the name is said in front.
  if (value.starts_with(name + " ")) value.erase(0, name.size() + 1);
  if (name == "forwarded" && value.starts_with("to ")) value.erase(0, 3);
  auto key = value;
  std::ranges::replace(key, ' ', '_');
  const auto words = name == "verdict" ? find_text("verdict_", key) : std::nullopt;
  return words ? view.say(*words) : escape(value);
}

void show_facts(Page& page, const json::object& journey) {
  const auto& facts = array_of(journey, "facts");
  if (facts.empty()) return;
  page.heading(page.view().say(Text::show_facts));
  for (const auto& value : facts) {
    if (!value.is_object()) continue;
    const auto& fact = value.get_object();
    page.line(escape(text_of(fact, "source")) + ": " +
              page.view().named("fact_", text_of(fact, "name")) + " " +
              fact_value(fact, page.view()));
  }
}

// The lines stand as they are in the log, but for what a terminal would obey; nothing is wrapped.
void show_evidence(Page& page, const json::object& journey) {
  const auto& view = page.view();
  bool any = false;
  for (const auto& value : array_of(journey, "evidence")) {
    if (!value.is_object()) continue;
    const auto& evidence = value.get_object();
    const bool here = has_text(evidence, "line");
    if (!here && !has_text(evidence, "gone_because")) continue;
    if (!any) page.heading(view.say(Text::show_log_lines));
    any = true;
    auto place = view.say(Text::raw_at, {escape(text_of(evidence, "source")),
                                         std::to_string(number_of(evidence, "offset"))});
    const auto moved_to = escape(text_of(evidence, "moved_to"));
    if (!moved_to.empty()) place += view.say(Text::raw_moved, {moved_to});
    page.raw(view.paint(Colour::dim, place) + "\n");
    page.raw(here
                 ? escape(text_of(evidence, "line")) + "\n"
                 : view.say(Text::raw_gone, {view.said(text_of(evidence, "gone_because"))}) + "\n");
  }
}

}  // namespace

std::string render_journey(const json::object& journey, const View& view, ShowParts parts) {
  Page page(view);
  page.raw(
      view.paint(Colour::bold, view.say(Text::show_message, {escape(text_of(journey, "id"))})) +
      "\n");
  show_same_id(page, journey);
  show_head(page, journey);
  show_path(page, journey);
  const auto& recipients = array_of(journey, "recipients");
  page.heading(
      view.say(recipients.empty() ? Text::show_recipients_not_logged : Text::show_recipients));
  const auto groups = recipient_groups(journey, parts.full);
  for (const auto& group : groups) show_recipients(page, group);
  if (groups.size() < recipients.size())
    page.line(view.say(Text::show_each_recipient, {escape(text_of(journey, "id"))}));
  show_related(page, journey);
  const auto meaning = render_explanations(journey, view, parts.full);
  if (!meaning.empty()) {
    page.heading(view.say(Text::show_meaning));
    page.raw(meaning);
  }
  show_facts(page, journey);
  show_timeline(page, journey, parts.full);
  show_evidence(page, journey);
  return page.take();
}

}  // namespace rastro::cli
