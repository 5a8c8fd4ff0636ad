#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/ask.h"
#include "cli/csv.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/page.h"
#include "cli/render.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

// The paragraphs for the customer, each once.
std::string render_replies(const json::object& journey, const View& view) {
  Page page(view);
  std::vector<std::string> told;
  for (const auto& value : array_of(journey, "recipients")) {
    if (!value.is_object()) continue;
    const auto reply = text_of(object_of(value.get_object(), "explanation"), "reply");
    if (reply.empty() || std::ranges::find(told, reply) != told.end()) continue;
    if (!told.empty()) page.line("", 0);
    page.line(escape(reply), 0);
    told.push_back(reply);
  }
  return page.take();
}

int run_explain(const CommonOptions& common, const std::string& id, bool reply) {
  const auto answer = ask(
      common,
      make_target("/v1/journeys/" + encode_segment(id),
                  {{"lang", std::string(language_name(common.language()))}, {"tz", common.zone()}}),
      NotFound::is_an_answer);
  if (!answer) return answer.error();
  print(common, *answer,
        {.as_table =
             [&](const View& view) {
               return reply ? render_replies(answer->object, view)
                            : render_explanations(answer->object, view);
             },
         .as_csv =
             [&] {
               return csv_of_list({{"items", {{{"journey", answer->object}}}}});
             },
         .rows = ""});
  return kFound;
}

}  // namespace

void add_explain(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "explain",
      "What the outcome of a message means: what happened, whose move it is, what to do.");
  auto id = std::make_shared<std::string>();
  auto reply = std::make_shared<bool>(false);
  command
      ->add_option("ID", *id, "the id that find shows, a queue id, host/queue-id, or a Message-ID")
      ->required();
  command->add_flag("--reply", *reply, "only a paragraph to paste into an answer to the customer");
  command->footer(
      "Examples:\n"
      "  rastro explain 6p17v6ktd1naw\n"
      "  rastro explain 4Tq9Xk1z0Bz3 --reply --lang es");
  command->callback([line, id, reply] {
    line.run = [line, id, reply] { return run_explain(line.common, *id, *reply); };
  });
}

}  // namespace rastro::cli
