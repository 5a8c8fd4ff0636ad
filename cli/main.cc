#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>

#include "cli/commands.h"
#include "cli/exit_code.h"

namespace {

using rastro::cli::CommonOptions;
using rastro::cli::FindOptions;
using rastro::cli::Output;
using rastro::cli::ScanOptions;

constexpr const char* kFooter =
    "Examples:\n"
    "  rastro find --to juan@example.org --from ana@cliente.example --at 14:30\n"
    "  rastro find --to @example.org --outcome deferred --since 2h\n"
    "  rastro show 4Tq9Xk1z0Bz3 --raw          a queue id, a Message-ID or the id of a list\n"
    "  rastro scan /var/log/mail.log --to juan@example.org     no daemon needed\n"
    "Exit codes: 0 found, 1 nothing found, 2 usage, 3 no daemon or answer incomplete.";

void add_common(CLI::App& app, CommonOptions& common) {
  static const std::map<std::string, Output> kOutputs{{"table", Output::table},
                                                      {"json", Output::json},
                                                      {"ndjson", Output::ndjson},
                                                      {"csv", Output::csv}};
  app.add_option("--socket", common.socket, "rastrod's socket (also RASTRO_SOCKET)")
      ->envname("RASTRO_SOCKET")
      ->capture_default_str();
  app.add_option("-o,--output", common.output, "table, json, ndjson or csv")
      ->transform(CLI::CheckedTransformer(kOutputs, CLI::ignore_case).description(""));
  app.add_option("--lang", common.lang, "language of explanations: en or es")
      ->check(CLI::IsMember({"en", "es"}));
}

void add_find(CLI::App& app, FindOptions& find) {
  app.add_option("--from", find.from, "envelope sender or login; @domain and * globs");
  app.add_option("--to", find.to, "recipient or the alias it was sent to; @domain and * globs");
  app.add_option("--any", find.any, "an address in any role");
  app.add_option("--at", find.at, "about when: 14:30, \"yesterday 14:30\", 2h ago, RFC 3339");
  app.add_option("--within", find.within, "how far from --at (default 30m)");
  app.add_option("--since", find.since, "not before: 2h, 14:30, RFC 3339");
  app.add_option("--until", find.until, "not after");
  app.add_option(
      "--outcome", find.outcome,
      "queued deferred delivered bounced expired rejected held discarded deleted unknown");
  app.add_option("--reason", find.reason, "why: greylisted, mailbox_full, user_unknown, ...");
  app.add_option("--submission", find.submission, "mx submission webmail local script bounce");
  app.add_option("--direction", find.direction, "in out local relay");
  app.add_option("--id", find.id, "queue id");
  app.add_option("--message-id", find.message_id, "Message-ID header");
  app.add_option("--client", find.client, "address or name of the host it came from");
  app.add_option("--login", find.login, "the login that sent it");
  app.add_option("--relay", find.relay, "address or name of the host it was handed to");
  app.add_option("--domain", find.domain, "domain of a sender or recipient");
  app.add_option("--subject", find.subject, "part of the subject, if the MTA logs it");
  app.add_option("--text", find.text, "part of what a server answered");
  app.add_option("--sort", find.sort, "time or score");
  app.add_option("--limit", find.limit, "at most so many messages");
  app.add_option("--cursor", find.cursor, "go on behind an earlier answer");
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_DFL);  // "rastro find | head" ends quietly
  CLI::App app{"What happened to that mail? Asks rastrod, or reads log files itself (scan).",
               "rastro"};
  app.set_version_flag("--version", "rastro " RASTRO_VERSION);
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();
  CommonOptions common;
  common.socket = "/run/rastro/rastro.sock";
  add_common(app, common);
  FindOptions find;
  std::string tz;

  auto* find_command = app.add_subcommand("find", "Find messages by what is known of them");
  add_find(*find_command, find);
  find_command->add_option("--tz", tz, "zone of the times given, e.g. Europe/Madrid");

  std::string id;
  bool raw = false;
  auto* show_command = app.add_subcommand("show", "Everything about one message");
  show_command->add_option("ID", id, "id of a list, queue id, host/queue-id or Message-ID")
      ->required();
  show_command->add_flag("--raw", raw, "with the log lines");

  bool lines = false;
  auto* status_command = app.add_subcommand("status", "What rastrod reads, and what it understood");
  status_command->add_flag("--lines", lines,
                           "lines by program and kind, with unrecognised samples");

  ScanOptions scan;
  auto* scan_command = app.add_subcommand(
      "scan", "Answer about log files, archives or standard input (-); needs no daemon");
  scan_command->add_option("LOG", scan.logs, "files (also .gz .bz2 .xz .zst), or -")->required();
  add_find(*scan_command, find);
  scan_command->add_option("--export", scan.export_to,
                           "write every journey as NDJSON to FILE or -");
  scan_command->add_flag("--lines", scan.lines,
                         "print what was understood of each line, as NDJSON");
  scan_command->add_option("--show", scan.show, "show this message instead of a list");
  scan_command->add_flag("--raw", scan.raw, "with --show: with the log lines");
  scan_command->add_option("--year", scan.year, "year of the first stamp without one");
  scan_command->add_option("--tz", scan.tz, "zone of stamps without one (default TZ)");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? rastro::cli::kFound : rastro::cli::kUsage;
  }
  if (*find_command) {
    find.tz = tz;
    return rastro::cli::run_find(common, find);
  }
  if (*show_command) return rastro::cli::run_show(common, id, raw, tz);
  if (*status_command) return rastro::cli::run_status(common, lines);
  find.tz = find.any_given() ? scan.tz : "";
  return rastro::cli::run_scan(common, scan, find);
}
