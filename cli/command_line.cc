#include "cli/command_line.h"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/help_texts.h"
#include "cli/terminal.h"
#include "cli/times.h"
#include "cli/typed_names.h"

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

constexpr std::string_view kOutputs = "table, json, ndjson, csv";

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

// "rastro reasons test" for the command that was being read.
std::string name_so_far(const CLI::App& app) {
  const CLI::App* command = &app;
  std::string name = app.get_name();
  for (auto below = command->get_subcommands(); !below.empty();
       below = command->get_subcommands()) {
    command = below.front();
    name += " " + command->get_name();
  }
  return name;
}

// What the person may have meant by a word that stands where a command should.
std::string meant_by(const CLI::App& app, const std::string& word) {
  if (word.find('@') != std::string::npos) return "rastro find " + escape(word);
  std::string names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names += command->get_name() + " ";
  const auto near = near_word(word, names);
  return near.empty() ? near : "rastro " + near;
}

// Of what stands where nothing is expected, the last first: "14:00 --at" is about --at.
std::string unexpected_option(const std::string& extra) {
  const auto at = extra.starts_with('-') ? 0 : extra.rfind(" -");
  if (at == std::string::npos) return extra;
  const auto begin = extra[at] == ' ' ? at + 1 : at;
  return extra.substr(begin, extra.find(' ', begin) - begin);
}

// "--by: weather not in {sender,login}" allows "sender, login".
std::string allowed_values(std::string_view words) {
  const auto open = words.rfind(" not in {");
  if (open == std::string_view::npos || !words.ends_with('}')) return {};
  words = words.substr(words.find('{', open) + 1);
  words.remove_suffix(1);
  std::string out;
  for (const char c : words) out += c == ',' ? std::string(", ") : std::string(1, c);
  return out;
}

std::string words_of_error(const CLI::App& app, const CLI::ParseError& error, Language language) {
  constexpr std::string_view kMissing = " is required";
  const std::string words = error.what();
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && words.ends_with(kMissing)) {
    auto missing = words.substr(0, words.size() - kMissing.size());
    if (missing == "A subcommand") missing = "COMMAND";
    return say(language, Text::error_missing, {escape(help_text(language, missing))});
  }
  // "--limit: At Most 1 required but received 2", "--limit: 1 required N missing"
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const auto name = escape(words.substr(0, words.find(':')));
    const bool twice = words.find("At Most 1") != std::string::npos;
    return say(language, twice ? Text::error_given_twice : Text::error_needs_value, {name});
  }
  if (dynamic_cast<const CLI::ValidationError*>(&error) != nullptr) {
    const auto name = words.substr(0, words.find(':'));
    if (name == "--lang") return say(language, Text::error_bad_value, {name, "en, es"});
    if (name == "--output") return say(language, Text::error_bad_value, {name, kOutputs});
    const auto allowed = allowed_values(words);
    if (!allowed.empty())
      return say(language, Text::error_bad_value,
                 {escape(help_text(language, name)), escape(allowed)});
  }
  // "The following argument was not expected: finde"; remaining() is empty when that is thrown.
  const auto colon = words.find(": ");
  const bool extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if (!extras || colon == std::string::npos) return escape(words);
  const auto extra = unexpected_option(words.substr(colon + 2));
  if (!app.get_subcommands().empty() || extra.starts_with('-'))
    return say(language, Text::error_not_expected, {escape(extra)});
  auto out = say(language, Text::error_no_command, {escape(extra)});
  const auto meant = meant_by(app, extra);
  return meant.empty() ? out : out + "\n" + say(language, Text::error_did_you_mean, {meant});
}

// An option whose value was forgotten has taken the next option's name for it: "--to --lang es"; a
// script's variable may be empty: --to "$address".
std::string option_without_value(const CLI::App& app, const CLI::App& command) {
  for (const auto* option : command.get_options()) {
    if (option->get_positional()) continue;
    for (const auto& value : option->results()) {
      if (value.empty() && &command != &app) return option->get_name();
      if (value.starts_with("--") && (command.get_option_no_throw(value) != nullptr ||
                                      app.get_option_no_throw(value) != nullptr))
        return option->get_name();
    }
  }
  for (const auto* below : command.get_subcommands()) {
    auto name = option_without_value(app, *below);
    if (!name.empty()) return name;
  }
  return {};
}

std::string language_given(int argc, char** argv) {
  constexpr std::string_view kOption = "--lang";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == kOption && i + 1 < argc) return argv[i + 1];
    if (word.starts_with("--lang=")) return std::string(word.substr(kOption.size() + 1));
  }
  const char* of_environment = std::getenv("RASTRO_LANG");
  return of_environment == nullptr ? "" : of_environment;
}

int usage_error(const CLI::App& app, const CLI::ParseError& error, Language language) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  return fail(kUsage, words_of_error(app, error, language) + "\n" +
                          say(language, Text::error_see_help, {name_so_far(app)}));
}

}  // namespace

std::unique_ptr<CLI::App> make_command_line(CommonOptions& common, std::function<int()>& run,
                                            Language language_of_help) {
  auto app = std::make_unique<CLI::App>(kDescription, "rastro");
  app->formatter(std::make_shared<HelpFormatter>(language_of_help));
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

std::vector<std::string> with_show(const CLI::App& app, std::vector<std::string> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with('-')) {
      const auto* option = app.get_option_no_throw(words[i]);
      if (option != nullptr && option->get_expected_min() > 0) ++i;  // its value
      continue;
    }
    const auto commands =
        app.get_subcommands([&](const CLI::App* command) { return command->check_name(words[i]); });
    if (commands.empty() && is_like_an_id(words[i]))
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(i), "show");
    break;
  }
  return words;
}

int run_command_line(int argc, char** argv) {
  signal(SIGPIPE, SIG_DFL);  // "rastro find | head" ends quietly
  CommonOptions common;
  std::function<int()> run;
  const auto language = parse_language(language_given(argc, argv)).value_or(language_of_locale());
  const auto app = make_command_line(common, run, language);
  auto words = with_show(*app, {argv + std::min(argc, 1), argv + argc});
  std::ranges::reverse(words);  // as CLI11 takes them
  try {
    app->parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    // The command line was not read to its end: what it says of the language counts all the same.
    if (common.lang.empty()) common.lang = language_given(argc, argv);
    return usage_error(*app, error, common.language());
  }
  if (const auto option = option_without_value(*app, *app); !option.empty()) {
    if (common.lang.empty()) common.lang = language_given(argc, argv);
    return fail(kUsage, say(common.language(), Text::error_needs_value, {option}) + "\n" +
                            say(common.language(), Text::error_see_help, {name_so_far(*app)}));
  }
  if (!common.tz.empty() && !use_zone(common.tz))
    return fail(kUsage, say(common.language(), Text::error_zone, {escape(common.tz)}));
  return run();
}

}  // namespace rastro::cli
