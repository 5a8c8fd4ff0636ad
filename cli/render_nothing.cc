#include <boost/json.hpp>
#include <vector>

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

// The whole question of a suggestion: what it finds is what was counted.
std::vector<std::string> options_of(const json::object& suggestion) {
  constexpr std::string_view kInOrder[] = {
      "recipient",  "sender", "any",     "domain",     "login",     "client", "outcome",
      "reason",     "text",   "subject", "submission", "direction", "relay",  "queue_id",
      "message_id", "at",     "within",  "since",      "until"};
  std::vector<std::string> options;
  const auto& question = object_of(suggestion, "parameters");
  for (const auto name : kInOrder) {
    if (!has_text(question, name)) continue;
    options.push_back(option_of(name) + " " + typed_word(text_of(question, name)));
  }
  if (options.empty())  // of an older daemon
    options.push_back(option_of(text_of(suggestion, "parameter")) + " " +
                      typed_word(text_of(suggestion, "value")));
  return options;
}

// In one line when it fits; else in several that the shell takes for one.
std::string command_lines(const std::vector<std::string>& options, const View& view,
                          std::size_t indent) {
  std::string all;
  for (const auto& option : options) all += (all.empty() ? "" : " ") + option;
  const auto whole = view.find_command(all);
  const auto width = view.terminal.width;
  if (columns_of(whole) + indent <= width) return std::string(indent, ' ') + whole + "\n";
  std::string out;
  auto line = std::string(indent, ' ') + view.find_command(options.front());
  line.erase(line.size() - view.typed_options.size());
  for (std::size_t i = 1; i <= options.size(); ++i) {
    const auto next = i < options.size()
                          ? options[i]
                          : view.typed_options.substr(view.typed_options.empty() ? 0 : 1);
    if (next.empty()) continue;
    if (columns_of(line) + 1 + columns_of(next) + 2 > width) {
      out += line + " \\\n";
      line = std::string(indent + 2, ' ') + next;
    } else {
      line += " " + next;
    }
  }
  // Only an address longer than the terminal comes to this.
  return out + (columns_of(line) <= width
                    ? line + "\n"
                    : wrap(std::string_view(line).substr(indent), width, indent));
}

}  // namespace

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

namespace {

// "9 logins refused, 11:30:11 to 11:33:25, login lola@..., client ...: wrong password".
std::string refused_text(const json::object& group, bool more, const View& view) {
  const bool login = text_of(group, "kind") == "login_failed";
  auto count = view.count(login ? Text::refused_logins_one : Text::refused_clients_one,
                          login ? Text::refused_logins_many : Text::refused_clients_many,
                          number_of(group, "tries"));
  auto text = more ? view.say(Text::at_least, {count}) : count;
  const auto add = [&](const std::string& part) { text += ", " + part; };
  const auto first = view.clock(text_of(group, "first_at"));
  const auto last = view.clock(text_of(group, "last_at"));
  add(first == last ? first : view.say(Text::refused_span, {first, last}));
  if (has_text(group, "login")) add(view.say(Text::show_login, {escape(text_of(group, "login"))}));
  const auto client = host_text(text_of(group, "client_host"), text_of(group, "client_ip"));
  if (!client.empty()) add(view.say(Text::show_client, {client}));
  const auto cause = find_text("cause_", text_of(group, "cause"));
  if (cause) return text + ": " + view.say(*cause);
  return has_text(group, "text") ? text + ": " + escape(text_of(group, "text")) : text;
}

// Whoever knows these can rule them out.
std::string but_for_text(const json::object& answer, const View& view) {
  std::string out;
  for (const auto& value : array_of(answer, "proven_absent_but_for")) {
    if (!value.is_object()) continue;
    const auto& mail = value.get_object();
    auto from = escape(text_of(mail, "envelope_sender"));
    const auto client = host_text(text_of(mail, "client_host"), text_of(mail, "client_ip"));
    if (from.empty() || !client.empty()) from += (from.empty() ? "" : ", ") + client;
    auto text = view.say(Text::unnamed_mail, {view.clock(text_of(mail, "at")), from});
    if (has_text(mail, "id")) text.insert(0, escape(text_of(mail, "id")) + "  ");
    out += wrap(text, view.terminal.width, 2);
  }
  return out;
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
    const auto count =
        view.count(Text::messages_one, Text::messages_many, number_of(suggestion, "messages"));
    const auto many =
        suggestion.contains("messages_is_exact") && !is_true(suggestion, "messages_is_exact")
            ? view.say(Text::at_least, {count})
            : count;
    auto command = command_lines(options_of(suggestion), view, 4);
    const auto said =
        view.say(words.value_or(Text::suggestion_misspelt), {escape(address), many, {}});
    const auto bare = command.substr(4, command.size() - 5);
    // A command that is to be copied stands in one line.
    const bool fits = command.find('\n') + 1 == command.size() &&
                      columns_of(said) + columns_of(bare) + 2 <= view.terminal.width;
    out += fits ? wrap(said + bare, view.terminal.width, 2)
                : wrap(said, view.terminal.width, 2) + command;
  }
  return out;
}

std::string render_seen(const json::object& answer, const View& view) {
  const auto width = view.terminal.width;
  const auto& groups = array_of(answer, "refused");
  std::string out;
  for (const auto& group : groups) {
    if (group.is_object())
      out +=
          wrap(refused_text(group.get_object(), is_true(answer, "refused_more"), view), width, 2);
  }
  for (const auto& value : array_of(answer, "encounters")) {
    if (!value.is_object()) continue;
    const auto kind = text_of(value.get_object(), "kind");
    const bool told = !groups.empty() && (kind == "login_failed" || kind == "client_rejected");
    if (!told) out += wrap(encounter_text(value.get_object(), view), width, 2);
  }
  if (out.empty()) return out;
  const bool beside = !array_of(answer, "items").empty();
  return view.say(beside ? Text::refused_beside : Text::seen_near) + "\n" + out;
}

std::string render_nothing(const json::object& answer, const View& view) {
  const auto width = view.terminal.width;
  auto out = render_readings(answer, view) +
             view.paint(Colour::bold, view.say(Text::nothing_found)) + "\n";
  out += render_suggestions(answer, view);
  const auto waiting = render_waiting(answer, view);
  const auto seen = render_seen(answer, view);
  out += waiting + seen;
  out += turned_away_text(object_of(answer, "turned_away"), view);
  if (text_of(answer, "cut_by") == "time") out += wrap(view.say(Text::list_cut_by_time), width, 0);
  const bool proven = is_true(answer, "proven_absent");
  const auto why = view.said(text_of(answer, "proven_absent_why"));
  if (proven) out += wrap(proven_text(answer, why, view), width, 0);
  if (!proven && !why.empty()) out += wrap(view.say(Text::nothing_not_proven, {why}), width, 0);
  out += but_for_text(answer, view);
  if (waiting.empty() && seen.empty() && array_of(answer, "suggestions").empty())
    out += wrap(view.say(Text::nothing_next), width, 0);
  return out + render_coverage(object_of(answer, "coverage"), view);
}

}  // namespace rastro::cli
