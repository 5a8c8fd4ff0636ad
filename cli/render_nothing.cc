#include <boost/json.hpp>

#include "cli/json_fields.h"
#include "cli/page.h"
#include "cli/render.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

// The option of find for the API's parameter.
std::string option_of(std::string_view parameter) {
  if (parameter == "recipient") return "--to";
  if (parameter == "sender") return "--from";
  if (parameter == "queue_id") return "--id";
  if (parameter == "message_id") return "--message-id";
  return "--" + escape(parameter);
}

// As one may type it: quoted when the shell would read it otherwise.
std::string typed(std::string_view value) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._+-=:/";
  auto escaped = escape(value);
  if (escaped.find_first_not_of(kPlain) == std::string::npos) return escaped;
  std::string out = "'";
  for (const char c : escaped) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string encounter_text(const json::object& seen, const View& view) {
  auto text =
      view.clock(text_of(seen, "at")) + "  " + view.named("encounter_", text_of(seen, "kind"));
  const auto add = [&](const std::string& more) { text += ", " + more; };
  const auto client = host_text(text_of(seen, "client_host"), text_of(seen, "client_ip"));
  if (!client.empty()) add(view.say(Text::show_client, {client}));
  if (has_text(seen, "login")) add(view.say(Text::show_login, {escape(text_of(seen, "login"))}));
  if (has_text(seen, "host")) add(view.say(Text::encounter_at, {escape(text_of(seen, "host"))}));
  if (has_text(seen, "text")) text += ": " + escape(text_of(seen, "text"));
  return text;
}

// Of the time that was read, never of all time: a log that began a minute ago proves a minute.
std::string proven_text(const json::object& answer, const std::string& why, const View& view) {
  const auto& coverage = object_of(answer, "coverage");
  const auto from = view.clock(text_of(coverage, "from"));
  const auto until = view.clock(text_of(coverage, "until"));
  if (from.empty() || until.empty()) return view.say(Text::nothing_proven, {why});
  return view.say(Text::nothing_proven_between, {why, from, until});
}

// "13:05:30"
bool names_seconds(std::string_view typed) {
  for (std::size_t at = 0; at + 6 <= typed.size(); ++at) {
    const auto is_number = [&](std::size_t i) { return typed[i] >= '0' && typed[i] <= '9'; };
    if (typed[at] == ':' && is_number(at + 1) && is_number(at + 2) && typed[at + 3] == ':' &&
        is_number(at + 4) && is_number(at + 5))
      return true;
  }
  return false;
}

// What they mean for who asks, and what to tell the customer.
std::string turned_away_text(const json::object& told, const View& view) {
  if (told.empty()) return {};
  Page page(view);
  page.line(escape(text_of(told, "text")));
  page.field(view.say(Text::meaning_to_do), escape(text_of(told, "what_to_do")));
  page.field(view.say(Text::whose_move), view.named("move_", text_of(told, "whose_move")));
  page.field(view.say(Text::to_answer), escape(text_of(told, "reply")));
  return page.take();
}

}  // namespace

std::string render_readings(const json::object& answer, const View& view) {
  std::string out;
  for (const auto& value : array_of(answer, "read_as")) {
    if (!value.is_object()) continue;
    const auto& reading = value.get_object();
    const auto words = escape(text_of(reading, "typed"));
    const bool seconds = names_seconds(words);
    const auto told = [&](std::string_view name) {
      const auto at = text_of(reading, name);
      return seconds ? view.clock(at) : view.minute(at);
    };
    const auto from = told("from");
    const auto until = told("until");
    // "14:30" that is today's needs no words.
    if (!from.empty() && from == until && (from == words || from == "0" + words)) continue;
    out += wrap(from.empty() ? view.say(Text::read_as, {words, escape(text_of(reading, "value"))})
                : from == until ? view.say(Text::read_as, {words, from})
                                : view.say(Text::read_as_span, {words, from, until}),
                view.terminal.width, 0);
  }
  return out;
}

std::string render_suggestions(const json::object& answer, const View& view) {
  std::string out;
  for (const auto& value : array_of(answer, "suggestions")) {
    if (!value.is_object()) continue;
    const auto& suggestion = value.get_object();
    const auto words = find_text("suggestion_", text_of(suggestion, "kind"));
    const auto address = text_of(suggestion, "value");
    const auto option = option_of(text_of(suggestion, "parameter")) + " " + typed(address);
    const auto count =
        view.count(Text::messages_one, Text::messages_many, number_of(suggestion, "messages"));
    const auto many =
        suggestion.contains("messages_is_exact") && !is_true(suggestion, "messages_is_exact")
            ? view.say(Text::at_least, {count})
            : count;
    const auto command = view.find_command(option);
    const auto said =
        view.say(words.value_or(Text::suggestion_misspelt), {escape(address), many, command});
    // A command that is to be copied stands in one line.
    const auto place = said.rfind(command);
    if (columns_of(said) + 2 > view.terminal.width && place != std::string::npos && place > 0) {
      out += wrap(said.substr(0, place), view.terminal.width, 2);
      out += wrap(said.substr(place), view.terminal.width, 4);
    } else {
      out += wrap(said, view.terminal.width, 2);
    }
  }
  return out;
}

std::string render_nothing(const json::object& answer, const View& view) {
  const auto width = view.terminal.width;
  auto out = render_readings(answer, view) +
             view.paint(Colour::bold, view.say(Text::nothing_found)) + "\n";
  out += render_suggestions(answer, view);
  const auto& encounters = array_of(answer, "encounters");
  if (!encounters.empty()) out += view.say(Text::seen_near) + "\n";
  for (const auto& seen : encounters) {
    if (seen.is_object()) out += wrap(encounter_text(seen.get_object(), view), width, 2);
  }
  out += turned_away_text(object_of(answer, "turned_away"), view);
  if (text_of(answer, "cut_by") == "time") out += wrap(view.say(Text::list_cut_by_time), width, 0);
  const bool proven = is_true(answer, "proven_absent");
  const auto why = view.said(text_of(answer, "proven_absent_why"));
  if (proven) out += wrap(proven_text(answer, why, view), width, 0);
  if (!proven && !why.empty()) out += wrap(view.say(Text::nothing_not_proven, {why}), width, 0);
  if (encounters.empty() && array_of(answer, "suggestions").empty())
    out += wrap(view.say(Text::nothing_next), width, 0);
  return out + render_coverage(object_of(answer, "coverage"), view);
}

}  // namespace rastro::cli
