#include <boost/json.hpp>
#include <vector>

#include "cli/json_fields.h"
#include "cli/page.h"
#include "cli/render.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

// Recipients that the same words explain.
struct Meaning {
  std::string recipients;
  const json::object* explanation;
  bool delivered;
};

std::vector<Meaning> meanings_of(const json::object& journey) {
  std::vector<Meaning> out;
  for (const auto& value : array_of(journey, "recipients")) {
    if (!value.is_object()) continue;
    const auto& recipient = value.get_object();
    const auto& explanation = object_of(recipient, "explanation");
    if (explanation.empty()) continue;
    const auto name = escape(text_of(recipient, "recipient"));
    bool told = false;
    for (auto& meaning : out) {
      if (*meaning.explanation != explanation) continue;
      meaning.recipients += ", " + name;
      told = true;
      break;
    }
    if (!told) out.push_back({name, &explanation, text_of(recipient, "outcome") == "delivered"});
  }
  return out;
}

}  // namespace

std::string render_explanations(const json::object& journey, const View& view) {
  Page page(view);
  const bool several = array_of(journey, "recipients").size() > 1;
  const std::size_t indent = several ? 4 : 2;
  for (const auto& [recipients, explanation, delivered] : meanings_of(journey)) {
    if (several) page.line(recipients + ":");
    page.line(escape(text_of(*explanation, "text")), indent);
    page.field(view.say(Text::meaning_to_do), escape(text_of(*explanation, "what_to_do")), indent);
    const auto move = text_of(*explanation, "whose_move");
    if (!move.empty()) page.field(view.say(Text::whose_move), view.named("move_", move), indent);
    // Of a delivered message it goes without saying.
    if (!delivered && explanation->contains("final") && explanation->at("final").is_bool()) {
      page.field(
          view.say(Text::meaning_final_label),
          view.say(is_true(*explanation, "final") ? Text::meaning_final : Text::meaning_temporary),
          indent);
    }
  }
  return page.take();
}

std::string render_explained(const json::object& journey, const View& view) {
  Page page(view);
  page.raw(
      view.paint(Colour::bold, view.say(Text::show_message, {escape(text_of(journey, "id"))})) +
      "\n");
  for (const auto& value : array_of(journey, "recipients")) {
    if (!value.is_object()) continue;
    const auto& recipient = value.get_object();
    const auto outcome = text_of(recipient, "outcome");
    auto ends = view.named("outcome_", outcome);
    const auto reason = text_of(recipient, "reason");
    if (!reason.empty()) ends += ": " + view.named("reason_", reason);
    page.line(escape(text_of(recipient, "recipient")) + ", " + ends);
    page.field(view.say(Text::show_said), escape(text_of(recipient, "reply_text")), 4);
  }
  if (array_of(journey, "recipients").empty())
    page.line(view.say(Text::show_recipients_not_logged));
  const auto meaning = render_explanations(journey, view);
  if (!meaning.empty()) {
    page.heading(view.say(Text::show_meaning));
    page.raw(meaning);
  }
  return page.take();
}

std::string render_replies(const json::object& journey, const View& view) {
  std::string out;
  for (const auto& [recipients, explanation, delivered] : meanings_of(journey)) {
    auto text = text_of(*explanation, "reply");
    if (text.empty()) text = text_of(*explanation, "text");
    if (text.empty()) continue;
    if (!out.empty()) out += "\n";
    out += wrap(escape(text), view.terminal.width, 0);
  }
  return out.empty() ? view.say(Text::explain_nothing) + "\n" : out;
}

}  // namespace rastro::cli
