#include "daemon/source/archive.h"

#include <random>

#include "daemon/source/fingerprint.h"
#include "tests/daemon/source/log_fixture.h"

namespace rastro {
namespace {

// Every archive format, by the command that logrotate would use.
class Archive : public testing::TestWithParam<std::string> {
 protected:
  // Lines that pack badly, so that a piece of the file is a piece of the content.
  static std::string content() {
    std::mt19937_64 random(7);
    std::string text;
    for (int i = 0; i < 12000; ++i) text += std::to_string(random()) + " line\n";
    return text;
  }

  std::string packed_name() const { return "mail.log.1." + GetParam(); }

  void pack(const std::string& text) {
    directory_.append("mail.log.1", text);
    directory_.compress("mail.log.1", GetParam());
  }

  std::unique_ptr<Content> open() {
    auto file = open_content(directory_ / packed_name(), Symlinks::refused);
    EXPECT_TRUE(file);
    EXPECT_TRUE(file->compressed);
    return std::move(file->content);
  }

  // Reads from `offset` to the end; `error` gets what stopped it.
  static std::string read_all(Content& content, std::uint64_t offset,
                              std::string* error = nullptr) {
    std::string all;
    char block[5000];
    for (;;) {
      const auto got = content.read_at(offset + all.size(), block, sizeof block);
      if (!got) {
        EXPECT_EQ(got.error().code, Error::Code::corrupt);
        if (error != nullptr) *error = got.error().message;
        return all;
      }
      if (*got == 0) return all;
      all.append(block, *got);
    }
  }

  LogDirectory directory_;
};

TEST_P(Archive, GivesItsContent) {
  const auto text = content();
  pack(text);
  std::string error;
  EXPECT_EQ(read_all(*open(), 0, &error), text);
  EXPECT_EQ(error, "");
}

TEST_P(Archive, ReadsFromAnyOffsetForwardsAndBack) {
  const auto text = content();
  pack(text);
  const auto archive = open();
  for (const std::size_t offset : {std::size_t{200000}, std::size_t{199000}, std::size_t{10},
                                   text.size() - 5, std::size_t{0}, text.size()}) {
    EXPECT_EQ(read_all(*archive, offset), text.substr(offset)) << offset;
  }
}

TEST_P(Archive, MembersAppendedToOneAnotherAreOneContent) {
  const auto text = content();
  pack(text);
  std::ifstream in(directory_ / packed_name(), std::ios::binary);
  const std::string packed((std::istreambuf_iterator<char>(in)), {});
  directory_.append(packed_name(), packed);
  EXPECT_EQ(read_all(*open(), 0), text + text);
}

TEST_P(Archive, AnEmptyLogStaysEmpty) {
  pack("");
  std::string error;
  EXPECT_EQ(read_all(*open(), 0, &error), "");
  EXPECT_EQ(error, "");
}

// A cut anywhere: what could be unpacked is a beginning of the content, and the damage is said.
TEST_P(Archive, TruncatedGivesWhatCanBeReadAndSaysSo) {
  const auto text = content();
  pack(text);
  const auto size = std::filesystem::file_size(directory_ / packed_name());
  for (const auto left : {size - 1, size - 9, size * 2 / 3, size / 2, std::uintmax_t{100}}) {
    std::filesystem::resize_file(directory_ / packed_name(), left);
    std::string error;
    const auto got = read_all(*open(), 0, &error);
    EXPECT_TRUE(text.starts_with(got));
    EXPECT_NE(error, "") << left << " of " << size;
    if (left == size * 2 / 3 && GetParam() != "bz2") {
      EXPECT_GT(got.size(), text.size() / 4);
    }
  }
}

TEST_P(Archive, DamageInTheMiddleIsNoCrashAndIsSaid) {
  const auto text = content();
  pack(text);
  std::fstream file(directory_ / packed_name(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(
      static_cast<std::streamoff>(std::filesystem::file_size(directory_ / packed_name()) / 2));
  file << std::string(64, '\x55');
  file.close();
  std::string error;
  read_all(*open(), 0, &error);
  EXPECT_NE(error, "");
}

// The tail finds the archive among its siblings, reads it before the log, and reports the damage.
TEST_P(Archive, ADamagedOneIsAHoleAndTheRestIsRead) {
  pack(numbered(1, 9000));
  const auto size = std::filesystem::file_size(directory_ / packed_name());
  std::filesystem::resize_file(directory_ / packed_name(), size - 10);
  directory_.append("mail.log", numbered(9001, 9010));
  TailedLog log(directory_ / "mail.log");
  log.settle();
  const auto got = numbers_of(log.lines);
  ASSERT_GE(got.size(), 10U);
  EXPECT_EQ(std::vector<int>(got.end() - 10, got.end()), sequence(9001, 9010));
  EXPECT_EQ(std::vector<int>(got.begin(), got.end() - 10),
            sequence(1, static_cast<int>(got.size()) - 10));
  ASSERT_EQ(log.holes.size(), 1U);
  EXPECT_NE(log.holes.front().cause.find(packed_name()), std::string::npos)
      << log.holes.front().cause;
  EXPECT_EQ(log.tail().counters().damaged_archives, 1U);
}

// Whenever it is discovered: what is missing is between two lines.
TEST_P(Archive, TheHoleOfADamagedOneIsFromLineToLine) {
  pack(numbered(1, 9000));
  const auto size = std::filesystem::file_size(directory_ / packed_name());
  std::filesystem::resize_file(directory_ / packed_name(), size - 10);
  directory_.append("mail.log", numbered(9001, 9010));
  TailedLog log(directory_ / "mail.log");
  log.stamp_of = stamp_of_numbered;
  log.settle();
  ASSERT_FALSE(log.holes.empty());
  const auto got = numbers_of(log.lines);
  EXPECT_EQ(log.holes.back().from, time_of_numbered(got.at(got.size() - 11)));
  EXPECT_EQ(log.holes.back().until, time_of_numbered(9001));
}

TEST_P(Archive, TheHoleOfADamagedOneEndsAfterARestart) {
  pack(numbered(1, 9000));
  const auto size = std::filesystem::file_size(directory_ / packed_name());
  std::filesystem::resize_file(directory_ / packed_name(), size - 10);
  directory_.create("mail.log");
  TailedLog log(directory_ / "mail.log");
  log.stamp_of = stamp_of_numbered;
  log.settle();
  ASSERT_EQ(log.holes.size(), 1U);
  ASSERT_EQ(log.holes[0].until, Time::max());
  log.restart();
  directory_.append("mail.log", numbered(9001, 9010));
  log.settle();
  ASSERT_EQ(log.holes.size(), 2U);
  EXPECT_EQ(log.holes[1].source_path, log.holes[0].source_path);
  EXPECT_EQ(log.holes[1].from, log.holes[0].from);
  EXPECT_EQ(log.holes[1].cause, log.holes[0].cause);
  EXPECT_EQ(log.holes[1].until, time_of_numbered(9001));
}

// The log that comes behind it stays empty and is rotated away.
TEST_P(Archive, TheHoleOfADamagedOneEndsBehindAnEmptyLog) {
  for (const bool restarted : {false, true}) {
    const LogDirectory directory;
    directory.append("mail.log.1", numbered(1, 9000));
    directory.compress("mail.log.1", GetParam());
    const auto packed = "mail.log.1." + std::string(GetParam());
    const auto size = std::filesystem::file_size(directory / packed);
    std::filesystem::resize_file(directory / packed, size - 10);
    directory.create("mail.log");
    TailedLog log(directory / "mail.log");
    log.stamp_of = stamp_of_numbered;
    log.settle();
    ASSERT_EQ(log.holes.size(), 1U);
    ASSERT_EQ(log.holes[0].until, Time::max());
    directory.rename(packed, "mail.log.2." + std::string(GetParam()));
    directory.rename("mail.log", "mail.log.1");
    if (restarted) log.restart();
    directory.append("mail.log", numbered(9001, 9010));
    log.settle();
    log.settle();
    ASSERT_EQ(log.holes.size(), 2U) << restarted;
    EXPECT_EQ(log.holes[1].from, log.holes[0].from);
    EXPECT_EQ(log.holes[1].cause, log.holes[0].cause);
    EXPECT_EQ(log.holes[1].until, time_of_numbered(9001));
  }
}

INSTANTIATE_TEST_SUITE_P(, Archive, testing::Values("gz", "bz2", "xz", "zst"),
                         [](const auto& tested) { return tested.param; });

TEST(ArchiveFormat, IsToldByTheFirstBytesNotByTheName) {
  const LogDirectory directory;
  directory.append("mail.log.1.gz", numbered(1, 3));
  const auto file = open_content(directory / "mail.log.1.gz", Symlinks::refused);
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->compressed);
  EXPECT_EQ(read_head(*file->content), numbered(1, 3));
}

TEST(ArchiveFormat, LogLinesAreNoArchives) {
  EXPECT_FALSE(archive_format("BZh91: a program's tag"));
  EXPECT_FALSE(archive_format("7zXZ"));
  EXPECT_FALSE(archive_format(""));
  EXPECT_FALSE(archive_format("\x1f\x8b"));
}

}  // namespace
}  // namespace rastro
