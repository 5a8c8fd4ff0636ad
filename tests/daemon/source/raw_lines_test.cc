#include "daemon/source/raw_lines.h"

#include "tests/daemon/source/log_fixture.h"

namespace rastro {
namespace {

class ReadAgain : public testing::Test {
 protected:
  void follow(int first, int last) {
    directory_.append("mail.log", numbered(first, last));
    log_.read();
    learn();
  }
  void learn() {
    std::vector<SourcePosition> positions;
    for (const auto& [number, position] : log_.saved()) positions.push_back(position);
    raw_.know(positions);
  }
  void expect_all() {
    for (std::size_t i = 0; i < log_.refs.size(); ++i) {
      const auto line = raw_.read(log_.refs[i]);
      ASSERT_TRUE(line) << i << ": " << line.error().message;
      ASSERT_EQ(*line, log_.lines[i]);
    }
  }

  LogDirectory directory_;
  TailedLog log_{directory_ / "mail.log"};
  RawLines raw_{log_.clock()};
};

TEST_F(ReadAgain, FromTheLogItself) {
  follow(1, 300);
  expect_all();
  EXPECT_EQ(raw_.source_path(1), directory_ / "mail.log");
  EXPECT_EQ(raw_.source_path(9), "");
}

TEST_F(ReadAgain, TellsWhereTheLineIsNow) {
  follow(1, 300);
  ASSERT_TRUE(raw_.read(log_.refs[0]));
  EXPECT_EQ(raw_.moved_to(1), "");
  directory_.rename("mail.log", "mail.log.1");
  follow(301, 400);
  ASSERT_TRUE(raw_.read(log_.refs[0]));
  EXPECT_EQ(raw_.moved_to(1), directory_ / "mail.log.1");
  EXPECT_EQ(raw_.source_path(1), directory_ / "mail.log");
  ASSERT_TRUE(raw_.read(log_.refs[350]));
  EXPECT_EQ(raw_.moved_to(2), "");
  EXPECT_EQ(raw_.moved_to(1), "");
  directory_.compress("mail.log.1", "gz");
  ASSERT_TRUE(raw_.read(log_.refs[1]));
  EXPECT_EQ(raw_.moved_to(1), directory_ / "mail.log.1.gz");
}

TEST_F(ReadAgain, WhereverRotationPutIt) {
  follow(1, 300);
  directory_.rename("mail.log", "mail.log.1");
  follow(301, 400);
  expect_all();
  directory_.rename("mail.log.1", "mail.log-20261123");
  expect_all();
  for (const char* format : {"gz", "bz2", "xz", "zst"}) {
    RawLines fresh(log_.clock());
    directory_.copy("mail.log-20261123", "keep");
    directory_.compress("mail.log-20261123", format);
    std::vector<SourcePosition> positions;
    for (const auto& [number, position] : log_.saved()) positions.push_back(position);
    fresh.know(positions);
    for (const std::size_t i : {std::size_t{0}, std::size_t{299}, std::size_t{7}}) {
      const auto line = fresh.read(log_.refs[i]);
      ASSERT_TRUE(line) << format << ": " << line.error().message;
      EXPECT_EQ(*line, log_.lines[i]);
    }
    directory_.remove(std::string("mail.log-20261123.") + format);
    directory_.rename("keep", "mail.log-20261123");
  }
}

TEST_F(ReadAgain, InTwoLogsWithTheSameFirstKilobyte) {
  std::string banner(2000, '#');
  banner += '\n';
  directory_.append("mail.log", banner);
  follow(1, 100);
  directory_.rename("mail.log", "mail.log.1");
  directory_.append("mail.log", banner);
  follow(101, 200);
  expect_all();
  directory_.rename("mail.log.1", "mail.log.2");
  directory_.rename("mail.log", "mail.log.1");
  directory_.compress("mail.log.2", "gz");
  directory_.compress("mail.log.1", "gz");
  expect_all();
}

TEST_F(ReadAgain, NeverFromAnotherContent) {
  follow(1, 300);
  expect_all();
  directory_.truncate("mail.log");
  directory_.append("mail.log", numbered(401, 900));
  const auto line = raw_.read(log_.refs[100]);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Error::Code::not_found);
}

TEST_F(ReadAgain, SaysThatTheLogIsGone) {
  follow(1, 3);
  directory_.remove("mail.log");
  const auto line = raw_.read(log_.refs[0]);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, Error::Code::not_found);
  const auto unknown = raw_.read({77, 10, 0});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Error::Code::not_found);
}

TEST_F(ReadAgain, GivesUpAtTheDeadline) {
  follow(1, 3);
  raw_.set_deadline(log_.clock().steady());
  const auto late = raw_.read(log_.refs[0]);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Error::Code::limit);
  raw_.set_deadline(std::nullopt);
  EXPECT_TRUE(raw_.read(log_.refs[0]));
}

TEST_F(ReadAgain, CutLinesAndNulBytesAsTheyWereRead) {
  using namespace std::string_literals;
  directory_.append("mail.log",
                    "\0\0crash\r\n"s + std::string(200000, 'y') + "\n" + numbered(1, 1));
  log_.read();
  learn();
  ASSERT_EQ(log_.lines.size(), 3U);
  expect_all();
}

}  // namespace
}  // namespace rastro
