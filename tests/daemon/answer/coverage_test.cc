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

TEST_F(CoverageStatement, WithinTheSecondOfTheLastLineOthersMayWait) {
  EXPECT_FALSE(of({start_ + 10min, start_ + 20min + 500ms}, behind_).complete);
  EXPECT_TRUE(of({start_ + 10min, start_ + 20min + 500ms}, caught_up_).complete);
}

TEST_F(CoverageStatement, AnIndexThatIsNotInItsPlaceProvesNothing) {
  auto gone = caught_up_;
  gone.index_in_place = false;
  const auto coverage = of({start_ + 10min, start_ + 15min}, gone);
  EXPECT_FALSE(coverage.complete);
  ASSERT_EQ(coverage.holes.size(), 1U);
  EXPECT_EQ(cause_of_hole(coverage.holes[0].cause, Language::en).code, "index_gone");
}

TEST_F(CoverageStatement, ASilentLogThatWasReadToItsEndIsComplete) {
  const auto coverage = of({start_ + 10min, start_ + 25min}, caught_up_);
  EXPECT_TRUE(coverage.complete);
  EXPECT_EQ(coverage.behind, 0s);
}

// Exim logs to syslog and its mainlog stays empty; a log just rotated whose archive is elsewhere.
TEST_F(CoverageStatement, ALogWithoutALineProvesNothingOfTheTimeBeforeIt) {
  Batch batch;
  batch.positions = {{}};
  batch.positions[0].source = 7;
  batch.positions[0].path = "/var/log/exim4/mainlog";
  samples::commit_or_die(*writer_, batch);
  auto state = caught_up_;
  const auto complete = [&](Time from) { return of({from, start_ + 20min}, state).complete; };
  state.unchanged_since = [&](const std::string&) { return start_ + 12min; };
  EXPECT_FALSE(complete(start_ + 10min));
  EXPECT_TRUE(complete(start_ + 13min));
  EXPECT_EQ(of({start_ + 13min, start_ + 20min}, state).sources.size(), 2U);
}

TEST_F(CoverageStatement, NamesTheHoleAndTheMissingBeginning) {
  const auto coverage = of({start_ - 1h, start_ + 15min}, caught_up_);
  EXPECT_FALSE(coverage.complete);
  EXPECT_THAT(coverage.holes,
              testing::UnorderedElementsAre(
                  testing::Field(&CoverageHole::cause, "rsyslog lost 12 messages"),
                  testing::Field(&CoverageHole::cause, "the log starts after the interval does")));
}

TEST_F(CoverageStatement, AHoleWithoutAnEndGoesOnUntilOneClosesIt) {
  const auto add = [&](Time from, Time until) {
    Batch batch;
    batch.holes = {{"/var/log/mail.log", from, until, "dropped"}};
    samples::commit_or_die(*writer_, batch);
  };
  add(start_ + 10min, Time::max());
  const auto open_one = of({start_ + 14min, start_ + 15min}, caught_up_);
  ASSERT_EQ(open_one.holes.size(), 1U);
  EXPECT_EQ(open_one.holes[0].until, clock_.wall());
  add(start_ + 10min, start_ + 12min);
  EXPECT_TRUE(of({start_ + 14min, start_ + 15min}, caught_up_).complete);
  EXPECT_EQ(of({start_ + 9min, start_ + 15min}, caught_up_).holes.size(), 1U);
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

// A zone that is not the log's.
TEST_F(CoverageStatement, StampsInTheFutureProveNothing) {
  Batch batch;
  SourcePosition position;
  position.source = 1;
  position.path = "/var/log/mail.log";
  position.first_line_at = start_;
  position.last_line_at = clock_.wall() + 2h;
  batch.positions = {position};
  samples::commit_or_die(*writer_, batch);
  const auto coverage = of({start_ + 10min, start_ + 15min}, caught_up_);
  ASSERT_EQ(coverage.holes.size(), 1U);
  EXPECT_EQ(cause_of_hole(coverage.holes[0].cause, Language::en).code, "ahead");
}

TEST_F(CoverageStatement, NamesALogThatCannotBeRead) {
  auto state = caught_up_;
  state.unreadable = {{"/var/log/mail.log", "Permission denied"}};
  EXPECT_FALSE(of({start_ + 10min, Time::max()}, state).complete);
}

TEST_F(CoverageStatement, ALogThatWasNeverThereIsAHole) {
  auto state = caught_up_;
  state.unreadable = {{"/var/log/mail.lgo", "not there", {}}};
  const auto coverage = of({start_ + 10min, start_ + 15min}, state);
  EXPECT_FALSE(coverage.complete);
  ASSERT_EQ(coverage.holes.size(), 1U);
  EXPECT_EQ(coverage.holes[0].source_path, "/var/log/mail.lgo");
  EXPECT_EQ(cause_of_hole(coverage.holes[0].cause, Language::en).code, "not_there");
}

TEST_F(CoverageStatement, TheHoleOfAnUnreadableLogBeginsWhereItWasReadTo) {
  auto state = caught_up_;
  state.unreadable = {{"/var/log/mail.log", "Permission denied", start_ + 22min}};
  const auto coverage = of({start_ + 10min, Time::max()}, state);
  ASSERT_EQ(coverage.holes.size(), 1U);
  EXPECT_EQ(coverage.holes[0].from, start_ + 22min);
  EXPECT_EQ(coverage.holes[0].cause, "Permission denied");
  EXPECT_TRUE(of({start_ + 10min, start_ + 21min}, state).complete);
  state.unreadable[0].since.reset();
  EXPECT_EQ(of({start_ + 10min, Time::max()}, state).holes.at(0).from, start_ + 20min);
}

TEST_F(CoverageStatement, ALogNoLongerConfiguredEndsAtItsLastLine) {
  auto state = caught_up_;
  state.unfollowed = {"/var/log/mail.log"};
  const auto coverage = of({start_ + 10min, Time::max()}, state);
  ASSERT_EQ(coverage.holes.size(), 1U);
  EXPECT_EQ(coverage.holes[0].from, start_ + 20min);
  EXPECT_EQ(coverage.holes[0].cause, "not configured any more");
  EXPECT_TRUE(of({start_ + 10min, start_ + 15min}, state).complete);
}

// Removed while nobody looked: what it said behind its last line is not known, unless it had been
// silent for a day.
TEST_F(CoverageStatement, ALogGoneFromBelowItsPatternIsNotThere) {
  auto state = caught_up_;
  state.gone = {"/var/log/mail.log"};
  const auto coverage = of({start_ + 10min, Time::max()}, state);
  ASSERT_EQ(coverage.holes.size(), 1U);
  EXPECT_EQ(coverage.holes[0].from, start_ + 20min);
  EXPECT_EQ(coverage.holes[0].cause, "not there");
  EXPECT_TRUE(of({start_ + 10min, start_ + 15min}, state).complete);
  EXPECT_FALSE(of({start_ + 25min, Time::max()}, state).complete);
}

TEST_F(CoverageStatement, AbsenceIsProvenOnlyByCompleteReading) {
  FindRequest request;
  request.recipient.emplace("eva@example.com");
  const auto complete = of({start_ + 10min, start_ + 15min}, caught_up_);
  EXPECT_TRUE(prove_absence(request, complete, {}, false).proven);
  EXPECT_FALSE(prove_absence(request, complete, {}, true).proven);
  EXPECT_FALSE(prove_absence(request, of({start_, start_ + 15min}, caught_up_), {}, false).proven);
  EXPECT_FALSE(prove_absence({}, complete, {}, false).proven);
  auto of_a_moment = complete;
  of_a_moment.range = {start_ + 10min, start_ + 10min};
  EXPECT_EQ(prove_absence(request, of_a_moment, {}, false).code, "no_interval");
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

TEST_F(CoverageStatement, WhatCannotBeWrittenIsNotWaitedForInVain) {
  auto full = caught_up_;
  full.caught_up = false;
  full.index_writable = false;
  const auto coverage = of({start_ + 10min, start_ + 25min}, full);
  EXPECT_FALSE(coverage.complete);
  ASSERT_EQ(coverage.holes.size(), 1U);
  EXPECT_EQ(cause_of_hole(coverage.holes[0].cause, Language::en).code, "index_not_written");
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
