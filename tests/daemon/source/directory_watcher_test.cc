#include "daemon/source/directory_watcher.h"

#include <boost/asio/io_context.hpp>

#include "tests/daemon/source/log_fixture.h"

namespace rastro {
namespace {

TEST(DirectoryWatcher, TellsOfWritesAndNewFilesAndOfNothingElse) {
  const LogDirectory directory;
  boost::asio::io_context context;
  int calls = 0;
  DirectoryWatcher watcher(context, [&] {
    ++calls;
    context.stop();
  });
  ASSERT_TRUE(watcher.watch(directory.path()));
  ASSERT_TRUE(watcher.watch(directory.path()));
  context.run_for(std::chrono::milliseconds(30));
  EXPECT_EQ(calls, 0);
  for (int round = 1; round <= 3; ++round) {
    directory.append("mail.log", numbered(round, round));
    context.restart();
    context.run_for(std::chrono::seconds(10));  // stops at the call
    EXPECT_EQ(calls, round);
  }
}

TEST(DirectoryWatcher, ABusyLogCallsSeldom) {
  const LogDirectory directory;
  boost::asio::io_context context;
  int calls = 0;
  DirectoryWatcher watcher(context, [&] { ++calls; });
  ASSERT_TRUE(watcher.watch(directory.path()));
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  while (std::chrono::steady_clock::now() < until) {
    directory.append("mail.log", "x\n");
    context.poll();
    context.restart();
  }
  EXPECT_GE(calls, 1);
  EXPECT_LE(calls, 11);
}

TEST(DirectoryWatcher, AMissingDirectoryIsAnError) {
  boost::asio::io_context context;
  DirectoryWatcher watcher(context, [] {});
  const auto watched = watcher.watch("/nonexistent/logs");
  ASSERT_FALSE(watched);
  EXPECT_EQ(watched.error().code, Error::Code::not_found);
}

}  // namespace
}  // namespace rastro
