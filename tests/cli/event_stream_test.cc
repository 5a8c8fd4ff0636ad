#include "cli/event_stream.h"

#include <gtest/gtest.h>

#include <vector>

namespace rastro::cli {
namespace {

std::vector<std::string> events_of(std::string_view bytes, std::size_t piece) {
  EventStream stream;
  std::vector<std::string> out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    stream.feed(bytes.substr(0, piece),
                [&](const StreamEvent& event) { out.push_back(event.name + "=" + event.data); });
  }
  return out;
}

struct EventsCase {
  const char* name;
  std::string_view bytes;
  std::vector<std::string> want;
  friend void PrintTo(const EventsCase& c, std::ostream* os) { *os << c.name; }
};
class Events : public testing::TestWithParam<EventsCase> {};
TEST_P(Events, TheSameInWhateverPiecesTheyCome) {
  for (const std::size_t piece : {1, 2, 3, 7, 1000})
    EXPECT_EQ(events_of(GetParam().bytes, piece), GetParam().want) << piece;
}
const EventsCase kEvents[] = {
    {"one", "data: {\"a\":1}\n\n", {"message={\"a\":1}"}},
    {"named", "event: journey\ndata: x\n\ndata: y\n\n", {"journey=x", "message=y"}},
    {"no_blank_after_colon", "data:x\n\n", {"message=x"}},
    {"cr_lf", "event: journey\r\ndata: x\r\n\r\n", {"journey=x"}},
    {"cr_alone", "data: x\r\rdata: y\r\r", {"message=x", "message=y"}},
    {"several_data_lines", "data: a\ndata: b\n\n", {"message=a\nb"}},
    {"comment_keeps_alive", ": still here\n\n:\n\ndata: x\n\n", {"message=x"}},
    {"other_fields", "id: 7\nretry: 1000\nwhatever\ndata: x\n\n", {"message=x"}},
    {"unfinished", "data: x\n", {}},
    {"no_data", "event: journey\n\n", {}},
};
INSTANTIATE_TEST_SUITE_P(, Events, testing::ValuesIn(kEvents),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace rastro::cli
