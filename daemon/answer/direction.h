#pragma once

#include <string_view>
#include <vector>

#include "daemon/answer/journey.h"

namespace rastro {

// Where one recipient's mail ends, or was to end.
struct RecipientEnd {
  bool here = false;
  bool elsewhere = false;  // by its domain, of mail that was handed in here; no attempt says so
  bool leaves = false;     // leaves_us()
};
// `senders`: of whom it came, envelope senders and logins.
RecipientEnd end_of(const LegRecipient& state, const std::vector<std::string_view>& senders);

// What of its recipients decides about a message's direction.
class Direction {
 public:
  explicit Direction(SubmissionMethod method);
  void add(const RecipientEnd& end);
  std::string_view name() const;  // "in", "out", "local" or "relay"

 private:
  bool ours_;  // it was handed in here
  bool stays_ = false;
  bool leaves_ = false;
};

// "in", "out", "local" or "relay": from how it came and where it went, or was to go.
std::string_view direction_of(const Journey& journey);

// Whether this recipient's mail went to another server, or failed on the way there.
bool leaves_us(const LegRecipient& state);

}  // namespace rastro
