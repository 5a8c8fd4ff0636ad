#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/ask.h"
#include "cli/csv.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/page.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

std::string render_test(const json::object& answer, const View& view) {
  Page page(view);
  const auto by = text_of(answer, "decided_by");
  page.field(view.say(Text::reasons_reason), escape(text_of(answer, "reason")));
  page.field(view.say(Text::reasons_decided_by), view.named("reasons_by_", by));
  const auto& rule = object_of(answer, "rule");
  if (!rule.empty()) {
    auto name = escape(text_of(rule, "name"));
    if (!text_of(rule, "provider").empty()) name += " (" + escape(text_of(rule, "provider")) + ")";
    page.field(view.say(Text::reasons_rule), name);
  }
  std::string words;
  for (const auto& word : array_of(answer, "words")) {
    if (!word.is_string()) continue;
    words.append(words.empty() ? "" : " ").append(escape(std::string(word.get_string())));
  }
  if (!words.empty()) page.field(view.say(Text::reasons_words), words);
  auto codes = has_number(answer, "reply_code") ? std::to_string(number_of(answer, "reply_code"))
                                                : std::string();
  const auto status = text_of(answer, "enhanced_status");
  if (!status.empty()) codes += (codes.empty() ? "" : " ") + escape(status);
  page.field(view.say(Text::reasons_codes), codes);
  page.field(view.say(Text::reasons_masked), escape(text_of(answer, "masked")));
  return page.take();
}

std::string render_unknown(const json::object& answer, const View& view) {
  Page page(view);
  const auto& items = array_of(answer, "items");
  if (items.empty()) page.line(view.say(Text::reasons_none_unknown), 0);
  for (const auto& value : items) {
    if (!value.is_object()) continue;
    const auto& item = value.get_object();
    page.line(std::to_string(number_of(item, "count")) + "  " + escape(text_of(item, "masked")), 0);
  }
  return page.take();
}

std::string unknown_csv(const json::object& answer) {
  std::string out = "count,masked\r\n";
  for (const auto& value : array_of(answer, "items")) {
    if (!value.is_object()) continue;
    const auto& item = value.get_object();
    out += std::to_string(number_of(item, "count")) + "," + csv_field(text_of(item, "masked")) +
           "\r\n";
  }
  return out;
}

int run_reasons_test(const CommonOptions& common, const std::string& reply) {
  const auto answer = ask_with_body(common, "/v1/reasons/test", "text/plain", reply);
  if (!answer) return answer.error();
  print(common, *answer,
        {.as_table = [&](const View& view) { return render_test(answer->object, view); },
         .as_csv =
             [&] {
               return "reason,rule\r\n" + csv_field(text_of(answer->object, "reason")) + "," +
                      csv_field(text_of(object_of(answer->object, "rule"), "name")) + "\r\n";
             },
         .rows = ""});
  return text_of(answer->object, "decided_by") == "nothing" ? kNothingFound : kFound;
}

int run_reasons_unknown(const CommonOptions& common) {
  const auto answer = ask(common, "/v1/reasons/unknown", NotFound::is_an_old_daemon);
  if (!answer) return answer.error();
  print(common, *answer,
        {.as_table = [&](const View& view) { return render_unknown(answer->object, view); },
         .as_csv = [&] { return unknown_csv(answer->object); },
         .rows = "items"});
  return array_of(answer->object, "items").empty() ? kNothingFound : kFound;
}

}  // namespace

void add_reasons(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "reasons", "Why a reply means what it means, and which replies no rule knows.");
  command->require_subcommand(1);
  auto* test = command->add_subcommand("test", "Which rule decides about a reply, and why.");
  auto reply = std::make_shared<std::string>();
  test->add_option("REPLY", *reply, "the reply as it stands in a log or bounce")->required();
  test->footer(
      "Examples:\n"
      "  rastro reasons test \"450 4.7.1 Greylisted, please try again later\"");
  test->callback([line, reply] {
    line.run = [line, reply] { return run_reasons_test(line.common, *reply); };
  });
  command->footer(
      "Examples:\n"
      "  rastro reasons test \"450 4.7.1 Greylisted, please try again later\"\n"
      "  rastro reasons unknown");
  auto* unknown = command->add_subcommand(
      "unknown", "The most frequent replies since rastrod's start that no rule knows.");
  unknown->callback([line] { line.run = [line] { return run_reasons_unknown(line.common); }; });
}

}  // namespace rastro::cli
