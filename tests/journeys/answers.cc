#include "tests/journeys/answers.h"

#include <algorithm>
#include <boost/json.hpp>

#include "daemon/answer/journey_json.h"
#include "daemon/reply_reasons.h"
#include "tests/journeys/log_player.h"

namespace rastro {
namespace {

namespace json = boost::json;

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

Answer answer_of(const json::object& to) {
  Answer out;
  out.recipient = text_at(to, "recipient");
  out.outcome = text_at(to, "outcome");
  out.reason = text_at(to, "reason");
  out.folder = text_at(to, "folder");
  const auto& told = to.at("explanation").as_object();
  out.text = text_at(told, "text");
  out.move = text_at(told, "whose_move");
  out.what_to_do = text_at(told, "what_to_do");
  out.reply = text_at(told, "reply");
  return out;
}

}  // namespace

std::vector<Answer> answers_of(const std::vector<std::string>& lines, Language language) {
  static const auto kRules = load_reply_rules({}).value();
  static const auto kExplainer = Explainer::create(kRules).value();
  ReplyReasons reasons(kRules, 1);
  LogPlayer player({Log{"/var/log/mail.log", "mx1", false, lines}}, {}, reasons.classify());
  player.play_all();
  player.flush();
  std::vector<std::uint64_t> known;
  std::vector<Answer> out;
  for (const auto& leg : player.index().legs) {
    const auto journey = assemble(player.index(), leg.first);
    if (!journey || !*journey || std::ranges::find(known, (*journey)->id()) != known.end())
      continue;
    known.push_back((*journey)->id());
    JourneyJsonOptions options;
    options.explainer = &kExplainer;
    options.language = language;
    options.timezone = "UTC";
    const auto told = to_json(**journey, options);
    for (const auto& to : told.at("recipients").as_array())
      out.push_back(answer_of(to.as_object()));
  }
  return out;
}

std::vector<std::string> ends_of(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (const auto& answer : answers_of(lines)) {
    out.push_back(answer.recipient + " " + answer.outcome +
                  (answer.reason.empty() ? "" : " " + answer.reason));
  }
  return out;
}

}  // namespace rastro
