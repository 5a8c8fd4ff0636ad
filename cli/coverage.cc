#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/ask.h"
#include "cli/csv.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/render.h"

namespace rastro::cli {
namespace {

// What was read of each log, and where it has holes, in one table.
boost::json::array csv_rows(const boost::json::object& coverage) {
  boost::json::array rows;
  for (const auto* list : {"sources", "holes"}) {
    for (const auto& value : array_of(coverage, list)) {
      if (!value.is_object()) continue;
      const auto& one = value.get_object();
      boost::json::object row{{"kind", list == std::string_view("holes") ? "hole" : "read"}};
      for (const auto* name : {"source", "from", "until", "cause", "cause_code"})
        row[name] = text_of(one, name);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

int run_coverage(const CommonOptions& common, const std::string& since, const std::string& until) {
  const auto answer =
      ask(common,
          make_target("/v1/coverage", {{"since", since},
                                       {"until", until},
                                       {"tz", common.zone()},
                                       {"lang", std::string(language_name(common.language()))}}),
          NotFound::is_an_old_daemon);
  if (!answer) return answer.error();
  print(common, *answer,
        {.as_table = [&](const View& view) { return render_coverage_page(answer->object, view); },
         .as_csv = [&] { return csv_of_rows(csv_rows(answer->object)); },
         .rows = ""});
  return is_true(answer->object, "complete") ? kFound : kUnreachableOrIncomplete;
}

}  // namespace

void add_coverage(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "coverage",
      "Which part of the logs was read, and where they have holes. What was not read "
      "cannot be found, and proves nothing.");
  auto since = std::make_shared<std::string>();
  auto until = std::make_shared<std::string>();
  command->add_option("--since", *since, "not before: 24h, 14:30, \"yesterday 8:00\"")
      ->type_name("TIME")
      ->group("Question");
  command->add_option("--until", *until, "not after")->type_name("TIME")->group("Question");
  command->footer(
      "Exit code 3 when something of that time is missing.\n"
      "Examples:\n"
      "  rastro coverage\n"
      "  rastro coverage --since \"yesterday 14:00\" --until \"yesterday 16:00\"");
  command->callback([line, since, until] {
    line.run = [line, since, until] { return run_coverage(line.common, *since, *until); };
  });
}

}  // namespace rastro::cli
