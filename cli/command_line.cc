#include "cli/command_line.h"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <map>

#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/times.h"

namespace rastro::cli {
namespace {

constexpr const char* kDescription =
    "What happened to that mail? Asks rastrod, which follows this server's mail logs, or reads "
    "log files itself (scan). Without a command: the newest problems of the last hour.";

constexpr const char* kFooter =
    "Examples:\n"
    "  rastro find --to juan@example.org --from ana@cliente.example --at 14:30\n"
    "  rastro find --to @example.org --outcome deferred --since 2h\n"
    "  rastro show 4Tq9Xk1z0Bz3 --raw\n"
    "  rastro bounce undelivered.eml\n"
    "  rastro scan /var/log/mail.log --to juan@example.org\n"
    "Help for one command, with examples: rastro COMMAND --help, man rastro\n"
    "Exit codes: 0 found, 1 nothing found, 2 usage, 3 rastrod not reachable or answer\n"
    "incomplete.";

void add_common(CLI::App& app, CommonOptions& common) {
  static const std::map<std::string, Output> outputs{{"table", Output::table},
                                                     {"json", Output::json},
                                                     {"ndjson", Output::ndjson},
                                                     {"csv", Output::csv}};
  const auto add = [&](const char* names, auto& value, const char* type, const char* words) {
    return app.add_option(names, value, words)->type_name(type)->group(kEveryCommand);
  };
  add("-o,--output", common.output, "FORM", "table (for people), json, ndjson or csv")
      ->transform(CLI::CheckedTransformer(outputs, CLI::ignore_case).description(""));
  add("--lang", common.lang, "en|es", "language of answers; default: the locale's, RASTRO_LANG")
      ->check(CLI::IsMember({"en", "es"}).description(""))
      ->envname("RASTRO_LANG");
  add("--tz", common.tz, "ZONE",
      "zone of the times given and shown, such as Europe/Madrid; default: TZ, else this machine's");
  add("--socket", common.socket, "PATH",
      "rastrod's socket; default: RASTRO_SOCKET, else " RASTRO_SOCKET_PATH)
      ->envname("RASTRO_SOCKET");
  app.add_flag("--no-pager", common.no_pager, "never through a pager")->group(kEveryCommand);
}

int usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const int code = app.exit(error);
  return code == 0 ? kFound : kUsage;
}

}  // namespace

std::unique_ptr<CLI::App> make_command_line(CommonOptions& common, std::function<int()>& run) {
  auto app = std::make_unique<CLI::App>(kDescription, "rastro");
  app->formatter(std::make_shared<HelpFormatter>());
  app->set_help_flag("-h,--help", "this help")->group(kEveryCommand);
  app->set_version_flag("--version", "rastro " RASTRO_VERSION, "version")->group(kEveryCommand);
  app->footer(kFooter);
  app->require_subcommand(0, 1);
  app->fallthrough();
  common.socket = RASTRO_SOCKET_PATH;
  add_common(*app, common);
  run = [&common] { return run_problems(common); };
  const CommandLine line{*app, common, run};
  for (const auto add :
       {add_find, add_show, add_explain, add_bounce, add_reasons, add_follow, add_summary,
        add_deferrals, add_coverage, add_status, add_scan, add_completion}) {
    add(line);
  }
  return app;
}

int run_command_line(int argc, char** argv) {
  signal(SIGPIPE, SIG_DFL);  // "rastro find | head" ends quietly
  CommonOptions common;
  std::function<int()> run;
  const auto app = make_command_line(common, run);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return usage_error(*app, error);
  }
  if (!common.tz.empty() && !use_zone(common.tz))
    return fail(kUsage, say(common.language(), Text::error_zone, {escape(common.tz)}));
  return run();
}

}  // namespace rastro::cli
