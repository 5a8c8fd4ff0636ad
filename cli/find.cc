#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <memory>

#include "cli/ask.h"
#include "cli/csv.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/typed_names.h"

namespace rastro::cli {

namespace json = boost::json;

QueryParameters FindOptions::parameters() const {
  return {{"sender", from},
          {"recipient", to},
          {"any", any},
          {"at", at},
          {"within", within},
          {"since", since},
          {"until", until},
          {"outcome", api_names("outcome_", outcome)},
          {"reason", api_names("reason_", reason)},
          {"submission", submission},
          {"direction", direction},
          {"queue_id", id},
          {"message_id", message_id},
          {"client", client},
          {"login", login},
          {"relay", relay},
          {"domain", domain},
          {"subject", subject},
          {"text", text},
          {"sort", sort},
          {"limit", limit},
          {"cursor", cursor}};
}

bool FindOptions::any_given() const {
  for (const auto& [name, value] : parameters()) {
    if (!value.empty()) return true;
  }
  return false;
}

// A queue id rather than a name: 6 letters or more, with a digit, of those that MTAs use.
static bool is_like_a_queue_id(std::string_view word) {
  constexpr std::size_t kShortest = 6;
  const auto is_letter = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
  return word.size() >= kShortest && std::ranges::all_of(word, is_letter) &&
         std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
}

void FindOptions::take_word(const std::string& word) {
  if (word.empty()) return;
  if (word.size() > 2 && word.front() == '<' && word.back() == '>') {
    message_id = word;
  } else if (word.find('@') != std::string::npos) {
    any = word;
  } else if (word.find('.') != std::string::npos) {
    domain = word;
  } else {
    (is_like_a_queue_id(word) ? id : any) = word;
  }
}

void add_filter_options(CLI::App& command, FindOptions& find) {
  const auto add = [&](const char* group, const char* name, std::string& value, const char* type,
                       const char* words) {
    command.add_option(name, value, words)->type_name(type)->group(group);
  };
  constexpr const char* kWho = "Who";
  add(kWho, "--to", find.to, "ADDRESS",
      "recipient, or the alias it was sent to; also @domain, and * for any text");
  add(kWho, "--from", find.from, "ADDRESS", "envelope sender or login; also @domain and *");
  add(kWho, "--any", find.any, "ADDRESS", "in any of these roles");
  add(kWho, "--domain", find.domain, "DOMAIN", "of a sender or recipient");
  add(kWho, "--login", find.login, "LOGIN", "the account that sent it");
  add(kWho, "--client", find.client, "HOST", "address or name of the host it came from");
  constexpr const char* kWhat = "What happened";
  add(kWhat, "--outcome", find.outcome, "OUTCOME",
      "one or several, with commas: queued, deferred, delivered, bounced, expired, rejected, held, "
      "discarded, deleted, "
      "quarantined, unknown");
  add(kWhat, "--reason", find.reason, "REASON",
      "greylisted, mailbox_full, user_unknown, reputation, ... (man rastro lists all)");
  add(kWhat, "--text", find.text, "TEXT", "part of what a server answered");
  constexpr const char* kHow = "Which message";
  add(kHow, "--id", find.id, "ID", "queue id");
  add(kHow, "--message-id", find.message_id, "ID", "Message-ID header");
  add(kHow, "--subject", find.subject, "TEXT", "part of the subject, if the mail server logs it");
  add(kHow, "--submission", find.submission, "WAY",
      "how it came in: mx, submission, webmail, local, script, bounce");
  add(kHow, "--direction", find.direction, "WAY", "in, out, local, relay");
  add(kHow, "--relay", find.relay, "HOST", "address or name of the host it was handed to");
}

void add_find_options(CLI::App& command, FindOptions& find) {
  add_filter_options(command, find);
  const auto add = [&](const char* group, const char* name, std::string& value, const char* type,
                       const char* words) {
    command.add_option(name, value, words)->type_name(type)->group(group);
  };
  constexpr const char* kWhen = "When";
  add(kWhen, "--at", find.at, "TIME",
      "about then, closest first: 14:30, \"yesterday 14:30\", \"ayer 14:30\", \"2h ago\", RFC "
      "3339");
  add(kWhen, "--within", find.within, "SPAN", "how far from --at, such as 2h (default 30m)");
  add(kWhen, "--since", find.since, "TIME", "not before: 2h, 14:30, \"hace 2 horas\", RFC 3339");
  add(kWhen, "--until", find.until, "TIME", "not after");
  constexpr const char* kAnswer = "The answer";
  add(kAnswer, "--limit", find.limit, "N", "at most so many messages");
  add(kAnswer, "--sort", find.sort, "ORDER", "newest, oldest or score (how well it fits)");
  add(kAnswer, "--cursor", find.cursor, "CURSOR", "go on after an earlier answer");
}

namespace {

using ListRenderer = std::string (*)(const json::object& answer, const View& view);

int print_list(const CommonOptions& common, const QueryParameters& parameters,
               ListRenderer render) {
  const auto answer =
      ask(common, make_target("/v1/journeys", parameters), NotFound::is_an_old_daemon);
  if (!answer) return answer.error();
  const auto& list = answer->object;
  print(common, *answer,
        {.as_table = [&](const View& view) { return render(list, view); },
         .as_csv = [&] { return csv_of_list(list); },
         .rows = "items",
         .within = "journey"});
  if (text_of(list, "cut_by") == "time") return kUnreachableOrIncomplete;
  if (!array_of(list, "items").empty()) return kFound;
  // "Nothing" is an answer only over logs that were read completely.
  return is_true(object_of(list, "coverage"), "complete") ? kNothingFound
                                                          : kUnreachableOrIncomplete;
}

QueryParameters with_language(const CommonOptions& common, QueryParameters parameters) {
  parameters.emplace_back("lang", language_name(common.language()));
  parameters.emplace_back("tz", common.zone());
  return parameters;
}

}  // namespace

int run_find(const CommonOptions& common, const FindOptions& options) {
  return print_list(common, with_language(common, options.parameters()), render_list);
}

int run_problems(const CommonOptions& common) {
  FindOptions problems;
  problems.since = "1h";
  problems.outcome = "deferred,bounced,expired,rejected,held,quarantined,unknown";
  return print_list(common, with_language(common, problems.parameters()), render_problems);
}

void add_find(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "find",
      "Find messages by what is known of them. Give what you know, however little: the "
      "answer is ranked by how well it fits when --at is given, newest first otherwise.");
  auto find = std::make_shared<FindOptions>();
  auto word = std::make_shared<std::string>();
  command->add_option("WHAT", *word,
                      "an address (as --any), a domain (--domain), a queue id (--id) or a "
                      "<Message-ID> (--message-id)");
  add_find_options(*command, *find);
  command->footer(
      "Examples:\n"
      "  rastro find juan@example.org --at \"half past two\"\n"
      "  rastro find --to juan@example.org --from ana@cliente.example --at 14:30\n"
      "  rastro find --from ana@cliente.example --at \"yesterday 14:30\" --within 2h\n"
      "  rastro find --any juan@example.org --lang es --at \"ayer 14:30\"\n"
      "  rastro find --to @example.org --outcome deferred --since 2h\n"
      "  rastro find --login ana --submission webmail --output csv > sent.csv");
  command->callback([line, find, word] {
    find->take_word(*word);
    line.run = [line, find] { return run_find(line.common, *find); };
  });
}

}  // namespace rastro::cli
