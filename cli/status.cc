#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/ask.h"
#include "cli/csv.h"
#include "cli/exit_code.h"
#include "cli/render.h"

namespace rastro::cli {
namespace {

int run_status(const CommonOptions& common, bool lines) {
  const auto answer = ask(common, make_target("/v1/status", {{"lines", lines ? "1" : ""}}),
                          NotFound::is_an_old_daemon);
  if (!answer) return answer.error();
  print(common, *answer,
        {.as_table = [&](const View& view) { return render_status(answer->object, view, lines); },
         .as_csv = [&] { return csv_of_values(answer->object); },
         .rows = ""});
  return kFound;
}

}  // namespace

void add_status(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "status", "What rastrod reads, how far it is, and what it could not use.");
  auto lines = std::make_shared<bool>(false);
  command->add_flag("--lines", *lines, "lines by program and kind, with samples of unknown ones")
      ->group("Status");
  command->footer("Examples:\n  rastro status\n  rastro status --lines");
  command->callback(
      [line, lines] { line.run = [line, lines] { return run_status(line.common, *lines); }; });
}

}  // namespace rastro::cli
