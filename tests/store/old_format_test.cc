#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "store/leg_rows.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/verify.h"
#include "tests/store/leg_samples.h"
#include "tests/store/writer_fixture.h"

namespace rastro {
namespace {

using namespace std::chrono_literals;

std::string fixture(const char* name) {
  std::ifstream in(std::filesystem::path(RASTRO_SOURCE_DIR "/tests/store/fixtures") / name,
                   std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// version3.sql is a file that version 3 of the format was written to, version4.sql and
// version5.sql the same legs as those versions wrote them, version3.txt what the legs say: one that
// was delivered, one that is still open, eight with every field at random.
class OldFormatTest : public WriterFixture {
 protected:
  static constexpr const char* kFile = "20260301T10.db";

  void SetUp() override { make("version3.sql"); }
  void make(const char* name) {
    auto database = Database::open(directory_.path() / kFile, Database::Mode::create);
    ASSERT_TRUE(database);
    database->run("BEGIN");
    database->run(fixture(name).c_str());
    database->run("COMMIT");
    ASSERT_TRUE(database->take_error());
    // "6k90f9jrt0m7t\nid=7612226092234985722 host=...\n...\n\n"
    std::istringstream in(fixture("version3.txt"));
    std::string line;
    std::int64_t id = 0;
    while (std::getline(in, line)) {
      if (line.starts_with("id=")) {
        id = std::stoll(line.substr(3));
        said_[id] = line;
      } else if (line.find(": ") != std::string::npos) {
        said_[id] += '\n' + line;
      }
    }
    ASSERT_EQ(said_.size(), 10U);
  }
  void change(const char* sql) {
    auto database = Database::open(directory_.path() / kFile, Database::Mode::read_write);
    ASSERT_TRUE(database);
    database->run(sql);
    ASSERT_TRUE(database->take_error());
  }
  void expect_all_said() {
    auto reader = samples::reader_of(*writer_);
    for (const auto& [id, said] : said_) {
      const auto leg = reader->load_leg(static_cast<std::uint64_t>(id));
      ASSERT_TRUE(leg);
      ASSERT_TRUE(*leg) << id;
      EXPECT_EQ(samples::describe(**leg), said);
    }
  }
  std::int64_t number_in(const char* file, const char* sql) const {
    auto database = Database::open(directory_.path() / file, Database::Mode::read_only);
    return database ? database->query_int(sql).value_or(-1) : -2;
  }
  // The random legs have lines of sources that were never read.
  static auto only_of_random_lines() {
    return testing::Each(testing::HasSubstr("has no position"));
  }
  void drop_random_lines() { change("UPDATE leg SET lines = X'' WHERE row > 2"); }
  std::vector<std::string> faults_of(const char* file) const {
    ShardCheck check;
    check.hasher = *KeyHasher::read(directory_.path());
    const auto report = verify_shard(directory_.path() / file, check);
    EXPECT_TRUE(report) << (report ? "" : report.error().message);
    return report ? report->faults.told() : std::vector<std::string>();
  }
  std::map<std::int64_t, std::string> said_;
};

struct OldVersion {
  const char* fixture;
  int layout;
  friend void PrintTo(const OldVersion& v, std::ostream* os) { *os << v.fixture; }
};
class EachOldFormatTest : public OldFormatTest, public testing::WithParamInterface<OldVersion> {
 protected:
  void SetUp() override { make(GetParam().fixture); }
};

TEST_P(EachOldFormatTest, ARowSaysWhatItSaid) {
  open();
  expect_all_said();
  EXPECT_EQ(count_of({}), said_.size());
  EXPECT_EQ(count_of({{KeyKind::queue_id, "Q1"}}), 1U);
  EXPECT_EQ(writer_->load_positions()->size(), 1U);
  EXPECT_EQ(number_in(kFile, "PRAGMA user_version"), kUserVersion);
  EXPECT_EQ(number_in(kFile, "SELECT row_layout FROM file_state"), GetParam().layout);
  reopen();
  expect_all_said();
}

TEST_P(EachOldFormatTest, NewRowsGoIntoAFileOfTheirOwn) {
  const auto rows = number_in(kFile, "SELECT count(*) FROM leg");
  open();
  // The one that is open.
  auto open_leg = samples::reader_of(*writer_)->load_leg(7612226089680218683).value();
  ASSERT_TRUE(open_leg);
  auto leg = *open_leg;
  leg.closed_at = leg.last_activity_at = samples::start_time() + 20min;
  leg.recipients.at(0).outcome = Outcome::delivered;
  leg.timeline.clear();
  leg.lines = {{1, 70, 400}};
  auto batch = samples::batch_of({leg}, samples::start_time() + 20min);
  RawBlockBuilder lines;
  lines.add(1, 0, 6, "hello");
  batch.raw_blocks = lines.take();
  for (auto& block : batch.raw_blocks) pack(block);
  samples::commit_or_die(*writer_, batch);
  EXPECT_EQ(*samples::reader_of(*writer_)->raw_line({1, 6, 0}), "hello");

  ASSERT_EQ(files(), 2U);
  EXPECT_EQ(number_in(kFile, "SELECT count(*) FROM leg"), rows);
  constexpr const char* kNew = "20260301T10-1.db";
  EXPECT_EQ(number_in(kNew, "SELECT row_layout FROM file_state"), 7);
  const auto check = [&] {
    EXPECT_EQ(count_of({}), said_.size());
    const auto now = samples::reader_of(*writer_)->load_leg(leg.id).value();
    ASSERT_TRUE(now);
    EXPECT_EQ(now->closed_at, leg.closed_at);
    EXPECT_EQ(now->timeline.size(), open_leg->timeline.size());
    EXPECT_EQ(now->lines.size(), open_leg->lines.size() + 1);
  };
  check();
  reopen();
  check();
  samples::work_until_done(*writer_);
  EXPECT_EQ(number_in(kFile, "SELECT sealed FROM file_state"), 1);
  check();
  said_.erase(static_cast<std::int64_t>(leg.id));
  expect_all_said();
  writer_.reset();
  EXPECT_THAT(faults_of(kFile), only_of_random_lines());
  EXPECT_THAT(faults_of(kNew), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    , EachOldFormatTest,
    testing::Values(OldVersion{"version3.sql", 3}, OldVersion{"version4.sql", 4},
                    OldVersion{"version5.sql", 5}, OldVersion{"version6.sql", 6}),
    [](const auto& tested) { return "Version" + std::to_string(tested.param.layout); });

TEST_F(OldFormatTest, VerifyReadsAFileOfVersion4ThatWasNotBroughtUp) {
  open();  // makes the secret of the keys
  writer_.reset();
  std::filesystem::remove(directory_.path() / kFile);
  make("version4.sql");
  EXPECT_THAT(faults_of(kFile), only_of_random_lines());
  EXPECT_EQ(number_in(kFile, "PRAGMA user_version"), 4);
  change("UPDATE leg SET more = X'FFFF' WHERE row = 9");
  EXPECT_THAT(faults_of(kFile), testing::Contains("row 9 of leg cannot be read"));
}

TEST_F(OldFormatTest, VerifyReadsAFileThatWasNotBroughtUp) {
  open();  // makes the secret of the keys
  writer_.reset();
  change("ALTER TABLE file_state DROP COLUMN row_layout; PRAGMA user_version=3");
  drop_random_lines();
  EXPECT_THAT(faults_of(kFile), testing::IsEmpty());
  EXPECT_EQ(number_in(kFile, "PRAGMA user_version"), 3);
  change("UPDATE leg SET lines = X'FFFF' WHERE row = 9");
  EXPECT_THAT(faults_of(kFile), testing::ElementsAre("row 9: damaged line references"));
}

TEST_F(OldFormatTest, FilesOfVersion1AreBroughtUp) {
  change("DROP TABLE raw_block; ALTER TABLE position DROP COLUMN cursor; PRAGMA user_version=1");
  open();
  expect_all_said();
  EXPECT_EQ(count_of({}), said_.size());
  EXPECT_EQ(writer_->load_positions()->size(), 1U);
  Batch batch = samples::batch_of({}, samples::start_time() + 2h);
  RawBlockBuilder lines;
  lines.add(1, 0, 6, "hello");
  batch.raw_blocks = lines.take();
  for (auto& block : batch.raw_blocks) pack(block);
  samples::commit_or_die(*writer_, batch);
  EXPECT_EQ(*samples::reader_of(*writer_)->raw_line({1, 6, 0}), "hello");
}

// What version 2 packed in other ways, and rows of both in one file.
TEST_F(OldFormatTest, FilesOfVersion2AreReadAsTheyAre) {
  change(
      "UPDATE leg SET flags = flags & 15, closed_after = active_after, lines = x'020064006332'"
      " WHERE row = 1;"
      "UPDATE delivery SET enhanced_status = 5 * 4294967296 + 65536 + 10,"
      " last_attempt_after = first_attempt_after, reply_part = '<juan@example.net>:',"
      " reply = (SELECT max(id) + 1 FROM name)"
      " WHERE row = (SELECT delivery_first FROM leg WHERE row = 1);"
      "INSERT INTO name VALUES((SELECT max(id) + 1 FROM name), '550 5.1.10 ' || char(1) ||"
      " ' unknown here');"
      "PRAGMA user_version=2");
  open();
  expect_all_said();

  auto file = Database::open(directory_.path() / kFile, Database::Mode::read_only);
  ASSERT_TRUE(file);
  auto plain = file->prepare(
      "SELECT reply_text, enhanced_status, last_attempt_at, closed_at FROM delivery_plain AS d"
      " JOIN journey_plain AS j ON j.row = d.leg_row WHERE d.leg_row = 1");
  ASSERT_TRUE(plain.step());
  EXPECT_EQ(plain.column_bytes(0), "550 5.1.10 <juan@example.net>: unknown here");
  EXPECT_EQ(plain.column_bytes(1), "5.1.10");
  EXPECT_EQ(plain.column_bytes(2), "2026-03-01T10:05:02.000000Z");
  EXPECT_EQ(plain.column_bytes(3), "2026-03-01T10:05:02.000000Z");
  EXPECT_FALSE(plain.step());
}

// Whoever reads with sqlite3 sees the same columns and the same values, however rows are packed.
TEST_F(OldFormatTest, ThePlainViewsSayTheSameOfEitherLayout) {
  auto old = Database::open(directory_.path() / kFile, Database::Mode::read_only);
  auto packed = Database::open(directory_.path() / "packed.db", Database::Mode::create);
  ASSERT_TRUE(old);
  ASSERT_TRUE(packed);
  create_schema(*packed);
  packed->run("BEGIN");
  constexpr std::uint32_t kLegs = 11;
  {
    LegRowReader reader(*old);
    LegRowWriter writer(*packed, 1);
    LegRecord leg;
    for (std::uint32_t row = 1; row <= kLegs; ++row) {
      ASSERT_TRUE(reader.load(row, LegRowReader::Depth::whole, leg));
      HeaderPlace header;
      writer.write(leg, row, 0, &header);
      // Again, as a later version that leaves its header to the row before.
      writer.write(leg, row + kLegs, row, &header);
      EXPECT_EQ(header.row, row);
    }
  }
  ASSERT_TRUE(packed->take_error());
  EXPECT_EQ(packed->query_int("SELECT count(*) FROM leg WHERE header_row IS NOT NULL"), kLegs);

  const auto rows_of = [](Database& database, const std::string& sql) {
    std::vector<std::string> out;
    auto row = database.prepare(sql);
    while (row.step()) {
      std::string text;
      for (int column = 1; column < row.column_count(); ++column) {  // the row number differs
        text += row.column_name(column);
        text += row.is_null(column) ? " NULL " : "=";
        text += row.column_bytes(column);
        text += '\n';
      }
      out.push_back(std::move(text));
    }
    const auto done = database.take_error();
    EXPECT_TRUE(done) << done.error().message;
    return out;
  };
  for (const std::string view : {"journey_plain", "delivery_plain", "timeline_plain"}) {
    const std::string row = view == "journey_plain" ? "row" : "leg_row";
    const auto all = "SELECT * FROM " + view + " WHERE " + row;
    for (std::uint32_t leg = 1; leg <= kLegs; ++leg) {
      const auto want = rows_of(*old, all + " = " + std::to_string(leg));
      for (const auto version : {leg, leg + kLegs}) {
        auto got = rows_of(*packed, all + " = " + std::to_string(version));
        EXPECT_EQ(got, want) << view << " of row " << version;
      }
    }
  }
}

}  // namespace
}  // namespace rastro
