#include "daemon/source/journal_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace rastro {
namespace {

constexpr const char* kRemote = "/lib/systemd/systemd-journal-remote";

struct Entry {
  std::int64_t second;
  std::string identifier;
  std::string message;
  std::string more = "SYSLOG_FACILITY=2\n";
};

// A directory of journal files, written by systemd-journal-remote(8) from the export format.
class JournalSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kRemote)) {
      if (std::getenv("RASTRO_CI") != nullptr) FAIL() << kRemote << " is missing";
      GTEST_SKIP() << kRemote << " is missing";
    }
    char name[] = "/tmp/rastro-journal-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& file, const std::vector<Entry>& entries) {
    const auto command = std::string(kRemote) + " --output=" + directory_ + "/" + file +
                         ".journal - >/dev/null 2>&1";
    FILE* out = popen(command.c_str(), "w");
    ASSERT_NE(out, nullptr);
    for (const auto& entry : entries) {
      std::string text = "__REALTIME_TIMESTAMP=" + std::to_string(entry.second * 1'000'000 + 42) +
                         "\n__MONOTONIC_TIMESTAMP=" + std::to_string(entry.second) +
                         "\n_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=mx1\n"
                         "SYSLOG_PID=77\nSYSLOG_IDENTIFIER=" +
                         entry.identifier + "\n" + entry.more + "MESSAGE\n";
      // The binary form: a little-endian length before the bytes.
      std::string size(8, '\0');
      for (std::size_t i = 0; i < 8; ++i) {
        size[i] = static_cast<char>((entry.message.size() >> (8 * i)) & 0xff);
      }
      text += size + entry.message + "\n\n";
      std::fwrite(text.data(), 1, text.size(), out);
    }
    ASSERT_EQ(pclose(out), 0);
  }

  JournalSource make(std::vector<SourcePosition> saved = {}, JournalOptions options = {}) {
    options.journal = directory_;
    options.first_read_back = std::chrono::hours(24 * 3650);
    return JournalSource(std::move(options), saved, numbers_, clock_);
  }

  static std::vector<std::string> read_all(JournalSource& source,
                                           std::vector<SourcePosition>& positions,
                                           std::size_t most = 1'000) {
    std::vector<std::string> lines;
    while (lines.size() < most) {
      if (source.next() == nullptr) {
        const auto got = source.poll(1 << 20);
        EXPECT_TRUE(got) << (got ? "" : got.error().message);
        if (source.next() == nullptr) break;
      }
      lines.emplace_back(source.next()->raw.text);
      source.take(Time(std::chrono::seconds(1'700'000'000 + static_cast<int>(lines.size()))));
    }
    source.take_positions(positions);
    return lines;
  }

  std::string directory_;
  ManualClock clock_{Time(std::chrono::seconds(1'700'001'000))};
  SourceNumbers numbers_{10};
};

TEST_F(JournalSourceTest, GivesTheLinesThatSyslogWouldHaveWritten) {
  write("a", {{1'700'000'001, "postfix/smtpd", "connect from a.example.org[192.0.2.1]"},
              {1'700'000'002, "cron", "not of mail", "SYSLOG_FACILITY=9\n"},
              {1'700'000'003, "exim", "two\nlines\x1b[0m"}});
  auto source = make();
  std::vector<SourcePosition> positions;
  EXPECT_THAT(
      read_all(source, positions),
      testing::ElementsAre("2023-11-14T22:13:21.000042+00:00 mx1 postfix/smtpd[77]: connect "
                           "from a.example.org[192.0.2.1]",
                           "2023-11-14T22:13:23.000042+00:00 mx1 exim[77]: "
                           "two#012lines#033[0m"));
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_EQ(positions[0].source, 11U);
  EXPECT_EQ(positions[0].path, "journal:" + directory_);
  EXPECT_FALSE(positions[0].cursor.empty());
}

TEST_F(JournalSourceTest, FiltersByUnitOrIdentifier) {
  write("a", {{1'700'000'001, "postfix/qmgr", "by unit",
               "SYSLOG_FACILITY=2\n_SYSTEMD_UNIT=postfix@-.service\n"},
              {1'700'000'002, "exim", "by identifier"},
              {1'700'000'003, "dovecot", "by neither"}});
  JournalOptions options;
  options.units = {"postfix@-.service"};
  options.identifiers = {"exim"};
  auto source = make({}, options);
  std::vector<SourcePosition> positions;
  EXPECT_THAT(
      read_all(source, positions),
      testing::ElementsAre(testing::HasSubstr("by unit"), testing::HasSubstr("by identifier")));
}

TEST_F(JournalSourceTest, GoesOnBehindItsCursorAfterEveryEntry) {
  std::vector<Entry> entries;
  for (int i = 0; i < 9; ++i) {
    entries.push_back({1'700'000'000 + i, "postfix/smtpd", "line " + std::to_string(i)});
  }
  write("a", entries);
  for (std::size_t cut = 0; cut <= entries.size(); ++cut) {
    SCOPED_TRACE(cut);
    std::vector<SourcePosition> positions;
    auto before = make();
    auto lines = read_all(before, positions, cut);
    std::vector<SourcePosition> moved;
    auto after = make(positions);
    for (auto& line : read_all(after, moved)) lines.push_back(std::move(line));
    ASSERT_EQ(lines.size(), entries.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      EXPECT_THAT(lines[i], testing::EndsWith("line " + std::to_string(i)));
    }
    std::vector<CoverageHole> holes;
    after.take_holes(holes);
    EXPECT_TRUE(holes.empty());
  }
}

TEST_F(JournalSourceTest, OffsetsGoOnOverARestart) {
  write("a", {{1'700'000'001, "exim", "first"}, {1'700'000'002, "exim", "second"}});
  auto before = make();
  std::vector<SourcePosition> positions;
  read_all(before, positions, 1);
  auto after = make(positions);
  ASSERT_TRUE(after.poll(1 << 20));
  ASSERT_NE(after.next(), nullptr);
  EXPECT_EQ(after.next()->raw.offset, positions[0].offset);
  EXPECT_GT(positions[0].offset, 0U);
  EXPECT_EQ(after.next()->generation->source, positions[0].source);
}

TEST_F(JournalSourceTest, FindsEntriesThatComeWhileItReads) {
  write("a", {{1'700'000'001, "exim", "first"}});
  auto source = make();
  std::vector<SourcePosition> positions;
  EXPECT_EQ(read_all(source, positions).size(), 1U);
  write("b", {{1'700'000'005, "exim", "later"}});
  EXPECT_THAT(read_all(source, positions), testing::ElementsAre(testing::EndsWith("later")));
}

TEST_F(JournalSourceTest, AVacuumedJournalLeavesAHole) {
  write("a", {{1'700'000'001, "exim", "gone"}});
  auto before = make();
  std::vector<SourcePosition> positions;
  read_all(before, positions);
  std::filesystem::remove(directory_ + "/a.journal");
  write("b", {{1'700'000'100, "exim", "still there"}});
  auto after = make(positions);
  EXPECT_THAT(read_all(after, positions), testing::ElementsAre(testing::EndsWith("still there")));
  std::vector<CoverageHole> holes;
  after.take_holes(holes);
  ASSERT_EQ(holes.size(), 1U);
  EXPECT_THAT(holes[0].cause, testing::HasSubstr("no longer holds"));
  EXPECT_EQ(holes[0].from, Time(std::chrono::seconds(1'700'000'001)));
  EXPECT_EQ(holes[0].until, Time(std::chrono::microseconds(1'700'000'100'000'042)));
}

TEST_F(JournalSourceTest, AMissingDirectoryIsAnErrorThatPasses) {
  const auto absent = directory_ + "/absent";
  JournalOptions options;
  options.journal = absent;
  JournalSource source(options, {}, numbers_, clock_);
  EXPECT_FALSE(source.poll(1'000));
  std::filesystem::create_directory(absent);
  EXPECT_TRUE(source.poll(1'000));
}

}  // namespace
}  // namespace rastro
