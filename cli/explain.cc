#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/ask.h"
#include "cli/csv.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/recipient_groups.h"
#include "cli/render.h"

namespace rastro::cli {
namespace {

namespace json = boost::json;

struct ExplainOptions {
  std::string id;
  std::string to;
  bool reply = false;
};

json::array rows_of(const json::object& journey) {
  json::array rows;
  auto recipients = array_of(journey, "recipients");
  const auto& unnamed = object_of(journey, "unnamed_recipients");
  if (recipients.empty() && !unnamed.empty()) recipients.push_back(unnamed);
  for (const auto& value : recipients) {
    if (!value.is_object()) continue;
    const auto& recipient = value.get_object();
    json::object row;
    for (const auto* name : {"recipient", "outcome", "reason", "reply_text"})
      row[name] = recipient.contains(name) ? recipient.at(name) : json::value(nullptr);
    const auto& explanation = object_of(recipient, "explanation");
    for (const auto* name : {"whose_move", "final", "text", "what_to_do", "reply"})
      row[name] = explanation.contains(name) ? explanation.at(name) : json::value(nullptr);
    rows.push_back(std::move(row));
  }
  return rows;
}

int run_explain(const CommonOptions& common, const ExplainOptions& options) {
  auto answer = ask(
      common,
      make_target("/v1/journeys/" + encode_segment(options.id),
                  {{"lang", std::string(language_name(common.language()))}, {"tz", common.zone()}}),
      NotFound::is_an_answer);
  if (!answer) return answer.error();
  const auto journey = only_of(answer->object, options.to);
  if (array_of(journey, "recipients").empty() && !options.to.empty())
    return no_such_recipient(common, answer->object, options.to);
  const auto rows = rows_of(journey);
  const json::object table{{"id", text_of(journey, "id")}, {"recipients", rows}};
  print(common, Answer{json::serialize(table), table},
        {.as_table =
             [&](const View& view) {
               return options.reply ? render_replies(journey, view)
                                    : render_explained(journey, view);
             },
         .as_csv = [&] { return csv_of_rows(rows); },
         .rows = "recipients"});
  return kFound;
}

}  // namespace

void add_explain(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "explain",
      "Why a message did not arrive, whose move it is, and what to do. In words that a "
      "customer understands.");
  auto options = std::make_shared<ExplainOptions>();
  command
      ->add_option("ID", options->id,
                   "the id that find shows, a queue id, host/queue-id, or a Message-ID")
      ->required();
  command->add_option("--to", options->to, "this recipient only")
      ->type_name("ADDRESS")
      ->group("Explain");
  command
      ->add_flag("--reply", options->reply,
                 "only the paragraph to paste into a reply to the customer")
      ->group("Explain");
  command->footer(
      "Examples:\n"
      "  rastro explain 6p17v6ktd1naw\n"
      "  rastro explain 6p17v6ktd1naw --to pablo@moody.example.net --lang es --reply");
  command->callback([line, options] {
    line.run = [line, options] { return run_explain(line.common, *options); };
  });
}

}  // namespace rastro::cli
