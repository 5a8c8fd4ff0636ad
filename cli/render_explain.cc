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
    if (!told) out.push_back({name, &explanation});
  }
  return out;
}

}  // namespace

std::string render_explanations(const json::object& journey, const View& view) {
  const auto meanings = meanings_of(journey);
  Page page(view);
  for (const auto& [recipients, explanation] : meanings) {
    if (array_of(journey, "recipients").size() > 1) page.line(recipients + ":");
    const std::size_t indent = array_of(journey, "recipients").size() > 1 ? 4 : 2;
    page.line(escape(text_of(*explanation, "text")), indent);
    const auto move = text_of(*explanation, "whose_move");
    if (!move.empty()) {
      page.field(view.say(Text::whose_move), view.named("move_", move), indent);
      page.field(
          view.say(Text::meaning_final_label),
          view.say(is_true(*explanation, "final") ? Text::meaning_final : Text::meaning_temporary),
          indent);
    }
    page.field(view.say(Text::meaning_to_do), escape(text_of(*explanation, "what_to_do")), indent);
  }
  return page.take();
}

}  // namespace rastro::cli
