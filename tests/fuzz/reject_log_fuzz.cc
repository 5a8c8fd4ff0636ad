// A record of Exim's reject log, line by line: what is told lies in the line, no recipient is told
// once a header has begun, and a restart behind any line changes nothing.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "parsers/exim/exim.h"
#include "parsers/exim/reject_record.h"

namespace {

bool lies_in(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void expect(bool good) {
  if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rastro;
  const std::string input(reinterpret_cast<const char*>(data), size);
  std::string_view rest = input;
  const auto take_line = [&rest] {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() == rest.size() ? rest.size() : line.size() + 1);
    return line;
  };
  static_cast<void>(EximRejectRecord::decode(input));
  EximRejectRecord record(take_line());
  bool headers = false;
  while (!rest.empty()) {
    const auto line = take_line();
    static_cast<void>(parse_exim(LineHeader{}, line));
    auto restored = EximRejectRecord::decode(record.encode());
    expect(restored && restored->refusal() == record.refusal());
    const auto told = record.add(line);
    const auto again = restored->add(line);
    expect(told.recipient == again.recipient && told.message_id == again.message_id);
    expect(restored->encode() == record.encode());
    const bool envelope = line.starts_with("Envelope-") || line.starts_with("    ");
    expect(!told.recipient || (envelope && !headers && lies_in(*told.recipient, line)));
    expect(!told.message_id || lies_in(*told.message_id, line));
    headers = headers || !envelope;
  }
  return 0;
}
