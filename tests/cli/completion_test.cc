#include "cli/completion.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include "cli/command_line.h"

namespace rastro::cli {
namespace {

// The completion of a shell, written to a file.
class ShellCompletion : public testing::Test {
 protected:
  explicit ShellCompletion(std::string shell) : shell_(std::move(shell)) {}
  void SetUp() override {
    if (std::system(("command -v " + shell_ + " >/dev/null").c_str()) != 0) {
      ASSERT_EQ(std::getenv("RASTRO_CI"), nullptr) << "no " << shell_;
      GTEST_SKIP() << "no " << shell_;
    }
    std::string pattern = testing::TempDir() + "completion-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    CommonOptions common;
    std::function<int()> run;
    const auto app = make_command_line(common, run);
    std::ofstream(directory_ + "/script") << completion_script(*app, shell_);
  }
  void TearDown() override {
    if (directory_.empty()) return;
    std::remove((directory_ + "/script").c_str());
    std::remove(directory_.c_str());
  }
  static std::string output_of(const std::string& command) {
    std::string out;
    std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> block{};
    while (std::fgets(block.data(), block.size(), pipe) != nullptr) out += block.data();
    EXPECT_EQ(pclose(pipe), 0) << out;
    if (!out.empty()) out.pop_back();
    return out;
  }
  std::string shell_;
  std::string directory_;
};

// The words that bash would offer behind `words`; a stand-in for rastro answers with two ids.
class BashCompletion : public ShellCompletion {
 protected:
  BashCompletion() : ShellCompletion("bash") {}
  std::string complete(const std::string& words) const {
    return output_of("bash -uc 'rastro() { echo 6p17v6ktd1naw; echo 6p188p0z5xpgb; }; . " +
                     directory_ + "/script; COMP_WORDS=(" + words +
                     "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _rastro; echo "
                     "\"${COMPREPLY[*]-}\"'");
  }
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

// What stands in the line of a zsh that typed the words and a tab.
class ZshCompletion : public ShellCompletion {
 protected:
  ZshCompletion() : ShellCompletion("zsh") {}
  std::string complete(const std::string& words) const {
    return output_of("timeout 60 zsh -f " RASTRO_SOURCE_DIR "/tests/cli/complete.zsh " +
                     directory_ + "/script '" + words + "'");
  }
};

TEST_F(ZshCompletion, CompletesWhatFits) {
  EXPECT_EQ(complete("rastro sho"), "rastro show ");
  EXPECT_EQ(complete("rastro find --outc"), "rastro find --outcome ");
  EXPECT_EQ(complete("rastro find --outcome bou"), "rastro find --outcome bounced ");
  EXPECT_EQ(complete("rastro completion f"), "rastro completion fish ");
  EXPECT_EQ(complete("rastro show 6p188"), "rastro show 6p188p0z5xpgb ");
  EXPECT_EQ(complete("rastro find --nosuch"), "rastro find --nosuch");
}

// The words that fish offers, without what it says of them.
class FishCompletion : public ShellCompletion {
 protected:
  FishCompletion() : ShellCompletion("fish") {}
  std::string complete(const std::string& words) const {
    return output_of("HOME=" + directory_ +
                     " fish --no-config -c 'function rastro; echo 6p17v6ktd1naw; echo "
                     "6p188p0z5xpgb; end; source " +
                     directory_ + "/script; complete -C \"" + words +
                     "\" | string replace -r \"\\t.*\" \"\" | string join \" \"; true'");
  }
};

TEST_F(FishCompletion, OffersWhatFits) {
  EXPECT_EQ(complete("rastro sho"), "show");
  EXPECT_EQ(complete("rastro find --outc"), "--outcome");
  EXPECT_EQ(complete("rastro find --outcome bou"), "bounced");
  EXPECT_EQ(complete("rastro --lang e"), "en es");
  EXPECT_EQ(complete("rastro completion f"), "fish");
  EXPECT_EQ(complete("rastro show 6p188"), "6p188p0z5xpgb");
  EXPECT_EQ(complete("rastro reasons t"), "test");
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
