#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/journey.h"
#include "core/seeded_hash.h"
#include "store/sqlite.h"

namespace rastro {

// A reply text as its constant words and its one changing part ("250 Ok: queued as " and
// "4ABC12"), so that a million answers of one server share their words. The part stands at
// kPartMark, kRecipientMark for the recipient's own address, which most servers repeat, and
// kRelayMark for "host[ip]" of the relay, which Postfix puts before what that server said; where
// there is no template the part is the whole text, as it is.
inline constexpr char kPartMark = '\x01';
inline constexpr char kRecipientMark = '\x02';
inline constexpr char kRelayMark = '\x03';
struct SplitReply {
  std::optional<std::string_view> template_text;
  std::optional<std::string_view> part;
};
class ReplySplitter {
 public:
  // The views lead into `text` and into this, and are good until the next call.
  SplitReply split(std::string_view text, std::string_view recipient, const Endpoint& relay);

 private:
  std::string named_;  // the text with its recipient and relay marked
  std::string relay_name_;
  std::string template_;
};
// Without a relay (files of before version 5 have no mark for it) kRelayMark is a byte like others.
std::string join_reply(const std::optional<std::string>& template_text,
                       const std::optional<std::string_view>& part, std::string_view recipient,
                       const Endpoint* relay);

// An IPv4 address that a file has as a number.
std::string ip_text(std::int64_t number);

// Writes the dictionary tables `name` and `endpoint` of one file: each value once, as far as the
// bounded memory of what was written goes. Row 0 is the empty value and never written.
class DictionaryWriter {
 public:
  DictionaryWriter(Database& database, std::uint64_t seed);
  std::int64_t name_id(std::string_view value);
  // For values of which most come once: 0 the first time, when it is to stand in the row itself.
  std::int64_t repeated_name_id(std::string_view value);
  std::int64_t endpoint_id(const Endpoint& endpoint, bool with_port);
  // After a rollback: what this remembers may not be in the file.
  void forget();

 private:
  static constexpr std::size_t kRememberedBytesMax = 8 << 20;
  static constexpr std::size_t kSeenSlots = 1 << 17;
  static constexpr std::size_t kRepeatedBytesMin = 4;  // shorter ones are no longer than their row
  // What was written, found by its hash. A value that shares another one's hash is written again.
  struct Written {
    std::int64_t id = 0;
    std::uint16_t port = 0;
    std::string value;  // a name; an endpoint's host, a NUL and its address
  };
  using Known = boost::unordered_flat_map<std::uint64_t, Written>;
  std::int64_t name_id(std::string_view value, std::uint64_t hash);
  void remember(Known& known, std::uint64_t hash, Written&& written);

  Database& database_;
  Statement insert_name_;
  Statement insert_endpoint_;
  SeededHash hash_;
  Known names_;
  Known endpoints_;
  // The upper half of a hash at the place that the lower one names: what came once. A later value
  // takes the place of an earlier one, so that what comes back after long counts as new.
  std::vector<std::uint32_t> seen_;
  std::size_t remembered_bytes_ = 0;
  std::int64_t next_name_ = 1;
  std::int64_t next_endpoint_ = 1;
};

// Every host name in the endpoints of one file; one may come many times.
void for_each_host_name(Database& database, const std::function<void(std::string_view)>& visit);

// Reads them back, with a bounded cache.
class DictionaryReader {
 public:
  explicit DictionaryReader(Database& database);
  const std::string& name(std::int64_t id);
  const Endpoint& endpoint(std::int64_t id);
  // An address column: its text, or the row of `name` that has it. Not cached, since there are too
  // many of them.
  std::optional<std::string> address(const Statement& row, int column);

 private:
  std::string read_name(std::int64_t id);
  // Of each: there is a reader for each file and thread, and a question needs a few dozen.
  static constexpr std::size_t kCachedMax = 256;
  Statement select_name_;
  Statement select_endpoint_;
  // Keyed by our own row numbers, which nobody outside chooses.
  std::unordered_map<std::int64_t, std::string> names_;
  std::unordered_map<std::int64_t, Endpoint> endpoints_;
};

}  // namespace rastro
