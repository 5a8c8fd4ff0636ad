#include "daemon/offline/offline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "daemon/source/fingerprint.h"
#include "tests/store/leg_samples.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kLine =
    "2026-03-01T10:00:00.000000+00:00 mx1 postfix/qmgr[77]: ABC123: removed\n";

struct Answer {
  int code = -1;
  std::string text;
};
template <typename Run>
Answer answer_of(Run&& run) {
  testing::internal::CaptureStdout();
  Answer answer;
  answer.code = run();
  std::fflush(stdout);
  answer.text = testing::internal::GetCapturedStdout();
  return answer;
}

// A state directory with one sealed hour whose only leg has one line in a log that exists.
class OfflineTest : public WriterFixture {
 protected:
  void SetUp() override {
    log_ = (directory_.path() / "mail.log").string();
    std::ofstream(log_) << kLine;
    options_.state_directory = directory_.path() / "state";
    config_.store.state_directory = options_.state_directory.string();
    config_.store.ballast = 0;
    config_.sources = {{.path = log_}};
    config_.api.socket = (directory_.path() / "socket").string();
    config_.api.socket_group = "";
  }
  // `queue_id`: of the leg that claims the line.
  std::string make_file(const std::string& queue_id, Time at = samples::start_time()) {
    clock_.jump_wall(at - clock_.wall());
    open();
    auto leg = samples::simple_leg(1, at, "juan@example.org");
    leg.queue_id = queue_id;
    leg.lines = {{1, static_cast<std::uint32_t>(std::string_view(kLine).size()), 0}};
    Batch batch = samples::batch_of({leg}, at);
    batch.positions = {position_of_log()};
    samples::commit_or_die(*writer_, batch);
    writer_.reset();
    return samples::shard_files(options_.state_directory).front().string();
  }
  SourcePosition position_of_log() const;

  std::string log_;
  Config config_;
};

SourcePosition OfflineTest::position_of_log() const {
  const std::string_view line(kLine);
  SourcePosition position;
  position.source = 1;
  position.path = log_;
  position.offset = line.size();
  position.head_length = static_cast<std::uint32_t>(line.size());
  position.head_hash = fingerprint(line);
  position.anchor_hash =
      fingerprint(line.substr(line.size() - std::min(line.size(), kAnchorBytes)));
  position.first_line_at = samples::start_time();
  position.last_line_at = samples::start_time();
  return position;
}

TEST_F(OfflineTest, VerifyHoldsRowsAgainstTheLog) {
  const auto file = make_file("ABC123");
  const auto good = answer_of([&] { return run_db_verify({file}, true); });
  EXPECT_EQ(good.code, kOfflineGood) << good.text;
  EXPECT_THAT(good.text, HasSubstr("1 lines read again, 0 gone"));
  std::filesystem::remove(log_);
  const auto gone = answer_of([&] { return run_db_verify({config_.store.state_directory}, true); });
  EXPECT_EQ(gone.code, kOfflineGood);
  EXPECT_THAT(gone.text, HasSubstr("0 lines read again, 1 gone"));
}

TEST_F(OfflineTest, VerifyFindsALineOfAnotherMessage) {
  const auto file = make_file("DEF456");
  const auto wrong = answer_of([&] { return run_db_verify({file}, true); });
  EXPECT_EQ(wrong.code, kOfflineFound);
  EXPECT_THAT(wrong.text, AllOf(HasSubstr("FAULTY"), HasSubstr("names ABC123")));
}

TEST_F(OfflineTest, VerifyFailsWhereThereIsNothing) {
  EXPECT_EQ(answer_of([] { return run_db_verify({"/nonexistent.db"}, false); }).code,
            kOfflineFailed);
  EXPECT_EQ(answer_of([&] { return run_db_verify({directory_.path()}, false); }).code,
            kOfflineFailed);
}

TEST_F(OfflineTest, DumpUnpacksWhatIsPacked) {
  const auto file = make_file("ABC123");
  const auto dump = answer_of([&] { return run_db_dump(file); });
  EXPECT_EQ(dump.code, kOfflineGood);
  EXPECT_THAT(dump.text, HasSubstr(R"("queue_id":"ABC123")"));
  EXPECT_THAT(dump.text, HasSubstr(R"("lines":[{"source":1,"offset":0,"length":)"));
  EXPECT_THAT(dump.text, HasSubstr(R"({"table":"position","source":1)"));
  EXPECT_EQ(answer_of([&] { return run_db_dump(log_); }).code, kOfflineFailed);
}

TEST_F(OfflineTest, PrivacyVerifyProvesThatNothingOldIsKept) {
  const auto young = SystemClock().wall() - std::chrono::hours(2);
  make_file("ABC123", young);
  EXPECT_EQ(answer_of([&] { return run_privacy_verify(config_); }).code, kOfflineGood);
}

TEST_F(OfflineTest, PrivacyVerifyFindsWhatShouldBeGone) {
  make_file("ABC123", SystemClock().wall() - std::chrono::hours(26));
  const auto old = answer_of([&] { return run_privacy_verify(config_); });
  EXPECT_EQ(old.code, kOfflineFound);
  EXPECT_THAT(old.text, HasSubstr("1 messages are too old"));
}

TEST_F(OfflineTest, DoctorIsContentWithWhatWorks) {
  make_file("ABC123");
  const auto well = answer_of([&] { return run_doctor(config_); });
  EXPECT_EQ(well.code, kOfflineGood) << well.text;
  EXPECT_THAT(well.text, AllOf(HasSubstr("1 of its newest 1 lines are understood"),
                               HasSubstr("all good"), Not(HasSubstr("warn"))));
}

TEST_F(OfflineTest, DoctorNamesALogThatRepeatsAnother) {
  make_file("ABC123");
  const auto other = (directory_.path() / "syslog").string();
  for (const auto& path : {log_, other}) {
    std::ofstream out(path, std::ios::trunc);
    for (int i = 10; i < 60; ++i) {
      out << "2026-03-01T10:00:" << i << "+00:00 mx1 postfix/qmgr[77]: ABC1" << i << ": removed\n";
    }
  }
  config_.sources.push_back({.path = other});
  const auto ill = answer_of([&] { return run_doctor(config_); });
  EXPECT_THAT(ill.text, HasSubstr(other + ": carries the same events as " + log_));
  config_.duplicates = DuplicatePolicy::keep;
  EXPECT_EQ(answer_of([&] { return run_doctor(config_); }).code, kOfflineGood);
}

TEST_F(OfflineTest, DoctorKnowsThatANewerIndexKeepsRastrodFromStarting) {
  const auto file = make_file("ABC123");
  constexpr std::streamoff kUserVersionAt = 60;  // of the database header
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary)
      .seekp(kUserVersionAt)
      .write("\0\0\0\x63", 4);
  const auto ill = answer_of([&] { return run_doctor(config_); });
  EXPECT_EQ(ill.code, kOfflineFound);
  EXPECT_THAT(ill.text, AllOf(HasSubstr("FAIL  " + file + ": written by a newer version"),
                              HasSubstr("something has to be mended first")));
}

TEST_F(OfflineTest, DoctorNamesSourcesThatAreNoFiles) {
  make_file("ABC123");
  config_.sources.push_back({.listen = "udp:127.0.0.1:5514"});
  config_.sources.push_back({.listen = "unix:" + (directory_.path() / "log").string()});
  config_.sources.push_back({.journal = directory_.path().string()});
  const auto well = answer_of([&] { return run_doctor(config_); });
  EXPECT_EQ(well.code, kOfflineGood) << well.text;
  EXPECT_THAT(well.text, AllOf(HasSubstr("ok    udp:127.0.0.1:5514: receives"),
                               HasSubstr("ok    journal " + directory_.path().string())));
  config_.sources.push_back({.listen = "unix:/no/such/place/log"});
  config_.sources.push_back({.journal = "/no/such/journal"});
  const auto ill = answer_of([&] { return run_doctor(config_); });
  EXPECT_EQ(ill.code, kOfflineFound);
  EXPECT_THAT(ill.text, AllOf(HasSubstr("warn  unix:/no/such/place/log: there is no directory"),
                              HasSubstr("warn  journal /no/such/journal: not there")));
}

TEST_F(OfflineTest, DoctorNamesWhatIsWrong) {
  make_file("ABC123");
  std::ofstream(log_, std::ios::trunc) << "no stamp here\nnor here\n";
  ::chmod(config_.store.state_directory.c_str(), 0755);
  config_.sources.push_back({.path = (directory_.path() / "absent.log").string()});
  config_.sources.push_back({.path = directory_.path().string()});
  config_.api.socket_group = "no-such-group";
  const auto ill = answer_of([&] { return run_doctor(config_); });
  EXPECT_EQ(ill.code, kOfflineFound);
  for (const char* told : {"no time stamp that rastrod knows", "chmod 0700", "will be waited for",
                           "is a directory, not a log", "there is no group no-such-group"}) {
    EXPECT_THAT(ill.text, HasSubstr(told));
  }
}

}  // namespace
}  // namespace rastro
