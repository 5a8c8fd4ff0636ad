#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rastro {

// A refusal in Exim's reject log and the lines behind it, which have no stamp: the envelope, which
// no other log tells, and the headers (src/log.c log_write()):
//
//   2026-11-24 03:46:18 1xVgXy-0000cP-1l H=mx.example.com [203.0.113.5] F=<a@x> rejected after DATA
//   Envelope-from: <eva@example.com>
//   Envelope-to: <juan@example.org>
//       <maria@example.org>
//       ...
//   I Message-ID: <1@example.com>
//     Subject: Offer
//
// The envelope is Exim's own and comes first; a header begins with its type and a blank, so that
// what a stranger wrote in one is never taken for an envelope.
class EximRejectRecord {
 public:
  struct Told {
    std::optional<std::string_view> recipient;
    std::optional<std::string_view> message_id;
    std::optional<std::string_view> subject;  // as the header has it, up to its first line end
  };

  // `refusal`: the first line without its stamp, kept as it is.
  explicit EximRejectRecord(std::string_view refusal) : refusal_(refusal) {}

  const std::string& refusal() const { return refusal_; }

  // What the next line behind it says. Views into `text`.
  Told add(std::string_view text);

  // As it is kept over a restart; nullopt: not what encode() made.
  std::string encode() const;
  static std::optional<EximRejectRecord> decode(std::string_view encoded);

 private:
  enum class Place : unsigned char { refusal, sender, recipients, headers };
  std::string refusal_;
  Place place_ = Place::refusal;
  bool id_seen_ = false;
  bool subject_seen_ = false;
};

}  // namespace rastro
