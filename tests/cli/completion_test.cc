#include "cli/completion.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <fstream>

#include "cli/command_line.h"

namespace rastro::cli {
namespace {

// The words that bash would offer behind `line`; a stand-in for rastro answers with two ids.
class BashCompletion : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "completion-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    CommonOptions common;
    std::function<int()> run;
    const auto app = make_command_line(common, run);
    std::ofstream(directory_ + "/script") << completion_script(*app, "bash");
  }
  void TearDown() override {
    std::remove((directory_ + "/script").c_str());
    std::remove(directory_.c_str());
  }
  std::string complete(const std::string& words) const {
    const auto command = "bash -uc 'rastro() { echo 6p17v6ktd1naw; echo 6p188p0z5xpgb; }; . " +
                         directory_ + "/script; COMP_WORDS=(" + words +
                         "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _rastro; echo "
                         "\"${COMPREPLY[*]-}\"' 2>&1";
    std::string out;
    std::FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 4096> block{};
    while (std::fgets(block.data(), block.size(), pipe) != nullptr) out += block.data();
    EXPECT_EQ(pclose(pipe), 0) << out;
    if (!out.empty()) out.pop_back();
    return out;
  }
  std::string directory_;
};

TEST_F(BashCompletion, OffersWhatFits) {
  EXPECT_EQ(complete("rastro sh"), "show");
  EXPECT_EQ(complete("rastro st"), "status");
  EXPECT_EQ(complete("rastro find --outc"), "--outcome");
  EXPECT_EQ(complete("rastro find --outcome bou"), "bounced");
  EXPECT_EQ(complete("rastro find --reason mailbox_"), "mailbox_full mailbox_disabled");
  EXPECT_EQ(complete("rastro find -o js"), "json");
  EXPECT_EQ(complete("rastro --lang = e"), "en es");
  EXPECT_EQ(complete("rastro --socket /x show 6p188"), "6p188p0z5xpgb");
  EXPECT_EQ(complete("rastro explain \"\""), "6p17v6ktd1naw 6p188p0z5xpgb");
  EXPECT_EQ(complete("rastro completion f"), "fish");
  EXPECT_EQ(complete("rastro show 6p1 --ra"), "--raw");
  EXPECT_EQ(complete("rastro scan /etc/hostn"), "/etc/hostname");
  EXPECT_EQ(complete("rastro find --nosuch"), "");
}

TEST(Completion, EachShellKnowsEveryCommand) {
  CommonOptions common;
  std::function<int()> run;
  const auto app = make_command_line(common, run);
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(*app, shell);
    for (const auto* command : app->get_subcommands({}))
      EXPECT_NE(script.find(command->get_name()), std::string::npos) << shell;
  }
  EXPECT_EQ(completion_script(*app, "tcsh"), "");
}

}  // namespace
}  // namespace rastro::cli
