#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rastro {

// One log line that a shipper wrapped into a JSON object, one object a line: Docker's json-file
// driver, `journalctl -o json` (also json-seq), JSON templates of rsyslog and syslog-ng, Beats,
// Fluent Bit, Vector, GELF. What no key names is skipped over without being kept; a key of an inner
// object is known by all names on the way to it, "process.pid", as Elastic's are. Threads: one at a
// time.
class JsonLine {
 public:
  struct Unwrapped {
    std::string_view line;  // "STAMP host tag[pid]: text", or "STAMP text" when no key names a tag
    std::string_view text;  // the message alone, at the end of `line`
    bool tagged = false;
  };

  static bool may_be(std::string_view line) {
    return !line.empty() && (line[0] == '{' || line[0] == '\x1e');
  }

  // Valid until the next call. Control bytes in the message are written as in queued lines:
  // "#012".
  std::optional<Unwrapped> unwrap(std::string_view line);

 private:
  enum Slot : std::uint8_t { kMessage, kTag, kProgram, kPid, kHost, kStamp, kMicros, kSlots };
  struct Value {
    std::string text;
    std::uint8_t rank = 0xff;  // of the key that it came by: the lowest one counts
  };
  struct KeyName {
    std::string_view name;
    Slot slot;
    std::uint8_t rank;
  };
  static const KeyName* find_key(std::string_view name);

  bool read_object(std::string_view rest);
  bool read_members(std::string_view& rest, int depth);
  bool read_value(std::string_view& rest, int depth);
  bool has(Slot slot) const { return !values_[slot].text.empty(); }
  void add_stamp();
  bool add_tag();
  void add_message();

  std::array<Value, kSlots> values_;
  std::string name_;
  std::string path_;  // of the members that are read: "process.", "" for the outermost object's
  std::string text_;
  std::string line_;
};

}  // namespace rastro
