#include "daemon/source/stream_source.h"

#include <unistd.h>

#include <array>
#include <thread>

#include "tests/daemon/source/log_fixture.h"

namespace rastro {
namespace {

TEST(StreamSource, ReadsAPipeToItsEnd) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  std::thread writer([&] {
    const auto text = numbered(1, 5000) + "the last one has no line end";
    for (std::size_t at = 0; at < text.size(); at += 777) {
      const auto part = text.substr(at, 777);
      EXPECT_EQ(::write(ends[1], part.data(), part.size()), static_cast<ssize_t>(part.size()));
    }
    ::close(ends[1]);
  });
  SourceNumbers numbers(6);
  StreamSource source(Descriptor{ends[0]}, "stdin", 2, Time{}, numbers);
  std::vector<std::string> lines;
  for (bool more = true; more;) {
    const auto got = source.poll(10000);
    ASSERT_TRUE(got);
    more = got->more;
    while (const auto* line = source.next()) {
      EXPECT_EQ(line->generation->source, 7U);
      EXPECT_EQ(line->generation->spec, 2U);
      lines.emplace_back(line->raw.text);
      source.take(std::nullopt);
    }
  }
  writer.join();
  ASSERT_EQ(lines.size(), 5001U);
  EXPECT_EQ(lines.back(), "the last one has no line end");
  lines.pop_back();
  EXPECT_EQ(numbers_of(lines), sequence(1, 5000));
  std::vector<SourcePosition> positions;
  source.take_positions(positions);
  ASSERT_EQ(positions.size(), 1U);
  EXPECT_TRUE(positions.front().finished);
}

}  // namespace
}  // namespace rastro
