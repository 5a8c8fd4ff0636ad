#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <map>
#include <memory>

#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "core/journey.h"
#include "core/reason.h"

namespace rastro::cli {
namespace {

using Words = std::vector<std::string>;

std::string joined(const Words& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

Words reason_words() {
  Words out;
  for (std::size_t i = 1; i < kReasonCount; ++i)
    out.emplace_back(reason_name(static_cast<Reason>(i)));
  return out;
}
Words outcome_words() {
  Words out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Outcome::passed); ++i)
    out.emplace_back(outcome_name(static_cast<Outcome>(i)));
  return out;
}
Words submission_words() {
  Words out;
  for (std::size_t i = 1; i <= static_cast<std::size_t>(SubmissionMethod::bounce); ++i)
    out.emplace_back(submission_method_name(static_cast<SubmissionMethod>(i)));
  return out;
}

// What may stand behind an option; an option that is not here takes any text.
const std::map<std::string, Words>& values_of_options() {
  static const std::map<std::string, Words> values{
      {"-o", {"table", "json", "ndjson", "csv"}},
      {"--output", {"table", "json", "ndjson", "csv"}},
      {"--lang", {"en", "es"}},
      {"--outcome", outcome_words()},
      {"--reason", reason_words()},
      {"--submission", submission_words()},
      {"--direction", {"in", "out", "local", "relay"}},
      {"--sort", {"newest", "oldest", "score"}},
      {"--by",
       {"sender", "login", "client", "domain", "outcome", "reason", "script", "relay", "provider"}},
      {"--at", {"now"}},
      {"--since", {"1h", "2h", "24h", "today", "yesterday"}},
      {"--within", {"10m", "30m", "2h"}}};
  return values;
}

Words option_names(const CLI::App& app) {
  Words out;
  for (const auto* option :
       app.get_options([](const CLI::Option* o) { return !o->get_positional(); })) {
    for (const auto& name : option->get_snames()) out.push_back("-" + name);
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* c) { return !c->get_group().empty(); });
}

Words command_names(const CLI::App& app) {
  Words out;
  for (const auto* command : commands_of(app)) out.push_back(command->get_name());
  return out;
}

// The first sentence of a description.
std::string sentence(const std::string& description) {
  return description.substr(0, description.find(". "));
}
// As it stands between single quotes of a POSIX shell; `also` are characters that get a backslash.
std::string shell_quoted(std::string_view text, std::string_view also = "") {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (also.find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c == '\n' ? ' ' : c);
  }
  return out + "'";
}

enum class Follows { nothing, ids, files, shells };

// What stands behind a command's name, by its positional's.
Follows what_follows(const CLI::App& command) {
  for (const auto* option :
       command.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    const auto name = option->get_name(true);
    if (name == "ID") return Follows::ids;
    if (name == "LOG" || name == "FILE") return Follows::files;
    if (name == "SHELL") return Follows::shells;
  }
  return Follows::nothing;
}

bool takes_value(const CLI::Option& option) { return option.get_expected_max() > 0; }
bool takes_file(const std::string& name) { return name == "--socket" || name == "--export"; }

std::vector<const CLI::Option*> named_options(const CLI::App& app) {
  return app.get_options([](const CLI::Option* o) { return !o->get_positional(); });
}

std::string bash_cases(const CLI::App& app) {
  std::string out;
  for (const auto* command : commands_of(app)) {
    out += "    " + command->get_name() + ") words+=' " + joined(option_names(*command));
    const auto below = command_names(*command);
    if (!below.empty()) out += " " + joined(below);
    out += "'";
    switch (what_follows(*command)) {
      case Follows::ids:
        out += " follows=ids";
        break;
      case Follows::files:
        out += " follows=files";
        break;
      case Follows::shells:
        out += " follows=shells";
        break;
      case Follows::nothing:
        break;
    }
    out += " ;;\n";
  }
  return out;
}

std::string bash_script(const CLI::App& app) {
  std::string commands;
  for (const auto& name : command_names(app)) commands += (commands.empty() ? "" : "|") + name;
  std::string values;
  for (const auto& [option, words] : values_of_options()) {
    values += "    " + option + ") COMPREPLY=($(compgen -W '" + joined(words) +
              "' -- \"$cur\")); return ;;\n";
  }
  // A word that ends in '=' is split off by bash: --lang=es comes as three words.
  return "# bash completion for rastro: . <(rastro completion bash)\n"
         "_rastro() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= i\n"
         "  local -a asked=()\n"
         "  COMPREPLY=()\n"
         "  if [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
         "  if [[ $cur == = ]]; then cur=; fi\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case ${COMP_WORDS[i]} in\n"
         "      --socket) asked=(--socket \"${COMP_WORDS[i+1]}\") ;;\n"
         "      " +
         commands +
         ") if [[ -z $command ]]; then command=${COMP_WORDS[i]}; fi ;;\n"
         "    esac\n"
         "  done\n"
         "  case $prev in\n" +
         values +
         "    --socket|--export) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
         "  esac\n"
         "  local words='" +
         joined(option_names(app)) +
         "' follows=\n"
         "  case $command in\n"
         "    '') words+=' " +
         joined(command_names(app)) + "' ;;\n" + bash_cases(app) +
         "  esac\n"
         "  if [[ $prev == --show ]]; then follows=ids; fi\n"
         "  if [[ $cur != -* ]]; then\n"
         "    case $follows in\n"
         "      ids) words=$(rastro completion ids \"${asked[@]}\" 2>/dev/null) ;;\n"
         "      files) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
         "      shells) words='bash zsh fish' ;;\n"
         "    esac\n"
         "  fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "}\n"
         "complete -o filenames -F _rastro rastro\n";
}

std::string zsh_option(const CLI::Option& option) {
  std::string out;
  for (const auto& name : option.get_lnames()) {
    const auto spelled = "--" + name;
    auto spec = spelled + "[" + sentence(option.get_description()) + "]";
    const auto words = values_of_options().find(spelled);
    const bool known = words != values_of_options().end();
    out += " \\\n      " + shell_quoted(spec, ":");
    if (takes_value(option)) {
      out += shell_quoted(":" + option.get_type_name() + ":");
      if (takes_file(spelled)) out += "_files";
      if (known) out += shell_quoted("(" + joined(words->second) + ")");
    }
  }
  return out;
}

std::string zsh_script(const CLI::App& app) {
  std::string out =
      "#compdef rastro\n_rastro() {\n  local state line\n  local -a commands\n  commands=(";
  for (const auto* command : commands_of(app)) {
    out +=
        "\n    " + shell_quoted(command->get_name() + ":" + sentence(command->get_description()));
  }
  out += ")\n  _arguments -C";
  for (const auto* option : named_options(app)) out += zsh_option(*option);
  out +=
      " \\\n      '1: :->command' '*:: :->rest'\n"
      "  if [[ $state == command ]]; then _describe command commands; return; fi\n"
      "  case $line[1] in\n";
  for (const auto* command : commands_of(app)) {
    out += "    " + command->get_name() + ") _arguments";
    for (const auto* option : named_options(*command)) out += zsh_option(*option);
    const auto follows = what_follows(*command);
    if (follows == Follows::ids) out += " \\\n      '1:ID:($(rastro completion ids 2>/dev/null))'";
    if (follows == Follows::files) out += " \\\n      '*:file:_files'";
    if (follows == Follows::shells) out += " \\\n      '1:shell:(bash zsh fish)'";
    const auto below = command_names(*command);
    if (!below.empty()) out += " \\\n      '1:command:(" + joined(below) + ")'";
    out += " ;;\n";
  }
  return out +
         "  esac\n}\n"
         "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _rastro \"$@\"; else compdef "
         "_rastro rastro; fi\n";
}

std::string fish_options(const CLI::App& app, const std::string& condition) {
  std::string out;
  for (const auto* option : named_options(app)) {
    for (const auto& name : option->get_lnames()) {
      out.append("complete -c rastro").append(condition).append(" -l ").append(name);
      if (takes_value(*option)) out += takes_file("--" + name) ? " -r -F" : " -x";
      const auto words = values_of_options().find("--" + name);
      if (words != values_of_options().end()) out += " -a '" + joined(words->second) + "'";
      out += " -d " + shell_quoted(sentence(option->get_description())) + "\n";
    }
  }
  return out;
}

std::string fish_script(const CLI::App& app) {
  std::string out =
      "# fish completion for rastro: rastro completion fish | source\n"
      "complete -c rastro -f\n" +
      fish_options(app, "");
  for (const auto* command : commands_of(app)) {
    const auto& name = command->get_name();
    out += "complete -c rastro -n __fish_use_subcommand -a " + name + " -d " +
           shell_quoted(sentence(command->get_description())) + "\n";
    const auto condition = " -n '__fish_seen_subcommand_from " + name + "'";
    out += fish_options(*command, condition);
    const auto follows = what_follows(*command);
    if (follows == Follows::ids)
      out += "complete -c rastro" + condition + " -a '(rastro completion ids 2>/dev/null)'\n";
    if (follows == Follows::files) out += "complete -c rastro" + condition + " -F\n";
    if (follows == Follows::shells)
      out += "complete -c rastro" + condition + " -a 'bash zsh fish'\n";
    const auto below = command_names(*command);
    if (!below.empty()) out += "complete -c rastro" + condition + " -a '" + joined(below) + "'\n";
  }
  return out;
}

// Ids of the newest messages, one a line; silent and quick whatever happens: the prompt waits.
int print_ids(const CommonOptions& common) {
  constexpr std::chrono::milliseconds kPatience{1000};
  const auto response = Client(common.socket, kPatience)
                            .get(make_target("/v1/journeys", {{"since", "24h"}, {"limit", "50"}}));
  if (!response || response->status != 200) return kUnreachableOrIncomplete;
  boost::json::error_code error;
  const auto value = boost::json::parse(response->body, error);
  if (error || !value.is_object()) return kUnreachableOrIncomplete;
  for (const auto& item : array_of(value.get_object(), "items")) {
    if (!item.is_object()) continue;
    const auto id = text_of(object_of(item.get_object(), "journey"), "id");
    const bool plain =
        id.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz") == std::string::npos;
    if (plain && !id.empty()) std::cout << id << '\n';
  }
  return kFound;
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return bash_script(app);
  if (shell == "zsh") return zsh_script(app);
  if (shell == "fish") return fish_script(app);
  return {};
}

void add_completion(CommandLine line) {
  auto* command = line.app.add_subcommand(
      "completion",
      "Print the completion of this command for a shell. It knows commands, options, "
      "their values, and the ids of recent messages.");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "ids"}).description(""));
  command->footer(
      "Examples:\n"
      "  . <(rastro completion bash)      for this shell; in ~/.bashrc for each\n"
      "  rastro completion zsh > ~/.zfunc/_rastro\n"
      "  rastro completion fish > ~/.config/fish/completions/rastro.fish");
  command->callback([line, shell] {
    line.run = [line, shell] {
      if (*shell == "ids") return print_ids(line.common);
      std::cout << completion_script(line.app, *shell) << std::flush;
      return static_cast<int>(kFound);
    };
  });
}

}  // namespace rastro::cli
