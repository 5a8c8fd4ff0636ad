// Every line that real Postfix and Exim servers wrote for us is read.
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/event_text.h"

namespace rastro {
namespace {

void expect_all_lines_read(const std::string& mta) {
  int lines = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(RASTRO_SOURCE_DIR "/tests/logs/" + mta + "/captured")) {
    if (entry.path().extension() != ".log") continue;
    std::ifstream in(entry.path());
    std::string line;
    while (std::getline(in, line)) {
      if (line.starts_with("# ")) continue;
      // Records that Exim split for syslog are joined before they are parsed.
      if (line.find("]: [1/2] ") != std::string::npos) continue;
      if (line.find("]: [2/2] ") != std::string::npos) continue;
      const auto said = event_text_of_line(line, "Europe/Madrid");
      EXPECT_NE(said, "unrecognised") << entry.path() << ": " << line;
      EXPECT_NE(said, "header") << entry.path() << ": " << line;
      ++lines;
    }
  }
  EXPECT_GT(lines, 500);
}

TEST(CapturedLogs, OfPostfixAreAllRead) { expect_all_lines_read("postfix"); }
TEST(CapturedLogs, OfEximAreAllRead) { expect_all_lines_read("exim"); }

}  // namespace
}  // namespace rastro
