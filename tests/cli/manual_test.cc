#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/help_texts.h"
#include "cli/terminal.h"
#include "core/journey.h"
#include "core/reason.h"

namespace rastro::cli {
namespace {

std::string source_text(const std::string& path) {
  std::ifstream file(std::string(RASTRO_SOURCE_DIR) + "/" + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Manual : public testing::Test {
 protected:
  void SetUp() override {
    app_ = make_command_line(common_, run_);
    ASSERT_FALSE(manual_.empty());
  }

  // The part of the manual that describes a command, up to the next command or section.
  std::string about(const std::string& command) const {
    const auto start = manual_.find("\n**rastro " + command + "**");
    if (start == std::string::npos) return "";
    const auto end = std::min(manual_.find("\n**rastro ", start + 1), manual_.find("\n## ", start));
    return manual_.substr(start, end - start);
  }
  std::string section(const std::string& name) const {
    const auto start = manual_.find("\n## " + name + "\n");
    if (start == std::string::npos) return "";
    return manual_.substr(start, manual_.find("\n## ", start + 1) - start);
  }

  CommonOptions common_;
  std::function<int()> run_;
  std::unique_ptr<CLI::App> app_;
  std::string manual_ = source_text("docs/man/rastro.1.md");
};

std::vector<std::string> long_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

TEST_F(Manual, NamesEveryCommandAndOption) {
  for (const auto& name : long_names(*app_)) {
    EXPECT_NE(section("OPTIONS OF EVERY COMMAND").find("**" + name + "**"), std::string::npos)
        << name;
  }
  for (const auto* command : app_->get_subcommands({})) {
    const auto text = about(command->get_name());
    EXPECT_FALSE(text.empty()) << command->get_name();
    const auto find_options = section("OPTIONS OF FIND");
    const bool like_find = command->get_name() == "find" ||
                           text.find("options of find") != std::string::npos ||
                           text.find("filters of find") != std::string::npos;
    for (const auto& name : long_names(*command)) {
      if (name == "--help") continue;
      const auto spelled = "**" + name + "**";
      const bool told = text.find(spelled) != std::string::npos ||
                        (like_find && find_options.find(spelled) != std::string::npos);
      EXPECT_TRUE(told) << command->get_name() << " " << name;
    }
  }
}

TEST_F(Manual, NamesNoOptionThatIsNot) {
  std::set<std::string> known;
  const auto add = [&](const CLI::App& app, const auto& self) -> void {
    for (const auto& name : long_names(app)) known.insert(name);
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
      self(*command, self);
  };
  add(*app_, add);
  for (std::size_t at = 0; (at = manual_.find("**--", at)) != std::string::npos; ++at) {
    const auto name = manual_.substr(at + 2, manual_.find("**", at + 2) - at - 2);
    EXPECT_TRUE(known.contains(name)) << name;
  }
}

TEST_F(Manual, NamesEveryReasonAndOutcome) {
  for (std::size_t i = 1; i < kReasonCount; ++i) {
    const auto name = std::string(reason_name(static_cast<Reason>(i)));
    EXPECT_NE(section("REASONS").find("`" + name + "`"), std::string::npos) << name;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(Outcome::passed); ++i) {
    const auto name = std::string(outcome_name(static_cast<Outcome>(i)));
    EXPECT_NE(section("OPTIONS OF FIND").find("`" + name + "`"), std::string::npos) << name;
  }
}

TEST_F(Manual, HelpTeachesWithExamplesAndFitsTheTerminal) {
  setenv("COLUMNS", "80", 1);
  for (const auto* command : app_->get_subcommands({})) {
    const auto help = command->help();
    EXPECT_NE(help.find("Examples:\n  "), std::string::npos) << command->get_name();
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(columns_of(line), 80U) << command->get_name() << ": " << line;
  }
}

void collect_help(const CLI::App& app, std::set<std::string>& out) {
  out.insert(app.get_description());
  for (const auto* option : app.get_options()) {
    if (app.get_parent() != nullptr && option == app.get_help_ptr()) continue;  // shown as its own
    out.insert(option->get_description());
    if (option->get_positional()) {
      out.insert(option->get_name(true));
    } else {
      if (option->get_expected_max() > 0) out.insert(option->get_type_name());
      out.insert(option->get_group());
    }
  }
  std::istringstream lines(app.get_footer());
  for (std::string line; std::getline(lines, line);) {
    // A command alone is the same in every language.
    const bool has_words = !line.starts_with("  ") || line.find("   ", 3) != std::string::npos;
    if (has_words) out.insert(line);
  }
  for (const auto* below : app.get_subcommands({})) collect_help(*below, out);
}

TEST_F(Manual, HelpStandsInBothLanguages) {
  std::set<std::string> said;
  collect_help(*app_, said);
  for (const auto& english : said)
    EXPECT_TRUE(english.empty() || has_help_text(english)) << english;
  const std::set<std::string> own = {"Usage", "Commands", "COMMAND", "OPTIONS"};
  for (const auto english : all_help_texts()) {
    EXPECT_TRUE(said.contains(std::string(english)) || own.contains(std::string(english)))
        << "nothing says this any more: " << english;
  }
}

TEST_F(Manual, SpanishHelpFitsTheTerminal) {
  setenv("COLUMNS", "80", 1);
  const auto app = make_command_line(common_, run_, Language::es);
  for (const auto* command : app->get_subcommands({})) {
    std::istringstream lines(command->help());
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(columns_of(line), 80U) << command->get_name() << ": " << line;
  }
}

// Examples in help and manual are commands that parse.
TEST_F(Manual, ExamplesParse) {
  std::vector<std::string> texts{manual_, app_->get_footer()};
  for (const auto* command : app_->get_subcommands({})) texts.push_back(command->get_footer());
  int tried = 0;
  for (const auto& text : texts) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const auto start = line.find_first_not_of(' ');
      if (start == std::string::npos || line.compare(start, 7, "rastro ") != 0) continue;
      if (line.compare(start, 9, "rastro - ") == 0) continue;  // the manual's NAME
      line = line.substr(start, line.find("   ", start) - start);
      line = line.substr(0, line.find_first_of("|><"));
      CommonOptions common;
      std::function<int()> run;
      auto app = make_command_line(common, run);
      auto words = CLI::detail::split_up(line);
      std::erase_if(words, [](const std::string& word) { return word.empty(); });
      words = with_show(*app, {words.begin() + 1, words.end()});
      std::ranges::reverse(words);
      EXPECT_NO_THROW(app->parse(words)) << line;
      ++tried;
    }
  }
  EXPECT_GT(tried, 20);
}

}  // namespace
}  // namespace rastro::cli
