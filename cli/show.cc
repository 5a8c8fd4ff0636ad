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

namespace json = boost::json;

int no_such_recipient(const CommonOptions& common, const json::object& journey,
                      const std::string& address) {
  return fail(kNothingFound, say(common.language(), Text::explain_no_such_recipient,
                                 {escape(address), recipients_listed(journey)}));
}

int run_show(const CommonOptions& common, const ShowOptions& options) {
  if (options.id.find_first_not_of(' ') == std::string::npos)
    return fail(kUsage, say(common.language(), Text::error_missing, {"ID"}));
  const auto answer = ask(common,
                          make_target("/v1/journeys/" + encode_segment(options.id),
                                      {{"raw", options.raw ? "1" : ""},
                                       {"lang", std::string(language_name(common.language()))},
                                       {"tz", common.zone()}}),
                          NotFound::is_an_answer);
  if (!answer) return answer.error();
  const auto journey = only_of(answer->object, options.to);
  if (array_of(journey, "recipients").empty() && !options.to.empty())
    return no_such_recipient(common, answer->object, options.to);
  const auto shown = options.to.empty() ? *answer : Answer{json::serialize(journey), journey};
  print(
      common, shown,
      {.as_table =
           [&](const View& view) { return render_journey(journey, view, {.full = options.full}); },
       .as_csv =
           [&] {
             return csv_of_list({{"items", {{{"journey", journey}}}}});
           },
       .rows = ""});
  return kFound;
}

void add_show(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "show",
      "Everything about one message. Whether it was accepted, what became of each "
      "recipient, in the other server's words, and what it means.");
  auto options = std::make_shared<ShowOptions>();
  command
      ->add_option("ID", options->id,
                   "the id that find shows, a queue id, host/queue-id, or a Message-ID")
      ->required();
  command->add_option("--to", options->to, "of the recipients only this one")
      ->type_name("ADDRESS")
      ->group("Show");
  command->add_flag("--raw", options->raw, "with the log lines, where they stand in which file")
      ->group("Show");
  command
      ->add_flag("--full", options->full,
                 "with every entry of a long timeline, and each of many recipients")
      ->group("Show");
  command->footer(
      "Examples:\n"
      "  rastro show 6p17v6ktd1naw\n"
      "  rastro 6p17v6ktd1naw                      the same\n"
      "  rastro show 6p17v6ktd1naw --to pablo      what became of it for one recipient\n"
      "  rastro show 4Tq9Xk1z0Bz3 --raw            a queue id\n"
      "  rastro show mx1/4Tq9Xk1z0Bz3              the one of host mx1\n"
      "  rastro show sample-4@client.example.com   a Message-ID");
  command->callback(
      [line, options] { line.run = [line, options] { return run_show(line.common, *options); }; });
}

}  // namespace rastro::cli
