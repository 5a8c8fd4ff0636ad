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
  // Its words, with all the names in the place of the one.
  std::string text(std::string_view name) const {
    auto words = escape(text_of(*explanation, name));
    if (!several) return words;
    const auto known = escape(text_of(*recipient, "original_recipient"));
    const auto target = escape(text_of(*recipient, "recipient"));
    const auto at = known.empty() ? std::string::npos : words.find(known);
    // "maria@example.org (for info@example.org)": all that are behind it have the same in brackets.
    const auto named = target.empty() ? std::string::npos : words.find(target);
    if (named != std::string::npos && (at == std::string::npos || named + target.size() < at)) {
      return words.replace(named, target.size(), recipients);
    }
    return at == std::string::npos ? words : words.replace(at, known.size(), recipients);
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

std::string render_replies(const json::object& journey, const View& view) {
  std::string out;
  for (const auto& meaning : meanings_of(journey, view, false)) {
    auto text = meaning.text("reply");
    if (text.empty()) text = meaning.text("text");
    if (text.empty()) continue;
    if (!out.empty()) out += "\n";
    out += wrap(text, view.terminal.width, 0);
  }
  if (!out.empty()) return out;
  const auto nothing = is_broken_off(journey) ? Text::explain_broken_off : Text::explain_nothing;
  return wrap(view.say(nothing), view.terminal.width, 0);
}

}  // namespace rastro::cli
