// A whole line: header, program, event.
#include <chrono>

#include "parsers/json_line.h"
#include "parsers/syslog_header.h"
#include "tests/fuzz/parser_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rastro;
  const std::string line(reinterpret_cast<const char*>(data), size);
  static StampReader stamps("Europe/Madrid", Time(std::chrono::seconds(1'795'000'000)));
  for (const bool exim : {false, true}) {
    std::string_view rest = line;
    LineHeader header;
    const bool taken = exim ? maybe_take_exim_stamp(rest, stamps, header)
                            : maybe_take_syslog_header(rest, stamps, header);
    if (!taken) {
      fuzz::require(rest.data() == line.data() && rest.size() == line.size());
    } else {
      fuzz::require(rest.size() < line.size());
      fuzz::require(exim || !header.program.empty());
    }
  }
  static JsonLine json;
  if (const auto unwrapped = json.unwrap(line)) {
    fuzz::require(unwrapped->line.ends_with(unwrapped->text));
    fuzz::require(unwrapped->line.find('\n') == std::string_view::npos);
  }
  fuzz::require(!event_text_of_line(line).empty());
  return 0;
}
