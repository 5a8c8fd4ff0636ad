#include "daemon/answer/coverage.h"

#include <gmock/gmock.h>

#include "daemon/answer/nearby.h"
#include "daemon/answer/sentences.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

// One log, read from 10:00 to 10:20; it is 10:30.
class CoverageStatement : public WriterFixture {
 protected:
  void SetUp() override {
    open();
    auto batch = samples::batch_of({samples::simple_leg(1, start_, "juan@example.com")}, start_);
    SourcePosition position;
    position.source = 1;
    position.path = "/var/log/mail.log";
    position.first_line_at = start_;
    position.last_line_at = start_ + 20min;
    batch.positions = {position};
    batch.holes = {{"/var/log/mail.log", start_ + 5min, start_ + 6min, "rsyslog lost 12 messages"}};
    samples::commit_or_die(*writer_, batch);
  }
  Coverage of(const TimeRange& range, const ReadState& state) {
    auto reader = samples::reader_of(*writer_);
    auto coverage = coverage_of(*reader, range, clock_.wall(), state);
    EXPECT_TRUE(coverage);
    return std::move(*coverage);
  }
  const Time start_ = samples::start_time();
  const ReadState caught_up_{true, start_ + 30min, {}};
  const ReadState behind_{false, start_ + 30min, {}};
};

TEST_F(CoverageStatement, IsCompleteForWhatWasRead) {
  const auto coverage = of({start_ + 10min, start_ + 15min}, behind_);
  EXPECT_TRUE(coverage.complete);
  EXPECT_EQ(coverage.read_up_to, start_ + 20min);
  EXPECT_EQ(coverage.behind, 10min);
}

TEST_F(CoverageStatement, EndsWhereReadingIsBehind) {
  const auto coverage = of({start_ + 10min, start_ + 25min}, behind_);
  EXPECT_FALSE(coverage.complete);
  ASSERT_EQ(coverage.holes.size(), 1U);
  EXPECT_EQ(coverage.holes[0].from, start_ + 20min);
  EXPECT_EQ(coverage.holes[0].cause, "not read yet");
}

TEST_F(CoverageStatement, ASilentLogThatWasReadToItsEndIsComplete) {
  const auto coverage = of({start_ + 10min, start_ + 25min}, caught_up_);
  EXPECT_TRUE(coverage.complete);
  EXPECT_EQ(coverage.behind, 0s);
}

TEST_F(CoverageStatement, NamesTheHoleAndTheMissingBeginning) {
  const auto coverage = of({start_ - 1h, start_ + 15min}, caught_up_);
  EXPECT_FALSE(coverage.complete);
  EXPECT_THAT(coverage.holes,
              testing::UnorderedElementsAre(
                  testing::Field(&CoverageHole::cause, "rsyslog lost 12 messages"),
                  testing::Field(&CoverageHole::cause, "the log starts after the interval does")));
}

TEST_F(CoverageStatement, WithoutABeginningIsOfWhatAllLogsHold) {
  const TimeRange whole{Time::min(), start_ + 15min};
  EXPECT_EQ(of(whole, caught_up_).range.from, start_);
  Batch batch;
  SourcePosition position;
  position.source = 2;
  position.path = "/var/log/exim4/mainlog";
  position.first_line_at = start_ + 8min;
  position.last_line_at = start_ + 20min;
  batch.positions = {position};
  samples::commit_or_die(*writer_, batch);
  EXPECT_EQ(of(whole, caught_up_).range.from, start_ + 8min);
}

TEST_F(CoverageStatement, NamesALogThatCannotBeRead) {
  auto state = caught_up_;
  state.unreadable = {{"/var/log/mail.log", "Permission denied"}};
  EXPECT_FALSE(of({start_ + 10min, Time::max()}, state).complete);
}

TEST_F(CoverageStatement, AbsenceIsProvenOnlyByCompleteReading) {
  FindRequest request;
  request.recipient.emplace("eva@example.com");
  const auto complete = of({start_ + 10min, start_ + 15min}, caught_up_);
  EXPECT_TRUE(prove_absence(request, complete, {}, false).proven);
  EXPECT_FALSE(prove_absence(request, complete, {}, true).proven);
  EXPECT_FALSE(prove_absence(request, of({start_, start_ + 15min}, caught_up_), {}, false).proven);
  EXPECT_FALSE(prove_absence({}, complete, {}, false).proven);
  FindRequest of_subject;
  of_subject.subject = "invoice";
  EXPECT_EQ(prove_absence(of_subject, complete, {}, false).code, "subject_not_logged");
  Nearby of_foreign_lines;
  of_foreign_lines.any_leg = false;
  EXPECT_EQ(prove_absence(request, complete, of_foreign_lines, false).code, "nothing_understood");
  Nearby refused;
  refused.refused_unnamed = 3;
  const auto absence = prove_absence(request, complete, refused, false);
  EXPECT_FALSE(absence.proven);
  EXPECT_EQ(absence.code, "clients_refused");
  EXPECT_THAT(absence.why(Language::en), testing::HasSubstr("3 clients"));
  EXPECT_THAT(absence.why(Language::es), testing::HasSubstr("a 3 clientes"));
}

TEST(CauseOfHole, IsACodeAndASentenceInTheLanguageAskedFor) {
  const auto read = cause_of_hole("not read yet", Language::es);
  EXPECT_EQ(read.code, "not_read_yet");
  EXPECT_EQ(read.text, "aún sin leer");
  const auto gone = cause_of_hole(
      "rotated away while rastrod was down, or in a file that cannot be read (open x: y)",
      Language::es);
  EXPECT_EQ(gone.code, "rotated_away");
  EXPECT_THAT(gone.text, testing::HasSubstr("(open x: y)"));
  const auto other = cause_of_hole("rsyslog lost 12 messages", Language::es);
  EXPECT_EQ(other.code, "other");
  EXPECT_EQ(other.text, "rsyslog lost 12 messages");
}

}  // namespace
}  // namespace rastro
