#include "daemon/command_line.h"

#include <CLI/CLI.hpp>
#include <map>

#include "config/time_zone.h"

namespace rastro {
namespace {

constexpr int kUsage = 2;

constexpr const char* kFooter =
    "Commands that need no running daemon: rastrod doctor, db verify, db dump, privacy verify.\n"
    "Exit codes: 0 good, 1 something was found, 2 usage or configuration, 3 failed.";

void add_scan(CLI::App& options, ScanRequest& scan, int& year) {
  options.add_option("--export", scan.export_to, "with --scan: journeys as NDJSON to a file or -");
  options.add_flag("--lines", scan.lines, "with --scan: lines as NDJSON on standard output");
  options.add_flag("--serve", scan.serve, "with --scan: answer on a private socket until ended");
  options.add_option("--year", year, "with --scan: year of the first stamp without one")
      ->check(CLI::Range(1970, 2200));
  options.add_option("--tz", scan.timezone, "with --scan: zone of stamps without one");
  options
      .add_option("--lang", scan.language, "with --scan: language of exported explanations: en, es")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Language>{{"en", Language::en}, {"es", Language::es}}));
  options.add_option("--control-fd", scan.control_fd, "with --scan: where progress is told");
  options.add_option("LOG", scan.logs, "with --scan: log files, archives, or -");
}

CommandLine mistake(const std::string& what) {
  std::fprintf(stderr, "rastrod: %s\n", what.c_str());
  CommandLine out;
  out.task = CommandLine::Task::end;
  out.exit_code = kUsage;
  return out;
}

}  // namespace

CommandLine parse_command_line(int argc, char** argv) {
  using Task = CommandLine::Task;
  CommandLine out;
  CLI::App options{"Follows Postfix and Exim logs, indexes 24 hours, answers over a Unix socket.",
                   "rastrod"};
  options.set_version_flag("--version", "rastrod " RASTRO_VERSION);
  options.footer(kFooter);
  options.fallthrough();
  bool check = false;
  bool scanning = false;
  int year = 0;
  options.add_option("--config", out.config_path, "configuration file")->capture_default_str();
  options.add_flag("--check-config", check, "say every mistake in the configuration and end");
  options.add_flag("--scan", scanning,
                   "answer about the given logs only (what `rastro scan` runs)");
  add_scan(options, out.scan, year);

  auto* db = options.add_subcommand("db", "Look into the files of the index");
  db->require_subcommand(1);
  auto* dump = db->add_subcommand("dump", "Print every row as NDJSON, packed parts unpacked");
  dump->add_option("FILE", out.index_files, "an index file")->required()->expected(1);
  auto* verify = db->add_subcommand("verify", "Check files against the documented format");
  verify->add_option("PATH", out.index_files, "index files, or a state directory")->required();
  verify->add_flag("--logs", out.with_logs, "read the log lines of each message again too");
  auto* doctor =
      options.add_subcommand("doctor", "Whether logs, state directory and socket are as they must");
  auto* privacy = options.add_subcommand("privacy", "What is kept of people");
  privacy->require_subcommand(1);
  auto* old = privacy->add_subcommand("verify", "Prove that nothing is kept past its time");

  try {
    options.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    out.task = Task::end;
    out.exit_code = options.exit(error) == 0 ? 0 : kUsage;
    return out;
  }
  if (year != 0) out.scan.year = year;
  out.task = *dump      ? Task::db_dump
             : *verify  ? Task::db_verify
             : *doctor  ? Task::doctor
             : *old     ? Task::privacy_verify
             : scanning ? Task::scan
             : check    ? Task::check_config
                        : Task::serve;
  if (out.task == Task::scan && out.scan.logs.empty())
    return mistake("--scan needs at least one LOG");
  if (const auto why = why_no_time_zone(out.scan.timezone); !why.empty())
    return mistake("--tz " + out.scan.timezone + ": " + why);
  if (out.task == Task::serve && !out.scan.logs.empty()) {
    return mistake("logs are named in the configuration; to read others: rastro scan LOG...");
  }
  return out;
}

}  // namespace rastro
