#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/journey.h"
#include "core/seeded_hash.h"
#include "store/sqlite.h"

namespace rastro {

// A reply text as its constant words and its one changing part ("250 Ok: queued as " and
// "4ABC12"), so that a million answers of one server share their words. The part stands at
// kPartMark, and kRecipientMark for the recipient's own address, which most servers repeat; where
// there is no template the part is the whole text, as it is.
inline constexpr char kPartMark = '\x01';
inline constexpr char kRecipientMark = '\x02';
struct SplitReply {
  std::optional<std::string_view> template_text;
  std::optional<std::string_view> part;
};
class ReplySplitter {
 public:
  // The views lead into `text` and into this, and are good until the next call.
  SplitReply split(std::string_view text, std::string_view recipient);

 private:
  std::string named_;  // the text with its recipient marked
  std::string template_;
};
std::string join_reply(const std::optional<std::string>& template_text,
                       const std::optional<std::string_view>& part, std::string_view recipient);

// Writes the dictionary tables `name` and `endpoint` of one file: each value once, as far as the
// bounded memory of what was written goes. Row 0 is the empty value and never written.
class DictionaryWriter {
 public:
  DictionaryWriter(Database& database, std::uint64_t seed);
  std::int64_t name_id(std::string_view value);
  std::int64_t endpoint_id(const Endpoint& endpoint, bool with_port);
  // After a rollback: what this remembers may not be in the file.
  void forget();

 private:
  static constexpr std::size_t kRememberedBytesMax = 8 << 20;
  // What was written, found by its hash. A value that shares another one's hash is written again.
  struct Written {
    std::int64_t id = 0;
    std::uint16_t port = 0;
    std::string value;  // a name; an endpoint's host, a NUL and its address
  };
  using Known = boost::unordered_flat_map<std::uint64_t, Written>;
  void remember(Known& known, std::uint64_t hash, Written&& written);

  Database& database_;
  Statement insert_name_;
  Statement insert_endpoint_;
  SeededHash hash_;
  Known names_;
  Known endpoints_;
  std::size_t remembered_bytes_ = 0;
  std::int64_t next_name_ = 1;
  std::int64_t next_endpoint_ = 1;
};

// Reads them back, with a bounded cache.
class DictionaryReader {
 public:
  explicit DictionaryReader(Database& database);
  const std::string& name(std::int64_t id);
  const Endpoint& endpoint(std::int64_t id);

 private:
  // Of each: there is a reader for each file and thread, and a question needs a few dozen.
  static constexpr std::size_t kCachedMax = 256;
  Statement select_name_;
  Statement select_endpoint_;
  // Keyed by our own row numbers, which nobody outside chooses.
  std::unordered_map<std::int64_t, std::string> names_;
  std::unordered_map<std::int64_t, Endpoint> endpoints_;
};

}  // namespace rastro
