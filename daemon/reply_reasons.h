#pragma once

#include <memory>
#include <string>

#include "config/config.h"
#include "core/result.h"
#include "daemon/answer/unknown_replies.h"
#include "daemon/correlate/leg_updates.h"
#include "parsers/reason_classifier.h"

namespace rastro {

// The shipped rules with the operator's own file in front. Error: what is wrong in that file, a
// mistake a line as "file:line:column: message".
Result<std::shared_ptr<const ReasonRules>> load_reply_rules(const ReasonSettings& settings);

// Why the replies of the log mean what they mean: the classifier that ingest asks, and what no rule
// knew. `seed` from a random source. One thread.
class ReplyReasons {
 public:
  ReplyReasons(std::shared_ptr<const ReasonRules> rules, std::uint64_t seed);
  ReplyReasons(const ReplyReasons&) = delete;
  ReplyReasons& operator=(const ReplyReasons&) = delete;

  // Borrows this.
  ClassifyReply classify();
  const std::shared_ptr<const ReasonRules>& rules() const { return rules_; }
  const ReasonCounters& counters() const { return classifier_.counters(); }
  UnknownReplies::List unknown() const { return unknown_.most_frequent(); }
  // The same for other threads; made anew only when something was counted since.
  std::shared_ptr<const UnknownReplies::List> unknown_snapshot();

 private:
  std::shared_ptr<const ReasonRules> rules_;
  ReasonClassifier classifier_;
  UnknownReplies unknown_;
  std::shared_ptr<const UnknownReplies::List> snapshot_;
  std::uint64_t snapshot_total_ = 0;
};

}  // namespace rastro
