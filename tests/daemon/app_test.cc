#include "daemon/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "daemon/answer/journey_json.h"

namespace rastro {
namespace {

class AppTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "rastro-app-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    SourceSettings log;
    log.path = directory_ / "mail.log";
    config_.sources = {log};
    config_.store.state_directory = directory_ / "state";
    config_.store.ballast = 0;
    config_.api.socket = directory_ / "socket";
    config_.api.socket_group = "";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void append_line(int number) {
    std::ofstream log(directory_ / "mail.log", std::ios::app);
    log << "2026-01-02T03:04:05.000000+00:00 mx1 postfix/smtpd[9]: 4XzQ1x2Y3z" << number
        << "K: client=client.example.org[192.0.2.1]\n";
  }

  // GET /healthz, once all of the log is in the index.
  std::string health_when_caught_up() const {
    namespace asio = boost::asio;
    using Local = asio::local::stream_protocol;
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < until) {
      asio::io_context context;
      Local::socket socket(context);
      socket.connect(Local::endpoint(config_.api.socket));
      asio::write(socket, asio::buffer(std::string_view(
                              "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
      std::string answer;
      boost::system::error_code ended;
      asio::read(socket, asio::dynamic_buffer(answer), ended);
      if (answer.find(R"("caught_up":true)") != std::string::npos) return answer;
    }
    return "never";
  }

  std::filesystem::path directory_;
  Config config_;
  SystemClock clock_;
};

TEST_F(AppTest, StartsAndStopsAHundredTimes) {
  for (int i = 0; i < 100; ++i) {
    append_line(i);
    App app(config_, clock_);
    const auto started = app.start();
    ASSERT_TRUE(started) << started.error().message;
    EXPECT_TRUE(std::filesystem::exists(config_.api.socket));
    if (i % 2 == 0) app.stop();  // else the destructor does
  }
  EXPECT_FALSE(std::filesystem::exists(config_.api.socket));
}

TEST_F(AppTest, AStartKnowsHowFarWasReadBefore) {
  config_.api.requests_per_second_max = 0;
  std::ofstream(config_.sources[0].path).flush();  // without a log nothing is caught up
  {
    App app(config_, clock_);
    ASSERT_TRUE(app.start());
    EXPECT_THAT(health_when_caught_up(), testing::HasSubstr(R"("read_up_to":null)"));
  }
  const auto stamp = api_time(clock_.wall());
  std::ofstream(config_.sources[0].path)
      << stamp << " mx1 postfix/smtpd[9]: 4XzQ1x2Y3zK: client=client.example.org[192.0.2.1]\n";
  for (int start = 0; start < 2; ++start) {
    App app(config_, clock_);
    ASSERT_TRUE(app.start());
    EXPECT_THAT(health_when_caught_up(), testing::HasSubstr(R"("read_up_to":")" + stamp)) << start;
  }
}

TEST_F(AppTest, OneThatDoesNotStartLeavesNothingRunning) {
  config_.api.socket = directory_ / "no such directory" / "socket";
  for (int i = 0; i < 10; ++i) {
    App app(config_, clock_);
    EXPECT_FALSE(app.start());
  }
}

TEST_F(AppTest, TheSecondOneOnAStateDirectoryIsRefused) {
  App app(config_, clock_);
  ASSERT_TRUE(app.start());
  auto other = config_;
  other.api.socket = directory_ / "other";
  App second(other, clock_);
  EXPECT_FALSE(second.start());
}

}  // namespace
}  // namespace rastro
