// However a content is cut into blocks, the same lines come out, and their offsets cover it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/framing.h"

namespace {

struct Lines : rastro::LineSink {
  void on_line(const rastro::RawLine& line) override {
    all.emplace_back(line.text);
    offsets.push_back(line.offset);
  }
  std::vector<std::string> all;
  std::vector<std::uint64_t> offsets;
};

Lines frame(std::string_view content, std::size_t block) {
  Lines lines;
  rastro::LineFramer framer(lines);
  for (std::size_t at = 0; at < content.size(); at += block) framer.feed(content.substr(at, block));
  framer.finish();
  if (framer.consumed() > content.size()) std::abort();
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view content(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = frame(content, content.size());
  const auto parts = frame(content, static_cast<std::size_t>(data[0] % 16) + 1);
  if (whole.all != parts.all || whole.offsets != parts.offsets) std::abort();
  return 0;
}
