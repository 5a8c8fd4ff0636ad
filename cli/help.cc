#include "cli/help.h"

#include <algorithm>
#include <vector>

#include "cli/terminal.h"

namespace rastro::cli {
namespace {

constexpr std::size_t kNamesColumns = 26;

std::string entry(const std::string& names, const std::string& words, std::size_t width) {
  constexpr std::size_t kStart = kNamesColumns + 2;
  auto block = wrap(escape(words), width, kStart);
  if (columns_of(names) + 2 < kStart) {
    block.replace(2, columns_of(names), names);
    return block;
  }
  return "  " + names + "\n" + block;
}

std::string names_of(const CLI::Option& option) {
  auto names = option.get_positional() ? option.get_name(true) : option.get_name(false, true);
  if (const auto comma = names.find(','); comma != std::string::npos) names.insert(comma + 1, " ");
  if (option.get_expected_max() > 0 && !option.get_positional())
    names += " " + option.get_type_name();
  return names;
}

std::vector<const CLI::Option*> options_of(const CLI::App& app, const std::string& group) {
  return app.get_options([&](const CLI::Option* option) {
    // A subcommand inherits --help; it is shown with what every command takes.
    const bool inherited = app.get_parent() != nullptr && option == app.get_help_ptr();
    return !option->get_positional() && !inherited && option->get_group() == group;
  });
}

std::string usage(const CLI::App& app) {
  std::string text = app.get_name();
  for (const auto* above = app.get_parent(); above != nullptr; above = above->get_parent())
    text.insert(0, above->get_name() + " ");
  for (const auto* option :
       app.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    auto name = option->get_name(true);
    if (option->get_expected_max() > 1) name += "...";
    text += option->get_required() ? " " + name : " [" + name + "]";
  }
  const auto commands =
      app.get_subcommands([](const CLI::App* c) { return !c->get_name().empty(); });
  if (!commands.empty()) text += app.get_require_subcommand_min() > 0 ? " COMMAND" : " [COMMAND]";
  return text + " [OPTIONS]";
}

std::string groups_text(const CLI::App& app, std::size_t width, bool of_every_command) {
  std::string out;
  for (const auto& group : app.get_groups()) {
    if (group.empty() || (group == kEveryCommand) != of_every_command) continue;
    const auto options = options_of(app, group);
    if (options.empty()) continue;
    out += "\n" + group + ":\n";
    for (const auto* option : options)
      out += entry(names_of(*option), option->get_description(), width);
  }
  return out;
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string /*name*/,
                                     CLI::AppFormatMode /*mode*/) const {
  const auto width = std::clamp<std::size_t>(detect_terminal().width, 60, 100);
  auto out = wrap(app->get_description(), width, 0) + "\nUsage: " + usage(*app) + "\n";
  const auto commands =
      app->get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
  if (!commands.empty()) out += "\nCommands:\n";
  for (const auto* command : commands) {
    const auto words = command->get_description();
    out += entry(command->get_name(), words.substr(0, words.find(". ")), width);
  }
  for (const auto* option :
       app->get_options([](const CLI::Option* o) { return o->get_positional(); }))
    out += "\n" + entry(option->get_name(true), option->get_description(), width);
  out += groups_text(*app, width, false) + groups_text(*app, width, true);
  // With every command: the options of the one above.
  for (const auto* above = app->get_parent(); above != nullptr; above = above->get_parent())
    out += groups_text(*above, width, true);
  if (!app->get_footer().empty()) out += "\n" + app->get_footer() + "\n";
  return out;
}

}  // namespace rastro::cli
