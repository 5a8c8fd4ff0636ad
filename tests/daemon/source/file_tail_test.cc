#include "daemon/source/file_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/source/fingerprint.h"
#include "tests/daemon/source/log_fixture.h"

namespace rastro {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class FollowedLog : public testing::Test {
 protected:
  void write(int first, int last) { directory_.append("mail.log", numbered(first, last)); }
  void expect(int first, int last) { EXPECT_EQ(numbers_of(log_.lines), sequence(first, last)); }
  void rotate_once() {
    for (int i = 8; i >= 1; --i) {
      for (const char* ending : {"", ".gz"}) {
        const auto name = "mail.log." + std::to_string(i) + ending;
        if (!std::filesystem::exists(directory_ / name)) continue;
        directory_.rename(name, "mail.log." + std::to_string(i + 1) + ending);
      }
    }
    directory_.rename("mail.log", "mail.log.1");
    directory_.create("mail.log");
  }

  LogDirectory directory_;
  TailedLog log_{directory_ / "mail.log"};
};

TEST_F(FollowedLog, AMissingFileIsWaitedFor) {
  log_.read();
  EXPECT_NE(log_.failure(), "");
  write(1, 3);
  log_.clock().advance(FileTail::kRetry);
  log_.read();
  expect(1, 3);
}

TEST_F(FollowedLog, OffsetsAndLengthsFindTheLineAgain) {
  write(1, 500);
  log_.read(700);
  std::ifstream in(directory_ / "mail.log", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  ASSERT_EQ(log_.refs.size(), 500U);
  for (std::size_t i = 0; i < log_.refs.size(); ++i) {
    const auto line = bytes.substr(log_.refs[i].offset, log_.refs[i].length);
    EXPECT_EQ(line, log_.lines[i] + "\n");
  }
}

TEST_F(FollowedLog, Pitfall4RenameAndCreate) {
  write(1, 5);
  log_.read();
  directory_.rename("mail.log", "mail.log.1");
  directory_.append("mail.log.1", numbered(6, 7));  // the writer still holds the old file
  log_.read();
  expect(1, 7);
  write(8, 9);
  log_.read();
  expect(1, 9);
}

TEST_F(FollowedLog, TheNewFileIsReadAtOnceAndTheOldOneStaysOpen) {
  write(1, 5);
  log_.read();
  rotate_once();
  write(6, 7);
  log_.read();
  expect(1, 7);
  log_.clock().advance(minutes(3));
  log_.read();
  log_.clock().advance(minutes(3));
  log_.read();
  EXPECT_TRUE(log_.saved().at(1).finished);
  directory_.append("mail.log.1", numbered(8, 9));  // a process that was slow to reopen
  log_.read();
  expect(1, 9);
  EXPECT_FALSE(log_.saved().at(1).finished);
}

TEST_F(FollowedLog, Pitfall4TheOldFileIsFinishedOnlyWhenItsEndWasSeenTwice) {
  write(1, 5);
  log_.read();
  rotate_once();
  write(6, 6);
  log_.read();
  EXPECT_FALSE(log_.saved().at(1).finished);
  log_.clock().advance(seconds(4));
  log_.read();
  EXPECT_FALSE(log_.saved().at(1).finished);
  log_.clock().advance(seconds(1));
  log_.read();
  EXPECT_TRUE(log_.saved().at(1).finished);
}

TEST_F(FollowedLog, Pitfall4ThreeRotationsWhileStopped) {
  write(1, 5);
  log_.read();
  for (int day = 0; day < 3; ++day) {
    write(6 + 10 * day, 15 + 10 * day);
    rotate_once();
  }
  write(36, 40);
  log_.restart();
  log_.settle();
  expect(1, 40);
  EXPECT_TRUE(log_.holes.empty());
}

TEST_F(FollowedLog, ThreeRotationsBetweenTwoLooks) {
  write(1, 5);
  log_.read();
  for (int day = 0; day < 3; ++day) {
    write(6 + 10 * day, 15 + 10 * day);
    rotate_once();
  }
  write(36, 40);
  log_.settle();
  expect(1, 40);
  EXPECT_EQ(log_.tail().counters().rotations, 3U);
}

TEST_F(FollowedLog, Pitfall4PackedAtOnceWhileStopped) {
  write(1, 500);
  log_.read_lines(123);
  rotate_once();
  directory_.compress("mail.log.1", "gz");
  write(501, 510);
  log_.restart();
  log_.settle();
  expect(1, 510);
  EXPECT_TRUE(log_.holes.empty());
}

TEST_F(FollowedLog, PackedAtOnceWhileBeingRead) {
  write(1, 500);
  log_.read_lines(123);
  rotate_once();
  directory_.compress("mail.log.1", "xz");
  write(501, 510);
  log_.settle();
  expect(1, 510);
}

TEST_F(FollowedLog, Pitfall4PackedADayLater) {
  write(1, 50);
  log_.read_lines(20);
  rotate_once();
  write(51, 60);
  rotate_once();
  directory_.compress("mail.log.2", "gz");
  write(61, 70);
  log_.restart();
  log_.settle();
  expect(1, 70);
}

TEST_F(FollowedLog, AnArchiveBesideTheFileItIsMadeFromIsNotReadTwice) {
  write(1, 50);
  log_.read_lines(20);
  directory_.rename("mail.log", "mail.log.1");
  directory_.copy("mail.log.1", "keep");
  directory_.compress("mail.log.1", "gz");
  directory_.rename("keep", "mail.log.1");
  write(51, 60);
  log_.restart();
  log_.settle();
  expect(1, 60);
}

TEST_F(FollowedLog, CopyTruncateGoesOnInTheCopyAndSaysThatSomethingMayBeLost) {
  write(1, 50);
  log_.read();
  write(51, 60);
  directory_.copy("mail.log", "mail.log.1");
  directory_.truncate("mail.log");
  write(61, 62);
  log_.settle();
  expect(1, 62);
  ASSERT_EQ(log_.holes.size(), 1U);
  EXPECT_NE(log_.holes.front().cause.find("copied and truncated"), std::string::npos);
  EXPECT_EQ(log_.tail().counters().truncations, 1U);
}

TEST_F(FollowedLog, Pitfall4CopyTruncateWhileStopped) {
  write(1, 50);
  log_.read();
  write(51, 60);
  directory_.copy("mail.log", "mail.log.1");
  directory_.truncate("mail.log");
  write(61, 62);
  log_.restart();
  log_.settle();
  expect(1, 62);
}

// What was written between the copy and the truncation is lost, whoever was looking.
TEST_F(FollowedLog, CopyTruncateWhileStoppedIsAHole) {
  for (const bool packed : {false, true}) {
    const LogDirectory directory;
    TailedLog log(directory / "mail.log");
    log.stamp_of = stamp_of_numbered;
    directory.append("mail.log", numbered(1, 50));
    log.read();
    directory.append("mail.log", numbered(51, 60));
    directory.copy("mail.log", "mail.log.1");
    if (packed) directory.compress("mail.log.1", "gz");
    directory.truncate("mail.log");
    log.restart();
    log.settle();
    ASSERT_EQ(log.holes.size(), 1U) << "nothing tells when it ends";
    EXPECT_EQ(log.holes[0].until, Time::max());
    directory.append("mail.log", numbered(71, 72));
    log.settle();
    ASSERT_EQ(log.holes.size(), 2U);
    EXPECT_EQ(log.holes[1].from, time_of_numbered(60));
    EXPECT_EQ(log.holes[1].until, time_of_numbered(71));
    EXPECT_EQ(log.holes[1].from, log.holes[0].from) << "it closes that one";
    EXPECT_NE(log.holes[1].cause.find("copied and truncated"), std::string::npos);
  }
}

TEST_F(FollowedLog, AHoleThatIsOpenAtARestartIsClosedByTheNextLine) {
  for (const bool told : {false, true}) {
    const LogDirectory directory;
    TailedLog log(directory / "mail.log");
    log.stamp_of = stamp_of_numbered;
    directory.append("mail.log", numbered(1, 50));
    log.read();
    directory.append("mail.log", numbered(51, 60));
    directory.copy("mail.log", "mail.log.1");
    directory.truncate("mail.log");
    log.restart();
    if (told) {
      log.settle();
      ASSERT_EQ(log.holes.size(), 1U);
    } else {
      log.read_lines(5);
      ASSERT_TRUE(log.holes.empty());
    }
    for (int start = 0; start < 2; ++start) log.restart();
    directory.append("mail.log", numbered(71, 72));
    log.settle();
    ASSERT_FALSE(log.holes.empty());
    EXPECT_EQ(log.holes.back().from, time_of_numbered(60));
    EXPECT_EQ(log.holes.back().until, time_of_numbered(71));
    // Once.
    const auto holes = log.holes.size();
    log.restart();
    directory.append("mail.log", numbered(73, 74));
    log.settle();
    EXPECT_EQ(log.holes.size(), holes);
  }
}

TEST_F(FollowedLog, ANumberThatRotationLeftOutIsAHole) {
  const auto holes_of = [](const std::string& oldest, const std::string& newer) {
    const LogDirectory directory;
    directory.append(oldest, numbered(1, 50));
    directory.append(newer, numbered(101, 110));
    directory.append("mail.log", numbered(111, 112));
    TailedLog log(directory / "mail.log");
    log.stamp_of = stamp_of_numbered;
    log.settle();
    return log.holes;
  };
  for (const auto& [oldest, newer] : std::vector<std::pair<std::string, std::string>>{
           {"mail.log.3", "mail.log.1"}, {"mail.log-20261127", "mail.log-20261129"}}) {
    const auto holes = holes_of(oldest, newer);
    ASSERT_EQ(holes.size(), 1U) << oldest;
    EXPECT_EQ(holes[0].from, time_of_numbered(50));
    EXPECT_EQ(holes[0].until, time_of_numbered(101));
    // Of a day without a line `notifempty` makes no file.
    const auto* const cause =
        newer.ends_with(".1") ? "a rotated file is missing" : "no rotated file of the days between";
    EXPECT_TRUE(holes[0].cause.starts_with(cause)) << holes[0].cause;
  }
  EXPECT_TRUE(holes_of("mail.log.2", "mail.log.1").empty());
  EXPECT_TRUE(holes_of("mail.log-20261128", "mail.log-20261129").empty());
}

TEST_F(FollowedLog, ALineThatHasNoEndIsToldAfterTwoSeconds) {
  log_.stamp_of = stamp_of_numbered;
  write(1, 50);
  directory_.append("mail.log", "2026-11-24T01:02:03");
  log_.read();
  EXPECT_EQ(log_.tail().half_line_since(), std::nullopt);
  log_.clock().advance(seconds(3));
  log_.read();
  EXPECT_EQ(log_.tail().half_line_since(), time_of_numbered(50));
  directory_.append("mail.log", "+00:00 mail postfix/qmgr[77]: line 51\n");
  log_.read();
  EXPECT_EQ(log_.tail().half_line_since(), std::nullopt);
}

TEST_F(FollowedLog, TruncatedWithoutACopyStartsAgainAt0) {
  write(1, 50);
  log_.read();
  directory_.truncate("mail.log");
  write(51, 52);
  log_.read();
  expect(1, 52);
  ASSERT_EQ(log_.holes.size(), 1U);
  EXPECT_EQ(log_.holes.front().source_path, directory_ / "mail.log");
  EXPECT_EQ(log_.refs.back().source, 2U);
}

TEST_F(FollowedLog, TruncatedAndGrownPastTheOldOffsetBetweenTwoLooks) {
  write(1, 50);
  log_.read();
  directory_.truncate("mail.log");
  write(51, 200);
  log_.read();
  expect(1, 200);
  EXPECT_EQ(log_.refs.back().source, 2U);
  EXPECT_EQ(log_.holes.size(), 1U);
}

TEST_F(FollowedLog, TruncatedAndGrownToExactlyTheOldSize) {
  write(100, 149);
  log_.read();
  log_.lines.clear();
  directory_.truncate("mail.log");
  write(150, 199);
  // The kernel's clock for files is coarse; a rewrite within one tick of it is not this test.
  std::filesystem::last_write_time(directory_ / "mail.log",
                                   std::filesystem::file_time_type::clock::now() + seconds(1));
  log_.read();
  expect(150, 199);
}

TEST_F(FollowedLog, TruncatedAndGrownWhileStopped) {
  write(1, 50);
  log_.read();
  directory_.truncate("mail.log");
  write(51, 200);
  log_.restart();
  log_.settle();
  expect(1, 200);
  ASSERT_EQ(log_.holes.size(), 1U);
  EXPECT_EQ(log_.holes.front().cause, "rotated away while rastrod was down");
}

// What ext4 does every day: the new file has the inode number of the old one.
TEST_F(FollowedLog, Pitfall4AReusedInodeIsNotTheSameFile) {
  for (const int lines : {10, 50, 400}) {  // shorter, as long, longer than what was read
    LogDirectory directory;
    TailedLog log(directory / "mail.log");
    directory.append("mail.log", numbered(1, 50));
    log.read();
    directory.remove("mail.log");
    directory.append("mail.log", numbered(101, 100 + lines));
    struct stat is {};
    ASSERT_EQ(::stat((directory / "mail.log").c_str(), &is), 0);
    // Where the file system did not reuse it by itself, the saved hint is made to agree.
    auto& saved = log.saved().at(1);
    saved.device = is.st_dev;
    saved.inode = is.st_ino;
    log.lines.clear();
    log.restart();
    log.settle();
    EXPECT_EQ(numbers_of(log.lines), sequence(101, 100 + lines));
    EXPECT_EQ(log.holes.size(), 1U);
  }
}

TEST_F(FollowedLog, GenerationsWithTheSameFirstKilobyteAreKeptApart) {
  const std::string banner = std::string(79, '#') + "\n";
  std::string banners;
  for (int i = 0; i < 20; ++i) banners += banner;
  directory_.append("mail.log", banners + numbered(1, 20));
  log_.read();
  rotate_once();
  directory_.append("mail.log", banners + numbered(21, 30));
  rotate_once();
  directory_.append("mail.log", banners + numbered(31, 60));
  log_.restart();
  log_.settle();
  auto got = numbers_of(log_.lines);
  std::erase(got, -1);
  EXPECT_EQ(got, sequence(1, 60));
  EXPECT_EQ(log_.lines.size(), 60U + 3 * 20U);
}

TEST_F(FollowedLog, ADeletedLogIsAHoleAndTheNewOneIsReadFrom0) {
  write(1, 50);
  log_.read();
  directory_.remove("mail.log");
  write(51, 55);
  log_.restart();
  log_.settle();
  expect(1, 55);
  ASSERT_EQ(log_.holes.size(), 1U);
  EXPECT_EQ(log_.holes.front().cause, "rotated away while rastrod was down");
  EXPECT_TRUE(log_.saved().at(1).finished);
}

TEST_F(FollowedLog, LinesThatWereNotSavedAreReadAgain) {
  write(1, 30);
  log_.read_lines(10);
  while (log_.tail().next() != nullptr) log_.tail().take(std::nullopt);  // taken, never saved
  log_.restart();
  log_.read();
  expect(1, 30);
}

TEST_F(FollowedLog, APositionIsExactBehindEveryLine) {
  write(1, 700);
  for (int i = 0; i < 700; i += 7) {
    log_.read_lines(7);
    log_.restart();
  }
  expect(1, 700);
}

TEST_F(FollowedLog, Pitfall4APartialLastLineWaitsForItsEnd) {
  const auto text = numbered(1, 2);
  for (const char c : text) {
    directory_.append("mail.log", std::string(1, c));
    log_.clock().advance(FileTail::kRetry);
    log_.read();
    log_.restart();
  }
  expect(1, 2);
}

TEST_F(FollowedLog, APartialLastLineOfARotatedFileIsALine) {
  write(1, 2);
  directory_.append("mail.log", "2026-11-24T01:02:03+00:00 mail postfix/qmgr[77]: line 3");
  log_.read();
  expect(1, 2);
  rotate_once();
  write(4, 4);
  log_.settle();
  EXPECT_EQ(numbers_of(log_.lines), (std::vector<int>{1, 2, 4, 3}));
}

TEST_F(FollowedLog, ALineOfAMegabyteIsCutAndReadingGoesOn) {
  directory_.append("mail.log", "begin " + std::string(1 << 20, 'x') + "\n" + numbered(2, 3));
  log_.read();
  ASSERT_EQ(log_.lines.size(), 3U);
  EXPECT_EQ(log_.lines[0].size(), LineFramer::kLineBytesMax);
  EXPECT_EQ(log_.refs[0].length, (1U << 20) + 7);
  EXPECT_EQ(log_.refs[1].offset, (1U << 20) + 7);
  EXPECT_EQ(log_.tail().counters().cut_lines, 1U);
  log_.restart();
  log_.read();
  EXPECT_EQ(log_.lines.size(), 3U);
}

TEST_F(FollowedLog, Pitfall4NulBytesAndCarriageReturns) {
  using namespace std::string_literals;
  directory_.append("mail.log", "one\r\n\0\0\0two\nth\0ree\n\n"s);
  log_.read();
  EXPECT_EQ(log_.lines, (std::vector<std::string>{"one", "two", "th\0ree"s, ""}));
  EXPECT_EQ(log_.tail().counters().nul_bytes, 3U);
  EXPECT_EQ(log_.refs[2].offset, 12U);
  log_.restart();
  log_.read();
  EXPECT_EQ(log_.lines.size(), 4U);
}

TEST_F(FollowedLog, Pitfall4DatedNames) {
  write(1, 50);
  log_.read_lines(10);
  directory_.rename("mail.log", "mail.log-20261122");
  write(51, 60);
  directory_.rename("mail.log", "mail.log-20261123");
  directory_.compress("mail.log-20261122", "zst");
  write(61, 70);
  log_.restart();
  log_.settle();
  expect(1, 70);
}

TEST_F(FollowedLog, EximsFilesOfTheDaySwitchAtMidnight) {
  TailedLog log(directory_ / "mainlog");
  directory_.append("mainlog-20261123", numbered(1, 5));
  log.read();
  EXPECT_EQ(log.saved().at(1).path, directory_ / "mainlog-20261123");
  directory_.append("mainlog-20261124", numbered(6, 7));
  log.clock().advance(FileTail::kRetry);
  log.read();
  EXPECT_EQ(log.saved().at(2).path, directory_ / "mainlog-20261124");
  directory_.append("mainlog-20261123", numbered(8, 8));  // a delivery that began before midnight
  log.read();
  directory_.append("mainlog-20261124", numbered(9, 9));
  log.read();
  EXPECT_EQ(numbers_of(log.lines), sequence(1, 9));
  log.restart();
  log.settle();
  EXPECT_EQ(numbers_of(log.lines), sequence(1, 9));
}

TEST_F(FollowedLog, TheFirstStartReadsOneDayBackOldestFirst) {
  write(1, 5);
  rotate_once();
  write(6, 10);
  rotate_once();
  directory_.compress("mail.log.2", "gz");
  write(11, 15);
  rotate_once();
  write(16, 20);
  const auto now = std::filesystem::file_time_type::clock::now();
  std::filesystem::last_write_time(directory_ / "mail.log.3.gz", now - hours(25));
  std::filesystem::last_write_time(directory_ / "mail.log.2", now - hours(23));
  log_.settle();
  expect(6, 20);
  log_.restart();
  rotate_once();
  write(21, 22);
  log_.settle();
  expect(6, 22);
}

// --- What must not be opened ---------------------------------------------------------------------

class RefusedLog : public FollowedLog, public testing::WithParamInterface<std::string> {
 protected:
  void make(const std::string& name) {
    const auto path = directory_ / name;
    if (GetParam() == "symlink") {
      directory_.append("elsewhere", numbered(900, 901));
      std::filesystem::create_symlink(directory_ / "elsewhere", path);
    } else if (GetParam() == "fifo") {
      ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    } else if (GetParam() == "directory") {
      std::filesystem::create_directory(path);
    } else {
      if (::mknod(path.c_str(), S_IFCHR | 0600, makedev(1, 5)) != 0) {
        GTEST_SKIP() << "making a device needs privileges";
      }
    }
  }
};

TEST_P(RefusedLog, IsRefusedAtOnceAndTheOldFileIsReadOn) {
  write(1, 2);
  log_.read();
  directory_.rename("mail.log", "mail.log.1");
  make("mail.log");
  if (IsSkipped()) return;
  log_.read();
  EXPECT_NE(log_.failure(), "");
  EXPECT_NE(log_.failure().find("mail.log"), std::string::npos);
  directory_.append("mail.log.1", numbered(3, 4));
  log_.clock().advance(FileTail::kRetry);
  log_.read();
  expect(1, 4);
  std::filesystem::remove(directory_ / "mail.log");
  write(5, 6);
  log_.clock().advance(FileTail::kRetry);
  log_.read();
  EXPECT_EQ(log_.failure(), "");
  expect(1, 6);
}

TEST_P(RefusedLog, AmongRotatedFilesIsPassedOver) {
  make("mail.log.2");
  if (IsSkipped()) return;
  directory_.append("mail.log.1", numbered(1, 2));
  write(3, 4);
  log_.settle();
  expect(1, 4);
}

INSTANTIATE_TEST_SUITE_P(, RefusedLog, testing::Values("symlink", "fifo", "directory", "device"),
                         [](const auto& tested) { return tested.param; });

TEST_F(FollowedLog, ASymlinkIsFollowedWhenAllowed) {
  directory_.append("elsewhere", numbered(1, 2));
  std::filesystem::create_symlink(directory_ / "elsewhere", directory_ / "mail.log");
  FileTailOptions options;
  options.symlinks = Symlinks::followed;
  TailedLog log(directory_ / "mail.log", options);
  log.read();
  directory_.append("elsewhere", numbered(3, 4));
  log.read();
  EXPECT_EQ(numbers_of(log.lines), sequence(1, 4));
}

// As another user, because root may read everything.
TEST_F(FollowedLog, UnreadableThenReadableResumesAtItsOffset) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  constexpr uid_t kOther = 65533;
  std::filesystem::permissions(directory_.path(), std::filesystem::perms::all);
  write(1, 5);
  std::filesystem::permissions(directory_ / "mail.log", std::filesystem::perms(0644));
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // Exit codes, because a child's expectations reach nobody.
    if (::setresuid(kOther, kOther, 0) != 0) ::_exit(10);
    log_.read();
    if (numbers_of(log_.lines) != sequence(1, 5)) ::_exit(11);
    const auto as_root = [](const auto& work) {
      if (::seteuid(0) != 0) ::_exit(12);
      work();
      if (::seteuid(kOther) != 0) ::_exit(13);
    };
    as_root([&] {
      std::filesystem::permissions(directory_ / "mail.log", std::filesystem::perms(0600));
      write(6, 9);
    });
    log_.restart();
    log_.read();
    if (log_.failure().find("Permission denied") == std::string::npos) ::_exit(14);
    if (!log_.holes.empty()) ::_exit(15);
    as_root([&] {
      std::filesystem::permissions(directory_ / "mail.log", std::filesystem::perms(0644));
    });
    log_.clock().advance(FileTail::kRetry);
    log_.read();
    if (!log_.failure().empty()) ::_exit(16);
    ::_exit(numbers_of(log_.lines) == sequence(1, 9) ? 0 : 17);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Fingerprint, IsAStoredFormat) {
  // A change of these numbers makes every saved position worthless.
  EXPECT_EQ(fingerprint(""), fingerprint(std::string_view()));
  EXPECT_NE(fingerprint("a"), fingerprint(std::string_view("a\0", 2)));
  EXPECT_NE(fingerprint("abcdefgh"), fingerprint("abcdefgi"));
  EXPECT_EQ(fingerprint("2026-11-24T01:02:03"), 12323462725684977831U);
  EXPECT_EQ(fingerprint("mail postfix/qmgr[77]: removed"), 1324819064094906142U);
}

}  // namespace
}  // namespace rastro
