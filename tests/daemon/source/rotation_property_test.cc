#include <algorithm>
#include <random>

#include "tests/daemon/source/log_fixture.h"

namespace rastro {
namespace {

// A log and everything that is done to one, at random, beside a model of all lines written.
// Whatever happens in whatever order, every line is read once, but for what a copytruncate lost.
class RandomLife {
 public:
  RandomLife(unsigned seed, bool copytruncate)
      : random_(seed), copytruncate_(copytruncate), log_(directory_ / "mail.log") {
    directory_.create("mail.log");
  }

  void step() {
    switch (pick(copytruncate_ ? 9 : 8)) {
      case 0:
      case 1:
        write(1 + pick(40));
        break;
      case 2:
        write_partial();
        break;
      case 3:
        rotate();
        break;
      case 4:
        compress();
        break;
      case 5:
        log_.read_lines(static_cast<std::size_t>(pick(60)));
        trace_ += " some";
        break;
      case 6:
        log_.read(static_cast<std::size_t>(1 + pick(4000)));
        trace_ += " read";
        break;
      case 7:
        log_.restart();
        trace_ += " restart";
        break;
      default:
        copy_and_truncate();
        break;
    }
    if (pick(3) == 0) log_.clock().advance(std::chrono::seconds(pick(8)));
  }

  void finish() {
    complete_partial();
    log_.settle();
    log_.settle();
    for (const auto& hole : log_.holes) trace_ += "; hole: " + hole.cause;
    trace_ += "; " + log_.failure();
    auto got = numbers_of(log_.lines);
    std::sort(got.begin(), got.end());
    const auto twice = std::adjacent_find(got.begin(), got.end());
    EXPECT_TRUE(twice == got.end()) << "doubled " << *twice << trace_;
    std::vector<int> missing;
    const auto all = sequence(1, last_);
    std::set_difference(all.begin(), all.end(), got.begin(), got.end(),
                        std::back_inserter(missing));
    std::erase_if(missing, [&](int number) {
      return std::find(may_miss_.begin(), may_miss_.end(), number) != may_miss_.end();
    });
    EXPECT_TRUE(missing.empty()) << "lost " << missing.size() << ", first " << missing.front()
                                 << " of " << last_ << trace_;
    if (!copytruncate_) {
      EXPECT_TRUE(log_.holes.empty()) << log_.holes.front().cause << trace_;
    }
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  void write(int count) {
    complete_partial();
    directory_.append("mail.log", numbered(last_ + 1, last_ + count));
    last_ += count;
    trace_ += " write" + std::to_string(count);
  }

  void write_partial() {
    if (!rest_.empty()) return;
    const auto line = numbered(last_ + 1, last_ + 1);
    ++last_;
    // Beyond the stamp: the first letters of one line are those of another one, and when a file is
    // truncated and written anew behind just these, nobody can tell.
    const int least = copytruncate_ ? 26 : 1;
    const auto cut =
        static_cast<std::size_t>(least + pick(static_cast<int>(line.size()) - least - 1));
    directory_.append("mail.log", line.substr(0, cut));
    rest_ = line.substr(cut);
    trace_ += " partial";
  }

  void complete_partial() {
    if (rest_.empty()) return;
    directory_.append("mail.log", rest_);
    rest_.clear();
  }

  void rotate() {
    complete_partial();  // a writer does not split a line over two files
    if (!std::filesystem::exists(directory_ / "mail.log")) return;
    for (int i = 60; i >= 1; --i) {
      for (const char* ending : {"", ".gz", ".bz2", ".xz", ".zst"}) {
        const auto name = "mail.log." + std::to_string(i) + ending;
        if (!std::filesystem::exists(directory_ / name)) continue;
        directory_.rename(name, "mail.log." + std::to_string(i + 1) + ending);
      }
    }
    directory_.rename("mail.log", "mail.log.1");
    if (pick(4) != 0) directory_.create("mail.log");
    trace_ += " rotate";
  }

  void compress() {
    const char* kEndings[] = {"gz", "bz2", "xz", "zst"};
    const auto name = "mail.log." + std::to_string(1 + pick(2));
    if (!std::filesystem::exists(directory_ / name)) return;
    directory_.compress(name, kEndings[pick(4)]);
    trace_ += " compress:" + name;
  }

  void copy_and_truncate() {
    complete_partial();
    if (!std::filesystem::exists(directory_ / "mail.log")) return;
    rotate_older_only();
    directory_.copy("mail.log", "mail.log.1");
    const int lost = pick(3);
    for (int i = 0; i < lost; ++i) {
      directory_.append("mail.log", numbered(last_ + 1, last_ + 1));
      may_miss_.push_back(++last_);
    }
    directory_.truncate("mail.log");
    trace_ += " copytruncate";
  }

  void rotate_older_only() {
    for (int i = 60; i >= 1; --i) {
      for (const char* ending : {"", ".gz", ".bz2", ".xz", ".zst"}) {
        const auto name = "mail.log." + std::to_string(i) + ending;
        if (!std::filesystem::exists(directory_ / name)) continue;
        directory_.rename(name, "mail.log." + std::to_string(i + 1) + ending);
      }
    }
  }

  std::mt19937 random_;
  bool copytruncate_;
  LogDirectory directory_;
  TailedLog log_;
  int last_ = 0;
  std::string rest_;  // of a line that is half written
  std::vector<int> may_miss_;
  std::string trace_ = "; steps:";
};

class RotationProperty : public testing::TestWithParam<bool> {};

TEST_P(RotationProperty, NothingLostOrDoubled) {
  const char* given = std::getenv("RASTRO_SEED");
  const unsigned first = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : 1;
  const char* count = std::getenv("RASTRO_ROUNDS");
  const unsigned rounds =
      given != nullptr ? 1 : (count != nullptr ? static_cast<unsigned>(std::atoi(count)) : 60);
  for (unsigned seed = first; seed < first + rounds; ++seed) {
    RandomLife life(seed, GetParam());
    const int steps = 10 + static_cast<int>(seed % 60);
    for (int i = 0; i < steps; ++i) life.step();
    life.finish();
    if (HasFailure()) {
      ADD_FAILURE() << "repeat with RASTRO_SEED=" << seed;
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, RotationProperty, testing::Values(false, true), [](const auto& tested) {
  return tested.param ? "with_copytruncate" : "by_rename";
});

}  // namespace
}  // namespace rastro
