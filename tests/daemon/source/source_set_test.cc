#include "daemon/source/source_set.h"

#include <algorithm>

#include "tests/daemon/source/log_fixture.h"

namespace rastro {
namespace {

std::string at_second(int second, const std::string& text) {
  return std::to_string(second) + " " + text + "\n";
}

// Lines of these tests begin with their second.
std::optional<Time> stamp_of(const SourceLine& line) {
  const auto text = std::string(line.raw.text);
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  return Time(std::chrono::seconds(std::atoi(text.c_str())));
}

class Sources : public testing::Test {
 protected:
  SourceSet make(std::vector<std::string> globs, std::vector<SourcePosition> saved = {}) {
    SourceSetOptions options;
    for (auto& glob : globs) options.files.push_back({{directory_ / glob}, Symlinks::refused});
    return SourceSet(options, std::move(saved), clock_);
  }
  std::optional<Time> keep(const SourceLine& line) {
    lines_.emplace_back(line.raw.text);
    specs_.push_back(line.generation->spec);
    return stamp_of(line);
  }
  void read(SourceSet& set) {
    while (set.poll(1 << 20, [this](const SourceLine& line) { return keep(line); }).more) {
    }
  }
  void merge(SourceSet& set, std::size_t budget = 1 << 20) {
    while (
        set.merge(budget, stamp_of, [this](const SourceLine& line) { return keep(line); }).more) {
    }
  }

  LogDirectory directory_;
  ManualClock clock_{SystemClock().wall()};
  std::vector<std::string> lines_;
  std::vector<std::size_t> specs_;
};

TEST_F(Sources, AGlobTakesRotatedNamesTogether) {
  for (const char* name : {"mail.log", "mail.log.1", "mail.log-20261123.gz", "exim/x", "other"}) {
    if (std::string_view(name).find('/') == std::string_view::npos) directory_.create(name);
  }
  auto set = make({"mail.log*"});
  EXPECT_EQ(set.size(), 1U);
  EXPECT_EQ(set.directories(), std::vector<std::string>{directory_.path()});
}

TEST_F(Sources, TwoHundredFilesEachReadOnce) {
  for (int file = 0; file < 200; ++file) {
    directory_.append("mail" + std::to_string(file) + "-x.log", numbered(file + 1, file + 1));
  }
  auto set = make({"mail*.log"});
  EXPECT_EQ(set.size(), 200U);
  read(set);
  auto got = numbers_of(lines_);
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, sequence(1, 200));
  std::vector<std::uint32_t> numbers;
  for (const auto& position : set.take_positions()) numbers.push_back(position.source);
  std::sort(numbers.begin(), numbers.end());
  ASSERT_EQ(numbers.size(), 200U);
  EXPECT_EQ(std::unique(numbers.begin(), numbers.end()), numbers.end());
  EXPECT_TRUE(set.take_positions().empty());
}

TEST_F(Sources, AFileThatAppearsLaterIsFound) {
  auto set = make({"mail*.log"});
  read(set);
  directory_.append("mail-a.log", numbered(1, 2));
  clock_.advance(SourceSet::kExpandEvery);
  read(set);
  EXPECT_EQ(numbers_of(lines_), sequence(1, 2));
}

TEST_F(Sources, CatchingUpMergesByStamp) {
  directory_.append("a.log.1", at_second(1, "a") + at_second(4, "a"));
  directory_.append("a.log", at_second(6, "a") + "no stamp\n" + at_second(9, "a"));
  directory_.append("b.log", at_second(2, "b") + at_second(5, "b") + at_second(7, "b"));
  directory_.append("c.log", at_second(3, "c") + at_second(8, "c"));
  auto set = make({"a.log", "b.log", "c.log"});
  merge(set);
  EXPECT_EQ(lines_, (std::vector<std::string>{"1 a", "2 b", "3 c", "4 a", "5 b", "6 a", "no stamp",
                                              "7 b", "8 c", "9 a"}));
  EXPECT_EQ(specs_, (std::vector<std::size_t>{0, 1, 2, 0, 1, 0, 0, 1, 2, 0}));
}

TEST_F(Sources, MergingInSmallStepsIsTheSame) {
  std::string a;
  std::string b;
  std::vector<std::string> want;
  for (int second = 0; second < 6000; ++second) {
    const auto text = at_second(second, second % 3 == 0 ? "a" : "b");
    (second % 3 == 0 ? a : b) += text;
    want.push_back(text.substr(0, text.size() - 1));
  }
  directory_.append("a.log", a);
  directory_.append("b.log", b);
  auto set = make({"a.log", "b.log"});
  merge(set, 1000);
  EXPECT_EQ(lines_, want);
}

// At any moment of a merge the saved positions say exactly what was handed over.
TEST_F(Sources, AMergeCanBeCutAnywhere) {
  std::vector<std::string> want;
  for (int second = 0; second < 300; ++second) {
    directory_.append(second % 2 == 0 ? "a.log" : "b.log", at_second(second, "x"));
    want.push_back(std::to_string(second) + " x");
  }
  std::map<std::uint32_t, SourcePosition> saved;
  for (int round = 0; lines_.size() < want.size() && round < 1000; ++round) {
    std::vector<SourcePosition> positions;
    for (const auto& [number, position] : saved) positions.push_back(position);
    auto set = make({"a.log", "b.log"}, positions);
    set.merge(1, stamp_of, [this](const SourceLine& line) { return keep(line); });
    for (const auto& position : set.take_positions()) saved[position.source] = position;
  }
  EXPECT_EQ(lines_, want);
  for (const auto& [number, position] : saved) {
    EXPECT_EQ(position.last_line_at.has_value(), position.offset > 0) << number;
  }
}

TEST_F(Sources, NumbersGoOnBehindTheLargestSaved) {
  SourcePosition old;
  old.source = 41;
  old.path = "/elsewhere/mail.log";
  old.finished = true;
  directory_.append("a.log", numbered(1, 1));
  auto set = make({"a.log"}, {old});
  read(set);
  const auto positions = set.take_positions();
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_EQ(positions.front().source, 42U);
}

TEST_F(Sources, TroubleIsToldOnceAndTheOthersGoOn) {
  std::filesystem::create_directory(directory_ / "a.log");
  directory_.append("b.log", numbered(1, 2));
  auto set = make({"a.log", "b.log"});
  read(set);
  EXPECT_EQ(numbers_of(lines_), sequence(1, 2));
  auto problems = set.take_problems();
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].source, directory_ / "a.log");
  EXPECT_NE(problems[0].message.find("directory"), std::string::npos) << problems[0].message;
  for (int i = 0; i < 5; ++i) {
    clock_.advance(std::chrono::seconds(1));
    read(set);
  }
  EXPECT_TRUE(set.take_problems().empty());
  std::filesystem::remove(directory_ / "a.log");
  directory_.append("a.log", numbered(3, 3));
  clock_.advance(std::chrono::seconds(1));
  read(set);
  EXPECT_EQ(numbers_of(lines_), sequence(1, 3));
  problems = set.take_problems();
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].message, "");
}

TEST_F(Sources, AScanReadsJustWhatIsNamed) {
  directory_.append("mail.log.1", numbered(1, 2));
  directory_.compress("mail.log.1", "gz");
  directory_.append("mail.log", numbered(3, 4) + "no end");
  SourceSetOptions options;
  options.alone = true;
  options.files = {{{directory_ / "mail.log", directory_ / "mail.log.1.gz"}, Symlinks::followed}};
  std::filesystem::last_write_time(
      directory_ / "mail.log.1.gz",
      std::filesystem::file_time_type::clock::now() - std::chrono::hours(10000));
  SourceSet set(options, {}, clock_);
  merge(set);
  auto got = lines_;
  std::sort(got.begin(), got.end());
  ASSERT_EQ(got.size(), 5U);
  EXPECT_EQ(got.back(), "no end");
  for (const auto& position : set.take_positions()) EXPECT_TRUE(position.finished);
  directory_.append("mail.log", numbered(5, 5));
  merge(set);
  EXPECT_EQ(lines_.size(), 5U);
}

TEST_F(Sources, APatternThatNothingEverMatchedIsMissingUntilAFileComes) {
  auto set = make({"mail*.log"});
  read(set);
  auto problems = set.take_problems();
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems[0].missing);
  EXPECT_FALSE(problems[0].since);
  directory_.append("mail-a.log", numbered(1, 2));
  clock_.advance(SourceSet::kExpandEvery);
  read(set);
  problems = set.take_problems();
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems[0].message.empty());
}

TEST_F(Sources, ALogThatVanishesIsMissingSinceItWasLastSeen) {
  directory_.append("mail.log", numbered(1, 2));
  auto set = make({"mail.log"});
  read(set);
  const auto seen_at = clock_.wall();
  clock_.advance(std::chrono::seconds(10));
  directory_.remove("mail.log");
  read(set);
  EXPECT_TRUE(set.take_problems().empty()) << "a rotation looks the same for a moment";
  clock_.advance(FileTail::kAbsentMax);
  read(set);
  const auto problems = set.take_problems();
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems[0].missing);
  EXPECT_EQ(problems[0].since, seen_at);
  directory_.append("mail.log", numbered(3, 4));
  clock_.advance(FileTail::kRetry);
  read(set);
  EXPECT_EQ(numbers_of(lines_), sequence(1, 4));
  const auto holes = set.take_holes();
  ASSERT_EQ(holes.size(), 1U);
  EXPECT_EQ(holes[0].from, seen_at);
  EXPECT_EQ(holes[0].cause, "not there");
}

TEST_F(Sources, ARenamedLogWithoutSuccessorIsNotMissing) {
  directory_.append("mail.log", numbered(1, 2));
  auto set = make({"mail.log"});
  read(set);
  directory_.rename("mail.log", "mail.log.1");
  for (int i = 0; i < 3; ++i) {
    clock_.advance(FileTail::kAbsentMax);
    read(set);
  }
  EXPECT_TRUE(set.take_problems().empty());
}

TEST_F(Sources, SavedPositionsOfNoSourceAreUnfollowed) {
  SourcePosition gone;
  gone.source = 1;
  gone.path = directory_ / "old.log";
  auto kept = gone;
  kept.source = 2;
  kept.path = directory_ / "mail.log";
  const auto set = make({"mail.log"}, {gone, kept});
  EXPECT_EQ(set.unfollowed(), std::vector<std::string>{gone.path});
  EXPECT_TRUE(set.gone().empty());
}

TEST_F(Sources, ALogThatIsGoneFromBelowItsPatternIsStillConfigured) {
  SourcePosition gone;
  gone.source = 1;
  gone.path = directory_ / "b.log";
  auto other = gone;
  other.source = 2;
  other.path = directory_ / "c.txt";
  directory_.append("a.log", numbered(1, 2));
  const auto set = make({"*.log"}, {gone, other});
  EXPECT_EQ(set.gone(), std::vector<std::string>{gone.path});
  EXPECT_EQ(set.unfollowed(), std::vector<std::string>{other.path});
}

}  // namespace
}  // namespace rastro
