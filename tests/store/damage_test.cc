#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "store/sqlite.h"
#include "tests/store/leg_samples.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void overwrite(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class DamageTest : public WriterFixture {
 protected:
  // Three hours of 200 messages each, the writer closed.
  void make_three_hours() {
    open();
    for (int hour = 0; hour < 3; ++hour) {
      const auto at = samples::start_time() + hour * 1h;
      clock_.jump_wall(at + 5min - clock_.wall());
      std::vector<LegRecord> legs;
      for (std::uint64_t i = 0; i < 200; ++i) {
        legs.push_back(samples::simple_leg(static_cast<std::uint64_t>(hour) * 1000 + i, at,
                                           "h" + std::to_string(hour) + "@example.net"));
      }
      Batch batch = samples::batch_of(std::move(legs), at);
      SourcePosition position;
      position.source = 1;
      position.path = "log";
      position.offset = static_cast<std::uint64_t>(hour) + 1;
      batch.positions = {position};
      samples::commit_or_die(*writer_, batch);
      samples::work_until_done(*writer_);
    }
    writer_.reset();
  }
  std::filesystem::path file(const char* name) const { return directory_.path() / name; }
  std::size_t count_hour(int hour) {
    return count_of({{KeyKind::recipient, "h" + std::to_string(hour) + "@example.net"}});
  }
  void expect_hour_lost(const char* name, int hour) {
    for (const bool restarted : {false, true}) {
      if (restarted) reopen();
      auto reader = samples::reader_of(*writer_);
      const auto troubles = reader->troubles();
      ASSERT_EQ(troubles.size(), 1U);
      EXPECT_EQ(troubles[0].file, std::string(name) + ".bad");
      // It may hold what came after the end of the file before, whatever its name says.
      if (hour == 0) {
        EXPECT_EQ(troubles[0].from, Time::min());
      } else {
        EXPECT_GE(troubles[0].from, samples::start_time() + (hour - 1) * 1h);
        EXPECT_LE(troubles[0].from, samples::start_time() + hour * 1h);
      }
      EXPECT_EQ(troubles[0].until, samples::start_time() + (hour + 1) * 1h);
      EXPECT_FALSE(troubles[0].why.empty());
      for (int other = 0; other < 3; ++other) {
        EXPECT_EQ(count_hour(other), other == hour ? 0U : 200U);
      }
    }
    EXPECT_FALSE(std::filesystem::exists(file(name)));
    EXPECT_TRUE(std::filesystem::exists(file((std::string(name) + ".bad").c_str())));
  }
};

TEST_F(DamageTest, AnEmptyFileIsSetAside) {
  make_three_hours();
  overwrite(file("20260301T11.db"), "");
  open();
  expect_hour_lost("20260301T11.db", 1);
}

TEST_F(DamageTest, AFileOfZeroBytesIsSetAside) {
  make_three_hours();
  overwrite(file("20260301T10.db"), std::string(40960, '\0'));
  open();
  expect_hour_lost("20260301T10.db", 0);
}

TEST_F(DamageTest, ATruncatedFileIsSetAside) {
  make_three_hours();
  std::filesystem::resize_file(file("20260301T10.db"), 4096 * 3);
  open();
  expect_hour_lost("20260301T10.db", 0);
}

TEST_F(DamageTest, TheNewestFileLostGoesBackToThePositionsOfTheHourBefore) {
  make_three_hours();
  overwrite(file("20260301T12.db"), "garbage");
  open();
  EXPECT_EQ(writer_->load_positions()->front().offset, 2U);
  expect_hour_lost("20260301T12.db", 2);
  // Read again from there, the hour is whole; the name is free again.
  std::vector<LegRecord> legs;
  for (std::uint64_t i = 0; i < 200; ++i) {
    legs.push_back(samples::simple_leg(2000 + i, samples::start_time() + 2h, "h2@example.net"));
  }
  commit(std::move(legs), samples::start_time() + 2h);
  EXPECT_EQ(count_hour(2), 200U);
  EXPECT_TRUE(std::filesystem::exists(file("20260301T12.db")));
  reopen();
  EXPECT_EQ(count_of({}), 600U);
}

TEST_F(DamageTest, WhatIsReadAgainFromTheLogsIsNoLongerMissing) {
  for (const bool newest : {false, true}) {
    for (const auto& path : samples::shard_files(directory_.path())) std::filesystem::remove(path);
    make_three_hours();
    overwrite(file(newest ? "20260301T12.db" : "20260301T11.db"), "");
    // Killed in between.
    for (int start = 0; start < 2; ++start) {
      reopen();
      EXPECT_EQ(samples::reader_of(*writer_)->troubles().size(), 1U);
    }
    EXPECT_EQ(writer_->note_read_to_end(), newest ? 1U : 0U);
    for (int start = 0; start < 2; ++start) {
      EXPECT_EQ(samples::reader_of(*writer_)->troubles().size(), newest ? 0U : 1U);
      reopen();
    }
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      if (entry.path().string().find(".bad") != std::string::npos)
        std::filesystem::remove(entry.path());
    }
    writer_.reset();
  }
}

TEST_F(DamageTest, AForeignFileIsLeftAlone) {
  make_three_hours();
  const auto path = file("20260301T13.db");
  {
    auto foreign = Database::open(path, Database::Mode::create);
    ASSERT_TRUE(foreign.has_value());
    foreign->run("PRAGMA application_id=7; CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)");
    ASSERT_TRUE(foreign->take_error());
  }
  overwrite(file("notes.db"), "not ours by name");
  const auto before = bytes_of(path);
  open();
  auto reader = samples::reader_of(*writer_);
  ASSERT_EQ(reader->troubles().size(), 1U);
  EXPECT_EQ(reader->troubles()[0].file, "20260301T13.db");
  // Its hour comes and our file gets another name.
  clock_.jump_wall(1h);
  commit({samples::simple_leg(1, samples::start_time() + 3h, "x@example.net")},
         samples::start_time() + 3h);
  EXPECT_TRUE(std::filesystem::exists(file("20260301T13-1.db")));
  reopen();
  EXPECT_EQ(count_of({}), 601U);
  let_pass(30h);
  EXPECT_EQ(bytes_of(path), before);
  EXPECT_EQ(bytes_of(file("notes.db")), "not ours by name");
}

TEST_F(DamageTest, AFileOfANewerVersionStopsTheStart) {
  make_three_hours();
  const auto path = file("20260301T11.db");
  {
    auto newer = Database::open(path, Database::Mode::read_write);
    ASSERT_TRUE(newer.has_value());
    newer->run("PRAGMA user_version=9");
    ASSERT_TRUE(newer->take_error());
  }
  const auto before = bytes_of(path);
  const auto refused = Writer::open(options_, clock_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Error::Code::corrupt);
  EXPECT_NE(refused.error().message.find("20260301T11.db"), std::string::npos);
  EXPECT_EQ(bytes_of(path), before);
  EXPECT_EQ(samples::shard_files(directory_.path()).size(), 3U);
}

// The correlator goes on from what the hour before had, sealed or about to be.
TEST_F(DamageTest, WhatWasPendingComesBackWhenTheNewestHourIsLost) {
  for (const bool sealed : {true, false}) {
    SCOPED_TRACE(sealed);
    std::filesystem::remove_all(directory_.path());
    clock_.jump_wall(samples::start_time() + 5min - clock_.wall());
    open();
    auto batch = samples::batch_of({}, samples::start_time());
    const std::string large(400'000, 'x');
    batch.pending = {{"in:1", "one"}, {"in:2", large}, {"out:1", std::string("\0\xff", 2)}};
    samples::commit_or_die(*writer_, batch);
    clock_.advance(1h);
    auto later = samples::batch_of({}, samples::start_time() + 1h);
    later.pending = {{"in:1", "two"}};
    samples::commit_or_die(*writer_, later);
    samples::work_until_done(*writer_);
    writer_.reset();
    overwrite(file("20260301T11.db"), "");
    {
      auto before = Database::open(file("20260301T10.db"), Database::Mode::read_write);
      ASSERT_TRUE(before.has_value());
      EXPECT_EQ(before->query_int("SELECT count(*) FROM pending WHERE key < x'01'"), 1);
      EXPECT_EQ(before->query_int("SELECT count(*) FROM pending"), 2) << "and the large one";
      if (!sealed) before->run("UPDATE file_state SET sealed = 0");
      ASSERT_TRUE(before->take_error());
    }
    open();
    const auto pending = writer_->load_pending();
    ASSERT_TRUE(pending.has_value());
    ASSERT_EQ(pending->size(), 3U);
    EXPECT_EQ(pending->at(0).key, "in:1");
    EXPECT_EQ(pending->at(0).value, "one");
    EXPECT_EQ(pending->at(1).value, large);
    EXPECT_EQ(pending->at(2).value, std::string("\0\xff", 2));
    auto last = samples::batch_of({}, samples::start_time() + 10min);
    last.pending = {{"in:1", ""}};
    samples::commit_or_die(*writer_, last);
    EXPECT_EQ(writer_->load_pending()->size(), 2U);
    writer_.reset();
  }
}

// Bytes flipped anywhere: never a crash, never a hang; the other hours answer in full.
TEST_F(DamageTest, FlippedBytesCostAtMostTheirHour) {
  make_three_hours();
  const auto path = file("20260301T11.db");
  const auto whole = bytes_of(path);
  int set_aside = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    auto bytes = whole;
    for (auto n = 1 + random() % 40; n > 0; --n) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    overwrite(path, bytes);
    auto opened = Writer::open(options_, clock_);
    if (opened) {
      writer_ = std::move(*opened);
      EXPECT_EQ(count_hour(0), 200U);
      EXPECT_EQ(count_hour(2), 200U);
      EXPECT_LE(count_hour(1), 200U);
      auto reader = samples::reader_of(*writer_);
      for (const auto& leg : samples::find(*reader, {})) {
        ASSERT_TRUE(reader->load_leg(leg.id).has_value());
      }
      set_aside += writer_->counters().files_quarantined != 0 ? 1 : 0;
      writer_.reset();
    } else {
      // The version mark was hit: it looks newer.
      EXPECT_EQ(opened.error().code, Error::Code::corrupt);
    }
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      if (entry.path().filename().string().starts_with("20260301T11.db")) {
        std::filesystem::remove(entry.path());
      }
    }
  }
  EXPECT_GT(set_aside, 50);
}

// Overwrites the first page of a table that a start does not read.
void damage_encounters(const std::filesystem::path& path) {
  std::int64_t page = 0;
  {
    auto database = Database::open(path, Database::Mode::read_only);
    ASSERT_TRUE(database.has_value());
    page = database->query_int("SELECT rootpage FROM sqlite_schema WHERE name = 'encounter'")
               .value_or(0);
  }
  ASSERT_GT(page, 1);
  std::fstream out(path, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>((page - 1) * 4096));
  out << std::string(4096, '\x5a');
}

TEST_F(DamageTest, ALargeFileIsNotCheckedByTheStartAndSaysSo) {
  make_three_hours();
  const auto bytes = std::filesystem::file_size(file("20260301T12.db"));
  options_.start_check_bytes_max = bytes;
  damage_encounters(file("20260301T11.db"));
  open();
  const auto snapshot = writer_->snapshot();
  ASSERT_EQ(snapshot->files.size(), 3U);
  EXPECT_FALSE(snapshot->files[0]->checked);
  EXPECT_FALSE(snapshot->files[1]->checked);
  EXPECT_TRUE(snapshot->files[2]->checked);
  EXPECT_EQ(count_of({}), 600U);
}

// Whatever page of a large newest file is damaged, the daemon starts: where the start reads it the
// file is set aside at once, else when somebody meets it.
TEST_F(DamageTest, NoDamagedPageOfAFileThatIsNotCheckedStopsTheStart) {
  make_three_hours();
  options_.start_check_bytes_max = 0;
  const auto path = file("20260301T12.db");
  const auto whole = bytes_of(path);
  int set_aside_at_once = 0;
  for (std::size_t page = 4096; page < whole.size(); page += 4096) {
    SCOPED_TRACE("page " + std::to_string(page / 4096 + 1));
    auto bytes = whole;
    bytes.replace(page, 4096, 4096, '\x5a');
    overwrite(path, bytes);
    open();
    set_aside_at_once += writer_->counters().files_quarantined != 0 ? 1 : 0;
    const auto visit = [](const LegRecord&) {};
    EXPECT_TRUE(writer_->for_each_open_leg(visit));
    EXPECT_TRUE(writer_->for_each_ended_leg(1h, visit));
    EXPECT_TRUE(writer_->load_positions().has_value());
    EXPECT_TRUE(writer_->load_pending().has_value());
    EXPECT_EQ(count_hour(0), 200U);
    EXPECT_EQ(count_hour(1), 200U);
    samples::work_until_done(*writer_);
    writer_.reset();
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      if (entry.path().filename().string().starts_with("20260301T12.db")) {
        std::filesystem::remove(entry.path());
      }
    }
  }
  EXPECT_GT(set_aside_at_once, 5);
}

// It cannot be set aside while it is written to: the sources have read on. The next start does,
// whatever its size.
TEST_F(DamageTest, DamageMetInTheOpenFileIsLookedForByTheNextStart) {
  make_three_hours();
  options_.start_check_bytes_max = 0;
  for (const bool damaged : {false, true}) {
    SCOPED_TRACE(damaged);
    if (damaged) damage_encounters(file("20260301T12.db"));
    open();
    EXPECT_EQ(count_of({}), 600U);
    writer_->snapshot()->files.back()->damaged->store(true);
    samples::work_until_done(*writer_);
    EXPECT_TRUE(std::filesystem::exists(file("20260301T12.db.check")));
    reopen();
    EXPECT_FALSE(std::filesystem::exists(file("20260301T12.db.check")));
    EXPECT_EQ(writer_->counters().files_quarantined, damaged ? 1U : 0U);
    if (!damaged) {
      EXPECT_TRUE(writer_->snapshot()->files.back()->checked);
      EXPECT_EQ(count_of({}), 600U);
      writer_.reset();
    }
  }
  EXPECT_EQ(writer_->load_positions()->front().offset, 2U);
  expect_hour_lost("20260301T12.db", 2);
}

TEST_F(DamageTest, DamageFoundWhileReadingIsToldAndSetAside) {
  make_three_hours();
  open();
  const auto path = file("20260301T10.db");
  {
    std::fstream out(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(path);
    for (std::uintmax_t page = 4096; page + 4096 <= size; page += 4096) {
      out.seekp(static_cast<std::streamoff>(page));
      out << std::string(4096, '\x5a');
    }
  }
  EXPECT_EQ(count_hour(1), 200U);
  auto reader = samples::reader_of(*writer_);
  EXPECT_EQ(samples::find(*reader, {}).size(), 400U);
  ASSERT_EQ(reader->troubles().size(), 1U) << "told at once";
  samples::work_until_done(*writer_);
  EXPECT_EQ(writer_->counters().files_quarantined, 1U);
  expect_hour_lost("20260301T10.db", 0);
}

}  // namespace
}  // namespace rastro
