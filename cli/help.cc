#include "cli/help.h"

#include <algorithm>
#include <vector>

#include "cli/help_texts.h"
#include "cli/terminal.h"

namespace rastro::cli {
namespace {

constexpr std::size_t kNamesColumns = 26;

// Everything that is said here is looked up in help_texts.def.
class HelpText {
 public:
  HelpText(Language language, std::size_t width) : language_(language), width_(width) {}

  std::string say(std::string_view english) const {
    return std::string(help_text(language_, english));
  }
  std::string names_of(const CLI::Option& option) const;
  std::string usage(const CLI::App& app) const;
  std::string groups(const CLI::App& app, bool of_every_command) const;
  std::string footer(std::string_view text) const;
  std::string entry(const std::string& names, const std::string& words) const;

 private:
  Language language_;
  std::size_t width_;
};

std::vector<const CLI::Option*> options_of(const CLI::App& app, const std::string& group) {
  return app.get_options([&](const CLI::Option* option) {
    // A subcommand inherits --help; it is shown with what every command takes.
    const bool inherited = app.get_parent() != nullptr && option == app.get_help_ptr();
    return !option->get_positional() && !inherited && option->get_group() == group;
  });
}

std::string HelpText::entry(const std::string& names, const std::string& words) const {
  constexpr std::size_t kStart = kNamesColumns + 2;
  auto block = wrap(escape(words), width_, kStart);
  if (columns_of(names) + 2 < kStart) {
    block.replace(2, columns_of(names), names);
    return block;
  }
  return "  " + names + "\n" + block;
}

std::string HelpText::names_of(const CLI::Option& option) const {
  auto names = option.get_positional() ? say(option.get_name(true)) : option.get_name(false, true);
  if (const auto comma = names.find(','); comma != std::string::npos) names.insert(comma + 1, " ");
  if (option.get_expected_max() > 0 && !option.get_positional())
    names += " " + say(option.get_type_name());
  return names;
}

std::string HelpText::usage(const CLI::App& app) const {
  std::string text = app.get_name();
  for (const auto* above = app.get_parent(); above != nullptr; above = above->get_parent())
    text.insert(0, above->get_name() + " ");
  for (const auto* option :
       app.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    auto name = say(option->get_name(true));
    if (option->get_expected_max() > 1) name += "...";
    text += option->get_required() ? " " + name : " [" + name + "]";
  }
  const auto commands =
      app.get_subcommands([](const CLI::App* c) { return !c->get_name().empty(); });
  const auto command = say("COMMAND");
  if (!commands.empty())
    text += app.get_require_subcommand_min() > 0 ? " " + command : " [" + command + "]";
  return text + " [" + say("OPTIONS") + "]";
}

std::string HelpText::groups(const CLI::App& app, bool of_every_command) const {
  std::string out;
  for (const auto& group : app.get_groups()) {
    if (group.empty() || (group == kEveryCommand) != of_every_command) continue;
    const auto options = options_of(app, group);
    if (options.empty()) continue;
    out += "\n" + say(group) + ":\n";
    for (const auto* option : options)
      out += entry(names_of(*option), say(option->get_description()));
  }
  return out;
}

std::string HelpText::footer(std::string_view text) const {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += say(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string /*name*/,
                                     CLI::AppFormatMode /*mode*/) const {
  const auto width = std::clamp<std::size_t>(detect_terminal().width, 60, 100);
  const HelpText text(language_, width);
  auto out = wrap(text.say(app->get_description()), width, 0) + "\n" + text.say("Usage") + ": " +
             text.usage(*app) + "\n";
  const auto commands =
      app->get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
  if (!commands.empty()) out += "\n" + text.say("Commands") + ":\n";
  for (const auto* command : commands) {
    const auto words = text.say(command->get_description());
    out += text.entry(command->get_name(), words.substr(0, words.find(". ")));
  }
  for (const auto* option :
       app->get_options([](const CLI::Option* o) { return o->get_positional(); }))
    out += "\n" + text.entry(text.names_of(*option), text.say(option->get_description()));
  out += text.groups(*app, false) + text.groups(*app, true);
  // With every command: the options of the one above.
  for (const auto* above = app->get_parent(); above != nullptr; above = above->get_parent())
    out += text.groups(*above, true);
  if (!app->get_footer().empty()) out += "\n" + text.footer(app->get_footer());
  return out;
}

}  // namespace rastro::cli
