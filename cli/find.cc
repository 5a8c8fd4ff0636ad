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

namespace {

// Every option of find in the order of its help; follow has those that are not about times or the
// size of the answer.
struct FindOption {
  const char* name;
  std::string FindOptions::*value;
  const char* parameter;  // of the API
  const char* type;
  const char* words;
  const char* group;
  const char* prefix = nullptr;  // of the words that may be typed for the API's names
  bool is_filter = true;
};

constexpr const char* kWho = "Who";
constexpr const char* kWhat = "What happened";
constexpr const char* kHow = "Which message";
constexpr const char* kWhen = "When";
constexpr const char* kAnswer = "The answer";

using Options = FindOptions;
constexpr FindOption kFindOptions[] = {
    {"--to", &Options::to, "recipient", "ADDRESS",
     "recipient, or the alias it was sent to; also @domain, and * for any text", kWho},
    {"--from", &Options::from, "sender", "ADDRESS", "envelope sender or login; also @domain and *",
     kWho},
    {"--any", &Options::any, "any", "ADDRESS", "in any of these roles", kWho},
    {"--domain", &Options::domain, "domain", "DOMAIN", "of a sender or recipient", kWho},
    {"--login", &Options::login, "login", "LOGIN",
     "the account that sent it, or its part before the @", kWho},
    {"--client", &Options::client, "client", "HOST", "address or name of the host it came from",
     kWho},
    {"--outcome", &Options::outcome, "outcome", "OUTCOME",
     "one or several, with commas: queued, deferred, delivered, bounced, expired, rejected, held, "
     "discarded, deleted, quarantined, unknown",
     kWhat, "outcome_"},
    {"--reason", &Options::reason, "reason", "REASON",
     "greylisted, mailbox_full, user_unknown, reputation, ... (man rastro lists all)", kWhat,
     "reason_"},
    {"--text", &Options::text, "text", "TEXT", "part of what a server answered", kWhat},
    {"--id", &Options::id, "queue_id", "ID", "queue id, or host/queue-id", kHow},
    {"--message-id", &Options::message_id, "message_id", "ID", "Message-ID header", kHow},
    {"--subject", &Options::subject, "subject", "TEXT",
     "part of the subject, if the mail server logs it", kHow},
    {"--submission", &Options::submission, "submission", "WAY",
     "how it came in: mx, submission, webmail, local, script, bounce", kHow},
    {"--direction", &Options::direction, "direction", "WAY", "in, out, local, relay", kHow},
    {"--relay", &Options::relay, "relay", "HOST", "address or name of the host it was handed to",
     kHow},
    {"--at", &Options::at, "at", "TIME",
     R"(about then, closest first: 14:30, "yesterday 14:30", "ayer 14:30", "2h ago", RFC 3339)",
     kWhen, nullptr, false},
    {"--within", &Options::within, "within", "SPAN",
     "how far from --at, such as 2h (default 30m; of a day: 0)", kWhen, nullptr, false},
    {"--since", &Options::since, "since", "TIME",
     R"(not before: 2h, 14:30, "hace 2 horas", RFC 3339)", kWhen, nullptr, false},
    {"--until", &Options::until, "until", "TIME", "not after", kWhen, nullptr, false},
    {"--limit", &Options::limit, "limit", "N", "at most so many messages", kAnswer, nullptr, false},
    {"--sort", &Options::sort, "sort", "ORDER", "newest, oldest or score (how well it fits)",
     kAnswer, nullptr, false},
    {"--cursor", &Options::cursor, "cursor", "CURSOR", "go on after an earlier answer", kAnswer,
     nullptr, false},
};

}  // namespace

QueryParameters FindOptions::parameters() const {
  QueryParameters out;
  for (const auto& option : kFindOptions) {
    const auto& value = this->*option.value;
    out.emplace_back(option.parameter,
                     option.prefix == nullptr ? value : api_names(option.prefix, value));
  }
  return out;
}

bool FindOptions::any_given() const {
  for (const auto& [name, value] : parameters()) {
    if (!value.empty()) return true;
  }
  return false;
}

// "192.0.2.7", "[2001:db8::7]", "192.0.2.0/24": nothing but digits and their marks.
static bool is_like_a_client(std::string_view word) {
  const bool six = std::ranges::count(word, ':') > 1;
  return (six || std::ranges::count(word, '.') == 3) &&
         std::ranges::all_of(word, [six](unsigned char c) {
           return std::isdigit(c) != 0 || c == '.' || c == '/' || c == '[' || c == ']' ||
                  (six && (c == ':' || std::isxdigit(c) != 0));
         });
}

static std::string lower_case(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

void FindOptions::take_word(const std::string& typed) {
  constexpr std::string_view kAround = " \t\r\n\"'`,;:";
  const auto begin = typed.find_first_not_of(kAround);
  if (begin == std::string::npos) return;
  const auto word = typed.substr(begin, typed.find_last_not_of(kAround) + 1 - begin);
  const auto small = lower_case(word);
  const auto has = [&](std::string_view part) { return small.find(part) != std::string::npos; };
  const bool whole = word.size() > 2 && word.front() == '<' && word.back() == '>';
  if (whole || has("message-id") || (small.starts_with("id=") && has("@"))) {
    message_id = word;
  } else if (has("@") || has(" at ") || has("(at)") || has("[at]") || has("arroba")) {
    any = typed;  // whole: its quotes may be the address' own
  } else if (is_like_a_client(word)) {
    client = word;
  } else if (has(" as ") || small.starts_with("id=") ||
             is_like_a_queue_id(word.front() == '[' && word.back() == ']'
                                    ? word.substr(1, word.size() - 2)
                                    : word)) {
    id = word;
  } else if (has(".") && !has(" ")) {
    domain = word;
  } else {
    any = word;
  }
}

static void add_options(CLI::App& command, FindOptions& find, bool filters) {
  for (const auto& option : kFindOptions) {
    if (option.is_filter != filters) continue;
    command.add_option(option.name, find.*option.value, option.words)
        ->type_name(option.type)
        ->group(option.group);
  }
}

void add_filter_options(CLI::App& command, FindOptions& find) { add_options(command, find, true); }

void add_find_options(CLI::App& command, FindOptions& find) {
  add_options(command, find, true);
  add_options(command, find, false);
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
  auto parameters = with_language(common, options.parameters());
  parameters.emplace_back("thorough", "1");
  return print_list(common, parameters, render_list);
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
    // The id that a list shows names one message.
    const bool alone = !find->any_given();
    find->take_word(*word);
    line.run = [line, find, alone] {
      if (alone && is_like_a_journey_id(find->id)) return run_show(line.common, {.id = find->id});
      return run_find(line.common, *find);
    };
  });
}

}  // namespace rastro::cli
