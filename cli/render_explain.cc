#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <vector>

#include "cli/json_fields.h"
#include "cli/page.h"
#include "cli/recipient_groups.h"
#include "cli/render.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

// Recipients that the same words explain.
struct Meaning {
  std::string recipients;
  const json::object* explanation;
  const json::object* recipient;  // of whom its words tell
  bool several = false;

  bool delivered() const { return text_of(*recipient, "outcome") == "delivered"; }
  // The name that its words have for the recipient; "": none.
  std::string named(const std::string& words) const {
    const auto known = escape(text_of(*recipient, "original_recipient"));
    auto target = escape(text_of(*recipient, "recipient"));
    const auto at = known.empty() ? std::string::npos : words.find(known);
    // "maria@example.org (for info@example.org)": all that are behind it have the same in brackets.
    const auto place = target.empty() ? std::string::npos : words.find(target);
    if (place != std::string::npos && (at == std::string::npos || place + target.size() < at))
      return target;
    return at == std::string::npos ? "" : known;
  }
  // Its words, with all the names in the place of the one.
  std::string text(std::string_view name) const {
    auto words = escape(text_of(*explanation, name));
    const auto one = several ? named(words) : std::string();
    return one.empty() ? words : words.replace(words.find(one), one.size(), recipients);
  }
  std::string reply() const {
    auto words = text("reply");
    return words.empty() ? text("text") : words;
  }
};

// A paragraph for the customer, and of whom it says the same.
struct Reply {
  std::string before;
  std::vector<std::string> names;
  std::string behind;
  bool of_many = false;  // whose names end in "and 987 more"

  explicit Reply(const Meaning& meaning) : before(meaning.reply()), of_many(meaning.several) {
    const auto name = meaning.several ? meaning.recipients : meaning.named(before);
    const auto at = name.empty() ? std::string::npos : before.find(name);
    if (at == std::string::npos) return;
    behind = before.substr(at + name.size());
    before.resize(at);
    names.push_back(name);
  }
  // Whether it says the same as the other, but for the names.
  bool take(const Reply& other) {
    if (of_many || other.of_many) return false;
    if (before != other.before || behind != other.behind || names.empty() != other.names.empty())
      return false;
    for (const auto& name : other.names) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return true;
  }
  std::string text(const View& view) const {
    std::string named;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i == 0) {
        named = names[i];
      } else if (i + 1 < names.size()) {
        named += ", " + names[i];
      } else {
        // "ventas e info"
        const bool vowel = names[i].starts_with('i') || names[i].starts_with("hi");
        named = view.say(vowel ? Text::names_and_vowel : Text::names_and_last, {named, names[i]});
      }
    }
    return before + named + behind;
  }
};

std::optional<Text> how_long(const Meaning& meaning) {
  const auto& explanation = *meaning.explanation;
  if (!explanation.contains("final") || !explanation.at("final").is_bool()) return std::nullopt;
  if (text_of(*meaning.recipient, "outcome") == "held") return Text::meaning_held;
  if (text_of(*meaning.recipient, "outcome") == "queued") return std::nullopt;  // not tried yet
  if (!is_true(explanation, "final")) return Text::meaning_temporary;
  // Of a message that was delivered, or came back and was accepted, it goes without saying.
  const bool over = meaning.delivered() || text_of(explanation, "whose_move") == "nobody";
  return over ? std::nullopt : std::optional(Text::meaning_final);
}

std::string move_text(const std::string& move, const Meaning& meaning, const View& view) {
  const bool settled = move == "nobody" && is_true(*meaning.explanation, "final");
  return settled ? view.say(Text::move_nobody_any_more) : view.named("move_", move);
}

// The client went away: there is no message, and so nobody whose end could be told.
bool is_broken_off(const json::object& journey) {
  return text_of(journey, "arrival") == "broken_off" && array_of(journey, "recipients").empty() &&
         object_of(journey, "unnamed_recipients").empty();
}

std::vector<Meaning> meanings_of(const json::object& journey, const View& view, bool apart) {
  std::vector<Meaning> out;
  for (const auto& group : recipient_groups(journey, apart)) {
    const auto& explanation = object_of(group.first(), "explanation");
    if (explanation.empty()) continue;
    const auto names = group.names(view);
    bool told = false;
    for (auto& meaning : out) {
      if (*meaning.explanation != explanation) continue;
      meaning.recipients += ", " + names;
      told = true;
      break;
    }
    if (!told) out.push_back({names, &explanation, &group.first(), group.members.size() > 1});
  }
  return out;
}

}  // namespace

std::string render_explanations(const json::object& journey, const View& view, bool apart) {
  Page page(view);
  const bool several = array_of(journey, "recipients").size() > 1;
  const std::size_t indent = several ? 4 : 2;
  for (const auto& meaning : meanings_of(journey, view, apart)) {
    const auto& explanation = *meaning.explanation;
    if (several) page.line(meaning.recipients + ":");
    page.line(meaning.text("text"), indent);
    page.field(view.say(Text::meaning_to_do), meaning.text("what_to_do"), indent);
    const auto move = text_of(explanation, "whose_move");
    if (!move.empty())
      page.field(view.say(Text::whose_move), move_text(move, meaning, view), indent);
    const auto lasts = how_long(meaning);
    if (lasts) page.field(view.say(Text::meaning_final_label), view.say(*lasts), indent);
  }
  if (is_broken_off(journey)) {
    page.line(view.say(Text::explain_broken_off));
    page.field(view.say(Text::whose_move), view.say(Text::move_sender));
  }
  return page.take();
}

std::string render_explained(const json::object& journey, const View& view) {
  Page page(view);
  page.raw(
      view.paint(Colour::bold, view.say(Text::show_message, {escape(text_of(journey, "id"))})) +
      "\n");
  for (const auto& group : recipient_groups(journey, false)) {
    const auto& recipient = group.first();
    const auto outcome = text_of(recipient, "outcome");
    auto ends = view.named("outcome_", outcome);
    const auto reason = reason_text(recipient, view);
    if (!reason.empty()) ends += ": " + reason;
    page.line(group.names(view) + ", " + ends);
    page.field(view.say(Text::show_said), escape(text_of(recipient, "reply_text")), 4);
  }
  const bool unnamed = !object_of(journey, "unnamed_recipients").empty();
  if (array_of(journey, "recipients").empty() && !unnamed)
    page.line(view.say(Text::show_recipients_not_logged));
  const auto meaning = render_explanations(journey, view, false);
  if (!meaning.empty()) {
    page.heading(view.say(Text::show_meaning));
    page.raw(meaning);
  }
  return page.take();
}

std::string reply_paragraphs(const json::object& journey, const View& view) {
  std::vector<Reply> replies;
  for (const auto& meaning : meanings_of(journey, view, false)) {
    Reply reply(meaning);
    if (reply.before.empty() && reply.behind.empty()) continue;
    if (std::ranges::none_of(replies, [&](Reply& other) { return other.take(reply); }))
      replies.push_back(std::move(reply));
  }
  std::string out;
  for (const auto& reply : replies)
    out += (out.empty() ? "" : "\n") + wrap(reply.text(view), view.terminal.width, 0);
  return out;
}

std::string render_replies(const json::object& journey, const View& view) {
  auto out = reply_paragraphs(journey, view);
  if (!out.empty()) return out;
  const auto nothing = is_broken_off(journey) ? Text::explain_broken_off : Text::explain_nothing;
  return wrap(view.say(nothing), view.terminal.width, 0);
}

}  // namespace rastro::cli
