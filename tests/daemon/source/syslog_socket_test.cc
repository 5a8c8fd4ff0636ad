#include "daemon/source/syslog_socket.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>

namespace rastro {
namespace {

using Kind = SyslogSocketOptions::Kind;

struct MessageCase {
  std::string name;
  std::string_view message;
  std::string_view line;
  friend void PrintTo(const MessageCase& c, std::ostream* os) { *os << c.name; }
};
class LineOfMessage : public testing::TestWithParam<MessageCase> {};
TEST_P(LineOfMessage, MatchesTable) {
  EXPECT_EQ(line_of_message(GetParam().message, "here"), GetParam().line);
}
const MessageCase kMessages[] = {
    {"relayed", "<22>Nov 24 01:40:29 mx1 postfix/qmgr[7]: x",
     "Nov 24 01:40:29 mx1 postfix/qmgr[7]: x"},
    {"local_without_host", "<22>Nov 24 01:40:29 postfix/qmgr[7]: x",
     "Nov 24 01:40:29 here postfix/qmgr[7]: x"},
    {"local_without_pid", "<22>Nov  4 01:40:29 exim: x", "Nov  4 01:40:29 here exim: x"},
    {"rfc5424", "<22>1 2026-11-24T01:40:29.1Z mx1 exim 7 - - x",
     "1 2026-11-24T01:40:29.1Z mx1 exim 7 - - x"},
    {"line_end", "<22>Nov 24 01:40:29 mx1 a: x\r\n", "Nov 24 01:40:29 mx1 a: x"},
    {"control_characters", "<22>Nov 24 01:40:29 mx1 a: x\ny\x1b",
     "Nov 24 01:40:29 mx1 a: x#012y#033"},
    {"no_priority", "Nov 24 01:40:29 mx1 a: x", "Nov 24 01:40:29 mx1 a: x"},
    {"priority_too_long", "<12345>x", "<12345>x"},
    {"priority_of_letters", "<ab>x", "<ab>x"},
    {"nothing", "<22>", ""},
    {"empty", "", ""},
};
INSTANTIATE_TEST_SUITE_P(, LineOfMessage, testing::ValuesIn(kMessages),
                         [](const auto& tested) { return tested.param.name; });

class SyslogSocketTest : public testing::Test {
 protected:
  std::unique_ptr<SyslogSocket> make(Kind kind, std::vector<SourcePosition> saved = {}) {
    SyslogSocketOptions options;
    options.kind = kind;
    options.host = kind == Kind::unix_datagram ? path_ : "127.0.0.1";
    options.own_host = "here";
    auto source = std::make_unique<SyslogSocket>(options, saved, numbers_, clock_);
    EXPECT_TRUE(source->poll(1));
    return source;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  static int connect_to(const SyslogSocket& source, int type) {
    const int out = socket(AF_INET, type, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(source.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(out, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return out;
  }
  static void send_text(int out, std::string_view text) {
    EXPECT_EQ(send(out, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // Loopback delivers at once, but for TCP's accept: a few empty polls are no failure.
  static std::vector<std::string> read(SyslogSocket& source, std::size_t wanted) {
    std::vector<std::string> lines;
    for (int tries = 0; lines.size() < wanted && tries < 100'000; ++tries) {
      EXPECT_TRUE(source.poll(1 << 20));
      while (source.next() != nullptr) {
        lines.emplace_back(source.next()->raw.text);
        source.take(Time(std::chrono::seconds(100)));
      }
    }
    EXPECT_TRUE(source.poll(1 << 20));
    EXPECT_EQ(source.next(), nullptr);
    return lines;
  }

  std::string path_ = testing::TempDir() + "rastro-syslog-" + std::to_string(getpid());
  ManualClock clock_{Time(std::chrono::seconds(1'000))};
  SourceNumbers numbers_{0};
};

TEST_F(SyslogSocketTest, TakesUnixDatagrams) {
  auto source = make(Kind::unix_datagram);
  const int out = socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(connect(out, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  send_text(out, "<22>Nov 24 01:40:29 exim[7]: first");
  send_text(out, "<22>Nov 24 01:40:29 exim[7]: second\n");
  EXPECT_THAT(read(*source, 2), testing::ElementsAre("Nov 24 01:40:29 here exim[7]: first",
                                                     "Nov 24 01:40:29 here exim[7]: second"));
  close(out);
  source.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SyslogSocketTest, TakesUdp) {
  auto source = make(Kind::udp);
  const int out = connect_to(*source, SOCK_DGRAM);
  send_text(out, "<22>Nov 24 01:40:29 mx1 exim[7]: by UDP");
  EXPECT_THAT(read(*source, 1), testing::ElementsAre("Nov 24 01:40:29 mx1 exim[7]: by UDP"));
  close(out);
}

TEST_F(SyslogSocketTest, TakesTcpByLinesAndByOctetsHoweverTheyAreCut) {
  auto source = make(Kind::tcp);
  const int by_line = connect_to(*source, SOCK_STREAM);
  const int by_octets = connect_to(*source, SOCK_STREAM);
  for (const char c : std::string_view("<22>Nov 24 01:40:29 mx1 a: one\n<22>Nov 24 01:40:29 mx1 a: "
                                       "two\n")) {
    send_text(by_line, std::string_view(&c, 1));
  }
  EXPECT_THAT(read(*source, 2),
              testing::ElementsAre("Nov 24 01:40:29 mx1 a: one", "Nov 24 01:40:29 mx1 a: two"));
  const std::string counted =
      "30 <22>Nov 24 01:40:29 mx1 a: xyz31 <22>Nov 24 01:40:29 mx1 a: x\nyz";
  for (std::size_t i = 0; i < counted.size(); ++i) {
    send_text(by_octets, std::string_view(counted).substr(i, 1));
    if (i < 20) static_cast<void>(read(*source, 0));
  }
  EXPECT_THAT(read(*source, 2),
              testing::ElementsAre("Nov 24 01:40:29 mx1 a: xyz", "Nov 24 01:40:29 mx1 a: x#012yz"));
  send_text(by_line, "<22>Nov 24 01:40:29 mx1 a: without an end");
  close(by_line);
  EXPECT_THAT(read(*source, 1), testing::ElementsAre("Nov 24 01:40:29 mx1 a: without an end"));
  close(by_octets);
}

TEST_F(SyslogSocketTest, ANeverEndingLineIsCutAndTheNextOneRead) {
  auto source = make(Kind::tcp);
  const int out = connect_to(*source, SOCK_STREAM);
  const std::string block(10'000, 'x');
  std::size_t lines = 0;
  for (int i = 0; i < 30; ++i) {
    send_text(out, block);
    ASSERT_TRUE(source->poll(1 << 20));
    for (; source->next() != nullptr; ++lines) {
      EXPECT_LE(source->next()->raw.text.size(), LineFramer::kLineBytesMax);
      source->take({});
    }
  }
  send_text(out, "\n<22>Nov 24 01:40:29 mx1 a: next\n");
  EXPECT_THAT(read(*source, 2 - lines).back(), testing::EndsWith("a: next"));
  EXPECT_EQ(source->counters().cut_lines, 1U);
  close(out);
}

TEST_F(SyslogSocketTest, RefusesMoreConnectionsThanItMayHave) {
  auto source = make(Kind::tcp);
  std::vector<int> open;
  for (std::size_t i = 0; i < SyslogSocket::kConnectionsMax + 5; ++i) {
    open.push_back(connect_to(*source, SOCK_STREAM));
    ASSERT_TRUE(source->poll(1'000));
  }
  EXPECT_EQ(source->refused_connections(), 5U);
  send_text(open.front(), "<22>Nov 24 01:40:29 mx1 a: still served\n");
  EXPECT_EQ(read(*source, 1).size(), 1U);
  for (const int each : open) close(each);
}

TEST_F(SyslogSocketTest, AnEarlierRunLeavesAHoleUpToNow) {
  SourcePosition old;
  old.source = 3;
  old.last_line_at = Time(std::chrono::seconds(400));
  auto source = make(Kind::udp, {old});
  std::vector<CoverageHole> holes;
  source->take_holes(holes);
  ASSERT_EQ(holes.size(), 1U);
  EXPECT_EQ(holes[0].from, Time(std::chrono::seconds(400)));
  EXPECT_EQ(holes[0].until, clock_.wall());
  EXPECT_THAT(holes[0].cause, testing::HasSubstr("is lost"));
}

TEST_F(SyslogSocketTest, AFileInItsPlaceIsNotReplaced) {
  std::fclose(std::fopen(path_.c_str(), "w"));
  SyslogSocketOptions options;
  options.host = path_;
  SyslogSocket source(options, {}, numbers_, clock_);
  EXPECT_FALSE(source.poll(1));
  EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

}  // namespace
}  // namespace rastro
