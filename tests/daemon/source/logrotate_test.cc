#include <unistd.h>

#include <algorithm>
#include <random>

#include "tests/daemon/source/log_fixture.h"

namespace rastro {
namespace {

// The real logrotate(8), forced to rotate again and again while a writer appends.
struct RotateCase {
  std::string name;
  std::string settings;
  bool lossless = true;
  friend void PrintTo(const RotateCase& c, std::ostream* os) { *os << c.name; }
};

class Logrotate : public testing::TestWithParam<RotateCase> {
 protected:
  void SetUp() override {
    if (std::system("command -v logrotate >/dev/null 2>&1") != 0 &&
        !std::filesystem::exists("/usr/sbin/logrotate")) {
      GTEST_SKIP() << "logrotate is not installed";
    }
    std::ofstream(directory_ / "logrotate.conf")
        << "\"" << directory_ / "mail.log"
        << "\" {\n  rotate 30\n  missingok\n  su " << (::geteuid() == 0 ? "root root" : "")
        << "\n  " << GetParam().settings << "\n}\n";
    if (::geteuid() != 0) {
      std::ofstream(directory_ / "logrotate.conf")
          << "\"" << directory_ / "mail.log"
          << "\" {\n  rotate 30\n  missingok\n  " << GetParam().settings << "\n}\n";
    }
    std::filesystem::permissions(directory_ / "logrotate.conf", std::filesystem::perms(0644));
  }

  void rotate() const {
    const auto command = "PATH=$PATH:/usr/sbin logrotate -f -s '" + directory_ / "status" + "' '" +
                         directory_ / "logrotate.conf" + "' 2>'" + directory_ / "said" + "'";
    std::ifstream said(directory_ / "said");
    ASSERT_EQ(std::system(command.c_str()), 0)
        << std::string((std::istreambuf_iterator<char>(said)), {});
  }

  LogDirectory directory_;
};

TEST_P(Logrotate, NothingLostOrDoubled) {
  TailedLog log(directory_ / "mail.log");
  std::mt19937 random(11);
  int last = 0;
  const auto write = [&](int count) {
    directory_.append("mail.log", numbered(last + 1, last + count));
    last += count;
  };
  for (int round = 0; round < 12; ++round) {
    write(50 + static_cast<int>(random() % 200));
    if (round % 3 == 0) log.read();
    if (round % 3 == 1) log.read_lines(random() % 150);
    if (round % 4 == 3) log.restart();
    rotate();
    log.clock().advance(std::chrono::seconds(3));
  }
  write(10);
  log.settle();
  log.settle();
  auto got = numbers_of(log.lines);
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, sequence(1, last));
  if (GetParam().lossless) {
    EXPECT_EQ(log.holes.size(), 0U);
  }
}

// dateext needs a different name at each rotation, and they are forced within one second.
const RotateCase kRotations[] = {
    {"create", "create 0640"},
    {"compress_at_once", "create 0640\n  compress"},
    {"delaycompress", "create 0640\n  compress\n  delaycompress"},
    {"nocreate_xz", "nocreate\n  compress\n  compresscmd /usr/bin/xz\n  compressext .xz"},
    {"zstd_delayed",
     "create 0640\n  compress\n  delaycompress\n  compresscmd /usr/bin/zstd\n"
     "  compressoptions -q\n  compressext .zst"},
    {"extension", "create 0640\n  extension .log\n  compress\n  delaycompress"},
    {"copytruncate", "copytruncate", false},
    {"copytruncate_compress", "copytruncate\n  compress", false},
};
INSTANTIATE_TEST_SUITE_P(, Logrotate, testing::ValuesIn(kRotations),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace rastro
