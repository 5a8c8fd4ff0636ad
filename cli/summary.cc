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

namespace json = boost::json;

struct SummaryOptions {
  std::string by, since, until, limit, direction;
};

constexpr std::string_view kSummary = "/v1/summary";

// /v1/summary and /v1/deferrals ask the same way and answer in rows.
int run_rows(const CommonOptions& common, std::string_view path, const SummaryOptions& options) {
  auto patient = common;
  patient.waits_for_ever = true;  // api.report_timeout is the daemon's to know
  const auto answer =
      ask(patient,
          make_target(std::string(path), {{"by", options.by},
                                          {"since", options.since},
                                          {"until", options.until},
                                          {"limit", options.limit},
                                          {"direction", options.direction},
                                          {"tz", common.zone()},
                                          {"lang", std::string(language_name(common.language()))}}),
          NotFound::is_an_old_daemon);
  if (!answer) return answer.error();
  const auto& rows = array_of(answer->object, "rows");
  print(common, *answer,
        {.as_table = [&](const View& view) { return render_summary(answer->object, view); },
         .as_csv =
             [&] {
               return path == kSummary
                          ? csv_of_summary(answer->object)
                          : csv_of_rows(rows, {"key", "recipients", "attempts", "oldest_arrived_at",
                                               "last_attempt_at", "reason", "reply_text"});
             },
         .rows = "rows"});
  if (text_of(answer->object, "cut_by") == "time") return kUnreachableOrIncomplete;
  if (!rows.empty()) return kFound;
  return is_true(object_of(answer->object, "coverage"), "complete") ? kNothingFound
                                                                    : kUnreachableOrIncomplete;
}

void add_rows(CommandLine line, const char* name, std::string_view path, const std::string& words,
              const std::vector<std::string>& groups, const char* examples) {
  auto* command = line.app.add_subcommand(name, words);
  auto options = std::make_shared<SummaryOptions>();
  options->by = groups.front();
  const auto add = [&](const char* option, std::string& value, const char* type,
                       const std::string& help) {
    return command->add_option(option, value, help)->type_name(type)->group("Question");
  };
  std::string allowed;
  for (const auto& group : groups) allowed += (allowed.empty() ? "" : ", ") + group;
  add("--by", options->by, "GROUP",
      "one row for each " + allowed + " (default " + groups.front() + ")")
      ->check(CLI::IsMember(groups).description(""));
  add("--since", options->since, "TIME", "not before: 24h, 14:30, \"yesterday 8:00\"");
  add("--until", options->until, "TIME", "not after");
  if (path == kSummary) add("--direction", options->direction, "WAY", "in, out, local, relay");
  add("--limit", options->limit, "N", "at most so many rows");
  command->footer(examples);
  command->callback([line, path, options] {
    line.run = [line, path, options] { return run_rows(line.common, path, *options); };
  });
}

}  // namespace

void add_summary(CommandLine line) {
  add_rows(line, "summary", kSummary,
           "Count messages and what became of them. The daily report, and how one sees which "
           "account sends too much.",
           {"sender", "login", "client", "domain", "outcome", "reason", "script"},
           "Examples:\n"
           "  rastro summary --since 24h --by login\n"
           "  rastro summary --since 24h --direction out\n"
           "  rastro summary --since 24h --by script\n"
           "  rastro summary --since yesterday --until \"today 0:00\" --by domain -o csv");
}

void add_deferrals(CommandLine line) {
  add_rows(line, "deferrals", "/v1/deferrals",
           "Count what is waiting to be tried again. By the domain, provider or server that keeps "
           "it waiting, or by reason.",
           {"domain", "provider", "reason", "relay", "sender"},
           "Examples:\n"
           "  rastro deferrals\n"
           "  rastro deferrals --by reason --since 2h");
}

}  // namespace rastro::cli
