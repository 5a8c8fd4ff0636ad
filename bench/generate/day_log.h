#pragma once

#include <cstdint>
#include <cstdio>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

namespace rastro::bench {

enum class Stamps : std::uint8_t { rfc3164, rfc3339, exim };

// Lines of many messages, each with its time, in the order in which a server would write them.
class DayLog {
 public:
  // `out` is borrowed; microseconds since 1970 everywhere.
  DayLog(std::FILE* out, Stamps stamps) : out_(out), stamps_(stamps) {}

  void add(std::int64_t at, std::string text) { waiting_.push({at, ++added_, std::move(text)}); }
  // Writes what is older than `now`.
  void write_until(std::int64_t now);
  void write_all() { write_until(INT64_MAX); }
  std::uint64_t lines() const { return written_; }

 private:
  struct Line {
    std::int64_t at;
    std::uint64_t order;
    std::string text;
    bool operator<(const Line& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  void append_stamp(std::int64_t at);

  std::FILE* out_;
  Stamps stamps_;
  std::priority_queue<Line> waiting_;
  std::string buffer_;
  std::uint64_t added_ = 0;
  std::uint64_t written_ = 0;
};

// Numbers that are in use for a time and then used again: process ids, inodes.
class NumberPool {
 public:
  explicit NumberPool(std::uint32_t first) : next_(first) {}
  std::uint32_t take(std::int64_t from, std::int64_t until);

 private:
  struct Used {
    std::int64_t until;
    std::uint32_t number;
    bool operator<(const Used& other) const { return until > other.until; }
  };
  std::uint32_t next_;
  std::priority_queue<Used> used_;
};

// What a reader of the whole log should find out, one message after the other.
struct ExpectedRecipient {
  std::string recipient;
  std::string outcome;
  unsigned attempts = 0;
};
struct ExpectedMessage {
  std::vector<std::string> queue_ids;  // first the one it arrived under; empty: refused
  std::string client_ip;
  std::string envelope_sender;
  std::vector<ExpectedRecipient> recipients;
  bool bounce = false;  // made by the server about `parent`
  std::string parent;
};

// One JSON object a line. Nothing in it needs an escape but what this does.
class ExpectedOut {
 public:
  explicit ExpectedOut(std::FILE* out) : out_(out) {}
  void write(const ExpectedMessage& message);

 private:
  std::FILE* out_;  // null: nobody wants to know
};

}  // namespace rastro::bench
